package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"wayguard/notify"
	"wayguard/tracker"
)

const (
	defaultMessages = 50
	maxMessages     = 500
)

type messageJSON struct {
	ID         string           `json:"id"`
	State      notify.State     `json:"state"`
	Channel    notify.Channel   `json:"channel"`
	Kind       notify.Kind      `json:"kind"`
	To         notify.Recipient `json:"to"`
	Delivery   *string          `json:"delivery"`
	Events     []string         `json:"events"`
	Created    time.Time        `json:"created"`
	Due        time.Time        `json:"due"`
	Expires    time.Time        `json:"expires"`
	Done       *time.Time       `json:"done"`
	Attempts   int              `json:"attempts"`
	Tries      []tryJSON        `json:"tries"`
	Reason     string           `json:"reason"`
	Receipt    string           `json:"receipt"`
	Repeats    *string          `json:"repeats"`
	RepeatedAs *string          `json:"repeated_as"`
}

type tryJSON struct {
	Channel  notify.Channel `json:"channel"`
	Attempts int            `json:"attempts"`
	Reason   string         `json:"reason"`
}

type contentJSON struct {
	Address  string `json:"address"`
	Name     string `json:"name"`
	Language string `json:"language"`
	Subject  string `json:"subject"`
	Text     string `json:"text"`
	HTML     string `json:"html"`
	Link     string `json:"link"`
}

func messageOf(e *notify.Entry) messageJSON {
	m := messageJSON{
		ID: e.ID, State: e.State, Channel: e.Channel, Kind: e.Kind(), To: e.To, Delivery: textOrNull(string(e.Delivery())),
		Created: e.Created.UTC(), Due: e.Due.UTC(), Expires: e.Expires().UTC(), Done: timeOrNull(e.Done),
		Attempts: e.Attempts, Tries: make([]tryJSON, len(e.Tries)), Reason: e.Reason, Receipt: e.Receipt,
		Repeats: textOrNull(e.Repeats), RepeatedAs: textOrNull(e.RepeatedAs),
	}
	for _, n := range e.Notices {
		m.Events = append(m.Events, n.Event)
	}
	for i, t := range e.Tries {
		m.Tries[i] = tryJSON(t)
	}
	return m
}

func contentOf(s *notify.Sight) *contentJSON {
	if s == nil {
		return nil
	}
	return &contentJSON{
		Address: s.Address, Name: s.Name, Language: s.Language,
		Subject: s.Subject, Text: s.Text, HTML: s.HTML, Link: s.Link,
	}
}

// oneOf is the value of a parameter that knows few; empty where it is not given.
func oneOf[T ~string](q query, name string, known ...T) (T, error) {
	value := T(q.text(name))
	if q.has(name) && !slices.Contains(known, value) {
		list := ""
		for _, k := range known {
			list += " " + string(k)
		}
		return "", badParameter(name, "must be one of:"+list+".")
	}
	return value, nil
}

// messageFilter reads the parameters that select messages.
func messageFilter(q query) (f notify.Filter, limit int, err error) {
	count, err := q.count("limit", 1, maxMessages, defaultMessages)
	if err != nil {
		return f, 0, err
	}
	if f.State, err = oneOf(q, "state", notify.Waiting, notify.Retrying, notify.Sent, notify.Dropped, notify.Dead); err != nil {
		return f, 0, err
	}
	if f.Channel, err = oneOf(q, "channel", notify.Email, notify.SMS, notify.Push); err != nil {
		return f, 0, err
	}
	f.Delivery, f.Before = tracker.DeliveryID(cut(q.text("delivery"), 100)), cut(q.text("before"), 100)
	return f, int(count), nil
}

// listMessages shows the newest first.
func (s *Server) listMessages(w http.ResponseWriter, r *http.Request, _ principal) error {
	f, limit, err := messageFilter(queryOf(r))
	if err != nil {
		return err
	}
	if s.notifier == nil {
		return noMessage()
	}
	found, next, err := s.notifier.List(f, limit)
	if err != nil {
		return err
	}
	list := make([]messageJSON, len(found))
	for i, e := range found {
		list[i] = messageOf(e)
	}
	return writeJSON(w, http.StatusOK, map[string]any{"messages": list, "next": textOrNull(next)})
}

// message finds the one that the path names.
func (s *Server) message(r *http.Request) (*notify.Entry, *notify.Sight, error) {
	if s.notifier == nil {
		return nil, nil, noMessage()
	}
	e, sight, err := s.notifier.Find(r.PathValue("id"))
	if errors.Is(err, tracker.ErrNotFound) {
		err = noMessage()
	}
	return e, sight, err
}

func (s *Server) showMessage(w http.ResponseWriter, r *http.Request, _ principal) error {
	e, sight, err := s.message(r)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, struct {
		messageJSON
		Content *contentJSON `json:"content"`
	}{messageOf(e), contentOf(sight)})
}

func (s *Server) resendMessage(w http.ResponseWriter, r *http.Request, _ principal) error {
	if s.notifier == nil {
		return noMessage()
	}
	var again *notify.Entry
	err := change(r, func(ctx context.Context) (err error) {
		again, err = s.notifier.Resend(ctx, r.PathValue("id"))
		return err
	})
	switch {
	case errors.Is(err, tracker.ErrNotFound):
		return noMessage()
	case errors.Is(err, notify.ErrPending):
		return &problem{status: http.StatusConflict, detail: "The message is still on its way: wait until it is sent, dropped or dead."}
	case err != nil:
		return err
	}
	w.Header().Set("Location", "/api/v1/messages/"+again.ID)
	return writeJSON(w, http.StatusCreated, messageOf(again))
}

func noMessage() error {
	return notFound("No message has this id, or no longer. GET /api/v1/messages lists those that there are.")
}
