package geofence

import (
	"math"
	"time"

	"github.com/paulmach/orb"
)

// relation is how a device stands to a fence. A fence without one is far away
// and the device outside.
type relation struct {
	fence FenceID
	shape uint64 // the zone's key
	side  side
	// through: the step that is held leads through it.
	through bool
	presence
	attempt
	wariness
}

// presence is a time inside: its episode, beginning, and whether it has been long
// enough for a Dwell. All zero where side is not inside.
type presence struct {
	episode uint64
	since   Millis
	dwelt   bool
}

// attempt is a run of the newest fixes on the other side that do not say
// enough yet.
type attempt struct {
	// turning: there is one. likely: one of them was beyond the margin, of a
	// wary relation the last one.
	turning, likely bool
	turn            mark // the first of them
	// from, the fix before them, and how deep inside the deepest of them was, in
	// metres: of a run inside only.
	from  mark
	depth float64
}

// wariness is how many times the device has changed sides, up to maxChanges,
// without having been seen to move from where it last did.
type wariness struct {
	changes uint8
	// place is the first fix after the change, zero until there is one: those
	// of the run are chosen for being far off.
	place mark
	// mean is how deep inside the device was on average since it has become
	// wary, over about ReturnAfter, in multiples of the uncertainty.
	mean float64
}

// movedMargin is how many times the accuracies of both ends a device must be
// from where it last changed sides, in two fixes in a row, to have moved: more,
// and who carries parcels from a van across the street to a door and back would
// not have; less, and errors alone would do.
const movedMargin = 2.0

// movedMost is how many times more may be asked of whoever changed sides often
// without having moved.
const movedMost = 1.5

// maxChanges is where ReturnMargin has been doubled often enough: five times.
const maxChanges = 7

// mark is where and when a change began.
type mark struct {
	time        Millis
	point       orb.Point
	uncertainty float64
}

// take lets e, which the fix now says, count and tells whether the device
// changed sides. The first side that is known is no change. before is the last
// fix.
func (r *relation) take(z *zone, e evidence, now, before mark) (changed bool) {
	if r.wary() && e.side != unknown {
		r.average(z, e, (now.time - before.time).duration())
	}
	switch {
	case e.side == unknown:
		return false
	case r.side == unknown:
		if e.exact || e.depth >= z.thresholds.margin(e.side) {
			r.side = e.side
		}
		return false
	case e.side == r.side:
		r.attempt = attempt{}
		return false
	}
	if !r.turning {
		r.attempt = attempt{turning: true, turn: now}
		if e.side == sideInside {
			r.from = before
		}
	}
	return r.decide(z, e, now)
}

// decide tells whether the run of fixes on the other side, of which now is the
// newest, is enough.
func (r *relation) decide(z *zone, e evidence, now mark) bool {
	if e.side == sideInside {
		r.depth = max(r.depth, e.depth*now.uncertainty)
	}
	margin := z.thresholds.margin(e.side)
	lasting := (now.time - r.turn.time).duration() >= z.thresholds.after(e.side)
	if r.wary() {
		lasting = r.turn != now && r.lean(e.side) >= margin*r.widening()
		margin = max(margin, z.returnMargin(r, e.side, now.uncertainty))
	}
	beyond := e.depth >= margin
	if beyond && r.likely || lasting || e.exact {
		r.side, r.turning = e.side, false
		return true
	}
	r.likely = beyond || r.likely && !r.wary()
	return false
}

// returnMargin is how far on the other side a wary relation asks fixes to be.
// Nobody is farther inside than the middle: about there is enough, unless that
// is as near to the boundary as errors reach.
func (z *zone) returnMargin(r *relation, to side, uncertainty float64) float64 {
	margin := z.thresholds.ReturnMargin * r.widening()
	if to == sideInside {
		margin = min(margin, max(2, 0.8*z.size/uncertainty))
	}
	return margin
}

// wary: the device may be standing on the boundary.
func (r *relation) wary() bool { return r.changes >= 2 }

// widening is how many times what is asked of whoever comes back has grown.
func (r *relation) widening() float64 { return float64(int(1) << max(int(r.changes)-2, 0)) }

// average takes e, so long after the fix before, into the mean. What is more
// than ReturnMargin counts as no more, so that a wild fix does not outweigh
// many.
func (r *relation) average(z *zone, e evidence, after time.Duration) {
	depth := min(e.depth, z.thresholds.ReturnMargin)
	if e.side == sideOutside {
		depth = -depth
	}
	share := -math.Expm1(-after.Seconds() / z.thresholds.ReturnAfter.Seconds())
	r.mean += share * (depth - r.mean)
}

// lean is how far the device was on that side on average.
func (r *relation) lean(to side) float64 {
	if to == sideInside {
		return r.mean
	}
	return -r.mean
}

func (t *Thresholds) margin(to side) float64 {
	if to == sideInside {
		return t.EnterMargin
	}
	return t.ExitMargin
}

func (t *Thresholds) after(to side) time.Duration {
	if to == sideInside {
		return t.EnterAfter
	}
	return t.ExitAfter
}

// settle ends the run that has changed r's side, to go on from there.
func (r *relation) settle(raw bool) {
	if !raw {
		r.wariness = wariness{changes: min(r.changes+1, maxChanges)}
	}
	r.attempt = attempt{}
}

// trust forgets the changes of a device that has moved since the last one: this
// fix and the one before it are farther off than errors explain.
func (r *relation) trust(a *arrival) {
	if r.changes == 0 {
		return
	}
	p := &r.place
	if p.uncertainty == 0 {
		*p = a.mark()
		return
	}
	enough := movedMargin * min(r.widening(), movedMost)
	if apart(p.point, a.point(), a.cos) > enough*(p.uncertainty+a.uncertainty) &&
		apart(p.point, a.before.point, a.cos) > enough*(p.uncertainty+a.before.uncertainty) {
		r.wariness = wariness{}
	}
}

// limit is up to which depth it matters how far a fix is from the boundary of
// z.
func (r *relation) limit(z *zone) float64 {
	if r.wary() {
		return max(z.limit, z.thresholds.ReturnMargin*r.widening())
	}
	return z.limit
}

// reshape turns r into a relation to z, of which e is what the last fix says.
// What was known holds unless e says likely something else.
func (r *relation) reshape(z *zone, e evidence) {
	r.shape, r.through, r.attempt, r.wariness = z.key, false, attempt{}, wariness{}
	if e.exact || e.side != unknown && e.depth >= z.thresholds.margin(e.side) {
		r.side = e.side
	}
}

// matters tells whether there is anything to remember: not of a device that is
// clearly outside.
func (r *relation) matters(e evidence) bool {
	if r.side != sideInside {
		r.presence = presence{}
		if e.side == sideOutside && (e.exact || e.depth >= farOutside) && r.changes == 0 {
			return false
		}
	}
	return true
}

// report is the event of r, to z, which has just changed sides.
func (r *relation) report(z *zone) Event {
	e := Event{Type: Exit, Time: r.turn.time, Subject: string(r.fence), Episode: r.episode, Point: r.turn.point}
	if r.side == sideInside {
		e.Type = Enter
	}
	e.Facts.add("distance_m", z.distance(r.turn.point))
	e.Facts.add("uncertainty_m", r.turn.uncertainty)
	return e
}

// stays reports, once a visit, that it has lasted as long as z asks for. Only a
// fix inside counts: a device that has fallen silent may have left.
func (r *relation) stays(z *zone, e evidence, now Millis) bool {
	if z.fence.Dwell == 0 || r.dwelt || r.side != sideInside || e.side != sideInside {
		return false
	}
	r.dwelt = (now - r.since).duration() >= z.fence.Dwell
	return r.dwelt
}

func (r *relation) reportStay(z *zone, g sighting) Event {
	e := Event{
		Type:    Dwell,
		Time:    r.since + Millis(z.fence.Dwell.Milliseconds()),
		Subject: string(r.fence),
		Episode: r.episode,
		Point:   g.point(),
	}
	e.Facts.add("distance_m", z.shape.distance(g.spot, math.Inf(1)))
	e.Facts.add("uncertainty_m", g.uncertainty)
	e.Facts.add("dwell_s", z.fence.Dwell.Seconds())
	return e
}
