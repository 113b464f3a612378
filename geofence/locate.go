package geofence

import "github.com/paulmach/orb"

// location is where a point lies in relation to an area.
type location uint8

const (
	outside location = iota
	boundary
	inside
)

// locate tells exactly where p lies: it sums the edges that cross the ray from
// p to the right, upwards +1, downwards -1. Inside, the sum is not zero.
func (o *outline) locate(p orb.Point) location {
	winding := 0
	for i := 0; i < len(o.spans); {
		s := &o.spans[i]
		switch {
		case p[1] < s.min[1] || p[1] > s.max[1] || p[0] > s.max[0]:
			i = int(s.next)
		case p[0] < s.min[0] && s.joined:
			winding += crossing(o.vertices[s.first][1], o.vertices[s.last][1], p[1])
			i = int(s.next)
		case s.joined && s.strip.misses(p):
			if s.strip.ahead(p) {
				winding += crossing(o.vertices[s.first][1], o.vertices[s.last][1], p[1])
			}
			i = int(s.next)
		case s.leaf:
			sum, touched := o.crossings(s, p)
			if touched && !s.soft {
				return boundary
			}
			winding += sum
			i++
		default:
			i++
		}
	}
	if winding != 0 {
		return inside
	}
	return outside
}

// crossings sums the edges of leaf s that cross the ray from p to the right,
// and tells whether p lies on one.
func (o *outline) crossings(s *span, p orb.Point) (sum int, touched bool) {
	a := o.vertices[s.first]
	for _, b := range o.vertices[s.first+1 : s.last+1] {
		step := crossing(a[1], b[1], p[1])
		switch {
		case a[0] > p[0] && b[0] > p[0]:
			sum += step
		case a[0] < p[0] && b[0] < p[0], a[1] < p[1] && b[1] < p[1], a[1] > p[1] && b[1] > p[1]:
		default:
			side := turn(a, b, p)
			if side == 0 {
				touched = true
			} else if side == step {
				sum += step
			}
		}
		a = b
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
