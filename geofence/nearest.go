package geofence

import (
	"math"

	"github.com/paulmach/orb"
)

// nearest is the distance from p to the boundary, or within where the boundary
// is not nearer than that. scale is what one unit of each axis measures in the
// unit of the answer.
func (o *outline) nearest(p, scale orb.Point, within float64) float64 {
	best := within * within
	for i := 0; i < len(o.spans); {
		s := &o.spans[i]
		switch {
		case s.soft || s.distance(p, scale) >= best || s.strip.beyond(p, scale, best):
			i = int(s.next)
			continue
		case s.leaf:
			best = o.nearestOf(s, p, scale, best)
		}
		i++
	}
	return math.Sqrt(best)
}

// distance is the square of the distance from p to the bounds of s.
func (s *span) distance(p, scale orb.Point) float64 {
	dx := max(s.min[0]-p[0], p[0]-s.max[0], 0) * scale[0]
	dy := max(s.min[1]-p[1], p[1]-s.max[1], 0) * scale[1]
	return dx*dx + dy*dy
}

// nearestOf is the smaller of best and the square of the distance from p to
// the edges of leaf s.
func (o *outline) nearestOf(s *span, p, scale orb.Point, best float64) float64 {
	a := offset(o.vertices[s.first], p, scale)
	for _, v := range o.vertices[s.first+1 : s.last+1] {
		b := offset(v, p, scale)
		best = min(best, fromOrigin(a, b))
		a = b
	}
	return best
}

func offset(v, p, scale orb.Point) orb.Point {
	return orb.Point{(v[0] - p[0]) * scale[0], (v[1] - p[1]) * scale[1]}
}

// fromOrigin is the square of the distance from the origin to the line from a
// to b.
func fromOrigin(a, b orb.Point) float64 {
	dx, dy := b[0]-a[0], b[1]-a[1]
	along := -(a[0]*dx + a[1]*dy)
	length := dx*dx + dy*dy
	switch {
	case along <= 0 || length == 0:
		return a[0]*a[0] + a[1]*a[1]
	case along >= length:
		return b[0]*b[0] + b[1]*b[1]
	}
	t := along / length
	x, y := a[0]+t*dx, a[1]+t*dy
	return x*x + y*y
}
