package main

import (
	"math"
	"math/rand/v2"
)

// townNoise is smooth randomness over the plane, from -1 to 1.
type townNoise struct{ values [32 * 32]float64 }

func newTownNoise(rng *rand.Rand) townNoise {
	var n townNoise
	for i := range n.values {
		n.values[i] = 2*rng.Float64() - 1
	}
	return n
}

// at mixes the values at the corners of the square of that size around p.
func (n *townNoise) at(p townVec, size float64) float64 {
	x, y := (p.X+townReach)/size, (p.Y+townReach)/size
	i, j := math.Floor(x), math.Floor(y)
	u, v := townEase(x-i), townEase(y-j)
	corner := func(di, dj int) float64 {
		return n.values[((int(j)+dj)&31)*32+(int(i)+di)&31]
	}
	low := corner(0, 0)*(1-u) + corner(1, 0)*u
	high := corner(0, 1)*(1-u) + corner(1, 1)*u
	return low*(1-v) + high*v
}

func townEase(t float64) float64 { return t * t * (3 - 2*t) }

// townField says in which direction streets run at each place: that of the
// nearest main roads and shores, or across it. It is a cross field: a direction
// stands for itself and its three quarter turns, so what is averaged is the
// unit vector at four times the angle (after Palacios and Zhang, Rotational
// Symmetry Field Design on Surfaces, 2007). Following such a field for streets
// is due to Chen and others, Interactive Procedural Street Modeling, 2008.
type townField struct {
	crosses []townVec // at the corners of squares of townFieldCell
	sway    townNoise
}

const (
	townFieldCell = 50.0
	townFieldSize = int(2*townReach/townFieldCell) + 1
)

func newTownField(g *townGround, mains []townRoad, rng *rand.Rand) *townField {
	f := &townField{crosses: make([]townVec, townFieldSize*townFieldSize), sway: newTownNoise(rng)}
	var guides []townGuide
	for _, m := range mains {
		guides = townGuides(guides, m.line, 1)
	}
	guides = townGuides(guides, g.river, 0.7)
	guides = townGuides(guides, g.bay, 0.7)
	for row := range townFieldSize {
		for col := range townFieldSize {
			p := townVec{float64(col)*townFieldCell - townReach, float64(row)*townFieldCell - townReach}
			if p.length() < 1850 {
				f.crosses[row*townFieldSize+col] = townCross(p, guides)
			}
		}
	}
	return f
}

// townGuide is a place where the direction is given.
type townGuide struct {
	at, cross townVec
	weight    float64
}

func townGuides(to []townGuide, line townLine, weight float64) []townGuide {
	line = line.every(50)
	for i := 1; i < len(line); i++ {
		dir := line[i].minus(line[i-1])
		to = append(to, townGuide{line[i-1].mix(line[i], 0.5), townHeading(4 * dir.angle()), weight})
	}
	return to
}

// townCross weighs guides by the inverse fourth power of their distance.
func townCross(p townVec, guides []townGuide) townVec {
	var sum townVec
	for _, g := range guides {
		d := p.minus(g.at)
		near := d.dot(d) + 45*45
		sum = sum.plus(g.cross.times(g.weight / (near * near)))
	}
	return sum.unit()
}

// along is the field's direction at p that is nearest to dir.
func (f *townField) along(p, dir townVec) townVec {
	x, y := (p.X+townReach)/townFieldCell, (p.Y+townReach)/townFieldCell
	i, j := min(townFieldSize-2, max(0, int(x))), min(townFieldSize-2, max(0, int(y)))
	u, v := x-float64(i), y-float64(j)
	k := j*townFieldSize + i
	low := f.crosses[k].mix(f.crosses[k+1], u)
	high := f.crosses[k+townFieldSize].mix(f.crosses[k+townFieldSize+1], u)
	base := low.mix(high, v).angle()/4 + 0.10*f.sway.at(p, 330)
	turns := math.Round((dir.angle() - base) / (math.Pi / 2))
	return townHeading(base + turns*math.Pi/2)
}
