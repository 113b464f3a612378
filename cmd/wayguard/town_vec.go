package main

import (
	"math"
	"slices"
)

// townVec is a place or a displacement in metres, east and north of the town's
// centre.
type townVec struct{ X, Y float64 }

func (a townVec) plus(b townVec) townVec           { return townVec{a.X + b.X, a.Y + b.Y} }
func (a townVec) minus(b townVec) townVec          { return townVec{a.X - b.X, a.Y - b.Y} }
func (a townVec) times(k float64) townVec          { return townVec{a.X * k, a.Y * k} }
func (a townVec) dot(b townVec) float64            { return a.X*b.X + a.Y*b.Y }
func (a townVec) cross(b townVec) float64          { return a.X*b.Y - a.Y*b.X }
func (a townVec) length() float64                  { return math.Sqrt(a.X*a.X + a.Y*a.Y) }
func (a townVec) to(b townVec) float64             { return b.minus(a).length() }
func (a townVec) mix(b townVec, k float64) townVec { return a.plus(b.minus(a).times(k)) }

// left is a turned a quarter counterclockwise.
func (a townVec) left() townVec { return townVec{-a.Y, a.X} }

// angle is the direction in radians, counterclockwise from east.
func (a townVec) angle() float64 { return math.Atan2(a.Y, a.X) }

// unit has length 1, or 0 where a has none.
func (a townVec) unit() townVec {
	if n := a.length(); n > 0 {
		return a.times(1 / n)
	}
	return townVec{}
}

func townHeading(radians float64) townVec {
	sin, cos := math.Sincos(radians)
	return townVec{cos, sin}
}

// townLine is a line through at least two points; as a ring it closes from the
// last to the first.
type townLine []townVec

func (l townLine) length() float64 {
	sum := 0.0
	for i := 1; i < len(l); i++ {
		sum += l[i-1].to(l[i])
	}
	return sum
}

// at is the point s metres along l and the direction there; s beyond an end is
// that end.
func (l townLine) at(s float64) (p, dir townVec) {
	for i := 1; i < len(l); i++ {
		d := l[i-1].to(l[i])
		if s <= d || i == len(l)-1 {
			return l[i-1].mix(l[i], min(1, max(0, s/max(d, 1e-9)))), l[i].minus(l[i-1]).unit()
		}
		s -= d
	}
	return l[0], townVec{}
}

// every returns points of l about step apart, both ends among them.
func (l townLine) every(step float64) townLine {
	n := max(1, int(math.Round(l.length()/step)))
	out := make(townLine, 0, n+1)
	gap, seen := l.length()/float64(n), 0.0
	for i := 1; i < len(l); i++ {
		d := l[i-1].to(l[i])
		for len(out) < n && float64(len(out))*gap <= seen+d {
			out = append(out, l[i-1].mix(l[i], (float64(len(out))*gap-seen)/max(d, 1e-9)))
		}
		seen += d
	}
	return append(out, l[len(l)-1])
}

// between is the part of l from a to b metres along it, a < b.
func (l townLine) between(a, b float64) townLine {
	first, _ := l.at(a)
	last, _ := l.at(b)
	out, s := townLine{first}, 0.0
	for i := 1; i < len(l); i++ {
		s += l[i-1].to(l[i])
		if s > a && s < b {
			out = append(out, l[i])
		}
	}
	return append(out, last)
}

func (l townLine) reversed() townLine {
	out := make(townLine, len(l))
	for i, p := range l {
		out[len(l)-1-i] = p
	}
	return out
}

// beside is l moved d metres to its left.
func (l townLine) beside(d float64) townLine {
	out := make(townLine, len(l))
	for i, p := range l {
		ahead := l[min(i+1, len(l)-1)].minus(l[max(i-1, 0)])
		out[i] = p.plus(ahead.unit().left().times(d))
	}
	return out
}

// simplified leaves out points that are within tolerance of the line through
// the others (Douglas and Peucker, 1973).
func (l townLine) simplified(tolerance float64) townLine {
	if len(l) < 3 {
		return l
	}
	worst, at := 0.0, 0
	for i := 1; i < len(l)-1; i++ {
		if d := townToSegment(l[i], l[0], l[len(l)-1]); d > worst {
			worst, at = d, i
		}
	}
	if worst <= tolerance {
		return townLine{l[0], l[len(l)-1]}
	}
	head, tail := l[:at+1].simplified(tolerance), l[at:].simplified(tolerance)
	return append(slices.Clip(head[:len(head)-1]), tail...)
}

// area of the ring l, positive where it runs counterclockwise.
func (l townLine) area() float64 {
	sum := 0.0
	for i, p := range l {
		sum += p.cross(l[(i+1)%len(l)])
	}
	return sum / 2
}

// middle is the ring's centroid.
func (l townLine) middle() townVec {
	var c townVec
	sum := 0.0
	for i, p := range l {
		q := l[(i+1)%len(l)]
		w := p.minus(l[0]).cross(q.minus(l[0]))
		c = c.plus(p.plus(q).plus(l[0]).times(w / 3))
		sum += w
	}
	return c.times(1 / sum)
}

// townNearest is how far along the segment from a to b, 0 to 1, the point
// nearest to p lies.
func townNearest(p, a, b townVec) float64 {
	ab := b.minus(a)
	n := ab.dot(ab)
	if n == 0 {
		return 0
	}
	return min(1, max(0, p.minus(a).dot(ab)/n))
}

func townToSegment(p, a, b townVec) float64 { return p.to(a.mix(b, townNearest(p, a, b))) }

// townCrossing is where on the segments ab and cd, 0 to 1 each, they cross.
func townCrossing(a, b, c, d townVec) (onAB, onCD float64, ok bool) {
	ab, cd := b.minus(a), d.minus(c)
	n := ab.cross(cd)
	if n == 0 {
		return 0, 0, false
	}
	onAB, onCD = c.minus(a).cross(cd)/n, c.minus(a).cross(ab)/n
	return onAB, onCD, onAB >= 0 && onAB <= 1 && onCD >= 0 && onCD <= 1
}

// townSpline draws a smooth curve through points, a vertex about every step
// metres: the cubic of Catmull and Rom (1974), uniform.
func townSpline(points townLine, closed bool, step float64) townLine {
	n := len(points)
	pick := func(i int) townVec {
		if closed {
			return points[(i+n)%n]
		}
		return points[min(max(i, 0), n-1)]
	}
	spans := n - 1
	if closed {
		spans = n
	}
	var out townLine
	for i := range spans {
		a, b, c, d := pick(i-1), pick(i), pick(i+1), pick(i+2)
		pieces := max(1, int(b.to(c)/step))
		for k := range pieces {
			out = append(out, townCatmullRom(a, b, c, d, float64(k)/float64(pieces)))
		}
	}
	if !closed {
		out = append(out, points[n-1])
	}
	return out
}

func townCatmullRom(a, b, c, d townVec, t float64) townVec {
	cubic := b.times(3).minus(a).minus(c.times(3)).plus(d)
	square := a.times(2).minus(b.times(5)).plus(c.times(4)).minus(d)
	return cubic.times(t).plus(square).times(t).plus(c.minus(a)).times(t).times(0.5).plus(b)
}
