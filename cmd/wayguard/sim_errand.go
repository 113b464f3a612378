package main

import (
	"math/rand/v2"
	"time"
)

// simErrand is what a van does on the way to a place and there.
type simErrand struct {
	at townStop
	// via are places that it passes on the way, stay how long it stands there.
	via  []townStop
	stay time.Duration
	// pace is the share of its usual speed that it makes on the way; 0 for all
	// of it.
	pace float64
}

// simTour is what a van has to do, an errand for each stop, and has done, with the
// time that has passed for it. Without errands the rounds go on and on.
type simTour struct {
	errands []simErrand
	calls   []simCall
	age     time.Duration
}

// simCall is the arrival at a stop, 0 for the depot, at an age of the van.
type simCall struct {
	stop int
	at   time.Duration
}

// simForGood is for how long a van stands at its depot that is back.
const simForGood = 10 * 365 * 24 * time.Hour

// newSimTour is a van that stands at its depot, the first of the errands, for as
// long as that says, then runs the others in order, and comes back for good.
func newSimTour(w *simWorld, errands []simErrand, rng *rand.Rand) *simVan {
	stops := make([]townStop, len(errands))
	for i, e := range errands {
		stops[i] = e.at
	}
	v := newSimVan(w, stops, rng)
	v.tour.errands, v.next = errands, 0
	v.drive, v.phase, v.standing = nil, 0, errands[0].stay
	v.look()
	return v
}

// home reports whether a van has run all its errands.
func (v *simVan) home() bool {
	return len(v.tour.calls) > 0 && v.tour.calls[len(v.tour.calls)-1].stop == 0
}

// simTimetable is when a van would be at each errand and, behind them, back, the
// first for when it leaves, if it met with what others do: its own luck is another.
func simTimetable(w *simWorld, errands []simErrand, seed uint64) []time.Duration {
	v := newSimTour(w, errands, rand.New(rand.NewPCG(seed, 0)))
	at := make([]time.Duration, len(errands)+1)
	at[0] = errands[0].stay
	for !v.home() {
		v.move(10 * time.Second)
	}
	for i, c := range v.tour.calls {
		at[i+1] = c.at
	}
	return at
}

// every has vans report each moving on the move, each resting at a stand, from the next
// fix on.
func (f *simFleet) every(moving, resting time.Duration) {
	for _, v := range f.vans {
		v.beat.moving, v.beat.resting = moving, resting
	}
}
