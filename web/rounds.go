package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/paulmach/orb"

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
	Auto     bool                 `json:"auto_start"`
	Began    *time.Time           `json:"began"`
	Route    json.RawMessage      `json:"route"`
	Source   tracker.RouteSource  `json:"route_source"`
	Corridor float64              `json:"corridor_m"`
	metaJSON
}

// roundOf leaves out the line of the way unless it is asked for: in a list it
// is most of the answer.
func (s *Server) roundOf(r tracker.Round, withLine bool) (j roundJSON, err error) {
	line, corridor, source := s.fleet.Way(r)
	j = roundJSON{
		ID: r.ID, Name: r.Name, State: r.State, Vehicle: textOrNull(r.Vehicle), Driver: textOrNull(r.Driver), Depot: textOrNull(r.Depot),
		Start: timeOrNull(r.Start), Stops: append([]tracker.DeliveryID{}, r.Stops...),
		Auto: r.AutoStarts(), Began: timeOrNull(r.Began),
		Route: json.RawMessage("null"), Source: source, Corridor: corridor, metaJSON: metaOf(r.Meta),
	}
	if line != nil && withLine {
		j.Route, err = tracker.MarshalGeometry(line)
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
		"auto_start": setAuto(&n.Manual),
		"route":      func(v json.RawMessage) error { return setRoute(&n.Route, v) },
		"corridor_m": into("corridor_m", &n.CorridorMeters, "a number of metres"),
	}
}

// setAuto takes null for yes.
func setAuto(manual *bool) func(json.RawMessage) error {
	return func(value json.RawMessage) error {
		auto := true
		if string(value) != "null" && json.Unmarshal(value, &auto) != nil {
			return badMember("auto_start", "must be true or false.")
		}
		*manual = !auto
		return nil
	}
}

// setRoute takes a GeoJSON LineString or an encoded polyline: a string, or an
// object that tells its precision.
func setRoute(line *orb.LineString, value json.RawMessage) (err error) {
	*line = nil
	encoded := struct {
		Polyline  string
		Precision int
	}{Precision: 5}
	switch {
	case string(value) == "null":
		return nil
	case json.Unmarshal(value, &encoded.Polyline) == nil:
	case json.Unmarshal(value, &encoded) == nil && encoded.Polyline != "":
	default:
		g, err := tracker.ParseGeometry(value)
		route, ok := g.(orb.LineString)
		if err != nil || !ok {
			return badMember("route", `must be a GeoJSON LineString, positions of longitude and latitude, or an encoded polyline: {"polyline":"…","precision":6}.`)
		}
		*line = route
		return nil
	}
	if *line, err = tracker.ParsePolyline(encoded.Polyline, encoded.Precision); err != nil {
		return badMember("route", "as an encoded polyline is wrong: "+err.Error()+".")
	}
	return nil
}

// listRounds shows the newest first.
func (s *Server) listRounds(w http.ResponseWriter, r *http.Request, who principal) error {
	q := queryOf(r)
	limit, err := q.count("limit", 1, maxRounds, defaultRounds)
	if err != nil {
		return err
	}
	given, err := states(q, tracker.RoundPlanned, tracker.RoundRunning, tracker.RoundEnded)
	if err != nil {
		return err
	}
	lines, err := q.flag("routes", true)
	if err != nil {
		return err
	}
	found := s.roundsFor(who, given, tracker.RoundID(q.text("before")), int(limit))
	list := make([]roundJSON, len(found))
	for i, round := range found {
		if list[i], err = s.roundOf(round, lines); err != nil {
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
	return s.writeRound(w, http.StatusOK, round)
}

func (s *Server) writeRound(w http.ResponseWriter, status int, round tracker.Round) error {
	j, err := s.roundOf(round, true)
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
	return s.writeRound(w, http.StatusCreated, made)
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
	return s.writeRound(w, http.StatusOK, changed)
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
