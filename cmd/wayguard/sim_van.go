package main

import (
	"cmp"
	"math/rand/v2"
	"time"
)

// simVan is one van on its rounds: from its depot to each stop and back, again
// and again or, where it has errands, once.
type simVan struct {
	world *simWorld
	rng   *rand.Rand
	// stops are where the round goes, the depot first; next is the one ahead,
	// or at which the van stands.
	stops []townStop
	next  int
	tour  simTour
	// zeal is the share of the speed limits this driver keeps to.
	zeal float64

	// Either drive is under way, or the van stands until that much of phase
	// has passed.
	drive    *simDrive
	phase    time.Duration
	standing time.Duration
	now      simTruth

	receiver *simReceiver
	beat     simBeat
	// charge of the tracker's battery in percent: up while the engine runs,
	// down while it stands.
	charge float64
}

// simBeat is when a tracker reports: the next time, how long after the one
// before, and how long that is on the move and at a stand.
type simBeat struct{ due, after, moving, resting time.Duration }

// A tracker reports each second on the move, every other second standing,
// unless it is told otherwise.
const (
	simMoving   = time.Second
	simStanding = 2 * time.Second
	// simChargeUp and simChargeDown are in percent an hour.
	simChargeUp, simChargeDown = 20.0, 6.0
)

func newSimVan(w *simWorld, stops []townStop, rng *rand.Rand) *simVan {
	v := &simVan{
		world: w, rng: rng, stops: stops, next: 1, zeal: 0.88 + 0.16*rng.Float64(),
		receiver: newSimReceiver(rng), beat: simBeat{simMoving, simMoving, simMoving, simStanding}, charge: 84 + 15*rng.Float64(),
	}
	p, dir := w.town.net.edges[stops[0].edge].line.at(stops[0].s)
	v.now = w.truth(p, dir)
	v.depart()
	return v
}

// depart plans the drive to the next stop.
func (v *simVan) depart() {
	from := v.stops[(v.next+len(v.stops)-1)%len(v.stops)]
	legs, zeal := v.world.legs(from, v.stops[v.next]), v.zeal
	if v.tour.errands != nil {
		e := v.tour.errands[v.next]
		legs, zeal = v.world.legs(append(append([]townStop{from}, e.via...), e.at)...), v.zeal*cmp.Or(e.pace, 1)
	}
	v.drive, v.phase = v.world.planDrive(legs, zeal, v.rng), 0
}

// arrive begins the stay at a stop: 20 to 90 s at a customer's, mostly short,
// and one to two minutes at the depot.
func (v *simVan) arrive() {
	v.drive, v.phase = nil, 0
	if v.tour.errands != nil {
		v.tour.calls = append(v.tour.calls, simCall{v.next, v.tour.age})
		v.standing = v.tour.errands[v.next].stay
		if v.next == 0 {
			v.standing = simForGood
		}
		return
	}
	u := v.rng.Float64()
	seconds := 20 + 70*u*u
	if v.next == 0 {
		seconds = 60 + 60*u
	}
	v.standing = time.Duration(seconds * float64(time.Second))
}

// leave makes the stop after this one the next.
func (v *simVan) leave() {
	v.next = (v.next + 1) % len(v.stops)
	v.depart()
}

// left is what remains of the phase.
func (v *simVan) left() time.Duration {
	if v.drive == nil {
		return v.standing - v.phase
	}
	return time.Duration(v.drive.seconds()*float64(time.Second)) - v.phase
}

// move lets dt pass on the road, without a fix.
func (v *simVan) move(dt time.Duration) {
	v.recharge(dt)
	for {
		left := v.left()
		if dt < left {
			break
		}
		dt -= left
		v.phase += left
		v.tour.age += left
		if v.drive != nil {
			v.look()
			v.arrive()
		} else {
			v.leave()
		}
	}
	v.phase += dt
	v.tour.age += dt
	v.look()
}

// look updates where the van is.
func (v *simVan) look() {
	if v.drive == nil {
		v.now.speed = 0
		return
	}
	p, speed, dir := v.drive.at(v.phase.Seconds())
	v.now = v.world.truth(p, dir)
	v.now.speed = speed
}

func (v *simVan) recharge(dt time.Duration) {
	rate := simChargeUp
	if v.drive == nil {
		rate = -simChargeDown
	}
	v.charge = min(100, max(5, v.charge+rate*dt.Hours()))
}

// report returns the fixes that are due up to end. Time passes for
// a van from fix to fix, no matter how often it is asked.
func (v *simVan) report(number int, end time.Duration) []simFix {
	var fixes []simFix
	for v.beat.due <= end {
		v.move(v.beat.after)
		fixes = append(fixes, simFix{
			Van: number, At: v.beat.due, Fix: v.receiver.fix(v.now, v.beat.after), Battery: uint8(v.charge), truth: v.now,
		})
		v.beat.after = v.beat.resting
		if v.drive != nil {
			v.beat.after = v.beat.moving
		}
		v.beat.due += v.beat.after
	}
	return fixes
}
