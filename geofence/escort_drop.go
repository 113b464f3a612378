package geofence

import (
	"math"
	"slices"
)

// depotMeters is how far around its point a depot reaches that does not say.
const depotMeters = 100

// maxHanded is how many hand-offs are remembered: what comes twice comes soon.
const maxHanded = 8

// handed is a hand-off that was judged.
type handed struct {
	stop StopID
	time Millis
	kind dropKind
}

// dropKind stands for the verdict, 0 where the parcel has come back since.
type dropKind uint8

var dropKinds = [...]EventType{"", DropConfirmed, DropWrongAddress, DropUnverifiable}

func (k dropKind) event() EventType { return dropKinds[k] }

func kindOf(t EventType) dropKind { return dropKind(slices.Index(dropKinds[:], t)) }

// knows tells whether a hand-off has been judged.
func (e *escort) knows(stop StopID, at Millis) bool {
	return slices.ContainsFunc(e.handed, func(h handed) bool { return h.stop == stop && h.time == at })
}

// told is the newest verdict on a stop, empty if there is none.
func (e *escort) told(stop StopID) EventType {
	for _, h := range slices.Backward(e.handed) {
		if h.stop == stop {
			return h.kind.event()
		}
	}
	return ""
}

func (e *escort) remember(stop StopID, at Millis, t EventType) {
	if len(e.handed) == maxHanded {
		e.handed = slices.Delete(e.handed, 0, 1)
	}
	e.handed = append(e.handed, handed{stop, at, kindOf(t)})
}

// forgive takes the verdicts back: the parcel is in its vehicle again.
func (e *escort) forgive() {
	for i := range e.handed {
		e.handed[i].kind = 0
	}
}

// part tells of a separation unless the parcel is where it is to be left, or
// was handed over.
func (s *State) part(w *World, c comparison, events []Event) []Event {
	s.escort.pairing.part(c)
	if s.delivered(w) {
		s.escort.pairing.settled = true
		return events
	}
	if s.arrived(w, c.own.spot, c.own.uncertainty) {
		return events
	}
	return s.tellSeparated(events)
}

// tellSeparated tells of a parcel apart from its vehicle; of one that somebody
// said was handed over, the verdict on that says it all.
func (s *State) tellSeparated(events []Event) []Event {
	p := &s.escort.pairing
	if stop := s.duty.device.Destination; stop != "" && s.escort.told(stop) != "" {
		return events
	}
	p.episode = s.newEpisode()
	e := Event{Type: Separated, Time: p.left.time, Subject: string(s.escort.carrier), Episode: p.episode, Point: p.left.point}
	e.Facts.add("distance_m", p.distance)
	e.Facts.add("far_m", p.far)
	e.Facts.add("uncertainty_m", p.left.uncertainty)
	e.Facts.add("carrier_uncertainty_m", p.carrier)
	return append(events, e)
}

// arrived tells whether a place is, as far as anybody can see, where the parcel
// is to be left.
func (s *State) arrived(w *World, at spot, uncertainty float64) bool {
	r, stop := s.errand(w, s.duty.device.Destination)
	if stop < 0 {
		return false
	}
	geocode := r.Stops[stop].GeocodeAccuracyMeters
	if geocode == 0 {
		geocode = w.settings.Drops.GeocodeAccuracyMeters
	}
	pairs := &w.settings.Pairs
	return r.stops[stop].distance(at) <= pairs.Factor*math.Hypot(uncertainty, geocode)+pairs.SizeMeters
}

// delivered tells whether a hand-off in the present stay was confirmed.
func (s *State) delivered(w *World) bool {
	st, standing := s.motion.current()
	return standing && slices.ContainsFunc(s.escort.handed, func(h handed) bool {
		return h.kind.event() == DropConfirmed && between(h.time, st.since) <= w.settings.Drops.Tolerance
	})
}

// resolve says what became of a parcel that its vehicle has left, as soon as
// that can be said.
func (s *State) resolve(w *World, g sighting, events []Event) []Event {
	if p := &s.escort.pairing; p.bond != parted || p.settled || s.duty.device.Destination == "" {
		return events
	}
	st, standing := s.motion.current()
	return s.resolveBy(w, g, st, standing, events)
}

// resolveBy is resolve by the parcel's stay, if it is standing.
func (s *State) resolveBy(w *World, g sighting, st stay, standing bool, events []Event) []Event {
	p := &s.escort.pairing
	r, stop := s.errand(w, s.duty.device.Destination)
	stayed := standing && between(p.left.time, st.since) <= w.settings.Drops.Tolerance
	if stayed && p.episode != 0 && between(st.since, st.until) < w.settings.Pairs.GoneAfter {
		return events // it may be carried off at walking pace
	}
	near := s.arrived(w, g.spot, g.uncertainty)
	switch {
	case stop < 0:
		// The round has changed since the vehicle left.
		p.settled = true
		return events
	case standing && !stayed || stayed && r.atDepot(st):
		p.settled = true
	case stayed:
		return s.resolveStay(w, r, stop, st, g, events)
	case near && between(p.left.time, g.time) >= w.settings.Pairs.GoneAfter:
		return s.resolveAs(w, stay{}, "no_stay", events)
	case near:
		return events
	}
	if p.episode == 0 {
		events = s.tellSeparated(events)
	}
	return events
}

// resolveStay judges the drop of a parcel that stays where it was left: at once
// where it is right; where it is wrong, when the vehicle is gone; else when
// there was time enough to know better. Of a parcel that lies at nobody's door,
// and was called separated, there is nothing more to say, unless somebody says
// that it was handed over.
func (s *State) resolveStay(w *World, r *round, stop int, st stay, g sighting, events []Event) []Event {
	p, pairs := &s.escort.pairing, &w.settings.Pairs
	late := between(p.left.time, g.time) >= pairs.GoneAfter
	if p.episode != 0 && s.escort.told(r.Stops[stop].ID) == "" && w.nobodys(r, st) {
		p.settled = true
		return events
	}
	switch kind, reason := s.verdictOn(w, r, stop, st, g); {
	case kind == DropConfirmed,
		kind == DropWrongAddress && (late || p.distance >= pairs.GoneMeters),
		late:
		return s.resolveAs(w, st, reason, events)
	}
	return events
}

// nobodys tells whether a stay is where no parcel of the round is handed over, not
// even a wrong one: far from each stop, and not at a known address. Of the wrong
// drops at doors that nobody knows of, the default NeighborMeters puts 96 of 100
// within lineupReach of the right one; a known address is told from the street
// before it as a stop is that a parcel has arrived at.
func (w *World) nobodys(r *round, st stay) bool {
	for i := range r.stops {
		if r.stops[i].distance(st.center) <= lineupReach+st.uncertainty {
			return false
		}
	}
	pairs := &w.settings.Pairs
	reach := pairs.Factor*math.Hypot(st.uncertainty, w.settings.Drops.AddressAccuracyMeters) + pairs.SizeMeters
	return !slices.ContainsFunc(w.addressesNear(st.center, lineupReach, nil), func(z *zone) bool {
		return place{shape: z.shape, spot: newSpot(corner(z.fence))}.distance(st.center) <= reach
	})
}

// verdictOn is the verdict on a stay of which g is the newest fix. The stay may
// have begun in the vehicle at the kerb: what only that makes wrong is not.
func (s *State) verdictOn(w *World, r *round, stop int, st stay, g sighting) (kind EventType, reason string) {
	kind = judgeDrop(st, s.lineup(w, r, stop, st), &w.settings.Drops).kind
	if kind != DropWrongAddress {
		return kind, ""
	}
	st.center, st.uncertainty = g.spot, max(st.uncertainty, g.uncertainty)
	if judgeDrop(st, s.lineup(w, r, stop, st), &w.settings.Drops).kind != DropWrongAddress {
		return DropUnverifiable, "ambiguous"
	}
	return kind, ""
}

// resolveAs tells of the implied hand-off at the time the vehicle left.
func (s *State) resolveAs(w *World, st stay, reason string, events []Event) []Event {
	p := &s.escort.pairing
	p.settled = true
	h := handover{
		Handoff: Handoff{Time: p.left.time, Stop: s.duty.device.Destination},
		stay:    st, reason: reason, implied: true,
	}
	return s.tellDrop(w, h, events)
}

// atDepot tells whether a stay is at one of the round's depots.
func (r *round) atDepot(st stay) bool {
	for i, d := range r.depots {
		reach := r.Depots[i].RadiusMeters
		if reach == 0 && d.shape == nil {
			reach = depotMeters
		}
		if d.distance(st.center) <= reach+st.uncertainty {
			return true
		}
	}
	return false
}
