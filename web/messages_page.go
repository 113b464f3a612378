package web

import (
	"bytes"
	_ "embed"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"wayguard/notify"
)

//go:embed mailbox.html
var mailboxHTML string

//go:embed mailbox.css
var mailboxCSS []byte

// mailboxPage is what mailbox.html shows: a list, or one message.
type mailboxPage struct {
	Channel  notify.Channel
	Channels []notify.Channel
	Messages []mailboxRow
	Older    string // query of the page behind; empty for none
	One      *mailboxRow
	HTML     bool // there is something to show in a frame
}

type mailboxRow struct {
	*notify.Entry
	Sight *notify.Sight
}

// Brief is what the list shows of what a message says.
func (m mailboxRow) Brief() string {
	switch {
	case m.Sight == nil:
		return ""
	case m.Sight.Subject != "":
		return m.Sight.Subject
	}
	return cut(m.Sight.Text, 160)
}

// showMailbox lists messages for people to look at, those that went to the
// mailbox for want of an account and all others.
func (s *Server) showMailbox(w http.ResponseWriter, r *http.Request, _ principal) error {
	q := queryOf(r)
	f, _, err := messageFilter(q)
	if err != nil {
		return err
	}
	if s.notifier == nil {
		return noMessage()
	}
	found, next, err := s.notifier.List(f, defaultMessages)
	if err != nil {
		return err
	}
	p := mailboxPage{Channel: f.Channel, Channels: []notify.Channel{notify.Email, notify.SMS, notify.Push}}
	for _, e := range found {
		_, sight, err := s.notifier.Find(e.ID)
		if err != nil {
			return err
		}
		p.Messages = append(p.Messages, mailboxRow{e, sight})
	}
	if next != "" {
		p.Older = url.Values{"channel": {string(f.Channel)}, "before": {next}}.Encode()
		if f.Channel == "" {
			p.Older = url.Values{"before": {next}}.Encode()
		}
	}
	return s.writeMailbox(w, p)
}

func (s *Server) showMailboxMessage(w http.ResponseWriter, r *http.Request, _ principal) error {
	e, sight, err := s.message(r)
	if err != nil {
		return err
	}
	// The frame below is of this server.
	w.Header().Set("Content-Security-Policy", s.policy+"; frame-src 'self'")
	return s.writeMailbox(w, mailboxPage{One: &mailboxRow{e, sight}, HTML: sight != nil && sight.HTML != ""})
}

// mailPolicy lets a mail look as it is meant to, and do nothing: no script, no
// form, no request, no way to what else the server has.
const mailPolicy = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"

// showMailboxHTML is what the frame shows.
func (s *Server) showMailboxHTML(w http.ResponseWriter, r *http.Request, _ principal) error {
	_, sight, err := s.message(r)
	if err != nil {
		return err
	}
	if sight == nil || sight.HTML == "" {
		return notFound("This message has no HTML, or none is kept any more.")
	}
	h := w.Header()
	h.Set("Content-Security-Policy", mailPolicy)
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte(sight.HTML))
	return nil
}

func (s *Server) writeMailbox(w http.ResponseWriter, p mailboxPage) error {
	var b bytes.Buffer
	if err := s.pages.ExecuteTemplate(&b, "mailbox", p); err != nil {
		return fmt.Errorf("render page: %w", err)
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(b.Bytes())
	return nil
}

func (s *Server) mailboxStyle(w http.ResponseWriter, _ *http.Request, _ principal) error {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	_, _ = w.Write(mailboxCSS)
	return nil
}

// Way is how a message is spoken of.
func (m mailboxRow) Way() string {
	if m.Channel == notify.SMS {
		return "SMS"
	}
	return strings.ToUpper(string(m.Channel[:1])) + string(m.Channel[1:])
}
