package tracker

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math"
	"slices"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"
)

// Plan is the way that a round is to take.
type Plan struct {
	// Route is the line, nil for straight ones from stop to stop.
	Route orb.LineString `json:"route,omitempty"`
	// CorridorMeters is how far to either side of the line is still on it; 0 for
	// the engine's setting, or for what fits straight lines.
	CorridorMeters float64 `json:"corridor_m,omitempty"`
	// Found says which router the line is from; empty for none. Via is the
	// fingerprint of the places that it leads through.
	Found RouteSource `json:"found,omitempty"`
	Via   uint64      `json:"via,omitempty"`
}

// RouteSource says where the way of a round is from.
type RouteSource string

// The sources.
const (
	// RouteGiven: it was given with the round.
	RouteGiven    RouteSource = "given"
	RouteOSRM     RouteSource = "osrm"
	RouteValhalla RouteSource = "valhalla"
	// RouteStraight: nobody said, so it is straight lines with a wide corridor.
	// They tell neither who goes the wrong way nor when somebody arrives.
	RouteStraight RouteSource = "straight"
)

// Source is where the line is from.
func (p *Plan) Source() RouteSource {
	switch {
	case p.Route == nil:
		return RouteStraight
	case p.Found != "":
		return p.Found
	}
	return RouteGiven
}

func (p *Plan) check() error {
	n := len(p.Route)
	if p.Route != nil && n < 2 || n > maxRoutePoints || slices.ContainsFunc(p.Route, func(at orb.Point) bool { return !onEarth(at) }) {
		return &MemberError{"route", fmt.Sprintf("must be a line of 2 to %d positions, longitude first.", maxRoutePoints)}
	}
	if !(p.CorridorMeters >= 0 && p.CorridorMeters <= maxCorridor) {
		return &MemberError{"corridor_m", fmt.Sprintf("must be 0 to %d metres.", maxCorridor)}
	}
	return nil
}

// The corridor of straight lines. Where a way of detour factor 1.35, the
// engine's, is as far off the straight line of length 1 as it can be, it is so
// by sqrt(1.35² - 1) / 2.
const (
	straightCorridor = 1000 // metres, at least
	straightShare    = 0.45 // of the longest line
)

// way is the line that the engine holds the vehicle to, and its corridor.
func (d *duty) way() (orb.LineString, float64) {
	if d.round.Plan.Source() != RouteStraight {
		return d.round.Route, d.round.CorridorMeters
	}
	if !d.straight {
		return nil, 0
	}
	line := d.places()
	if d.round.CorridorMeters > 0 {
		return line, d.round.CorridorMeters
	}
	longest := 0.0
	for i := 1; i < len(line); i++ {
		longest = max(longest, geo.DistanceHaversine(line[i-1], line[i]))
	}
	return line, math.Round(min(max(straightCorridor, straightShare*longest), maxCorridor))
}

// fits tells whether the line, if it was found, leads through the places that
// the round has now.
func (d *duty) fits() bool { return d.round.Found == "" || d.round.Via == viaOf(d.places()) }

// places are where the round leads: from the depot, to each stop, and back.
// None follows itself.
func (d *duty) places() (through orb.LineString) {
	add := func(at orb.Point) {
		if n := len(through); n == 0 || through[n-1] != at {
			through = append(through, at)
		}
	}
	if d.depot != nil {
		add(d.depot.Point)
	}
	for i := range d.stops {
		add(d.stops[i].Point)
	}
	if d.depot != nil {
		add(d.depot.Point)
	}
	return through
}

func viaOf(through orb.LineString) uint64 {
	h := fnv.New64a()
	var b []byte
	for _, p := range through {
		b = binary.LittleEndian.AppendUint64(b[:0], math.Float64bits(p[0]))
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(p[1]))
		_, _ = h.Write(b) // never fails
	}
	return h.Sum64()
}

// placesOf is a round with its depot and stops, whatever its state.
func (l *ledger) placesOf(b *ledgerEdit, r *Round) *duty {
	d := &duty{round: *r, straight: true}
	if depot, ok := look(b, l.depots, r.Depot); ok {
		d.depot = &depot
	}
	for _, stop := range r.Stops {
		delivery, ok := look(b, l.deliveries, string(stop))
		if ok && !delivery.Erased && delivery.State != DeliveryCancelled && !slices.Contains(r.Behind, stop) {
			d.stops = append(d.stops, delivery)
		}
	}
	if !d.fits() {
		d.round.Plan = Plan{CorridorMeters: r.CorridorMeters}
	}
	return d
}

// Way is the line that a round is to take and how far to either side of it, in
// metres, is still on it; 0 for the engine's setting. The line is nil where
// there are fewer than two places to go to. source is where it is from.
func (f *Fleet) Way(r Round) (line orb.LineString, corridor float64, source RouteSource) {
	d := f.ledger.placesOf(f.ledger.edit(), &r)
	line, corridor = d.way()
	if len(line) < 2 {
		line = nil
	}
	return line, corridor, d.round.Plan.Source()
}

// Line is a line of longitudes and latitudes, in degrees.
type Line = orb.LineString
