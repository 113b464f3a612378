package main

import (
	"math"
	"math/rand/v2"
)

// townPark is a block without houses.
type townPark struct {
	name    string
	outline townLine
	ponds   []townLine
	walks   []townLine
}

// townParkSite is where a park is wanted: streets with their middle within
// radius of it are left out, and what block that leaves is the park.
type townParkSite struct {
	at     townVec
	radius float64
	pond   bool
}

func townParkSites() []townParkSite {
	return []townParkSite{
		{townVec{505, 190}, 120, true},
		{townVec{-650, 320}, 85, true},
		{townVec{-720, 640}, 75, false},
		{townVec{740, -270}, 80, false},
		{townVec{120, 820}, 80, false},
		{townVec{-590, -300}, 55, false},
	}
}

// townMarket is about where the market of the old town is.
func townMarket() townParkSite { return townParkSite{at: townVec{-385, -175}, radius: 26} }

// carve removes side streets to make room for parks.
func (net *townNet) carve(sites []townParkSite) {
	for i := range net.edges {
		e := &net.edges[i]
		middle, _ := e.line.at(e.line.length() / 2)
		for _, s := range sites {
			if !e.gone && e.class == classTownMinor && middle.to(s.at) < s.radius {
				net.remove(i)
			}
		}
	}
}

// clear removes the dead ends that lead into the blocks at sites.
func (net *townNet) clear(sites []townParkSite) {
	for _, f := range net.faces() {
		outline := f.outline(net)
		ring := newTownRing(outline)
		for _, s := range sites {
			if outline.area() < townLargestPark && ring.holds(s.at) {
				net.removeSpurs(f)
			}
		}
	}
	net.compact()
}

// removeSpurs removes the edges that have f on both of their sides.
func (net *townNet) removeSpurs(f townFace) {
	sides := map[int]int{}
	for _, side := range f {
		if sides[side.edge]++; sides[side.edge] == 2 {
			net.remove(side.edge)
		}
	}
}

// townLargestPark in square metres; a larger block is open country.
const townLargestPark = 130_000

func newTownPark(site townParkSite, blocks []townLine, name string, rng *rand.Rand) (townPark, bool) {
	for _, b := range blocks {
		if b.area() > townLargestPark || !newTownRing(b).holds(site.at) {
			continue
		}
		p := townPark{name: name, outline: b}
		if site.pond {
			p.ponds = append(p.ponds, townBlob(b.middle(), math.Sqrt(b.area())/7, rng))
		}
		p.walks = townWalks(b, p.ponds, rng)
		return p, true
	}
	return townPark{}, false
}

// townWalks are winding paths from the corners of a park to its middle, around
// the pond where there is one.
func townWalks(outline townLine, ponds []townLine, rng *rand.Rand) []townLine {
	middle := outline.middle()
	var walks []townLine
	var goal townLine
	if len(ponds) > 0 {
		for _, p := range ponds[0] {
			goal = append(goal, middle.mix(p, 1.45))
		}
		walks = append(walks, append(goal, goal[0]))
	} else {
		goal = townLine{middle}
	}
	gates := append(outline, outline[0]).every(110)
	for _, gate := range gates[:len(gates)-1] {
		end := goal[0]
		for _, g := range goal {
			if g.to(gate) < end.to(gate) {
				end = g
			}
		}
		bend := gate.mix(end, 0.5).plus(end.minus(gate).left().times(0.3 * (rng.Float64() - 0.5)))
		walks = append(walks, townSpline(townLine{gate, bend, end}, false, 8))
	}
	return walks
}

// townBlob is a rounded shape of about that radius.
func townBlob(middle townVec, radius float64, rng *rand.Rand) townLine {
	const corners = 9
	var points townLine
	for i := range corners {
		r := radius * (0.75 + 0.5*rng.Float64())
		points = append(points, middle.plus(townHeading(2*math.Pi*float64(i)/corners).times(r)))
	}
	return townSpline(points, true, radius/4)
}

// townWoods cover the country where noise is high, short of the town, the roads
// and the shore.
func townWoods(g *townGround, z *townZones, streets *townIndex, rng *rand.Rand) []townLine {
	rough := newTownNoise(rng)
	const clearing, shade = 30.0, 60.0
	depth := func(p townVec) float64 {
		d := 0.75*rough.at(p, 430) + 0.3*rough.at(p, 170) + 0.12*rough.at(p, 60) - 0.12
		if d < -0.3 || z.at(p) != zoneTownCountry || !g.island.holds(p) {
			return min(d, -0.3)
		}
		d = min(d, (g.shore.distance(p, clearing+shade)-clearing)/shade)
		return min(d, (streets.distance(p, clearing+shade)-clearing)/shade)
	}
	const smallest = 9_000
	var woods []townLine
	for _, ring := range townContours(depth, 2600, 25) {
		if ring.area() > smallest {
			woods = append(woods, townSpline(ring.simplified(9), true, 18).simplified(1.5))
		}
	}
	return woods
}

// townMeadows are the green banks of the river above the bridges, and the lake
// it comes from.
func townMeadows(river townLine, rng *rand.Rand) (meadow, lake townLine) {
	n := river.length()
	upper := river.between(0.01*n, 0.74*n).every(25)
	left, right := make(townLine, len(upper)), make(townLine, len(upper))
	for i, p := range upper {
		dir := upper[min(i+1, len(upper)-1)].minus(upper[max(i-1, 0)]).unit()
		half := 42*math.Sqrt(math.Sin(math.Pi*float64(i)/float64(len(upper)-1))) + 2*rng.Float64()
		left[i], right[i] = p.plus(dir.left().times(half)), p.minus(dir.left().times(half))
	}
	return append(left, right.reversed()...), townBlob(river[0], 75, rng)
}
