package main

import "math/rand/v2"

// townOutskirts are the walks outside the streets and the islets off the coast.
type townOutskirts struct {
	walks  []townLine
	islets []townLine
}

// newTownOutskirts draws the path along the coast, paths to it from where the
// roads end, promenades along the river and what lies offshore.
func newTownOutskirts(g *townGround, net *townNet, rng *rand.Rand) townOutskirts {
	var o townOutskirts
	coast := g.coastPath()
	o.walks = append(o.walks, coast...)
	for n := range net.nodes {
		if end, ok := net.countryEnd(n); ok {
			if spur, ok := townSpur(end, coast); ok {
				o.walks = append(o.walks, spur)
			}
		}
	}
	banks := g.river.length()
	for _, side := range [2]float64{26, -26} {
		o.walks = append(o.walks, g.river.beside(side).between(0.12*banks, 0.93*banks).simplified(1))
	}
	for _, at := range []townVec{{-760, -1610}, {-700, -1690}, {1290, -1590}, {2290, 560}, {-2160, -900}} {
		islet := townBlob(at, 22+38*rng.Float64(), rng)
		if !g.island.holds(at) && g.shore.distance(at, 90) >= 90 {
			o.islets = append(o.islets, islet)
		}
	}
	return o
}

// coastPath follows the shore from one end of the quay around the island to
// the other, in stretches where cliffs interrupt it.
func (g *townGround) coastPath() []townLine {
	bay, all := g.bay.length(), append(g.coast[:len(g.coast):len(g.coast)], g.coast[0])
	open := all.between(0.74*bay, all.length()-1)
	open = append(open, all.between(1, 0.24*bay)...)
	bends := open.every(85).beside(42)
	var stretches []townLine
	var stretch townLine
	flush := func() {
		if len(stretch) > 3 {
			stretches = append(stretches, townSpline(stretch, false, 20).simplified(1.5))
		}
		stretch = nil
	}
	for _, p := range bends {
		if g.dry(p, 24) {
			stretch = append(stretch, p)
		} else {
			flush()
		}
	}
	flush()
	return stretches
}

// countryEnd is where a main road ends at node n.
func (net *townNet) countryEnd(n int) (townVec, bool) {
	edges := net.nodes[n].edges
	if len(edges) != 1 || net.edges[edges[0]].class != classTownMajor {
		return townVec{}, false
	}
	return net.nodes[n].at, true
}

// townSpur leads from p to the nearest point of the paths.
func townSpur(p townVec, paths []townLine) (townLine, bool) {
	const longest = 500.0
	best, found := townVec{}, false
	for _, path := range paths {
		for _, q := range path {
			if p.to(q) < longest && (!found || p.to(q) < p.to(best)) {
				best, found = q, true
			}
		}
	}
	if !found {
		return nil, false
	}
	bend := p.mix(best, 0.5).plus(best.minus(p).left().times(0.12))
	return townSpline(townLine{p, bend, best}, false, 15), true
}
