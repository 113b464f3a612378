package main

import (
	"math"
	"math/rand/v2"
)

// townGround is the island: where there is land and where water.
type townGround struct {
	// coast, bay and river are what the rest is built along: the island's
	// outline, the part of it that is the harbour (from its western headland to
	// its eastern), and the river's middle down to the bay.
	coast, bay, river townLine
	island, stream    *townRing
	// moles are breakwaters and piers.
	moles []townLine
	// shore holds the outlines of both rings, seaward that of the island.
	shore, seaward *townIndex
}

// The outline of the island and the river as drawn by hand; the seed moves every
// point a little.

func townBayPoints() townLine {
	return townLine{
		{-620, -1560}, {-450, -1520}, {-455, -1330}, {-335, -1020}, {-255, -700}, {-205, -470},
		{-110, -310}, {35, -265}, {170, -335}, {255, -520}, {345, -720}, {530, -900}, {690, -1110},
		{665, -1330}, {800, -1500},
	}
}

func townCoastPoints() townLine {
	return townLine{
		{1185, -1415}, {1570, -1250}, {1830, -905}, {2095, -610}, {2050, -210}, {2210, 145},
		{2080, 560}, {2110, 945}, {1745, 1215}, {1520, 1610}, {1065, 1650}, {705, 1920},
		{240, 1865}, {-190, 2025}, {-640, 1830}, {-1030, 1790}, {-1295, 1430}, {-1695, 1250},
		{-1790, 865}, {-2050, 575}, {-1990, 170}, {-2145, -190}, {-1895, -560}, {-1750, -930},
		{-1390, -1065}, {-1200, -1390}, {-850, -1490},
	}
}

func townRiverPoints() townLine {
	return townLine{
		{-560, 1560}, {-400, 1390}, {-470, 1200}, {-330, 1060}, {-360, 880}, {-190, 740}, {-200, 590},
		{-60, 500}, {-110, 330}, {-5, 200}, {30, 60}, {0, -90}, {35, -235}, {35, -330},
	}
}

func newTownGround(rng *rand.Rand) *townGround {
	g := &townGround{}
	bay := townJitter(townBayPoints(), 14, rng)
	control := append(append(townLine{}, bay...), townJitter(townCoastPoints(), 60, rng)...)
	smooth := townSpline(control, true, 14)
	g.coast = townRugged(smooth, rng)
	g.bay = townSpline(bay, false, 14)
	g.river = townSpline(townJitter(townRiverPoints(), 14, rng), false, 14)
	g.island = newTownRing(g.coast)
	g.stream = newTownRing(townRiverbanks(g.river))
	g.moles = townMoles(g.bay)
	g.shore = newTownIndex()
	around := append(g.coast[:len(g.coast):len(g.coast)], g.coast[0])
	g.shore.add(0, around)
	g.shore.add(1, g.stream.points)
	g.seaward = newTownIndex()
	g.seaward.add(0, around)
	return g
}

// dry tells whether p is on land, at least margin from any water.
func (g *townGround) dry(p townVec, margin float64) bool {
	return g.island.holds(p) && !g.stream.holds(p) && g.shore.distance(p, margin) >= margin
}

// townJitter moves every point by up to d east or west and north or south.
func townJitter(points townLine, d float64, rng *rand.Rand) townLine {
	out := make(townLine, len(points))
	for i, p := range points {
		out[i] = p.plus(townVec{(2*rng.Float64() - 1) * d, (2*rng.Float64() - 1) * d})
	}
	return out
}

// townRugged gives a smooth coast its coves and points: noise of four lengths
// along it. The bay stays smooth: its shore is a quay.
func townRugged(ring townLine, rng *rand.Rand) townLine {
	rough := newTownNoise(rng)
	out := make(townLine, len(ring))
	for i, p := range ring {
		next := ring[(i+1)%len(ring)]
		push := 60*rough.at(p, 520) + 34*rough.at(p, 190) + 17*rough.at(p, 75) + 9*rough.at(p, 31)
		out[i] = p.plus(next.minus(p).unit().left().times(push * townWildness(p)))
	}
	return out
}

// townWildness is 0 in the harbour and grows to 1 outside its mouth.
func townWildness(p townVec) float64 {
	if math.Abs(p.X) > 900 || p.Y > 0 {
		return 1
	}
	return min(1, max(0, (-p.Y-1050)/400))
}

// townRiverbanks makes the river a ring that widens from a brook to 36 m.
func townRiverbanks(middle townLine) townLine {
	n := len(middle)
	left, right := make(townLine, n), make(townLine, n)
	for i, p := range middle {
		dir := middle[min(i+1, n-1)].minus(middle[max(i-1, 0)]).unit()
		half := 4 + 14*math.Sqrt(float64(i)/float64(n-1))
		left[i], right[i] = p.plus(dir.left().times(half)), p.minus(dir.left().times(half))
	}
	return append(left, right.reversed()...)
}

// townMoles are two breakwaters that shelter the bay and three piers in it.
func townMoles(bay townLine) []townLine {
	total := bay.length()
	arm := func(share, reach, bend float64, side float64) townLine {
		root, dir := bay.at(share * total)
		out := dir.left().times(side)
		tip := root.plus(out.times(reach))
		knee := root.plus(out.times(reach * 0.55)).plus(dir.times(bend))
		curve := townSpline(townLine{root.minus(out.times(12)), knee, tip.plus(dir.times(bend * 1.9))}, false, 15)
		return append(curve.beside(7), curve.beside(-7).reversed()...)
	}
	return []townLine{
		arm(0.17, 250, 55, -1), arm(0.83, 330, -40, -1),
		arm(0.335, 85, 0, -1), arm(0.655, 95, 0, -1), arm(0.70, 80, 0, -1),
	}
}
