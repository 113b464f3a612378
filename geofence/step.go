package geofence

import (
	"cmp"
	"math"
	"slices"
)

// EngineVersion stands in checkpoints; it is raised when Step gives other
// answers for the same inputs.
const EngineVersion = 1

// Step takes fix, the newest of one device, brings s up to date in place and
// appends what happened to events: first exits, then enters, each in order of
// fence. It allocates nothing as long as events has room and the device is
// near no more fences than before, and it never panics.
//
// A fix that is not newer than the last one, not on the globe, not finite or
// less accurate than 100 km changes nothing.
//
// A device that is first seen inside is inside without having entered; so is
// one in a fence that was made or reshaped around its last fix. Where a fence
// is removed, or reshaped to leave the last fix outside, the visit ends without
// an exit: an edit moves no device. A visit that goes on through a reshaping
// keeps its episode.
func Step(w *World, s *State, fix Fix, events []Event) []Event {
	if !fix.usable() || s.seen && fix.Time <= s.last.Time {
		return events
	}
	if s.seen && s.version != w.version {
		s.adopt(w)
	}
	old := len(events)
	events = s.advance(w, w.settings.sight(&fix), events)
	if len(events)-old > 1 {
		slices.SortFunc(events[old:], exitsFirst)
	}
	s.seen, s.last, s.version = true, fix, w.version
	return events
}

func exitsFirst(a, b Event) int {
	if aExit, bExit := a.Type == Exit, b.Type == Exit; aExit != bExit {
		return order(aExit)
	}
	return cmp.Compare(a.Fence, b.Fence)
}

// pairing goes, in order of id, through the fences near a fix and those that a
// device has a relation to.
type pairing struct {
	world     *World
	zones     []*zone
	relations []relation

	// The present pair: zone is nil for a relation to a fence that is gone;
	// relation is blank and known false where the device had none.
	zone     *zone
	relation relation
	known    bool
}

func (p *pairing) next() bool {
	switch {
	case len(p.relations) > 0 && (len(p.zones) == 0 || p.relations[0].fence < p.zones[0].fence.ID):
		p.relation, p.known, p.relations = p.relations[0], true, p.relations[1:]
		p.zone = p.world.zone(p.relation.fence)
		return true
	case len(p.zones) == 0:
		return false
	}
	p.zone, p.zones = p.zones[0], p.zones[1:]
	p.known = len(p.relations) > 0 && p.relations[0].fence == p.zone.fence.ID
	if p.known {
		p.relation, p.relations = p.relations[0], p.relations[1:]
	} else {
		p.relation = relation{fence: p.zone.fence.ID, shape: p.zone.key}
	}
	return true
}

// advance weighs g against all fences that it may concern.
func (s *State) advance(w *World, g sighting, events []Event) []Event {
	var buffer [16]*zone
	zones, narrower := w.near(g.spot, w.settings.reach(g), g.uncertainty, buffer[:0])
	next := s.spare[:0]
	for p := (pairing{world: w, zones: zones, relations: s.relations}); p.next(); {
		if p.zone == nil {
			continue
		}
		if !p.known {
			p.relation.side = s.assume(w, p.zone)
		}
		e := w.settings.judge(p.zone, g)
		changed := p.relation.take(&w.settings, e, g.mark())
		s.number(&p.relation)
		if changed {
			events = append(events, p.report())
		}
		next = p.keep(e, next)
	}
	s.fog = narrower && (s.fog || !s.seen)
	s.relations, s.spare = next, s.relations
	return events
}

// adopt takes the relations over into another World, judging fences that are
// new or have another shape by the last fix.
func (s *State) adopt(w *World) {
	var buffer [16]*zone
	last := w.settings.sight(&s.last)
	zones, _ := w.near(last.spot, w.settings.reach(last), last.uncertainty, buffer[:0])
	next := s.spare[:0]
	for p := (pairing{world: w, zones: zones, relations: s.relations}); p.next(); {
		switch {
		case p.zone == nil:
		case p.known && p.relation.shape == p.zone.key:
			next = append(next, p.relation)
		default:
			p.relation = relation{fence: p.relation.fence, shape: p.zone.key, episode: p.relation.episode}
			e := w.settings.judge(p.zone, last)
			p.relation.take(&w.settings, e, last.mark())
			s.number(&p.relation)
			next = p.keep(e, next)
		}
	}
	s.relations, s.spare = next, s.relations
}

// assume is the side of z on which a device without a relation to it was.
func (s *State) assume(w *World, z *zone) side {
	hidden := s.fog && w.settings.judge(z, w.settings.sight(&s.last)).side == unknown
	if !s.seen || hidden {
		return unknown
	}
	return sideOutside
}

// number gives the visit that r tells of its episode, if it has none yet.
func (s *State) number(r *relation) {
	if r.side == sideInside && r.episode == 0 {
		s.episodes++
		r.episode = s.episodes
	}
}

// keep appends the relation to next unless there is nothing to remember: the
// device is clearly outside, or nothing was known and nothing is said.
func (p *pairing) keep(e evidence, next []relation) []relation {
	if p.relation.side != sideInside {
		p.relation.episode = 0
		farAway := e == evidence{sideOutside, certain}
		if farAway || e.side == unknown && !p.known {
			return next
		}
	}
	return append(next, p.relation)
}

// report is the event of a relation that has just changed sides.
func (p *pairing) report() Event {
	r := &p.relation
	e := Event{
		Type:              Exit,
		Time:              r.turn.time,
		Fence:             r.fence,
		Episode:           r.episode,
		Point:             r.turn.point,
		DistanceMeters:    p.zone.shape.distance(newSpot(r.turn.point), math.Inf(1)),
		UncertaintyMeters: r.turn.uncertainty,
	}
	if r.side == sideInside {
		e.Type = Enter
	}
	return e
}
