package geofence

import (
	"encoding/binary"
	"slices"
)

// HazardAhead is told of a hazard that the planned route leads into, ahead of
// the device. The subject is the hazard.
//
// It is told once a device on its way along the route, or where it begins, is
// expected there before the hazard ends, with how far away it begins along the
// route (ahead_m), when it will be reached as likely as not (in_s), how far the
// route leads through it (through_m), and the severity where one is known. The episode ends when all of the hazard
// is behind, when it ends or changes its shape, and when the route changes: what
// is ahead on another route is told anew. Of one that the device is in already,
// or that it is off its route to avoid, nothing is told.
const HazardAhead EventType = "hazard.ahead"

// lookout is what is remembered of hazards ahead.
type lookout struct {
	// looked is when there was something to look at last, 0 for never.
	looked Millis
	told   []warned // in order of telling
}

// warned is a hazard that was told of.
type warned struct {
	zone         FenceID
	shape, route uint64
	episode      uint64
}

// maxWarned bounds how many hazards are remembered: those told first are
// forgotten first, and would be told again.
const maxWarned = 256

// lookAhead brings what is known of hazards on the way up to date.
func (s *State) lookAhead(w *World, g sighting, events []Event) []Event {
	l, r := &s.lookout, s.duty.round
	if len(l.told) == 0 && (len(w.threats.rounds) == 0 || w.threats.rounds[r.ID] == nil) {
		return events
	}
	if l.looked != 0 && secondsBetween(l.looked, g.time) < lookEvery {
		return events
	}
	l.looked = nonzero(g.time)
	at := s.whereabouts(r, g)
	if at.route < 0 && w.settings.Routes.atStart(r, g) {
		at.route, at.on = 0, true
	}
	all := w.threats.of(r, at.route).dangers
	l.retire(r, at, all)
	if !at.on {
		return events
	}
	for i, d := range all {
		if d.from <= at.meters || l.knows(d.zone, r.keys[at.route]) {
			continue
		}
		events = s.tellAhead(w, g, at.route, all[i:], events)
	}
	return events
}

// atStart tells whether a device that has not been on a route yet is where the
// only one begins.
func (s *RouteSettings) atStart(r *round, g sighting) bool {
	return len(r.paths) == 1 && haversine(g.spot, newSpot(r.paths[0].at(0))) <= s.EndMeters+g.uncertainty
}

// retire forgets the hazards that are no longer ahead on the route.
func (l *lookout) retire(r *round, at whereabouts, all []danger) {
	l.told = slices.DeleteFunc(l.told, func(x warned) bool {
		return at.route < 0 || !slices.ContainsFunc(all, func(d danger) bool {
			return x.is(d.zone, r.keys[at.route]) && d.to > at.meters
		})
	})
}

func (l *lookout) knows(z *zone, route uint64) bool {
	return slices.ContainsFunc(l.told, func(x warned) bool { return x.is(z, route) })
}

// ToldAhead reports whether a hazard that was told of is still ahead, as far as
// the device's newest fixes say.
func (s *State) ToldAhead(hazard FenceID) bool {
	return slices.ContainsFunc(s.lookout.told, func(x warned) bool { return x.zone == hazard })
}

func (x *warned) is(z *zone, route uint64) bool {
	return x.zone == z.fence.ID && x.shape == z.key && x.route == route
}

// tellAhead tells of the first of some dangers on a route, unless it will be
// over.
func (s *State) tellAhead(w *World, g sighting, route int, dangers []danger, events []Event) []Event {
	l, r, d := &s.lookout, s.duty.round, dangers[0]
	meters, seconds := s.reach(w, g, route, d.from)
	if until := d.zone.fence.Peril.Until; until != 0 && plus(g.time, seconds) >= until {
		return events
	}
	through := 0.0
	for _, other := range dangers {
		if other.zone == d.zone {
			through += other.to - other.from
		}
	}
	if len(l.told) == maxWarned {
		l.told = slices.Delete(l.told, 0, 1)
	}
	e := Event{Type: HazardAhead, Time: g.time, Subject: string(d.zone.fence.ID), Episode: s.newEpisode(), Point: g.point()}
	l.told = append(l.told, warned{d.zone.fence.ID, d.zone.key, r.keys[route], e.Episode})
	e.Facts.add("ahead_m", meters)
	e.Facts.add("in_s", seconds)
	e.Facts.add("through_m", through)
	if share := d.zone.fence.Peril.SpeedShare; share != 0 {
		e.Facts.add("speed_share", share)
	}
	e.Facts.say("severity", d.zone.fence.Peril.Severity)
	return append(events, e)
}

// reach is how far away a place along a route is, and in how many seconds it
// will be reached as likely as not, the stops before it served.
func (s *State) reach(w *World, g sighting, route int, along float64) (meters, seconds float64) {
	r := s.duty.round
	o := s.outlook(w, r, g)
	o.foretell(s, g)
	if o.route < 0 {
		start := haversine(o.spot, newSpot(r.paths[route].at(0))) * w.settings.Forecasts.Detour
		o.route, o.meters = route, 0
		o.sum.drive(start, o.table.off(start))
	}
	for next := o; next.next() && next.place(next.stop) < along; {
		o = next
	}
	o.sum.serve(o.service)
	if o.meters < along {
		o.sum.drive(along-o.meters, o.table.between(o.meters, along))
	}
	return o.sum.meters, o.guess.total(&o.sum).median()
}

func (l *lookout) clone() lookout { return lookout{l.looked, slices.Clone(l.told)} }

func (l *lookout) renumber(number func(uint64) uint64) {
	for i := range l.told {
		l.told[i].episode = number(l.told[i].episode)
	}
}

func (l *lookout) empty() bool { return l.looked == 0 }

// append writes: the time looked at last, as a difference to that of the last
// fix; then the number of hazards told of, and of each: length and bytes of the
// id, 8 bytes shape, 8 bytes route, episode.
func (l *lookout) append(b []byte, s *State) []byte {
	b = binary.AppendVarint(b, int64(l.looked-s.last.Time))
	b = binary.AppendUvarint(b, uint64(len(l.told)))
	for _, x := range l.told {
		b = appendText(b, string(x.zone))
		b = binary.LittleEndian.AppendUint64(b, x.shape)
		b = binary.LittleEndian.AppendUint64(b, x.route)
		b = binary.AppendUvarint(b, x.episode)
	}
	return b
}

func (d *decoder) lookout(s *State) lookout {
	l := lookout{looked: s.last.Time + Millis(d.varint())}
	for n := d.uvarint(); n > 0 && d.err == nil; n-- {
		x := warned{zone: FenceID(d.take(d.uvarint())), shape: d.uint64(), route: d.uint64(), episode: d.episode(s)}
		if len(x.zone) == 0 || len(x.zone) > MaxIDBytes || x.episode == 0 || len(l.told) == maxWarned {
			d.fail("a hazard ahead is none that there is")
		}
		l.told = append(l.told, x)
	}
	if l.looked == 0 {
		d.fail("a lookout has looked at nothing")
	}
	return l
}
