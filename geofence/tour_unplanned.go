package geofence

import "time"

// counts is how much of the time up to from+covered counts towards
// UnplannedAfter: what lies in breaks, or before the round begins, does not.
func (r *round) counts(from, covered Millis) Millis {
	if r == nil || covered == 0 {
		return 0
	}
	to := from + covered
	from = max(from, min(r.Start, to))
	count := to - from
	for _, b := range r.Breaks {
		if overlap := min(to, b.To) - max(from, b.From); b.From < b.To && overlap > 0 && overlap <= count {
			count -= overlap
		}
	}
	return count
}

// warn tells, once a stay, that the device stands where it has no business:
// away from stops, depots and the ends of its routes, with stops still to be
// served. A stay in which the device took up a round that does not say when it
// begins is the vehicle's night.
func (s *State) warn(set *StaySettings, g sighting, events []Event) []Event {
	m, r := &s.motion, s.duty.round
	if r == nil || m.judged {
		return events
	}
	m.judged = true
	over := len(r.Stops) > 0 && s.tour.next() == len(r.Stops)
	fresh := r.Start == 0 && m.here.since <= s.tour.begun
	if over || fresh || r.atHome(set, m.here.center, m.here.uncertainty()) || s.nearest(set) >= 0 {
		return events
	}
	m.warned = true
	excess := m.here.idle - Millis(set.UnplannedAfter/time.Millisecond)
	e := m.event(StopUnplanned, "", m.episode, max(m.here.since, g.time-excess), m.here.center)
	e.Facts.add("unplanned_after_s", set.UnplannedAfter.Seconds())
	return append(events, e)
}

// atHome tells whether a stay, its uncertainty being u, is at a depot or at an
// end of a route.
func (r *round) atHome(set *StaySettings, center spot, u float64) bool {
	for i, p := range r.depots {
		reach := r.Depots[i].RadiusMeters
		if !(reach > 0) {
			reach = set.DepotRadiusMeters
		}
		if p.distance(center) <= reach+u {
			return true
		}
	}
	for _, p := range r.paths {
		first, last := p.vertices[0], p.vertices[len(p.vertices)-1]
		if near(center, newSpot(first), set.DepotRadiusMeters+u) || near(center, newSpot(last), set.DepotRadiusMeters+u) {
			return true
		}
	}
	return false
}
