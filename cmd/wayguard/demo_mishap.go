package main

import (
	"math"
	"slices"
	"time"
)

// The mishaps of the day, each on a van of its own, so that it can be told what
// follows from which. Van 1 has none.
const (
	demoWrongVan  = 1 // serves a customer at another's door
	demoDetourVan = 2 // leaves its way between two stops
	demoSilentVan = 3 // has its break where no network reaches
	demoIdleVan   = 4 // stands where nobody asked it to
	demoSealVan   = 5 // a parcel aboard is opened
	demoLostVan   = 6 // a parcel is taken off it
	demoFloodVan  = 7 // is held up by water on the road
)

const (
	// demoIdle is longer than any stay that needs no explanation.
	demoIdle = 16 * time.Minute
	// demoHeldUp is how long the water costs, demoTight how late its customer may
	// be served.
	demoHeldUp, demoTight = 12 * time.Minute, 5 * time.Minute
	demoFloodRadius       = 70.0
)

// demoFlood is the hazard of the day.
type demoFlood struct {
	center townVec
	radius float64
	// warned is when it becomes known.
	warned time.Duration
}

// befall puts the mishaps into the errands.
func (p *demoPlan) befall() {
	p.mistake(p.rounds[demoWrongVan], 4)
	p.detour(p.rounds[demoDetourVan])
	p.rest(p.rounds[demoIdleVan])
	lost := p.rounds[demoLostVan]
	lost.errands[lost.errand(p.lostStop())].empty = true
	p.inundate(p.rounds[demoFloodVan])
}

// lostStop is the last one, which the parcel that is taken off is for.
func (p *demoPlan) lostStop() int { return len(p.rounds[demoLostVan].stops) - 1 }

// demoTaken is the errand at which a parcel is taken off, demoOpened the one on
// the way to which another is opened.
const demoTaken, demoOpened = 6, 7

// parcels are those with a tracker.
func (p *demoPlan) parcels(seed uint64) []*simParcel {
	lost, opened := newSimParcel("demo:parcel-1", demoLostVan, seed), newSimParcel("demo:parcel-2", demoSealVan, seed)
	lost.taken, lost.to, opened.opened = demoTaken, p.world.town.parking(demoLostVan+1), demoOpened
	return []*simParcel{lost, opened}
}

// barcode is what is on one of them.
func (p *demoPlan) barcode(of *simParcel) string {
	if of.van == demoLostVan {
		return demoBarcode(of.van, p.lostStop())
	}
	return demoBarcode(of.van, len(p.rounds[of.van].stops)-1)
}

// mistake serves a stop at another door: near its way, but a street's length
// from it and from those of all other stops.
func (p *demoPlan) mistake(r *demoRound, stop int) {
	right := r.stops[stop]
	best, where := math.Inf(1), townStop{}
	for _, a := range p.world.town.addresses {
		place := townStop{a.edge, a.s}
		at := p.world.town.position(place)
		d := right.door.to(at)
		if d > 110 && d < best && r.route.off(at) < 15 && r.away(p.world.town, at) > 90 {
			best, where = d, place
		}
	}
	e := &r.errands[r.errand(stop)]
	e.at, e.blind = where, true
}

// detour goes around a closed street, so that the way is left by much.
func (p *demoPlan) detour(r *demoRound) {
	farthest, before, via := 0.0, 0, []townStop(nil)
	for stop := 1; stop < len(r.stops); stop++ {
		from, to := r.stops[stop-1].place(), r.stops[stop].place()
		planned := p.world.legs(from, to)
		for i := 1; i < len(planned)-1; i++ {
			legs := p.world.router.around(planned[i].edge, from, to)
			if off := p.leaves(r, planned, legs); off > farthest {
				farthest, before, via = off, r.errand(stop), middles(legs)
			}
		}
	}
	if farthest < 120 {
		panic("no street can be closed")
	}
	r.errands[before].via = via
}

// leaves is how far legs lead from the planned way, 0 where somebody would have to
// turn round for it, or meet another part of that way.
func (p *demoPlan) leaves(r *demoRound, planned, legs []townLeg) (farthest float64) {
	last := len(legs) - 1
	if last < 2 || legs[0] != planned[0] || legs[last] != planned[len(planned)-1] {
		return 0
	}
	leg := p.world.path(planned).line
	for _, at := range p.world.path(legs).line.every(10) {
		if leg.off(at) > 40 && r.route.off(at) < 40 {
			return 0
		}
		farthest = max(farthest, r.route.off(at))
	}
	return farthest
}

// middles are places from one to the next of which the way is that of the legs.
func middles(legs []townLeg) (places []townStop) {
	for _, l := range legs[1 : len(legs)-1] {
		places = append(places, townStop{l.edge, (l.from + l.to) / 2})
	}
	return places
}

// rest adds a long stand half way between two stops, as far from all of them as
// there is on the second half of the round.
func (p *demoPlan) rest(r *demoRound) {
	best, before, where := 0.0, 0, townStop{}
	for stop := 4; stop < len(r.stops)-2; stop++ {
		for _, leg := range p.world.legs(r.stops[stop-1].place(), r.stops[stop].place()) {
			place := townStop{leg.edge, (leg.from + leg.to) / 2}
			if d := r.away(p.world.town, p.world.town.position(place)); d > best {
				best, before, where = d, r.errand(stop), place
			}
		}
	}
	r.errands = slices.Insert(r.errands, before, demoErrand{simErrand: simErrand{at: where, stay: demoIdle}, stop: -1})
}

// inundate floods a street that no other van comes near, and this one only once.
func (p *demoPlan) inundate(r *demoRound) {
	for stop := 4; stop < len(r.stops); stop++ {
		way := p.world.path(p.world.legs(r.stops[stop-1].place(), r.stops[stop].place())).line
		for share := 0.2; share < 0.9; share += 0.1 {
			center, _ := way.at(share * way.length())
			if p.only(r, center, 2*demoFloodRadius) && r.passes(center) {
				p.flood = demoFlood{center: center, radius: demoFloodRadius, warned: r.stops[stop-2].due}
				r.hold(stop)
				return
			}
		}
	}
	panic("every street has two vans")
}

// hold has a van take long to a stop, whose customer has no time.
func (r *demoRound) hold(stop int) {
	s, before := &r.stops[stop], &r.stops[stop-1]
	s.late = s.due + demoTight
	usual := s.due - before.due - before.stay
	r.errands[r.errand(stop)].pace = float64(usual) / float64(usual+demoHeldUp)
}

// only reports whether no van but that of r comes near a place.
func (p *demoPlan) only(r *demoRound, at townVec, meters float64) bool {
	return !slices.ContainsFunc(p.rounds, func(other *demoRound) bool {
		return other != r && (other.route.off(at) < meters || slices.ContainsFunc(other.errands, func(e demoErrand) bool {
			return slices.ContainsFunc(e.via, func(s townStop) bool { return p.world.town.position(s).to(at) < 3*meters })
		}))
	})
}

// passes reports whether the planned way leads through the flood once, and not
// along its edge.
func (r *demoRound) passes(center townVec) bool {
	for _, beyond := range []float64{-20, 0, 20, 50} {
		n, inside := 0, false
		for _, p := range r.route.every(5) {
			near := p.to(center) < demoFloodRadius+beyond
			if near && !inside {
				n++
			}
			inside = near
		}
		if n != 1 {
			return false
		}
	}
	return true
}

// end is when the last van is back, whatever befalls it.
func (p *demoPlan) end() (last time.Duration) {
	for _, r := range p.rounds {
		timetable := simTimetable(p.world, r.drives(), uint64(r.van))
		last = max(last, timetable[len(timetable)-1])
	}
	return last + demoHome
}
