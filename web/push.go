package web

import (
	"context"
	"net/http"
	"regexp"

	"wayguard/notify"
)

func (s *Server) pushRoutes() []route {
	if s.browsers == nil {
		return nil
	}
	return append(s.customerPushRoutes(), []route{
		{pattern: "GET /api/v1/push/key", role: driver, handler: s.showStaffKey},
		{pattern: "POST /api/v1/push/subscriptions", role: driver, handler: s.createPushSubscription, keeps: true},
		{pattern: "DELETE /api/v1/push/subscriptions/{id}", role: driver, handler: s.deletePushSubscription, takes: []string{"contact"}},
	}...)
}

func (s *Server) showPushKey(w http.ResponseWriter, _ *http.Request, _ principal) error {
	return writeJSON(w, http.StatusOK, map[string]string{"key": s.browsers.PublicKey()})
}

// showStaffKey also tells whether messages leave for browsers, so that nobody
// waits for some that end in the mailbox.
func (s *Server) showStaffKey(w http.ResponseWriter, _ *http.Request, _ principal) error {
	sends := s.rules != nil && s.notifier != nil && s.notifier.Carries(notify.Push)
	return writeJSON(w, http.StatusOK, map[string]any{"key": s.browsers.PublicKey(), "sends": sends})
}

// contactPattern is that of the contacts of dispatch.
var contactPattern = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)

// browserOwner is whose browser it is: the driver's who asks, the contact's that
// is named, else the contact of whoever asks.
func browserOwner(who principal, contact string) (notify.Recipient, error) {
	switch {
	case who.role == driver && contact != "":
		return notify.Recipient{}, badMember("contact", "must be left out: a driver's browser hears of the driver's own rounds.")
	case who.role == driver:
		return notify.Recipient{Audience: notify.ToDriver, ID: who.person.ID}, nil
	case contact == "":
		contact = who.name()
	case !contactPattern.MatchString(contact):
		return notify.Recipient{}, badMember("contact", "must be the id of a contact of dispatch: 1 to 64 of A-Z a-z 0-9 _ . -.")
	}
	return notify.Recipient{Audience: notify.ToDispatch, ID: contact}, nil
}

// introduce makes whoever asks a contact of dispatch who hears of all alerts in
// their browsers. One who is a contact already hears of what the settings say.
func (s *Server) introduce(r *http.Request, who principal) error {
	rules, err := s.ruled()
	if err != nil {
		return err
	}
	c := notify.StaffContact{ID: who.name(), Alerts: []string{"*"}, Channels: []notify.Channel{notify.Push}}
	if who.person.ID != "" {
		p := s.personOf(who.person)
		c.Name, c.Language = p.Name, p.Language
	}
	ctx, cancel := context.WithTimeout(r.Context(), changeTimeout)
	defer cancel()
	if err := rules.Introduce(ctx, c); err != nil {
		return deliveryError(err)
	}
	return nil
}

func (s *Server) createPushSubscription(w http.ResponseWriter, r *http.Request, who principal) error {
	var contact string
	b, err := readBrowser(r, member{"contact", &contact, "a string"})
	if err != nil {
		return err
	}
	to, err := browserOwner(who, contact)
	if err == nil && contact == "" && to.Audience == notify.ToDispatch {
		err = s.introduce(r, who)
	}
	if err != nil {
		return err
	}
	id, err := s.keepBrowser(r, to, b)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, map[string]string{"id": id})
}

// readBrowser reads what a browser's PushSubscription says of itself, and more.
func readBrowser(r *http.Request, more ...member) (notify.Browser, error) {
	var b notify.Browser
	var keys struct {
		P256DH string `json:"p256dh"`
		Auth   string `json:"auth"`
	}
	err := readObject(r, append(more, member{"endpoint", &b.Endpoint, "a string"}, member{"keys", &keys, "an object of p256dh and auth"})...)
	b.P256DH, b.Auth = keys.P256DH, keys.Auth
	return b, err
}

// keepBrowser returns the id of a browser once it is stored.
func (s *Server) keepBrowser(r *http.Request, to notify.Recipient, b notify.Browser) (id string, err error) {
	b.Since = s.fleet.Clock().Now().UTC()
	err = change(r, func(ctx context.Context) error {
		id, err = s.browsers.Add(ctx, to, b)
		return err
	})
	if err != nil {
		return "", deliveryError(err)
	}
	return id, nil
}

func (s *Server) deletePushSubscription(w http.ResponseWriter, r *http.Request, who principal) error {
	to, err := browserOwner(who, r.URL.Query().Get("contact"))
	if err != nil {
		return err
	}
	return s.removeBrowser(w, r, to)
}

// removeBrowser forgets the browser that r names.
func (s *Server) removeBrowser(w http.ResponseWriter, r *http.Request, to notify.Recipient) error {
	id := r.PathValue("id")
	if err := change(r, func(ctx context.Context) error { return s.browsers.Remove(ctx, to, id) }); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
