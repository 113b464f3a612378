package geofence

import (
	"math"
	"time"
)

const (
	// geocodeMeters is how well the place of a stop is known that says nothing
	// of it: the radius that holds what the address means in 68 % of cases.
	// Street-level geocoders are off by 20 to 30 m in towns (P. A. Zandbergen,
	// "A comparison of address point, parcel and street geocoding techniques",
	// Computers, Environment and Urban Systems 32, 2008).
	geocodeMeters = 25.0
	// sameAddress is how near to each other two stops are served from one
	// place, and how much nearer than another a stop must be to be told from
	// it: a house's width.
	sameAddress = 15.0
)

// arrive calls at the stops that the stay is at. It looks again each time that
// the stay has become a quarter longer.
func (s *State) arrive(set *StaySettings, events []Event) []Event {
	m, lasted := &s.motion, s.motion.stood()
	if s.duty.round == nil || !m.looks(set, lasted) {
		return events
	}
	m.looked, m.judged = lasted, false
	if i := s.served(set, lasted.duration()); i >= 0 {
		return s.callAt(i, events)
	}
	return events
}

// looks tells whether it is time to look for stops.
func (m *motion) looks(set *StaySettings, lasted Millis) bool {
	passes := func(limit time.Duration) bool {
		return m.looked.duration() < limit && lasted.duration() >= limit
	}
	return m.looked == 0 || lasted-lasted/5 >= m.looked || passes(set.MinStay) || passes(2*set.MinStay)
}

// served is the stop that the stay is at, -1 for none. A vehicle that has stood
// for ArriveAfter may only be at the next stop, within the radius; after MinStay
// all errors are allowed for, but at other stops only after twice that: so long
// no lights are red, and a stop served out of order is an alert.
func (s *State) served(set *StaySettings, lasted time.Duration) int {
	m, r, next := &s.motion, s.duty.round, s.expected(set)
	if lasted < set.MinStay {
		if m.stop == 0 && next < len(r.stops) && r.stops[next].distance(m.here.center) <= set.ArriveRadiusMeters {
			return next
		}
		return -1
	}
	i := s.nearest(set)
	m.unsure = i >= 0 && i != next && lasted < 2*set.MinStay && !s.tour.calls[i].open() &&
		r.stops[i].distance(m.here.center) > set.ArriveRadiusMeters
	if m.unsure {
		return -1
	}
	return i
}

// expected is the next stop in order that is still ahead: one that the device
// has driven past on its route is not, or all others would have to wait for it.
func (s *State) expected(set *StaySettings) int {
	r, next := s.duty.round, s.tour.next()
	route, along, on, ok := s.progress.at()
	if !ok || !on || route >= len(r.paths) || r.Routes[route].Rough {
		return next
	}
	for next < len(r.stops) && along > r.along(route, next)+2*set.ArriveRadiusMeters {
		next++
	}
	return next
}

// callAt notes that the stay is at stop i of the round, and at those of the
// same address that have not been served.
func (s *State) callAt(i int, events []Event) []Event {
	r, t := s.duty.round, &s.tour
	for j := range t.calls {
		c := &t.calls[j]
		switch {
		case c.open():
		case j == i, !c.made() && r.stops[j].distance(r.stops[i].spot) <= sameAddress:
			events = append(events, s.visitStop(j))
		}
	}
	s.motion.stop = t.first()
	return events
}

// visitStop begins the visit of stop i.
func (s *State) visitStop(i int) Event {
	m, r := &s.motion, s.duty.round
	if m.episode == 0 {
		m.episode = s.newEpisode()
	}
	c := call{stop: r.Stops[i].ID, arrived: nonzero(m.here.since), episode: m.episode}
	if m.lost {
		// The stop may be one that was there and told of before.
		c.episode = s.newEpisode()
	}
	s.tour.calls[i] = c
	e := m.begin(c.stop, c.episode)
	e.Facts.add("distance_m", r.stops[i].distance(m.here.center))
	return e
}

// leave ends the visits that are going on.
func (s *State) leave(events []Event) []Event {
	m := &s.motion
	for i := range s.tour.calls {
		if c := &s.tour.calls[i]; c.open() {
			c.departed = nonzero(m.here.until)
			events = append(events, m.end(c.stop, c.episode))
		}
	}
	return events
}

// nearest is the stop that the stay is at, -1 for none: of those that are not
// clearly farther away than the nearest, the next one in order that has not
// been served, or else the nearest.
func (s *State) nearest(set *StaySettings) int {
	r, m := s.duty.round, &s.motion
	u := m.here.uncertainty()
	best, least := -1, math.Inf(1)
	for i := range r.stops {
		if d := r.stops[i].distance(m.here.center); d < least && r.reach(set, i, u) >= d {
			best, least = i, d
		}
	}
	if best < 0 || s.tour.calls[best].open() {
		return best
	}
	next := s.tour.next()
	for k := range r.stops {
		i := (next + k) % len(r.stops)
		if s.tour.calls[i].made() {
			continue
		}
		d := r.stops[i].distance(m.here.center)
		if d <= least+sameAddress && d <= r.reach(set, i, u) {
			return i
		}
	}
	return best
}

// reach is how far from stop i a stay may be that serves it, its own
// uncertainty being u.
func (r *round) reach(set *StaySettings, i int, u float64) float64 {
	geocode := r.Stops[i].GeocodeAccuracyMeters
	if !(geocode > 0) {
		geocode = geocodeMeters
	}
	return set.ArriveRadiusMeters + math.Hypot(u, geocode)
}

// holds tells whether g may still be on the premises of a stop, which counts
// from 1; 0 is none.
func (r *round) holds(stop int, g sighting, blur float64) bool {
	if r == nil || stop == 0 || r.stops[stop-1].shape == nil {
		return false
	}
	return r.stops[stop-1].distance(g.spot) <= blur
}
