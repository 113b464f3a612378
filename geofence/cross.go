package geofence

import (
	"math"

	"github.com/paulmach/orb"
)

// Cross: the device went through a fence without a visit that was confirmed:
// the straight line between two fixes leads through it, or only a few fixes
// fell into it, not enough for an Enter. It is dated where the line enters.
//
// A line counts if it reaches deep enough for its uncertainty (CrossMargin), if
// its fixes are close enough in time (CrossWithin), if the device can have gone
// that fast, and if no enter or exit of the same fence was told hereabouts. A
// jump there and back is no passage but an error: a way more than twice as long
// as the straight line from its beginning to its end. Where a step is suddenly
// twice as fast as the one before, the next fix is awaited to tell; fences that
// are made or reshaped meanwhile have no part in it.
const Cross EventType = "geofence.cross"

// maxLatitude is how near to the poles a line on the map is a fair guess of
// the way.
const maxLatitude = 85.0

// trail is what is remembered of the way before the last fix.
type trail struct {
	known bool
	held  bool // the step to the last fix was sudden: it has not been looked at
	// marked: the relations say which fences the held step leads through. Where
	// an earlier release held it, they do not: all fences of the same World count.
	marked bool
	before Fix // the fix before the last; its speed and heading are left out
}

// extend makes last the fix before the last.
func (t *trail) extend(last *Fix, held bool) {
	*t = trail{known: true, held: held, marked: held, before: Fix{
		Time: last.Time, Point: last.Point, Known: last.Known & (KnownAccuracy | KnownAltitude),
	}}
	if t.before.Known&KnownAccuracy != 0 {
		t.before.AccuracyMeters = last.AccuracyMeters
	}
	if t.before.Known&KnownAltitude != 0 {
		t.before.AltitudeMeters = last.AltitudeMeters
	}
}

// arrival is a fix with the way that leads to it.
type arrival struct {
	sighting
	before mark    // the last fix
	length float64 // of the step from there, in metres
	// long: the step is longer than the errors, or one before it has been held.
	// sudden: it is to be looked at when the next fix is there.
	long, sudden bool
	hazard       bool // one of the fences that it concerns is a hazard
	// back and step, once looked at, are the lengths in metres of the step to
	// the last fix and of that from there, 0 where they are not to be looked at.
	back, step float64
}

// wayTo is the arrival of g, which seldom has gone farther than the errors.
func (s *State) wayTo(w *World, g sighting) arrival {
	a := arrival{sighting: g}
	if w.settings.Raw || !s.seen {
		return a
	}
	a.before = w.settings.mark(&s.last)
	a.length = apart(s.last.Point, g.point(), g.cos)
	a.long = a.length > w.crossFrom*g.uncertainty || s.trail.held
	a.sudden = a.long && s.trail.known && a.length > a.before.uncertainty+a.uncertainty && s.leaps(w, &a)
	return a
}

// leaps tells whether the step to a is suddenly fast.
func (s *State) leaps(w *World, a *arrival) bool {
	before := w.settings.mark(&s.trail.before)
	first := apart(before.point, a.before.point, a.cos)
	pace := (float64(a.time) - float64(a.before.time)) / (float64(a.before.time) - float64(before.time))
	return a.length > 2*first*pace+a.before.uncertainty+a.uncertainty && !a.returns(before.point, first)
}

// returns tells whether the way by the last fix, so far from the one before it,
// is a jump there and back.
func (a *arrival) returns(before orb.Point, first float64) bool {
	return first+a.length > 2*apart(before, a.point(), a.cos)
}

// look tells which steps are to be looked at.
func (s *State) look(w *World, a *arrival) {
	if !a.long {
		return
	}
	if s.trail.known {
		before := w.settings.mark(&s.trail.before)
		first := apart(before.point, a.before.point, a.cos)
		if a.returns(before.point, first) {
			return
		}
		if s.trail.held && s.possible(before, a.before, first) {
			a.back = first
		}
	}
	if !a.sudden && s.possible(a.before, a.mark(), a.length) {
		a.step = a.length
	}
}

// possible tells whether a device may have gone so many metres straight from
// one place to another.
func (s *State) possible(from, to mark, length float64) bool {
	gap := (to.time - from.time).duration()
	reach := s.duty.device.MaxSpeedMPS*gap.Seconds() + from.uncertainty + to.uncertainty
	return gap <= MaxCrossWithin && length <= reach && max(math.Abs(from.point[1]), math.Abs(to.point[1])) <= maxLatitude
}

// around is the box of what is within reach of a and of the steps.
func (s *State) around(a *arrival, reach float64) box {
	b := around(a.spot, reach)
	if a.back > 0 {
		b = b.extend(beside(a.lon, s.trail.before.Point))
	}
	if a.back > 0 || a.step > 0 {
		b = b.extend(beside(a.lon, s.last.Point))
	}
	return b
}

// beside is p with its longitude running on from lon.
func beside(lon float64, p orb.Point) orb.Point {
	return orb.Point{lon + eastward(lon, p[0]), p[1]}
}

// cross is how a device that is outside z, as r says that it was at the last
// fix, went through it on the steps to a. It lies beyond metres outside now.
func (s *State) cross(w *World, z *zone, r *relation, a *arrival, beyond float64) (passage, bool) {
	least := 2 * steady * z.thresholds.CrossMargin
	held := a.back > 0 && (r.through || !s.trail.marked)
	if !held && a.step-beyond < least*a.uncertainty {
		return passage{}, false
	}
	last := w.settings.sight(&s.last)
	if held {
		l := newLeg(w.settings.sight(&s.trail.before), last)
		if p, ok := z.crossed(&l); ok {
			return p, true
		}
	}
	if a.step-beyond < least*a.uncertainty {
		return passage{}, false
	}
	l := newLeg(last, a.sighting)
	return z.crossed(&l)
}

// passage is how a device went through a fence.
type passage struct {
	entry, exit spot
	time        Millis
	depth       float64 // metres
	uncertainty float64
	gap         float64 // seconds from a fix before it to one after it
}

// crossed is how l leads through z, both ends outside.
func (z *zone) crossed(l *leg) (passage, bool) {
	u := l.uncertainty()
	need := z.thresholds.CrossMargin * u
	if l.length < 2*steady*need || u > z.size || l.gap() > z.thresholds.CrossWithin || l.tooFar(z, need) {
		return passage{}, false
	}
	at, depth := l.deepest(z, need)
	if depth < need || z.banded && !(z.band.distance(l.altitude(at)) >= verticalFactor*need) {
		return passage{}, false
	}
	entry, exit := l.edge(z, at, -1), l.edge(z, at, 1)
	return passage{l.at(entry), l.at(exit), l.when(entry), depth, u, l.gap().Seconds()}, true
}

// through is how the run of fixes, between one outside and a, leads through z.
func (a *arrival) through(w *World, z *zone, run *attempt, last *Fix) (passage, bool) {
	entering := newLeg(run.from.sighting(), run.turn.sighting())
	leaving := newLeg(w.settings.sight(last), a.sighting)
	inside := apart(run.turn.point, last.Point, a.cos)
	if entering.length+inside+leaving.length > 2*apart(run.from.point, a.point(), a.cos) {
		return passage{}, false
	}
	p := passage{
		entry: entering.to.spot, exit: leaving.from.spot, time: run.turn.time, depth: run.depth,
		uncertainty: max(run.turn.uncertainty, leaving.from.uncertainty),
		gap:         (a.time - run.from.time).duration().Seconds(),
	}
	need := z.thresholds.CrossMargin * p.uncertainty
	if entering.gap() <= z.thresholds.CrossWithin {
		entry := entering.edge(z, entering.length, -1)
		p.entry, p.time = entering.at(entry), entering.when(entry)
		p.deepen(z, &entering, need)
	}
	if leaving.gap() <= z.thresholds.CrossWithin {
		p.exit = leaving.at(leaving.edge(z, 0, 1))
		p.deepen(z, &leaving, need)
	}
	return p, p.depth >= need
}

// deepen looks for a place deeper inside along l. In a fence with a band only
// the fixes count.
func (p *passage) deepen(z *zone, l *leg, need float64) {
	if !z.banded {
		_, depth := l.deepest(z, max(need, p.depth))
		p.depth = max(p.depth, depth)
	}
}

// sighting is m where the altitude does not matter.
func (m *mark) sighting() sighting {
	return sighting{spot: newSpot(m.point), time: m.time, uncertainty: m.uncertainty, altitude: math.NaN()}
}

// reportCross is the event of p through z.
func (s *State) reportCross(z *zone, p passage) Event {
	e := Event{Type: Cross, Time: p.time, Subject: string(z.fence.ID), Episode: s.newEpisode(), Point: p.entry.point()}
	e.Facts.add("chord_m", haversine(p.entry, p.exit))
	e.Facts.add("depth_m", p.depth)
	e.Facts.add("gap_s", p.gap)
	e.Facts.add("uncertainty_m", p.uncertainty)
	e.Facts.add("margin_m", z.thresholds.CrossMargin*p.uncertainty)
	return e
}

// distance is how far p is inside of z on the ground, in metres.
func (z *zone) distance(p orb.Point) float64 {
	return z.shape.distance(newSpot(p), math.Inf(1))
}
