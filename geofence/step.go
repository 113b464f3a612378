package geofence

import (
	"cmp"
	"slices"
)

// EngineVersion stands in checkpoints; it is raised when Step gives other
// answers for the same inputs.
const EngineVersion = 5

// Step takes fix, the newest of one device, brings s up to date in place and
// appends what happened to events: first crosses, then exits, enters and dwells,
// each in order of fence, then what the other parts of the State have to say. It
// allocates nothing as long as events has room and the device is near no more
// fences than before, 64 at most, and it never panics.
//
// A fix that is not newer than the last one, not on the globe, not finite or
// less accurate than 100 km changes nothing. One that cannot be true is kept
// out, see Implausible.
//
// A device that is first seen inside is inside without having entered; so is
// one in a fence that was made or reshaped around its last fix. Where a fence
// is removed, or reshaped to leave the last fix outside, the visit ends without
// an exit: an edit moves no device. A visit that an edit does not end keeps its
// episode, and a step that waits for the next fix to be believed, see Cross, goes
// through the fences that there were when it was made and still are.
func Step(w *World, s *State, fix Fix, events []Event) []Event {
	if heard, before := s.heard(); !fix.usable() || before && fix.Time <= heard {
		return events
	}
	s.follow(w)
	g := w.settings.sight(&fix)
	if w.settings.Raw {
		events = s.visit(w, g, events)
		s.guard = guard{held: s.guard.held[:0]}
		s.seen, s.last = true, fix
		return events
	}
	return s.observe(w, g, &fix, events)
}

// observe lets every part of the engine see the fix, unless it cannot be true.
func (s *State) observe(w *World, g sighting, fix *Fix, events []Event) []Event {
	events = s.hear(fix, events)
	events, plausible := s.vet(w, g, fix, events)
	if !plausible {
		return events
	}
	return s.trust(w, g, fix, events)
}

// trust lets every part see a fix that can be true.
func (s *State) trust(w *World, g sighting, fix *Fix, events []Event) []Event {
	events = s.visit(w, g, events)
	events = s.move(w, g, fix, events)
	if s.duty.round != nil {
		events = s.travel(w, g, fix, events)
		events = s.foresee(w, g, fix, events)
		events = s.lookAhead(w, g, events)
	}
	if s.duty.device.Carrier != "" {
		events = s.escorted(w, g, fix, events)
	}
	s.seen, s.last = true, *fix
	return events
}

// visit weighs g against the fences.
func (s *State) visit(w *World, g sighting, events []Event) []Event {
	a, old := s.wayTo(w, g), len(events)
	if s.rests(&a) {
		events = s.visitFew(w, &a, events)
	} else {
		s.look(w, &a)
		events = s.advance(w, &a, events)
		s.lookAround(w, &a.sighting)
	}
	if len(events)-old > 1 {
		slices.SortFunc(events[old:], byTypeAndFence)
	}
	if s.seen && !w.settings.Raw {
		if a.sudden {
			s.hold(w, &a)
		}
		s.trail.extend(&s.last, a.sudden)
	}
	if a.hazard {
		events = w.warn(events, old)
	}
	return events
}

// warn makes of the events from the first on those of hazards: only that a
// device is in one counts.
func (w *World) warn(events []Event, first int) []Event {
	kept := events[:first]
	for _, e := range events[first:] {
		fence := &w.zone(FenceID(e.Subject)).fence
		if fence.Hazard && (e.Type == Enter || e.Type == Cross) {
			e.Type = HazardEnter
			e.Facts.say("severity", fence.Peril.Severity)
		}
		if !fence.Hazard || e.Type == HazardEnter {
			kept = append(kept, e)
		}
	}
	return kept
}

func byTypeAndFence(a, b Event) int {
	return cmp.Or(
		falseFirst(a.Type != Cross, b.Type != Cross),
		falseFirst(a.Type == Dwell, b.Type == Dwell),
		falseFirst(a.Type != Exit, b.Type != Exit),
		cmp.Compare(a.Subject, b.Subject),
	)
}

// pairing goes, in order of id, through the fences near a fix and those that a
// device has a relation to.
type pairing struct {
	world     *World
	zones     []*zone
	relations []relation
}

// next is a fence, nil for one that is gone, and the relation to it, nil where
// there is none.
func (p *pairing) next() (z *zone, r *relation, ok bool) {
	switch {
	case len(p.relations) > 0 && (len(p.zones) == 0 || p.relations[0].fence < p.zones[0].fence.ID):
		r, p.relations = &p.relations[0], p.relations[1:]
		return p.world.zone(r.fence), r, true
	case len(p.zones) == 0:
		return nil, nil, false
	}
	z, p.zones = p.zones[0], p.zones[1:]
	if len(p.relations) > 0 && p.relations[0].fence == z.fence.ID {
		r, p.relations = &p.relations[0], p.relations[1:]
	}
	return z, r, true
}

// advance weighs a against all fences that it may concern.
func (s *State) advance(w *World, a *arrival, events []Event) []Event {
	var buffer [foundAtOnce]*zone
	zones, narrower := w.within(s.around(a, w.settings.reach(&a.sighting)), a.uncertainty, buffer[:0])
	pairs := pairing{w, zones, s.relations}
	next := s.spare[:0]
	for z, known, ok := pairs.next(); ok; z, known, ok = pairs.next() {
		if z == nil {
			continue
		}
		r := known
		if r == nil {
			stranger := s.stranger(w, z)
			r = &stranger
		}
		var e evidence
		events, e = s.meet(w, z, r, a, events)
		if r.through = false; r.matters(e) {
			next = append(next, *r)
		}
	}
	s.fog = narrower && (s.fog || !s.seen)
	s.relations, s.spare = next, s.relations
	return events
}

// stranger is the relation to a fence that the device had none to.
func (s *State) stranger(w *World, z *zone) relation {
	return relation{fence: z.fence.ID, shape: z.key, side: s.assume(w, z)}
}

// meet weighs a against z, to which r is the relation.
func (s *State) meet(w *World, z *zone, r *relation, a *arrival, events []Event) ([]Event, evidence) {
	r.trust(a)
	e := w.settings.judge(z, &a.sighting, r.limit(z))
	return s.note(w, z, r, e, a, events), e
}

// note lets e, which a says of z, count for r.
func (s *State) note(w *World, z *zone, r *relation, e evidence, a *arrival, events []Event) []Event {
	a.hazard = a.hazard || z.hazard
	events = s.weigh(w, z, r, e, a, events)
	if !w.settings.Raw && r.stays(z, e, a.time) {
		events = append(events, r.reportStay(z, a.sighting))
	}
	return events
}

// weigh lets e, which a says of z, count, and tells of what it completes.
func (s *State) weigh(w *World, z *zone, r *relation, e evidence, a *arrival, events []Event) []Event {
	began, run := a.time, attempt{}
	if r.turning {
		run = r.attempt
	}
	changed := r.take(z, e, a.mark(), a.before)
	if changed {
		began = r.turn.time
	}
	s.number(r, began)
	if changed {
		events = append(events, r.report(z))
		r.settle(w.settings.Raw)
		return events
	}
	if p, ok := s.passed(w, z, r, e, &run, a); ok {
		events = append(events, s.reportCross(z, p))
	}
	return events
}

// passed is how the device, which a shows outside of z, went through it; run is
// what there was of a visit.
func (s *State) passed(w *World, z *zone, r *relation, e evidence, run *attempt, a *arrival) (passage, bool) {
	if e.exact || r.side != sideOutside || e.side != sideOutside || r.changes > 0 {
		return passage{}, false
	}
	if run.turning {
		return a.through(w, z, run, &s.last)
	}
	beyond := 0.0
	if !z.banded {
		beyond = e.depth * a.uncertainty
	}
	return s.cross(w, z, r, a, beyond)
}

// adopt takes the relations over into another World, judging fences that are
// new or have another shape by the last fix.
func (s *State) adopt(w *World) {
	var buffer [16]*zone
	last := w.settings.sight(&s.last)
	// Where no fences are marked, all count, and some may be newer than that step.
	s.trail.held = s.trail.held && s.trail.marked && !w.settings.Raw
	zones, _ := w.near(last.spot, w.settings.reach(&last), last.uncertainty, buffer[:0])
	pairs := pairing{w, zones, s.relations}
	next := s.spare[:0]
	for z, known, ok := pairs.next(); ok; z, known, ok = pairs.next() {
		r := known
		switch {
		case z == nil:
			continue
		case r == nil:
			r = &relation{fence: z.fence.ID}
		case r.shape == z.key:
			r.through = r.through && s.trail.held
			next = append(next, *r)
			continue
		}
		e := w.settings.judge(z, &last, r.limit(z))
		r.reshape(z, e)
		s.number(r, last.time)
		if r.matters(e) {
			next = append(next, *r)
		}
	}
	s.relations, s.spare = next, s.relations
}

// assume is the side of z on which a device without a relation to it was.
func (s *State) assume(w *World, z *zone) side {
	if s.fog {
		last := w.settings.sight(&s.last)
		if w.settings.judge(z, &last, farOutside).side == unknown {
			return unknown
		}
	}
	if !s.seen {
		return unknown
	}
	return sideOutside
}

// number gives the visit that r tells of its episode and beginning, if it has
// none yet.
func (s *State) number(r *relation, began Millis) {
	if r.side == sideInside && r.episode == 0 {
		r.episode, r.since, r.dwelt = s.newEpisode(), began, false
	}
}
