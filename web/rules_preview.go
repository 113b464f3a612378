package web

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"sync"

	"wayguard/notify"
	"wayguard/tracker"
)

//go:embed rules_preview.html
var previewHTML string

//go:embed rules_preview.css
var previewCSS []byte

var previewPage = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("preview").Parse(previewHTML))
})

// preview is what rules_preview.html shows: the list of all messages, or with a
// Kind one of them over each channel.
type preview struct {
	Kinds     []notify.Kind
	Languages []string
	Kind      notify.Kind
	Language  string
	Email     notify.Content
	SMS, Push notify.Content
}

func (s *Server) listPreviews(w http.ResponseWriter, _ *http.Request, _ principal) error {
	return writePreview(w, preview{Kinds: notify.Kinds(), Languages: notify.Languages()})
}

func (s *Server) showPreview(w http.ResponseWriter, r *http.Request, _ principal) error {
	p := preview{Kind: notify.Kind(r.PathValue("kind")), Language: r.PathValue("language"), Languages: notify.Languages()}
	for channel, into := range map[notify.Channel]*notify.Content{notify.Email: &p.Email, notify.SMS: &p.SMS, notify.Push: &p.Push} {
		made, err := s.preview(r, channel)
		if err != nil {
			return err
		}
		*into = made
	}
	return writePreview(w, p)
}

func (s *Server) preview(r *http.Request, channel notify.Channel) (notify.Content, error) {
	var sender notify.Sender
	if s.rules != nil {
		settings, _ := s.rules.Settings()
		sender = settings.Sender
	}
	made, err := notify.Preview(notify.Kind(r.PathValue("kind")), r.PathValue("language"), channel, sender)
	var member *tracker.MemberError
	if errors.As(err, &member) {
		return made, notFound("There is no such message, or not in this language. GET /notify/preview lists all of them.")
	}
	return made, err
}

// showPreviewMail is an email as it is sent, in a frame of its own: it has styles
// of its own, and may do nothing.
func (s *Server) showPreviewMail(w http.ResponseWriter, r *http.Request, _ principal) error {
	made, err := s.preview(r, notify.Email)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'self'")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte(made.HTML))
	return nil
}

func writePreview(w http.ResponseWriter, p preview) error {
	var b bytes.Buffer
	if err := previewPage().Execute(&b, p); err != nil {
		return fmt.Errorf("render page: %w", err)
	}
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(b.Bytes())
	return nil
}

func (s *Server) previewStyle(w http.ResponseWriter, _ *http.Request, _ principal) error {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	_, _ = w.Write(previewCSS)
	return nil
}
