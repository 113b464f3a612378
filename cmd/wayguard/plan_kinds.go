package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/paulmach/orb"

	"wayguard/geofence"
	"wayguard/tracker"
)

// route is a line to be followed.
type route struct {
	id   string
	line orb.LineString
	// corridorMeters is the width to each side; 0 where the plan leaves it to
	// the engine.
	corridorMeters float64
}

// place is an address: a point, or premises if area has a ring.
type place struct {
	id    string
	point orb.Point
	area  orb.Polygon
}

// stop is a place to be served.
type stop struct {
	place
	// sequence is the stop's turn in its round.
	sequence int
	// window is when it is to be served; zero ends are open.
	windowStart, windowEnd time.Time
	// geocodeAccuracyMeters is how far off the point may be, 0 if not known.
	geocodeAccuracyMeters float64
	address               string
}

func (p *plan) addFence(f tracker.Feature) error {
	r, err := f.Fence()
	if err != nil {
		return err
	}
	p.fences = append(p.fences, r.Fence)
	return nil
}

// addHazard takes the shapes of a fence.
func (p *plan) addHazard(f tracker.Feature) error {
	r, err := f.Fence()
	if err != nil {
		return err
	}
	p.hazards = append(p.hazards, r.Fence)
	return nil
}

func (p *plan) addRoute(f tracker.Feature, given properties) (err error) {
	line, ok := f.Geometry.(orb.LineString)
	if !ok {
		return errGeometry("a route", "a LineString", f)
	}
	r := route{id: f.ID, line: line}
	if r.corridorMeters, _, err = given.positive("corridor_m"); err != nil {
		return err
	}
	for i, point := range line {
		if err := checkPoint(point); err != nil {
			return fmt.Errorf("position %d: %w", i+1, err)
		}
	}
	if len(line) < 2 || line.Bound().Min == line.Bound().Max {
		return errors.New("a route needs two different positions or more")
	}
	p.routes = append(p.routes, r)
	return nil
}

func (p *plan) addAddress(f tracker.Feature) error {
	a, err := placeOf("an address", f)
	if err != nil {
		return err
	}
	p.addresses = append(p.addresses, a)
	return nil
}

func (p *plan) addStop(f tracker.Feature, given properties) (err error) {
	var s stop
	if s.place, err = placeOf("a stop", f); err != nil {
		return err
	}
	if s.sequence, err = given.sequence(); err != nil {
		return err
	}
	if s.windowStart, err = given.instant("window_start"); err != nil {
		return err
	}
	if s.windowEnd, err = given.instant("window_end"); err != nil {
		return err
	}
	if !s.windowStart.IsZero() && !s.windowEnd.IsZero() && !s.windowEnd.After(s.windowStart) {
		return errors.New("window_end is not after window_start")
	}
	if s.geocodeAccuracyMeters, _, err = given.positive("geocode_accuracy_m"); err != nil {
		return err
	}
	if s.address, _, err = given.text("address"); err != nil {
		return err
	}
	p.stops = append(p.stops, s)
	return nil
}

func placeOf(what string, f tracker.Feature) (place, error) {
	switch g := f.Geometry.(type) {
	case orb.Point:
		return place{id: f.ID, point: g}, checkPoint(g)
	case orb.Polygon:
		premises := geofence.Fence{ID: geofence.FenceID(f.ID), Polygons: orb.MultiPolygon{g}}
		return place{id: f.ID, area: g}, premises.Validate()
	default:
		return place{}, errGeometry(what, "a Point or a Polygon", f)
	}
}

func errGeometry(what, want string, f tracker.Feature) error {
	return fmt.Errorf("the geometry of %s must be %s, not a %s", what, want, f.Geometry.GeoJSONType())
}

func checkPoint(p orb.Point) error {
	if math.Abs(p.Lon()) > 180 {
		return fmt.Errorf("longitude %g is outside -180..180", p.Lon())
	}
	if math.Abs(p.Lat()) > 90 {
		return fmt.Errorf("latitude %g is outside -90..90", p.Lat())
	}
	return nil
}

// properties are a JSON object's members. A null is as good as absent.
type properties map[string]json.RawMessage

func (p properties) has(name string) bool {
	return len(p[name]) > 0 && string(p[name]) != "null"
}

// positive reads a number above zero.
func (p properties) positive(name string) (v float64, set bool, err error) {
	if !p.has(name) {
		return 0, false, nil
	}
	if json.Unmarshal(p[name], &v) != nil || v <= 0 {
		return 0, false, fmt.Errorf("%s must be a number above 0, not %.40s", name, p[name])
	}
	return v, true, nil
}

func (p properties) text(name string) (v string, set bool, err error) {
	if !p.has(name) {
		return "", false, nil
	}
	if json.Unmarshal(p[name], &v) != nil {
		return "", false, fmt.Errorf("%s must be a string, not %.40s", name, p[name])
	}
	return v, true, nil
}

// sequence is required of a stop.
func (p properties) sequence() (v int, err error) {
	if !p.has("sequence") {
		return 0, errors.New("a stop needs a sequence, its turn in the round: a whole number from 0")
	}
	if json.Unmarshal(p["sequence"], &v) != nil || v < 0 {
		return 0, fmt.Errorf("sequence must be a whole number from 0, not %.40s", p["sequence"])
	}
	return v, nil
}

// instant reads a time as traces have it; the zero Time if absent.
func (p properties) instant(name string) (time.Time, error) {
	if !p.has(name) {
		return time.Time{}, nil
	}
	text := string(p[name])
	if text[0] == '"' {
		if err := json.Unmarshal(p[name], &text); err != nil {
			return time.Time{}, fmt.Errorf("%s: %w", name, err)
		}
	}
	at, err := parseTime(text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%s %w", name, err)
	}
	return at.Time(), nil
}
