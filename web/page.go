package web

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
)

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS []byte

func parsePage() (*template.Template, error) {
	t, err := template.New("page").Parse(pageHTML)
	if err != nil {
		return nil, fmt.Errorf("parse page: %w", err)
	}
	if _, err := t.New("enrol").Parse(enrolHTML); err != nil {
		return nil, fmt.Errorf("parse page: %w", err)
	}
	if _, err := t.New("mailbox").Parse(mailboxHTML); err != nil {
		return nil, fmt.Errorf("parse page: %w", err)
	}
	return t, nil
}

// page is a small page that needs no script: why signing in did not work.
type page struct {
	Title, Text string
}

func (s *Server) writePage(w http.ResponseWriter, status int, p page) error {
	var b bytes.Buffer
	if err := s.pages.Execute(&b, p); err != nil {
		return fmt.Errorf("render page: %w", err)
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes())
	return nil
}

// problemPage is p for a route that people open by themselves.
func (s *Server) problemPage(w http.ResponseWriter, p *problem) error {
	p.setHeaders(w.Header())
	return s.writePage(w, p.status, page{Title: "That did not work", Text: p.detail})
}

func (s *Server) pageStyle(w http.ResponseWriter, _ *http.Request, _ principal) error {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	_, _ = w.Write(pageCSS)
	return nil
}
