package web

import (
	"context"
	"errors"
	"net/http"
	"time"

	"wayguard/tracker"
	"wayguard/tracker/ingest/warning"
)

type hazardJSON struct {
	ID         tracker.HazardID `json:"id"`
	Sender     string           `json:"sender"`
	Identifier string           `json:"identifier"`
	Sent       time.Time        `json:"sent"`
	Zones      []hazardZoneJSON `json:"zones"`
	metaJSON
}

type hazardZoneJSON struct {
	Event     string    `json:"event"`
	Headline  string    `json:"headline"`
	Severity  string    `json:"severity"`
	Urgency   string    `json:"urgency"`
	Certainty string    `json:"certainty"`
	Area      string    `json:"area"`
	From      time.Time `json:"from"`
	Until     time.Time `json:"until"`
}

func hazardOf(h tracker.Hazard) hazardJSON {
	j := hazardJSON{ID: h.ID, Sender: h.Sender, Identifier: h.Identifier, Sent: h.Sent.UTC(), Zones: make([]hazardZoneJSON, len(h.Zones)), metaJSON: metaOf(h.Meta)}
	for i := range h.Zones {
		z := &h.Zones[i]
		j.Zones[i] = hazardZoneJSON{
			Event: z.Event, Headline: z.Headline, Severity: z.Severity, Urgency: z.Urgency, Certainty: z.Certainty,
			Area: z.Area, From: z.From.UTC(), Until: z.Until.UTC(),
		}
	}
	return j
}

// listHazards shows those that hold or will, and those of the last days. Their
// zones are fences while they hold.
func (s *Server) listHazards(w http.ResponseWriter, r *http.Request, _ principal) error {
	hazards, next, err := pageOf(queryOf(r), s.fleet.Hazards(), func(h tracker.Hazard) string { return string(h.ID) })
	if err != nil {
		return err
	}
	list := make([]hazardJSON, len(hazards))
	for i, h := range hazards {
		list[i] = hazardOf(h)
	}
	return writeJSON(w, http.StatusOK, map[string]any{"hazards": list, "next": next})
}

// noticeJSON is what came of one message.
type noticeJSON struct {
	Hazard     *tracker.HazardID  `json:"hazard"`
	Superseded []tracker.HazardID `json:"superseded"`
	Ignored    string             `json:"ignored"`
}

// importHazards takes a CAP message, or an Atom feed of them.
func (s *Server) importHazards(w http.ResponseWriter, r *http.Request, _ principal) error {
	body, err := readBody(r, "application/cap+xml", "application/xml", "text/xml", "application/atom+xml")
	if err != nil {
		return err
	}
	messages, err := warning.Parse(body)
	if err != nil {
		return &problem{status: http.StatusUnprocessableEntity, detail: err.Error()}
	}
	results := make([]noticeJSON, len(messages))
	for i, m := range messages {
		results[i] = noticeJSON{Superseded: append([]tracker.HazardID{}, m.Superseded...), Ignored: m.Ignored}
		if m.Hazard == nil && len(m.Superseded) == 0 {
			continue
		}
		err := change(r, func(ctx context.Context) error { return s.fleet.PutHazard(ctx, m.Hazard, m.Superseded...) })
		if _, ok := again(w, err); ok {
			err = nil
		}
		if errors.Is(err, tracker.ErrBadInput) {
			results[i].Ignored = err.Error()
			continue
		}
		if err != nil {
			return deliveryError(err)
		}
		if m.Hazard != nil {
			results[i].Hazard = &m.Hazard.ID
		}
	}
	return writeJSON(w, http.StatusOK, map[string]any{"messages": results})
}

func (s *Server) deleteHazard(w http.ResponseWriter, r *http.Request, _ principal) error {
	id := tracker.HazardID(r.PathValue("id"))
	seen, err := seenVersion(r)
	if err != nil {
		return err
	}
	err = change(r, func(ctx context.Context) error { return s.fleet.DeleteHazard(ctx, id, seen) })
	if errors.Is(err, tracker.ErrNotFound) {
		return notFound("No hazard has this id. GET /api/v1/hazards lists all of them.")
	}
	if err != nil {
		return deliveryError(err)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
