package geofence

import (
	"math"
	"slices"
	"time"
)

// sample is one fix of a pair.
type sample struct {
	spot
	time        Millis
	uncertainty float64
	speed       float64 // metres per second, 0 where the device did not say
}

func newSample(g sighting, fix *Fix) sample {
	x := sample{spot: g.spot, time: g.time, uncertainty: g.uncertainty}
	if fix.Known&KnownSpeed != 0 {
		x.speed = max(0, min(float64(fix.SpeedMPS), maxPace))
	}
	return x
}

// maxPace is faster than any vehicle, in metres per second.
const maxPace = 1000

// comparison is how far the two were apart at a fix of the parcel's.
type comparison struct {
	own      sample
	carrier  float64 // the uncertainty of the carrier
	distance float64
	far      float64 // from this distance on they are parted
	near     float64 // up to this one they are together
}

// compare compares what has become comparable.
func (s *State) compare(w *World, events []Event) []Event {
	e := &s.escort
	for {
		waiting := e.own
		if e.compared {
			waiting = e.own[1:]
		}
		if len(waiting) == 0 {
			return events
		}
		p := waiting[0]
		after := slices.IndexFunc(e.knots, func(k sample) bool { return k.time >= p.time })
		if after < 0 {
			return events
		}
		if c, ok := e.comparison(p, after, &w.settings.Pairs); ok {
			events = s.pair(w, c, events)
		}
		if e.compared {
			e.own = slices.Delete(e.own, 0, 1)
		}
		e.compared = true
	}
}

// comparison is of p, own[0] being the one before it, with the carrier between
// the knot after and the one before that. It is not ok where the carrier was
// silent.
func (e *escort) comparison(p sample, after int, s *PairSettings) (c comparison, ok bool) {
	b := e.knots[after]
	a := b
	if b.time > p.time {
		if after == 0 {
			return comparison{}, false
		}
		a = e.knots[after-1]
	}
	if between(a.time, b.time) > s.Gap {
		return comparison{}, false
	}
	speed := max(a.speed, b.speed, p.speed, pace(a, b))
	if e.compared && between(e.own[0].time, p.time) <= s.Gap {
		speed = max(speed, pace(e.own[0], p))
	}
	c = comparison{own: p, carrier: max(a.uncertainty, b.uncertainty), distance: fromLine(p.spot, a.spot, b.spot)}
	// The way between two fixes is at most as far from the line as the vehicle
	// can get away from it and back, on average half of that.
	late := min(between(a.time, p.time), between(p.time, b.time)) + s.Clock
	spare := s.SizeMeters + speed*late.Seconds()/2
	both := math.Hypot(p.uncertainty, c.carrier)
	c.far, c.near = s.Factor*both+spare, s.Near*both+spare
	return c, true
}

// pace is the speed that takes one from a to b, 0 where no time is in between.
func pace(a, b sample) float64 {
	if t := between(a.time, b.time); t > 0 {
		return haversine(a.spot, b.spot) / t.Seconds()
	}
	return 0
}

// fromLine is the distance in metres from p to the line from a to b. The line,
// rather than the place on it at the time, because a vehicle may have stood and
// then driven, and clocks differ.
func fromLine(p, a, b spot) float64 {
	ax, ay := offset(p, a)
	bx, by := offset(p, b)
	dx, dy := bx-ax, by-ay
	t := 0.0
	if l := dx*dx + dy*dy; l > 0 {
		t = max(0, min(-(ax*dx+ay*dy)/l, 1))
	}
	return math.Hypot(ax+t*dx, ay+t*dy)
}

// pair lets c count.
func (s *State) pair(w *World, c comparison, events []Event) []Event {
	p := &s.escort.pairing
	switch p.bond {
	case unmet:
		if c.distance <= c.near {
			p.bond = together
		}
	case together:
		if p.turns(c.distance > c.far, c, w.settings.Pairs.After) {
			return s.part(w, c, events)
		}
	case parted:
		// A comparison too coarse to have told how far apart they are says
		// nothing of their being together.
		close := c.distance <= c.near && c.far < p.distance
		p.distance = max(p.distance, c.distance)
		if p.turns(close, c, spacing) {
			return s.reunite(c, events)
		}
	}
	return events
}

// turns tells whether the phase ends with a comparison that speaks against it,
// or not: two of them in a row, over the time given.
func (p *pairState) turns(against bool, c comparison, over time.Duration) bool {
	if !against {
		p.turning = false
		return false
	}
	if !p.turning {
		p.turning = true
		p.turn = mark{c.own.time, c.own.point(), c.own.uncertainty}
		return false
	}
	return between(p.turn.time, c.own.time) >= over
}

// part begins the phase apart.
func (p *pairState) part(c comparison) {
	*p = pairState{bond: parted, left: p.turn, distance: c.distance, far: c.far, carrier: c.carrier}
}

// reunite begins the phase together. Of a parcel that was not called separated
// nothing is told.
func (s *State) reunite(c comparison, events []Event) []Event {
	p := &s.escort.pairing
	if p.episode != 0 {
		e := Event{Type: Reunited, Time: p.turn.time, Subject: string(s.escort.carrier), Episode: p.episode, Point: p.turn.point}
		e.Facts.add("distance_m", c.distance)
		e.Facts.add("near_m", c.near)
		e.Facts.add("uncertainty_m", c.own.uncertainty)
		e.Facts.add("carrier_uncertainty_m", c.carrier)
		events = append(events, e)
	}
	*p = pairState{bond: together}
	s.escort.forgive()
	return events
}
