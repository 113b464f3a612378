package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"wayguard/tracker"
)

const (
	defaultRounds = 100
	maxRounds     = 1000
)

type roundJSON struct {
	ID       tracker.RoundID      `json:"id"`
	Name     string               `json:"name"`
	State    tracker.RoundState   `json:"state"`
	Vehicle  *string              `json:"vehicle"`
	Driver   *string              `json:"driver"`
	Depot    *string              `json:"depot"`
	Start    *time.Time           `json:"start"`
	Stops    []tracker.DeliveryID `json:"stops"`
	Route    json.RawMessage      `json:"route"`
	Corridor float64              `json:"corridor_m"`
	metaJSON
}

func roundOf(r tracker.Round) (j roundJSON, err error) {
	j = roundJSON{
		ID: r.ID, Name: r.Name, State: r.State, Vehicle: textOrNull(r.Vehicle), Driver: textOrNull(r.Driver), Depot: textOrNull(r.Depot),
		Start: timeOrNull(r.Start), Stops: append([]tracker.DeliveryID{}, r.Stops...),
		Route: json.RawMessage("null"), Corridor: r.CorridorMeters, metaJSON: metaOf(r.Meta),
	}
	if r.Route != nil {
		j.Route, err = tracker.MarshalGeometry(r.Route)
	}
	return j, err
}

func textOrNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func roundSetters(n *tracker.NewRound) setters {
	return setters{
		"name":       into("name", &n.Name, "a string"),
		"vehicle":    into("vehicle", &n.Vehicle, "the id of a vehicle"),
		"driver":     into("driver", &n.Driver, "the id of a driver"),
		"depot":      into("depot", &n.Depot, "the id of a depot"),
		"start":      intoTime("start", &n.Start),
		"stops":      into("stops", &n.Stops, "a list of deliveries' ids"),
		"route":      func(v json.RawMessage) error { return setRoute(&n.Route, v) },
		"corridor_m": into("corridor_m", &n.CorridorMeters, "a number of metres"),
	}
}

// listRounds shows the newest first.
func (s *Server) listRounds(w http.ResponseWriter, r *http.Request, who principal) error {
	q := queryOf(r)
	limit, err := q.count("limit", 1, maxRounds, defaultRounds)
	if err != nil {
		return err
	}
	var states []tracker.RoundState
	if q.has("state") {
		for _, state := range strings.Split(q.text("state"), ",") {
			states = append(states, tracker.RoundState(state))
		}
	}
	found := s.roundsFor(who, states, tracker.RoundID(q.text("before")), int(limit))
	list := make([]roundJSON, len(found))
	for i, round := range found {
		if list[i], err = roundOf(round); err != nil {
			return err
		}
	}
	var next *tracker.RoundID
	if len(found) == int(limit) {
		next = &found[len(found)-1].ID
	}
	return writeJSON(w, http.StatusOK, map[string]any{"rounds": list, "next": next})
}

func (s *Server) showRound(w http.ResponseWriter, r *http.Request, who principal) error {
	round, ok := s.fleet.Round(roundID(r))
	if !ok || who.role == driver && !s.onOwnRound(who, round.ID) {
		return noRound()
	}
	return writeRound(w, http.StatusOK, round)
}

func writeRound(w http.ResponseWriter, status int, round tracker.Round) error {
	j, err := roundOf(round)
	if err != nil {
		return err
	}
	w.Header().Set("ETag", etag(round.Version))
	return writeJSON(w, status, j)
}

func (s *Server) createRound(w http.ResponseWriter, r *http.Request, _ principal) error {
	given, err := readGiven(r)
	if err != nil {
		return err
	}
	var n tracker.NewRound
	if err := setMembers(given, roundSetters(&n)); err != nil {
		return err
	}
	var made tracker.Round
	err = change(r, func(ctx context.Context) (err error) {
		made, err = s.fleet.CreateRound(ctx, n)
		return err
	})
	if id, ok := again(w, err); ok {
		made, err = s.roundNow(tracker.RoundID(id))
	}
	if err != nil {
		return roundError(err)
	}
	w.Header().Set("Location", "/api/v1/rounds/"+url.PathEscape(string(made.ID)))
	return writeRound(w, http.StatusCreated, made)
}

// patchRound changes those members that are given, before the round or while it
// runs.
func (s *Server) patchRound(w http.ResponseWriter, r *http.Request, _ principal) error {
	given, err := readGiven(r)
	if err != nil {
		return err
	}
	return s.changeRound(w, r, func(ctx context.Context, id tracker.RoundID, seen uint64) (tracker.Round, error) {
		return s.fleet.ChangeRound(ctx, id, seen, func(n *tracker.NewRound) error { return setMembers(given, roundSetters(n)) })
	})
}

func (s *Server) startRound(w http.ResponseWriter, r *http.Request, _ principal) error {
	return s.changeRound(w, r, s.fleet.StartRound)
}

func (s *Server) endRound(w http.ResponseWriter, r *http.Request, _ principal) error {
	return s.changeRound(w, r, s.fleet.EndRound)
}

func (s *Server) changeRound(w http.ResponseWriter, r *http.Request, do func(context.Context, tracker.RoundID, uint64) (tracker.Round, error)) error {
	seen, err := seenVersion(r)
	if err != nil {
		return err
	}
	var changed tracker.Round
	err = change(r, func(ctx context.Context) (err error) {
		changed, err = do(ctx, roundID(r), seen)
		return err
	})
	if _, ok := again(w, err); ok {
		changed, err = s.roundNow(roundID(r))
	}
	if err != nil {
		return roundError(err)
	}
	return writeRound(w, http.StatusOK, changed)
}

func (s *Server) roundNow(id tracker.RoundID) (tracker.Round, error) {
	r, ok := s.fleet.Round(id)
	if !ok {
		return r, noRound()
	}
	return r, nil
}

func roundID(r *http.Request) tracker.RoundID { return tracker.RoundID(r.PathValue("id")) }

func roundError(err error) error {
	switch {
	case errors.Is(err, tracker.ErrNotFound):
		return noRound()
	case errors.Is(err, tracker.ErrBusy):
		return &problem{status: http.StatusConflict, detail: upperFirst(tracker.ErrBusy.Error()) + "."}
	}
	return deliveryError(err)
}

func noRound() error {
	return notFound("No round has this id. GET /api/v1/rounds lists all of them.")
}
