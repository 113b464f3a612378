package geofence

import (
	"time"

	"github.com/paulmach/orb"
)

// Implausible is said of fixes that cannot be true. They are kept out of all
// other decisions. Its fact "reason" is one of
//
//	mock         the device says that the position was set by hand
//	jamming      the receiver says that its signals are disturbed
//	null_island  the coordinates are exactly 0, 0: nobody filled them in
//	frozen       the coordinates are the same to the last bit, while by its own
//	             speed the device has gone a long way
//	speed        the device cannot have got there in time, both accuracies
//	             taken off the distance
//
// There is one event an episode, of its first fix that cannot be true; the
// episode is over when fixes came that can be true and there was none for
// CalmAfter.
//
// A device may be where it cannot have got to: the wild fix was the one before,
// or it was carried while it said nothing true. So fixes that come too fast are
// held while each is nearer to the one before it than to the old track, much
// nearer if it fits both. When they have gone on for AcceptAfter, that is where
// the device is: they are taken, in order and with their own times, before the
// newest. A fix that fits the old track instead drops what was held. A slow
// drift goes unnoticed, and so does what is not too far for the time between
// two fixes.
//
// In a tunnel many receivers repeat the last place that they knew. Where the
// way out of it takes no more than MaxSpeedMPS from the first of the repeated
// fixes on, and none of them said that the device stands, four fixes are
// enough, and nothing is told.
const Implausible EventType = "fix.implausible"

// PlausibilitySettings say what fixes can be true; zero values stand for the
// defaults.
type PlausibilitySettings struct {
	// MaxSpeedMPS is how fast a device can move. Default 100: more than any
	// vehicle on the ground does, trains at 320 km/h (89 m/s) included.
	MaxSpeedMPS float64
	// LeapMeters is how far beyond both accuracies a fix may always be, however
	// soon it comes after the last one; a frozen one must have missed as much.
	// Default 100: ten times the mean error in town (see
	// DefaultAccuracyMeters), for errors come and go within a fix where a
	// receiver takes reflected signals for direct ones, unnoticed in the accuracy
	// that it gives. It also covers times cut to whole seconds. Above half the
	// way around the globe, at 20,100,000, no fix is too far away.
	LeapMeters float64
	// AcceptAfter is how long fixes too far away must go on, four of them at
	// least, to be where the device is. Default 30 s: a receiver that has lost
	// its way for longer would have to be wrong in one and the same place.
	AcceptAfter time.Duration
	// FrozenSpeedMPS is the reported speed from which on a device moves.
	// Default 3: twice the 5 km/h at which SiRF's receivers let go of a place
	// that they hold on purpose ("static navigation").
	FrozenSpeedMPS float64
	// CalmAfter is how long there must be no fix that cannot be true for an
	// episode to be over. Default 10 min: two devices under one name that
	// report every few minutes are one episode.
	CalmAfter time.Duration
}

// maxLeap is more than half the way around the globe.
const maxLeap = 20_100_000

func (s *PlausibilitySettings) settings() []setting {
	return []setting{
		amount("max_speed_mps", &s.MaxSpeedMPS, 100, maxSetting),
		amount("leap_m", &s.LeapMeters, 100, maxLeap),
		duration("accept_after_s", &s.AcceptAfter, 30*time.Second, year),
		amount("frozen_speed_mps", &s.FrozenSpeedMPS, 3, maxSetting),
		duration("calm_after_s", &s.CalmAfter, 10*time.Minute, year),
	}
}

// guard is what is remembered to tell whether fixes can be true.
type guard struct {
	// held are, while doubted, the fixes that may be where the device is.
	// excused: more so, for the device may have moved before the last fix.
	held    []Fix
	excused bool
	doubted bool // the newest fix was kept out
	lone    bool // one fix was trusted so far: the last
	still   still
	// episode of the fixes that cannot be true, 0 for none. newest is the time
	// of the newest fix that was kept out, in the episode or now.
	episode uint64
	newest  Millis
}

// Doubted tells whether the newest fix, of those that Step does not pass over
// for their time, was kept out of all decisions, for now at least.
func (s *State) Doubted() bool { return s.guard.doubted }

// heard is when the device was heard the last time, if it was.
func (s *State) heard() (Millis, bool) {
	if s.guard.doubted {
		return s.guard.newest, true
	}
	return s.last.Time, s.seen
}

// vet tells whether fix can be true.
func (s *State) vet(w *World, g sighting, fix *Fix, events []Event) ([]Event, bool) {
	if s.ordinary(w, g, fix) {
		return events, true
	}
	s.guard.calm(w.settings.Plausibility.CalmAfter, fix.Time)
	run := s.still(w.settings.Plausibility.FrozenSpeedMPS, fix)
	d := s.doubt(w, g, fix, run)
	if run.fixes > 0 || d.reason == "" {
		s.guard.still = run // a spike does not end a run
	}
	switch {
	case d.reason == "":
		events = s.refute(w, events)
		s.guard.settle(!s.seen)
		return events, true
	case d.joins && s.guard.confirms(w.settings.Plausibility.AcceptAfter, fix):
		return s.resettle(w, events), true
	case d.reason == tooFast && !d.joins:
		events = s.refute(w, events)
		s.guard.held, s.guard.excused = append(s.guard.held, *fix), d.excused
	}
	if d.reason != tooFast || !s.guard.excused {
		events = s.object(d, fix.Point, events)
	}
	s.guard.doubted, s.guard.newest = true, fix.Time
	return events, false
}

// ordinary tells of most fixes, at little cost, that they can be true.
func (s *State) ordinary(w *World, g sighting, fix *Fix) bool {
	p := &w.settings.Plausibility
	if !s.seen || fix.Flags != 0 || s.guard.lone || s.guard.doubted || s.guard.episode != 0 || fix.Point == (orb.Point{}) {
		return false
	}
	run := still{}
	if fix.Point == s.last.Point {
		run = s.still(p.FrozenSpeedMPS, fix)
	}
	if run.frozen(fix.Time, p.LeapMeters) {
		return false
	}
	// Along the parallel and then the meridian is never shorter than straight.
	east, north := (g.lon-s.last.Point[0])*metersPerDegree*g.cos, (g.lat-s.last.Point[1])*metersPerDegree
	far := max(east, -east) + max(north, -north)
	if far > p.LeapMeters && far > s.duty.device.MaxSpeedMPS*between(s.last.Time, fix.Time).Seconds() {
		return false
	}
	s.guard.still = run
	return true
}

// calm ends an episode that is long over now.
func (g *guard) calm(after time.Duration, now Millis) {
	if g.episode != 0 && !g.doubted && between(g.newest, now) >= after {
		g.episode, g.newest = 0, 0
	}
}

// settle: the newest fix is trusted.
func (g *guard) settle(lone bool) {
	g.doubted, g.lone, g.excused, g.held = false, lone, false, g.held[:0]
	if g.episode == 0 {
		g.newest = 0
	}
}

// object says once an episode that a fix at p cannot be true.
func (s *State) object(d doubt, p orb.Point, events []Event) []Event {
	if s.guard.episode != 0 {
		return events
	}
	s.guard.episode = s.newEpisode()
	return append(events, d.report(s.guard.episode, p))
}

// leastHeld is how many fixes in a row are where the device is, if they go on
// long enough; mostHeld is how many are held till then.
const (
	leastHeld = 4
	mostHeld  = 12
)

// confirms tells whether fix, which fits those that are held, makes them where
// the device is. Else it is held with them: each of the first, then some.
func (g *guard) confirms(after time.Duration, fix *Fix) bool {
	n := len(g.held)
	if n+1 >= leastHeld && (g.excused || between(g.held[0].Time, fix.Time) >= after) {
		return true
	}
	pause := after / (mostHeld - leastHeld)
	if n < leastHeld || n < mostHeld && between(g.held[n-1].Time, fix.Time) >= pause {
		g.held = append(g.held, *fix)
	}
	return false
}

// refute drops what is held, and says of it that it cannot have been true if
// there was hope.
func (s *State) refute(w *World, events []Event) []Event {
	g := &s.guard
	if g.excused {
		d := s.haste(w, w.settings.sight(&g.held[0]))
		events = s.object(d, g.held[0].Point, events)
	}
	g.held, g.excused = g.held[:0], false
	return events
}

// resettle takes the fixes that are held: the device is there. Where it was
// seen elsewhere in one fix only, that was the wild one, and no fence is left.
func (s *State) resettle(w *World, events []Event) []Event {
	if s.guard.lone {
		s.seen, s.fog, s.relations = false, false, s.relations[:0]
	}
	held := s.guard.held
	s.guard.settle(false)
	s.guard.still = still{}
	for i := range held {
		events = s.trust(w, w.settings.sight(&held[i]), &held[i], events)
	}
	return events
}

// atNullIsland tells whether p is where nobody is unless near it before: what
// software says that has no position.
func (s *State) atNullIsland(p orb.Point) bool {
	const near = 10_000 // metres
	return p == orb.Point{} && !(s.seen && haversine(newSpot(p), newSpot(s.last.Point)) <= near)
}
