package main

import (
	"math"
	"math/rand/v2"
)

// townGrower adds side streets to the main roads: lines that follow the field,
// evenly spaced by starting each beside one that is there already (after Jobard
// and Lefer, Creating Evenly-Spaced Streamlines of Arbitrary Density, 1997).
type townGrower struct {
	ground *townGround
	zones  *townZones
	field  *townField
	rng    *rand.Rand
	roads  []townRoad
	index  *townIndex
	seeds  []townSeed
}

// townSeed is where a side street may begin.
type townSeed struct {
	at, dir townVec
	// across tells streets that lead away from a main road from those that run
	// along one; they are spaced differently.
	across bool
	// oneWay streets grow from at in the direction of dir only.
	oneWay bool
}

const (
	townStride = 8.0
	// townParallel is the cosine of the angle up to which two streets count as
	// running side by side.
	townParallel = 0.82
	// townOvershoot is how far a street that ends at another runs past its
	// middle, so that the crossing is found.
	townOvershoot = 1.5
)

// townSideStreets returns mains and the side streets.
func townSideStreets(g *townGround, z *townZones, f *townField, mains []townRoad, rng *rand.Rand) []townRoad {
	w := &townGrower{ground: g, zones: z, field: f, rng: rng, index: newTownIndex()}
	for _, m := range mains {
		w.take(m, false)
	}
	for len(w.seeds) > 0 {
		seed := w.seeds[0]
		w.seeds = w.seeds[1:]
		if w.room(seed.at, seed.dir, seed.across, 0.95) {
			w.grow(seed)
		}
	}
	return w.roads
}

// take adds a road and the seeds beside it and along it.
func (w *townGrower) take(r townRoad, across bool) {
	w.index.add(len(w.roads), r.line)
	w.roads = append(w.roads, r)
	along, reach := 0.0, r.line.length()
	for along = w.rng.Float64() * 60; along < reach; {
		p, dir := r.line.at(along)
		own, other := w.spacing(p, across), w.spacing(p, !across)
		for _, side := range [2]float64{1, -1} {
			out := dir.left().times(side)
			w.seeds = append(w.seeds,
				townSeed{p, out, !across, r.major || w.rng.IntN(3) == 0},
				townSeed{p.plus(out.times(own * (0.98 + 0.12*w.rng.Float64()))), dir, across, false})
		}
		along += other * (0.8 + 0.45*w.rng.Float64())
	}
}

func (w *townGrower) spacing(p townVec, across bool) float64 {
	a, b := w.zones.at(p).spacing()
	if across {
		return b
	}
	return a
}

// room tells whether no street runs parallel to dir within a share of the
// spacing of p, and whether there may be a street at all.
func (w *townGrower) room(p, dir townVec, across bool, share float64) bool {
	if w.zones.at(p) == zoneTownCountry || !w.ground.dry(p, 24) {
		return false
	}
	reach, free := share*w.spacing(p, across), true
	w.index.around(p, p, reach, func(s townSegment) {
		if free && math.Abs(s.B.minus(s.A).unit().dot(dir)) > townParallel && townToSegment(p, s.A, s.B) < reach {
			free = false
		}
	})
	return free
}

func (w *townGrower) grow(seed townSeed) {
	line := w.trace(seed, seed.dir)
	if !seed.oneWay {
		back := w.trace(seed, seed.dir.times(-1)).reversed()
		line = append(back[:len(back)-1:len(back)-1], line...)
	}
	if line.length() > 0.75*w.spacing(seed.at, !seed.across) {
		w.take(townRoad{line: line}, seed.across)
	}
}

// trace follows the field from seed. Where the street comes too close to a
// parallel one it goes on only if it meets a cross street soon.
func (w *townGrower) trace(seed townSeed, dir townVec) townLine {
	line := townLine{seed.at}
	crowded := 0
	for len(line) < 260 {
		p := line[len(line)-1]
		dir = w.field.along(p, dir)
		dir = w.field.along(p.plus(dir.times(townStride/2)), dir)
		q := p.plus(dir.times(townStride))
		if end, hit := w.meets(p, q, len(line) == 1); hit {
			return append(line, end)
		}
		if w.zones.at(q) == zoneTownCountry || !w.ground.dry(q, 24) || townCloses(line, q) {
			break
		}
		if crowded == 0 && !w.room(q, dir, seed.across, 0.62) {
			crowded = len(line)
		}
		if crowded > 0 && float64(len(line)-crowded)*townStride > 1.2*w.spacing(q, !seed.across) {
			break
		}
		line = append(line, q)
	}
	if crowded > 0 {
		return line[:crowded]
	}
	return line
}

// meets tells whether a street that goes on from p to q ends at another, and
// where: always at one it would run along, at times at one it crosses.
func (w *townGrower) meets(p, q townVec, first bool) (end townVec, hit bool) {
	dir := q.minus(p).unit()
	w.index.around(p, q, 0, func(s townSegment) {
		t, _, crosses := townCrossing(p, q, s.A, s.B)
		if hit || !crosses || first && t < 0.25 {
			return
		}
		chance := 0.10
		if w.roads[s.Line].major {
			chance = 0.35
		}
		if math.Abs(dir.dot(s.B.minus(s.A).unit())) > townParallel || w.rng.Float64() < chance {
			end, hit = p.mix(q, t).plus(dir.times(townOvershoot)), true
		}
	})
	return end, hit
}

// townCloses tells whether line would come back to itself at q.
func townCloses(line townLine, q townVec) bool {
	for _, p := range line[:max(0, len(line)-12)] {
		if p.to(q) < 45 {
			return true
		}
	}
	return false
}
