package web

import (
	"context"
	"errors"
	"math"
	"net/http"
	"time"

	"wayguard/tracker"
)

const (
	defaultAlerts = 100
	maxAlerts     = 1000
)

type alertJSON struct {
	ID       tracker.AlertID    `json:"id"`
	State    tracker.AlertState `json:"state"`
	Type     string             `json:"type"`
	Subject  string             `json:"subject"`
	Seq      uint64             `json:"seq"`
	Time     time.Time          `json:"time"`
	Device   *string            `json:"device"`
	Delivery *string            `json:"delivery"`
	Round    *string            `json:"round"`
	By       string             `json:"by"`
	ByName   string             `json:"by_name"`
	Note     string             `json:"note"`
	metaJSON
}

func (s *Server) alertOf(a tracker.Alert) alertJSON {
	by, _ := s.fleet.Staff().Get(a.By)
	return alertJSON{
		ID: a.ID, State: a.State, Type: a.Type, Subject: a.Subject, Seq: a.Seq, Time: a.Time.UTC(),
		Device: textOrNull(string(a.Device)), Delivery: textOrNull(string(a.Delivery)), Round: textOrNull(string(a.Round)),
		By: a.By, ByName: by.Name, Note: a.Note, metaJSON: metaOf(a.Meta),
	}
}

// listAlerts shows the newest first.
func (s *Server) listAlerts(w http.ResponseWriter, r *http.Request, _ principal) error {
	q := queryOf(r)
	limit, err := q.count("limit", 1, maxAlerts, defaultAlerts)
	if err != nil {
		return err
	}
	before, err := q.count("before", 1, math.MaxInt64, 0)
	if err != nil {
		return err
	}
	given, err := states(q, tracker.AlertOpen, tracker.AlertAcknowledged, tracker.AlertResolved)
	if err != nil {
		return err
	}
	found := s.fleet.Alerts(given, before, int(limit))
	list := make([]alertJSON, len(found))
	for i, a := range found {
		list[i] = s.alertOf(a)
	}
	var next *uint64
	if len(found) == int(limit) {
		next = &found[len(found)-1].Seq
	}
	return writeJSON(w, http.StatusOK, map[string]any{"alerts": list, "next": next})
}

func (s *Server) showAlert(w http.ResponseWriter, r *http.Request, _ principal) error {
	a, ok := s.fleet.Alert(tracker.AlertID(r.PathValue("id")))
	if !ok {
		return noAlert()
	}
	w.Header().Set("ETag", etag(a.Version))
	return writeJSON(w, http.StatusOK, s.alertOf(a))
}

func (s *Server) acknowledgeAlert(w http.ResponseWriter, r *http.Request, who principal) error {
	return s.moveAlert(w, r, who, s.fleet.AcknowledgeAlert)
}

func (s *Server) resolveAlert(w http.ResponseWriter, r *http.Request, who principal) error {
	return s.moveAlert(w, r, who, s.fleet.ResolveAlert)
}

// moveAlert takes a note, or no body at all.
func (s *Server) moveAlert(w http.ResponseWriter, r *http.Request, who principal, move func(context.Context, tracker.AlertID, uint64, string, string) (tracker.Alert, error)) error {
	seen, err := seenVersion(r)
	if err != nil {
		return err
	}
	var note string
	if r.ContentLength != 0 {
		if err := readObject(r, member{"note", &note, "a string"}); err != nil {
			return err
		}
	}
	var moved tracker.Alert
	err = change(r, func(ctx context.Context) (err error) {
		moved, err = move(ctx, tracker.AlertID(r.PathValue("id")), seen, who.name(), note)
		return err
	})
	if _, ok := again(w, err); ok {
		moved, _ = s.fleet.Alert(tracker.AlertID(r.PathValue("id")))
		err = nil
	}
	if errors.Is(err, tracker.ErrNotFound) {
		return noAlert()
	}
	if err != nil {
		return deliveryError(err)
	}
	w.Header().Set("ETag", etag(moved.Version))
	return writeJSON(w, http.StatusOK, s.alertOf(moved))
}

func noAlert() error {
	return notFound("No alert has this id. GET /api/v1/alerts lists all of them.")
}
