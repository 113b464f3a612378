package geofence

import (
	"math"
	"slices"
)

// excursion is a run of fixes beyond all routes.
type excursion struct {
	fixes   int // up to 2; 0 for none, and all else is zero then
	clear   int // up to 2 of them that are clearly beyond
	first   mark
	worst   float64 // the greatest distance, in metres
	episode uint64  // once it is told
}

// approach is how a device that has not been on a route comes near one.
type approach struct {
	begun  bool
	first  mark    // where it was nearest
	least  float64 // how near, in metres
	way    float64 // what it has gone since
	anchor mark    // up to where way is counted
}

// strayed takes a fix that is not where along its route the device should be.
func (s *State) strayed(w *World, g sighting, near sight, events []Event) []Event {
	p := &s.progress
	beyond, doubt := near.distance-near.corridor, g.doubt(near.corridor)
	switch {
	case beyond <= doubt, beyond <= 2*doubt && g.vague(near.corridor):
		// It may be anywhere: neither a beginning nor an end.
		return events
	case s.excused(w, g):
		p.out = excursion{}
		return events
	case p.out.fixes == 0:
		p.out.first = g.mark()
	}
	p.out.take(near, g)
	after := w.settings.Routes.OffAfter
	if p.out.clear < 2 {
		after *= 2
	}
	if p.out.fixes < 2 || (g.time-p.out.first.time).duration() < after {
		return events
	}
	near.route = p.trail.route
	return s.leaveRoute(w, near, events)
}

// take counts a fix that is beyond.
func (e *excursion) take(near sight, g sighting) {
	e.fixes = min(e.fixes+1, 2)
	e.worst = max(e.worst, near.distance)
	if near.distance-near.corridor > 2*g.doubt(near.corridor) {
		e.clear = min(e.clear+1, 2)
	}
}

// approachRoute takes a fix of a device that has not been on a route yet. One
// that drives on and on without coming nearer is not on its way there, unless
// the round has not begun.
func (s *State) approachRoute(w *World, g sighting, near sight, events []Event) []Event {
	// What counts as nearer, and as driving rather than the error of fixes.
	const nearer, step = 100, 50
	p := &s.progress
	a := &p.approach
	switch {
	case near.distance-near.corridor <= 2*g.doubt(near.corridor) || g.time < s.duty.round.Start || s.excused(w, g):
		*a = approach{}
		return events
	case !a.begun || near.distance <= a.least-max(2*g.uncertainty, min(nearer, a.least/4)):
		*a = approach{begun: true, first: g.mark(), anchor: g.mark(), least: near.distance}
		return events
	}
	if moved := a.anchor.metres(g); moved >= max(step, 2*g.uncertainty) {
		a.way += moved
		a.anchor = g.mark()
	}
	if a.way < w.settings.Routes.JoinMeters {
		return events
	}
	p.out = excursion{fixes: 2, clear: 2, first: a.first, worst: near.distance}
	*a = approach{}
	return s.leaveRoute(w, near, events)
}

// leaveRoute tells that the device is off its route.
func (s *State) leaveRoute(w *World, near sight, events []Event) []Event {
	p, r := &s.progress, s.duty.round
	p.phase, p.trail.present, p.reverse = astray, false, reversal{}
	p.out.episode = s.newEpisode()
	e := Event{Type: RouteOff, Time: p.out.first.time, Subject: string(r.Routes[near.route].ID), Episode: p.out.episode, Point: p.out.first.point}
	e.Facts.add("distance_m", p.out.worst)
	e.Facts.add("corridor_m", w.settings.Routes.corridor(r, near.route))
	e.Facts.add("uncertainty_m", p.out.first.uncertainty)
	e.Facts.say("severity", w.settings.Routes.severity(p.out.worst))
	if p.trail.key != 0 {
		e.Facts.add("along_m", p.trail.here)
	}
	return append(events, e)
}

// severity is a word for a distance from the route.
func (s *RouteSettings) severity(distance float64) string {
	switch {
	case distance >= s.SevereMeters:
		return "severe"
	case distance >= s.MajorMeters:
		return "major"
	}
	return "minor"
}

// joinRoute puts the device on the route that is near. Where the route passes
// there more than once, what decides is which way the device goes and where it
// was.
func (s *State) joinRoute(w *World, g sighting, fix *Fix, near sight, events []Event) []Event {
	p, r := &s.progress, s.duty.round
	path := r.paths[near.route]
	b := branch{sighting: g, ref: s.expectedAlong(near.route), within: near.corridor, scale: 2000}
	if p.in.key == p.trail.key {
		b.scale = max(b.scale/4, usualSpeed*p.trail.met.since(g))
	}
	if moved := p.in.first.metres(g); moved >= 2*max(g.uncertainty, lineSpread) && p.in.first.since(g) <= 60 {
		x, y := offset(spot{p.in.first.point[0], p.in.first.point[1], g.cos}, g.spot)
		b.east, b.north = x/moved, y/moved
	} else {
		b.heed(fix)
	}
	x, _, edge := b.pick(path, 0, path.length())
	if p.phase == astray {
		entered := x - math.Abs(p.in.got(path, g))
		events = append(events, s.rejoined(w, near, entered))
	}
	p.phase = following
	p.trail = footing{key: p.in.key, route: near.route, present: true, along: x, here: x, met: g.mark(), edge: edge}
	if x, y := path.direction(x); x*b.east+y*b.north > 0 && !p.short(w, r, p.trail.along) {
		p.phase = finished
	}
	if elapsed := p.in.first.since(g); elapsed > 0 {
		p.trail.pace = min(p.in.first.metres(g)/elapsed, gapSpeed)
	}
	p.out, p.in, p.reverse, p.approach = excursion{}, joining{}, reversal{}, approach{}
	return events
}

// expectedAlong is how far along the route the device was, or must have been if
// it has not been on it.
func (s *State) expectedAlong(route int) float64 {
	p, r := &s.progress, s.duty.round
	if p.trail.key == r.keys[route] && p.phase != finished {
		return p.trail.here
	}
	if n := min(s.tour.next(), len(r.Stops)); n > 0 {
		return r.along(route, n-1)
	}
	return 0
}

// rejoined is the end of an excursion, on the route again at so many metres.
func (s *State) rejoined(w *World, near sight, entered float64) Event {
	p, r := &s.progress, s.duty.round
	e := Event{Type: RouteBack, Time: p.in.first.time, Subject: string(r.Routes[near.route].ID), Episode: p.out.episode, Point: p.in.first.point}
	e.Facts.add("max_distance_m", p.out.worst)
	e.Facts.say("severity", w.settings.Routes.severity(p.out.worst))
	e.Facts.add("duration_s", (p.in.first.time - p.out.first.time).duration().Seconds())
	missed := 0.0
	if p.trail.key == p.in.key {
		missed = max(0, entered-p.trail.here)
	}
	e.Facts.add("missed_m", missed)
	e.Facts.add("back_m", w.settings.Routes.BackShare*near.corridor)
	return e
}

// excused tells whether g is where leaving the route means nothing.
func (s *State) excused(w *World, g sighting) bool {
	r, settings := s.duty.round, &w.settings.Routes
	if s.homeward() {
		return true
	}
	for _, p := range r.paths {
		first, last := newSpot(p.vertices[0]), newSpot(p.vertices[len(p.vertices)-1])
		if min(haversine(first, g.spot), haversine(last, g.spot)) <= settings.end(p) {
			return true
		}
	}
	for i, depot := range r.depots {
		if depot.distance(g.spot) <= settings.EndMeters+max(r.Depots[i].RadiusMeters, 0) {
			return true
		}
	}
	if stay, ok := s.motion.current(); ok && stay.stop >= 0 {
		return true
	}
	next := s.tour.next()
	return s.excusedBy(w, g, next) || s.excusedBy(w, g, next-1)
}

// homeward tells whether all stops were arrived at on routes that are rough:
// nobody said how to get home from the last one.
func (s *State) homeward() bool {
	r := s.duty.round
	if len(r.Stops) == 0 || slices.ContainsFunc(r.Routes, func(route Route) bool { return !route.Rough }) {
		return false
	}
	return s.tour.fits(r) && !slices.ContainsFunc(s.tour.calls, func(c call) bool { return c.arrived == 0 })
}

// excusedBy tells whether g is where it may be for the sake of a stop.
func (s *State) excusedBy(w *World, g sighting, stop int) bool {
	const far = 500 // metres; the line does not lead to a stop farther off
	r := s.duty.round
	if stop < 0 || stop >= len(r.stops) {
		return false
	}
	for i, p := range r.paths {
		off := p.distance(r.stops[stop].spot, far)
		if off == far {
			off = 0
		}
		if r.stops[stop].distance(g.spot) <= off+w.settings.Routes.StopCorridors*w.settings.Routes.corridor(r, i) {
			return true
		}
	}
	return false
}
