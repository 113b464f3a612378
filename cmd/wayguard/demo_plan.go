package main

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/paulmach/orb"
)

// demoPlan is a day of deliveries: what was planned, and what will happen.
type demoPlan struct {
	world  *simWorld
	rounds []*demoRound
	flood  demoFlood
}

// demoRound is one van's part of the day.
type demoRound struct {
	van int
	// stops are in the order in which they are to be served, route is the way.
	stops []demoStop
	route townLine
	// leaves and back are when it is to be away.
	leaves, back time.Duration
	// errands are what the van really does, its depot first.
	errands []demoErrand
}

// demoStop is one delivery as it was planned.
type demoStop struct {
	townCustomer
	stay time.Duration
	// due is when the van is to arrive, late the end of what the customer was
	// promised.
	due, late time.Duration
}

func (s demoStop) place() townStop { return townStop{s.edge, s.s} }

// demoErrand is what a van does at one place.
type demoErrand struct {
	simErrand
	// stop is the one that it is to serve there, -1 for none.
	stop int
	// blind: the driver looks at no name, and asks for no code.
	blind bool
	// empty: the parcel is not there to be handed over.
	empty bool
	// away: nothing is heard of the van on its way there and while it is there.
	away bool
}

const (
	// demoLoading is how long vans stand at their depots in the morning, the
	// last one a quarter of an hour longer than the first.
	demoLoading = 10 * time.Minute
	// demoBreak is what one van has its drivers eat in.
	demoBreak = 20 * time.Minute
	// demoEarly and demoLate are how far a promise reaches to both sides.
	demoEarly, demoLate = 30 * time.Minute, time.Hour
)

// newDemoPlan plans the same day for the same town and seed.
func newDemoPlan(t *town, vans int, seed uint64) *demoPlan {
	p := &demoPlan{world: newSimWorld(t)}
	for van, customers := range simRounds(t.customers, vans) {
		rng := rand.New(rand.NewPCG(seed, 200+uint64(van)))
		p.rounds = append(p.rounds, newDemoRound(p.world, van, customers, rng))
	}
	p.befall()
	return p
}

func newDemoRound(w *simWorld, van int, customers []townCustomer, rng *rand.Rand) *demoRound {
	depot := w.town.parking(van)
	r := &demoRound{van: van, leaves: demoLoading + time.Duration(van)*2*time.Minute}
	r.errands = []demoErrand{{simErrand: simErrand{at: depot, stay: r.leaves}, stop: -1}}
	places := []townStop{depot}
	pause := van == demoSilentVan
	for i, c := range simShortest(w.town.position(depot), customers) {
		if pause && i == len(customers)/2 {
			r.errands = append(r.errands, demoErrand{simErrand: simErrand{at: depot, stay: demoBreak}, stop: -1, away: true})
			places = append(places, depot)
		}
		s := demoStop{townCustomer: c, stay: 3*time.Minute + time.Duration(rng.IntN(180))*time.Second}
		r.stops = append(r.stops, s)
		r.errands = append(r.errands, demoErrand{simErrand: simErrand{at: s.place(), stay: s.stay}, stop: i})
		places = append(places, s.place())
	}
	path := w.path(w.legs(append(places, depot)...))
	r.route = path.line
	timetable := simTimetable(w, r.drives(), rng.Uint64())
	for i := range r.stops {
		r.stops[i].due = timetable[r.errand(i)]
		r.stops[i].late = r.stops[i].due + demoLate
	}
	r.back = timetable[len(timetable)-1]
	return r
}

// drives are the errands as a van does them.
func (r *demoRound) drives() []simErrand {
	drives := make([]simErrand, len(r.errands))
	for i, e := range r.errands {
		drives[i] = e.simErrand
	}
	return drives
}

// errand is the one that serves a stop.
func (r *demoRound) errand(stop int) int {
	for i, e := range r.errands {
		if e.stop == stop {
			return i
		}
	}
	panic("a stop that nobody serves")
}

// line is the planned way in degrees.
func (r *demoRound) line() orb.LineString {
	line := make(orb.LineString, len(r.route))
	for i, p := range r.route {
		line[i] = p.lonLat()
	}
	return line
}

// off is how far a place is from a line, in metres.
func (l townLine) off(p townVec) float64 {
	least := math.Inf(1)
	for i := 1; i < len(l); i++ {
		least = min(least, townToSegment(p, l[i-1], l[i]))
	}
	return least
}

// away is how far a place is from the nearest stop and from the depot.
func (r *demoRound) away(t *town, p townVec) float64 {
	least := t.position(r.errands[0].at).to(p)
	for _, s := range r.stops {
		least = min(least, s.door.to(p), t.position(s.place()).to(p))
	}
	return least
}
