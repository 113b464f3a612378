package geofence

import (
	"math"

	"github.com/paulmach/orb"
)

// location is where a point lies in relation to an area.
type location uint8

const (
	outside location = iota
	boundary
	inside
)

// plane is what distances are measured on: from x,y, where one unit of each
// axis is scaleX and scaleY units of distance.
type plane struct {
	x, y           float64
	scaleX, scaleY float64
}

// locate tells exactly where x,y lies.
func (o *outline) locate(x, y float64) location {
	if len(o.spans) == 0 || !o.spans[0].box.contains(x, y) {
		return outside
	}
	if o.grid != nil {
		if winding, ok := o.grid.winding(o, x, y); ok {
			return located(winding)
		}
	}
	winding, touched := o.winding(x, y)
	if touched {
		return boundary
	}
	return located(winding)
}

// winding sums the edges that cross the ray from x,y to the right, upwards +1,
// downwards -1: inside, the sum is not zero. It tells whether x,y lies on the
// boundary.
func (o *outline) winding(x, y float64) (winding int, touched bool) {
	for i := 0; i < len(o.spans); {
		s := &o.spans[i]
		switch {
		case y < s.box.min[1] || y > s.box.max[1] || x > s.box.max[0]:
			i = int(s.next)
		case x < s.box.min[0] && s.joined:
			winding += o.net(s, y)
			i = int(s.next)
		case s.joined && s.strip.misses(x, y, &s.box):
			if s.strip.ahead(x, y, &s.box) {
				winding += o.net(s, y)
			}
			i = int(s.next)
		case s.leaf:
			sum, touched := o.crossings(s, x, y)
			if touched && !s.soft {
				return 0, true
			}
			winding += sum
			i++
		default:
			i++
		}
	}
	return winding, false
}

// measure is locate, and how far p is from the boundary if that is less than
// within, else within.
func (o *outline) measure(p plane, within float64) (location, float64) {
	if o.grid != nil {
		if at, meters, ok := o.grid.measure(o, p, within); ok {
			return at, meters
		}
	}
	if o.grid == nil || len(o.vertices) < gridMeasures {
		return o.measureTogether(p, within)
	}
	at := o.locate(p.x, p.y)
	if at == boundary {
		return boundary, 0
	}
	best := within * within
	for i := 0; i < len(o.spans); {
		s := &o.spans[i]
		if p.toBox(&s.box) >= best || s.strip.beyond(p, &s.box, best) {
			i = int(s.next)
			continue
		}
		if s.leaf && !s.soft {
			best = o.nearest(s, p, best)
		}
		i++
	}
	return at, math.Sqrt(best)
}

// measureTogether is measure by going through the tree once for both.
func (o *outline) measureTogether(p plane, within float64) (location, float64) {
	best, winding := within*within, 0
	for i := 0; i < len(o.spans); {
		s := &o.spans[i]
		switch {
		case p.toBox(&s.box) < best && !s.strip.beyond(p, &s.box, best):
			if s.leaf && !s.soft {
				best = o.nearest(s, p, best)
			}
		case p.y < s.box.min[1] || p.y > s.box.max[1] || p.x > s.box.max[0]:
			i = int(s.next)
			continue
		case !s.joined:
		case p.x < s.box.min[0]:
			winding += o.net(s, p.y)
			i = int(s.next)
			continue
		case s.strip.misses(p.x, p.y, &s.box):
			if s.strip.ahead(p.x, p.y, &s.box) {
				winding += o.net(s, p.y)
			}
			i = int(s.next)
			continue
		}
		if s.leaf {
			sum, touched := o.crossings(s, p.x, p.y)
			if touched && !s.soft {
				return boundary, 0
			}
			winding += sum
		}
		i++
	}
	return located(winding), math.Sqrt(best)
}

func located(winding int) location {
	if winding != 0 {
		return inside
	}
	return outside
}

// net is the sum of the crossings at height y of all edges of s.
func (o *outline) net(s *span, y float64) int {
	return crossing(o.vertices[s.first][1], o.vertices[s.last][1], y)
}

// crossings sums the edges of leaf s that cross the ray from x,y to the right,
// and tells whether x,y lies on one.
func (o *outline) crossings(s *span, x, y float64) (sum int, touched bool) {
	vertices := o.vertices[s.first : s.last+1]
	for i := range vertices[1:] {
		a, b := &vertices[i], &vertices[i+1]
		switch {
		case a[0] > x && b[0] > x:
			sum += crossing(a[1], b[1], y)
		case a[0] < x && b[0] < x, a[1] < y && b[1] < y, a[1] > y && b[1] > y:
		default:
			side := turn(*a, *b, orb.Point{x, y})
			if side == 0 {
				touched = true
			} else if side == crossing(a[1], b[1], y) {
				sum += side
			}
		}
	}
	return sum, touched
}

// crossing is +1 where a line from height a to height b passes the height y
// upwards, -1 downwards, else 0. Ends count as if y were a little higher, so
// that two edges that meet at y are not counted twice.
func crossing(a, b, y float64) int {
	switch {
	case a <= y && y < b:
		return 1
	case b <= y && y < a:
		return -1
	}
	return 0
}
