package geofence

import (
	"time"

	"github.com/paulmach/orb"
)

// The reasons why a fix cannot be true.
const (
	mocked     = "mock"
	jammed     = "jamming"
	nullIsland = "null_island"
	frozen     = "frozen"
	tooFast    = "speed"
)

// doubt is why a fix cannot be true, and the numbers behind it. The zero value
// says nothing against it.
type doubt struct {
	reason string
	time   Millis
	leap   leap
	speed  float64 // metres per second
	limit  float64
	// The fix fits the ones that are held, or it would be no wonder had the
	// device moved before the last fix.
	joins, excused bool
}

// leap is how far a fix is from one before.
type leap struct {
	distance    float64       // metres
	uncertainty float64       // of both, in metres
	gap         time.Duration // from the one to the other
}

// beyond tells whether a device of that speed cannot have done l.
func (l leap) beyond(speed, slack float64) bool {
	return l.distance-l.uncertainty > max(speed*l.gap.Seconds(), slack)
}

// leapTo is the way from a fix, at a place since a time, to g.
func (s *Settings) leapTo(g sighting, from *Fix, since Millis) leap {
	a := s.sight(from)
	return leap{haversine(a.spot, g.spot), a.uncertainty + g.uncertainty, between(since, g.time)}
}

// doubt weighs whether fix, which makes a run at one place, can be true.
func (s *State) doubt(w *World, g sighting, fix *Fix, run still) doubt {
	p := &w.settings.Plausibility
	switch {
	case fix.Flags&FlagMock != 0:
		return doubt{reason: mocked, time: fix.Time}
	case fix.Flags&FlagJamming != 0:
		return doubt{reason: jammed, time: fix.Time}
	case s.atNullIsland(fix.Point):
		return doubt{reason: nullIsland, time: fix.Time}
	case !s.seen:
		return doubt{}
	case run.frozen(fix.Time, p.LeapMeters):
		passed, speed := between(run.since, fix.Time), float64(run.slowest)
		return doubt{reason: frozen, time: run.since, leap: leap{distance: speed * passed.Seconds(), gap: passed}, speed: speed}
	}
	return s.haste(w, g)
}

// fasterHeld is how many times faster than it can be a device may go among the
// fixes that are held, so that one whose limit is set too low, or whose track
// is replayed too fast, is not lost for ever.
const fasterHeld = 3

// muchNearer is how many times nearer to the fixes that are held than to the
// old track a fix must be to go with them, if the device can have got there
// from the old track as well.
const muchNearer = 4

// haste weighs whether the device can have got to g in time.
func (s *State) haste(w *World, g sighting) doubt {
	speed, slack := s.duty.device.MaxSpeedMPS, w.settings.Plausibility.LeapMeters
	d := doubt{time: g.time, leap: w.settings.leapTo(g, &s.last, s.last.Time), limit: speed}
	hasty := d.leap.beyond(speed, slack)
	if held := s.guard.held; len(held) > 0 {
		last := &held[len(held)-1]
		l := w.settings.leapTo(g, last, last.Time)
		nearer := muchNearer*l.distance < d.leap.distance || hasty && l.distance < d.leap.distance
		d.joins = nearer && !l.beyond(fasterHeld*speed, slack)
	}
	if d.joins || hasty {
		d.reason = tooFast
		d.speed = (d.leap.distance - d.leap.uncertainty) / d.leap.gap.Seconds()
	}
	if run := s.guard.still; run.fixes > 0 {
		longer := leap{d.leap.distance, d.leap.uncertainty, between(run.since, g.time)}
		d.excused = !longer.beyond(speed, slack)
	}
	return d
}

// report is the event of d, which a fix at p gave rise to.
func (d *doubt) report(episode uint64, p orb.Point) Event {
	e := Event{Type: Implausible, Time: d.time, Episode: episode, Point: p}
	e.Facts.say("reason", d.reason)
	if d.reason == tooFast || d.reason == frozen {
		e.Facts.add("speed_mps", d.speed)
		e.Facts.add("distance_m", d.leap.distance)
		e.Facts.add("gap_s", d.leap.gap.Seconds())
	}
	if d.reason == tooFast {
		e.Facts.add("max_speed_mps", d.limit)
		e.Facts.add("uncertainty_m", d.leap.uncertainty)
	}
	return e
}
