package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"wayguard/notify"
	"wayguard/tracker"
)

// notifyRoutes are those of who hears what.
func (s *Server) notifyRoutes() []route {
	return []route{
		{pattern: "GET /api/v1/notify/settings", role: dispatcher, handler: s.showNotifySettings},
		{pattern: "PUT /api/v1/notify/settings", role: dispatcher, handler: s.putNotifySettings},
		{pattern: "POST /api/v1/notify/dry-run", role: dispatcher, handler: s.dryRun},
		{pattern: "GET /notify/preview", role: dispatcher, handler: s.listPreviews, page: true},
		{pattern: "GET /notify/preview.css", handler: s.previewStyle},
		{pattern: "GET /notify/preview/{kind}/{language}", role: dispatcher, handler: s.showPreview, page: true},
		{pattern: "GET /notify/preview/{kind}/{language}/email", role: dispatcher, handler: s.showPreviewMail, page: true},
	}
}

// ruled finds the rules; a server may have none.
func (s *Server) ruled() (*notify.Rules, error) {
	if s.rules == nil {
		return nil, notFound("This server sends no notifications.")
	}
	return s.rules, nil
}

func (s *Server) showNotifySettings(w http.ResponseWriter, _ *http.Request, _ principal) error {
	rules, err := s.ruled()
	if err != nil {
		return err
	}
	settings, version := rules.Settings()
	return writeSettings(w, settings, version)
}

// writeSettings shows them whole, the defaults too.
func writeSettings(w http.ResponseWriter, settings notify.Settings, version uint64) error {
	w.Header().Set("ETag", etag(version))
	return writeJSON(w, http.StatusOK, settings.WithDefaults())
}

// putNotifySettings replaces them as a whole.
func (s *Server) putNotifySettings(w http.ResponseWriter, r *http.Request, _ principal) error {
	rules, err := s.ruled()
	if err != nil {
		return err
	}
	seen, err := seenVersion(r)
	if err != nil {
		return err
	}
	var given notify.Settings
	if err := readStrictly(r, &given); err != nil {
		return err
	}
	var kept notify.Settings
	var version uint64
	err = change(r, func(ctx context.Context) (err error) {
		kept, version, err = rules.Change(ctx, seen, given)
		return err
	})
	if err != nil {
		return deliveryError(err)
	}
	return writeSettings(w, kept, version)
}

// readStrictly reads a body that is one JSON object into v, which knows all its
// members.
func readStrictly(r *http.Request, v any) error {
	body, err := readBody(r, "application/json")
	if err != nil {
		return err
	}
	if _, err := parseObject(body); err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	err = dec.Decode(v)
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrong):
		return badMember(wrong.Field, "must not be a JSON "+wrong.Value+".")
	case err != nil && !errors.Is(err, io.EOF):
		// What is left is a member that there is not, of which the decoder says no
		// more than its name.
		return badRequest(cut(upperFirst(strings.TrimPrefix(err.Error(), "json: ")), 200) + ". GET shows which members there are.")
	}
	return nil
}

// dryRun tells what would become of an event: one of the log, or one that the
// request makes up.
func (s *Server) dryRun(w http.ResponseWriter, r *http.Request, _ principal) error {
	rules, err := s.ruled()
	if err != nil {
		return err
	}
	event, err := eventToTry(r, rules)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, rules.DryRun(event))
}

func eventToTry(r *http.Request, rules *notify.Rules) (event *tracker.Event, err error) {
	var seq uint64
	var id string
	var made tracker.Event
	if err := readObject(r,
		member{"seq", &seq, "the number of an event"}, member{"id", &id, "the id of an event"},
		member{"event", &made, "an event as GET /api/v1/events shows them"},
	); err != nil {
		return nil, err
	}
	switch {
	case seq != 0 && id == "" && made.Type == "":
		event, err = rules.EventAt(seq)
	case seq == 0 && id != "" && made.Type == "":
		event, err = rules.EventByID(id)
	case seq == 0 && id == "" && made.Type != "" && made.Subject != "":
		return rules.Imagined(made), nil
	default:
		return nil, badMember("event", "must be given with a type and a subject; or else seq or id, of an event of the log. One of the three.")
	}
	if errors.Is(err, tracker.ErrNotFound) {
		return nil, notFound("There is no such event, or none by this id among the last 10,000: give its seq.")
	}
	return event, err
}
