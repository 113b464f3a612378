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
		{pattern: "GET /api/v1/push/key", role: dispatcher, handler: s.showPushKey},
		{pattern: "POST /api/v1/push/subscriptions", role: dispatcher, handler: s.createPushSubscription, keeps: true},
		{pattern: "DELETE /api/v1/push/subscriptions/{id}", role: dispatcher, handler: s.deletePushSubscription, takes: []string{"contact"}},
	}...)
}

func (s *Server) showPushKey(w http.ResponseWriter, _ *http.Request, _ principal) error {
	return writeJSON(w, http.StatusOK, map[string]string{"key": s.browsers.PublicKey()})
}

// contactPattern is that of the contacts of dispatch.
var contactPattern = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)

// contactOf is whose browser it is.
func contactOf(id string) (notify.Recipient, error) {
	if !contactPattern.MatchString(id) {
		return notify.Recipient{}, badMember("contact", "must be the id of a contact of dispatch: 1 to 64 of A-Z a-z 0-9 _ . -.")
	}
	return notify.Recipient{Audience: notify.ToDispatch, ID: id}, nil
}

func (s *Server) createPushSubscription(w http.ResponseWriter, r *http.Request, _ principal) error {
	var contact string
	b, err := readBrowser(r, member{"contact", &contact, "a string"})
	if err != nil {
		return err
	}
	to, err := contactOf(contact)
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

func (s *Server) deletePushSubscription(w http.ResponseWriter, r *http.Request, _ principal) error {
	to, err := contactOf(r.URL.Query().Get("contact"))
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
