package geofence

import (
	"slices"
	"time"
)

// The facts about a parcel and its vehicle. The subject is the carrier.
const (
	Separated EventType = "parcel.separated"
	Reunited  EventType = "parcel.reunited"
)

// PairSettings say when a parcel has parted from its vehicle; zero values stand
// for the defaults.
//
// Both are compared at the times of the parcel's fixes, with the line between
// the carrier's fixes before and after. They are apart where the distance is
// more than Factor times the uncertainties of both together, the vehicle's
// length, and what the vehicle may have moved meanwhile, which matters where
// fixes are rare or clocks differ.
type PairSettings struct {
	// Factor is how many times the uncertainty of both together they must be
	// apart. Default 3: a normal error is beyond it once in 30,000 times.
	Factor float64
	// Near is the same for being together again. Default 1.5: 97 % of normal
	// errors are within, and a pair on the edge of Factor does not flap.
	Near float64
	// SizeMeters is how far from the vehicle's tracker a parcel may be in it or
	// beside it. Default 25: a lorry with its trailer is at most 18.75 m long in
	// the EU (Directive 96/53/EC), and a cage waits beside it.
	SizeMeters float64
	// After is how long they must have been apart, over two comparisons or more.
	// Default 60 s: the errors of neighbouring fixes are alike for about a
	// minute.
	After time.Duration
	// Gap is how far apart in time two fixes of the carrier may be for it to be
	// known where it was in between. Default 3 min.
	Gap time.Duration
	// Clock is how much the clocks of the two may differ. Default 5 s.
	Clock time.Duration
	// GoneAfter is how long the vehicle must have been gone from a parcel that
	// stays where it was left before a drop that is not the right one is told,
	// unless it is GoneMeters away and the drop surely wrong. Default 5 min: by
	// then the driver has come back, and the tracker's stay is known well.
	GoneAfter time.Duration
	// GoneMeters is how far away is gone at once. Default 500: nobody walks back
	// from there.
	GoneMeters float64
}

func (s *PairSettings) settings() []setting {
	return []setting{
		amount("pair_factor", &s.Factor, 3, maxSetting),
		amount("pair_near", &s.Near, 1.5, maxSetting),
		amount("pair_size_m", &s.SizeMeters, 25, maxSetting),
		duration("pair_after_s", &s.After, time.Minute, year),
		duration("pair_gap_s", &s.Gap, 3*time.Minute, year),
		duration("pair_clock_s", &s.Clock, 5*time.Second, year),
		duration("pair_gone_after_s", &s.GoneAfter, 5*time.Minute, year),
		amount("pair_gone_m", &s.GoneMeters, 500, maxSetting),
	}
}

// escort is what is remembered of a parcel's tracker and the vehicle that it
// is in, and of the hand-offs of any device.
type escort struct {
	carrier DeviceID
	// own are fixes of the device: where compared is true the first has been
	// compared, the others wait for the carrier's. knots are the carrier's.
	own, knots []sample
	compared   bool

	pairing pairState
	handed  []handed // oldest first
}

// pairState is how the two stand to each other.
type pairState struct {
	bond bond
	// turning: the newest comparisons speak for the other phase, the first of
	// them at turn, when they were distance apart.
	turning bool
	turn    mark
	// Of the phase apart: when and where the vehicle left, and the greatest
	// distance since.
	left     mark
	distance float64
	// At the comparison that made it sure: the carrier's uncertainty and the
	// distance from which on they were apart.
	carrier, far float64
	episode      uint64 // of Separated, 0 if it has not been told
	settled      bool   // what became of the parcel has been said
}

type bond uint8

const (
	unmet bond = iota // never seen together
	together
	parted
)

// Of each device the first fix of every ten seconds of the clock is looked at, so
// that it does not matter which one it began with, and at most maxSamples are
// kept: what the other device sends may come so many samples late, four minutes
// or more, less the time between two fixes of the carrier.
const (
	spacing    = 10 * time.Second
	maxSamples = 24
)

// follows reports whether a fix of a time is the next one to look at.
func follows(samples []sample, at Millis) bool {
	const slot = Millis(spacing / time.Millisecond)
	n := len(samples)
	return n == 0 || samples[n-1].time/slot < at/slot
}

// Accompany takes fix, one of the device that carries the device of s, which
// is in order of time among the carrier's own.
//
// It does not matter in which order the fixes of the two devices are taken, as
// long as each one's are in order and Outrun is never true of one. Only the
// verdict on a drop may be reached at a later fix of the parcel's, by a stay that
// is better known.
//
// Separated is told of a parcel that has been with its vehicle and no longer
// is, dated at the first fix apart, and Reunited of its return; never of one of
// which either is silent. A parcel that is left where it is to be left is not
// separated, nor one left a few doors away: the vehicle's leaving is its
// hand-off, judged as by Deliver, and the verdict says it all. One that stays
// where the vehicle left it elsewhere, depots aside, is separated first; when
// the vehicle is gone for good, it is judged too if it lies where parcels are
// handed over: within 150 m of a stop, or at a known address. Anywhere else it
// was put down or fell off, and the separation says it all, unless a hand-off is
// told of. One that moves on without its
// vehicle is separated and nothing more: it was not dropped but taken, by a
// thief or in another van.
func Accompany(w *World, s *State, fix Fix, events []Event) []Event {
	if !fix.usable() || w.settings.Raw {
		return events
	}
	s.follow(w)
	if s.duty.device.Carrier == "" {
		return events
	}
	e := s.escort.with(s.duty.device.Carrier)
	if !follows(e.knots, fix.Time) {
		return events
	}
	if len(e.knots) == maxSamples {
		e.knots = slices.Delete(e.knots, 0, 1)
	}
	e.knots = append(e.knots, newSample(w.settings.sight(&fix), &fix))
	return s.compare(w, events)
}

// escorted takes a fix of the parcel's own tracker.
func (s *State) escorted(w *World, g sighting, fix *Fix, events []Event) []Event {
	e := s.escort.with(s.duty.device.Carrier)
	if follows(e.own, fix.Time) {
		if len(e.own) == maxSamples {
			e.own = slices.Delete(e.own, 0, 1)
			e.compared = false
		}
		e.own = append(e.own, newSample(g, fix))
		events = s.compare(w, events)
	}
	return s.resolve(w, g, events)
}

// Outrun reports whether a fix of a time, the device's own or its carrier's,
// comes too late to be compared with the other one's: some of those that it was
// to be compared with have made room for newer ones, of which 24 are kept, one of
// every ten seconds at most. It is to be asked before the fix is taken. Only a run over the
// fixes of both in order of time finds what is missed so.
func (s *State) Outrun(w *World, at Millis, ofCarrier bool) bool {
	e := &s.escort
	if w.settings.Raw || e.carrier != w.duties.devices[s.device].Carrier {
		return false
	}
	if ofCarrier {
		return e.outruns(at, w.settings.Pairs.Gap)
	}
	return len(e.knots) == maxSamples && e.knots[0].time > at
}

// outruns reports it of a fix of the carrier's: in order of time, fewer of the
// device's own would have made room by then. It does not matter where the
// carrier was silent for longer than gap, and none is to be compared with it
// alone.
func (e *escort) outruns(at Millis, gap time.Duration) bool {
	n, k := len(e.own), len(e.knots)
	if n < maxSamples || e.compared || e.own[n-1].time <= at {
		return false
	}
	return e.own[0].time >= at || k > 0 && between(e.knots[k-1].time, at) <= gap
}

// Accompanied is the time of the newest fix of the carrier's that is kept, if
// there is one.
func (s *State) Accompanied() (at Millis, ok bool) {
	n := len(s.escort.knots)
	if n == 0 {
		return 0, false
	}
	return s.escort.knots[n-1].time, true
}

// with is e for a carrier: whatever was known of another one is forgotten.
func (e *escort) with(carrier DeviceID) *escort {
	if e.carrier != carrier {
		*e = escort{carrier: carrier, handed: e.handed}
	}
	return e
}
