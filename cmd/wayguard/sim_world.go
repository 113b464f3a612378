package main

import (
	"math/rand/v2"
	"slices"
)

// simWorld is what the vans of a fleet share and do not change.
type simWorld struct {
	town   *town
	router *townRouter
	hills  townNoise
}

func newSimWorld(t *town) *simWorld {
	return &simWorld{town: t, router: newTownRouter(t), hills: newTownNoise(rand.New(rand.NewPCG(t.seed, 30)))}
}

// truth is what a receiver needs to know of a place, standing still.
func (w *simWorld) truth(p, dir townVec) simTruth {
	return simTruth{at: p, dir: dir, enclosure: w.town.zones.at(p).enclosure(), height: 14 + 9*w.hills.at(p, 900)}
}

// enclosure is how much of the sky the houses along the streets hide, from 0 to
// 1.
func (z townZone) enclosure() float64 {
	switch z {
	case zoneTownOld:
		return 1
	case zoneTownCentre:
		return 0.45
	}
	return 0
}

// legs are the quickest way from place to place. The network hangs together, so
// there is one.
func (w *simWorld) legs(places ...townStop) (legs []townLeg) {
	for i := 1; i < len(places); i++ {
		way, _ := w.router.way(places[i-1], places[i])
		legs = append(legs, way...)
	}
	return legs
}

// around is the quickest way that does not use an edge, unless there is no other.
func (r *townRouter) around(edge int, from, to townStop) []townLeg {
	const closed = 0.001 // metres per second
	without := *r
	without.limits = slices.Clone(r.limits)
	without.limits[edge] = closed
	way, _ := without.way(from, to)
	return way
}

// simPath is a way laid out as a line.
type simPath struct {
	line townLine
	// pieces are the edges along it, crossings where one ends and the next
	// begins.
	pieces []simPiece
}

type simPiece struct {
	edge int
	// end is how far along the line the edge is left, at crossing node.
	end   float64
	limit float64
	node  int
}

// path lays out legs, a leg for each edge.
func (w *simWorld) path(legs []townLeg) simPath {
	var p simPath
	end := 0.0
	for _, leg := range legs {
		e := &w.town.net.edges[leg.edge]
		part, node := e.line.between(min(leg.from, leg.to), max(leg.from, leg.to)), e.to
		if leg.from > leg.to {
			part, node = part.reversed(), e.from
		}
		end += part.length()
		p.pieces = append(p.pieces, simPiece{leg.edge, end, w.router.limits[leg.edge], node})
		for _, q := range part {
			if len(p.line) == 0 || q.to(p.line[len(p.line)-1]) > 0.01 {
				p.line = append(p.line, q)
			}
		}
	}
	if len(p.line) == 1 {
		// From a place to itself.
		p.line = append(p.line, p.line[0].plus(townVec{0.1, 0}))
	}
	return p
}

// limit is the speed limit s metres along the path.
func (p *simPath) limit(s float64) float64 {
	for _, piece := range p.pieces {
		if s <= piece.end {
			return piece.limit
		}
	}
	return p.pieces[len(p.pieces)-1].limit
}

// obey lowers limits at crossings and returns where the van stops and waits:
// often before it turns into a main road, at times where two main roads cross,
// rarely elsewhere.
func (w *simWorld) obey(path simPath, points townLine, limits []float64, rng *rand.Rand) []simPause {
	var pauses []simPause
	whole := path.line.length()
	previous := 0
	for i := 0; i+1 < len(path.pieces); i++ {
		piece := path.pieces[i]
		if len(w.town.net.nodes[piece.node].edges) < 3 {
			continue
		}
		// Stop a little before the middle of the crossing.
		at := int((piece.end - 6) / whole * float64(len(points)-1))
		const fewest = 5
		if at < previous+fewest || at > len(points)-1-fewest {
			continue
		}
		slow, chance, wait := w.manners(piece.edge, piece.node)
		limits[at] = min(limits[at], slow)
		if rng.Float64() < chance {
			pauses = append(pauses, simPause{at, wait * (0.4 + 1.2*rng.Float64())})
			previous = at
		}
	}
	return pauses
}

// manners is how one comes to a crossing: at what speed, how likely one has to
// stop, and for how many seconds on average.
func (w *simWorld) manners(edge, node int) (slow, chance, wait float64) {
	majors := 0
	for _, e := range w.town.net.nodes[node].edges {
		if w.town.net.edges[e].class == classTownMajor {
			majors++
		}
	}
	main := w.town.net.edges[edge].class == classTownMajor
	switch {
	case main && majors > 2:
		return 9, 0.3, 11
	case main:
		return 14, 0.02, 4
	case majors > 0:
		return 4, 0.5, 4
	}
	return 6, 0.06, 2
}
