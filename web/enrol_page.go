package web

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"net/url"

	"wayguard/tracker"
)

//go:embed enrol.html
var enrolHTML string

// enrolPage is what enrol.html shows: the form, or with an ID the settings.
type enrolPage struct {
	Code       string
	ID, Secret string
	MQTT, HTTP string
	MQTTLink   template.URL // empty for none
	HTTPLink   template.URL // empty for none
	QR         template.URL
}

// showEnrolPage only fills the form in: a browser that looks ahead must not use
// the code up.
func (s *Server) showEnrolPage(w http.ResponseWriter, r *http.Request, _ principal) error {
	return s.writeEnrolPage(w, enrolPage{Code: cut(r.PathValue("code"), maxTypedCode)})
}

func (s *Server) useEnrolPage(w http.ResponseWriter, r *http.Request, _ principal) error {
	body, err := readBody(r, "application/x-www-form-urlencoded")
	if err != nil {
		return err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return badRequest("The form could not be read.")
	}
	made, err := s.useEnrolCode(r, form.Get("code"), "", tracker.Ask{})
	if err != nil {
		return err
	}
	setup, err := s.settingsOf(r, made)
	if err != nil {
		return err
	}
	code, err := qrCode(*setup.Native.Link)
	if err != nil {
		return err
	}
	page := enrolPage{ID: string(made.Device), Secret: made.Secret, HTTP: setup.HTTP, QR: template.URL(code)}
	if setup.MQTT != nil {
		page.MQTT = *setup.MQTT
	}
	// These are of this server's making, so they are safe as they are.
	if f := setup.OwnTracksMQTT; f != nil {
		page.MQTTLink = template.URL(*f.Link)
	}
	if f := setup.OwnTracksHTTP; f != nil {
		page.HTTPLink = template.URL(*f.Link)
	}
	return s.writeEnrolPage(w, page)
}

func (s *Server) writeEnrolPage(w http.ResponseWriter, p enrolPage) error {
	var b bytes.Buffer
	if err := s.pages.ExecuteTemplate(&b, "enrol", p); err != nil {
		return fmt.Errorf("render page: %w", err)
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(b.Bytes())
	return nil
}
