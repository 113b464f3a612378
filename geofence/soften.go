package geofence

import (
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// softenShared marks edges that two polygons share, the area on both sides:
// their union has no boundary there.
func softenShared(rings []ring) {
	type edge [4]float64
	net, seen := map[edge]int{}, map[edge]int{}
	key := func(a, b orb.Point) (edge, int) {
		if before(b, a) {
			return edge{b[0], b[1], a[0], a[1]}, -1
		}
		return edge{a[0], a[1], b[0], b[1]}, 1
	}
	for _, r := range rings {
		for i, b := range r.vertices[1:] {
			k, way := key(r.vertices[i], b)
			net[k] += way
			seen[k]++
		}
	}
	for i := range rings {
		r := &rings[i]
		r.soft = make([]bool, len(r.vertices)-1)
		for j, b := range r.vertices[1:] {
			k, _ := key(r.vertices[j], b)
			r.soft[j] = seen[k] > 1 && net[k] == 0
		}
	}
}

// before orders points by x, then y.
func before(a, b orb.Point) bool {
	return a[0] < b[0] || a[0] == b[0] && a[1] < b[1]
}

// seam is the antimeridian as far as edges lie on it: where, and which way.
type seam struct {
	cuts []float64 // latitudes, ascending
	net  []int     // edges northwards less edges southwards, from each cut on
}

// onSeam tells whether the edge from a to b lies on the antimeridian.
func onSeam(a, b orb.Point) bool {
	return a[0] == b[0] && math.Abs(math.Remainder(a[0], 360)) == 180
}

// newSeam collects the edges on the antimeridian.
func newSeam(rings []ring) seam {
	change := map[float64]int{}
	for _, r := range rings {
		for i, b := range r.vertices[1:] {
			if a := r.vertices[i]; onSeam(a, b) {
				way := 1
				if a[1] > b[1] {
					way = -1
				}
				change[min(a[1], b[1])] += way
				change[max(a[1], b[1])] -= way
			}
		}
	}
	var s seam
	for lat := range change {
		s.cuts = append(s.cuts, lat)
	}
	slices.Sort(s.cuts)
	sum := 0
	for _, lat := range s.cuts {
		sum += change[lat]
		s.net = append(s.net, sum)
	}
	return s
}

// softenSeam marks the edges along which an area was cut at the antimeridian:
// where as many run northwards as southwards, the area lies on both sides or
// on neither. The rings are returned with more vertices where an edge is
// boundary only in part. Errors: ErrTooLarge.
func softenSeam(rings []ring) ([]ring, error) {
	s := newSeam(rings)
	if len(s.cuts) == 0 {
		return rings, nil
	}
	count := 0
	for i, r := range rings {
		rings[i] = s.soften(r)
		count += len(rings[i].vertices)
		if count > 2*MaxVertices {
			return nil, fmt.Errorf("%w: polygons overlap too often along longitude 180; merge them", ErrTooLarge)
		}
	}
	return rings, nil
}

func (s seam) soften(r ring) ring {
	out := ring{vertices: r.vertices[:1:1]}
	for i, b := range r.vertices[1:] {
		a := r.vertices[i]
		if !onSeam(a, b) {
			out.add(b, r.isSoft(i))
			continue
		}
		s.split(&out, a, b)
	}
	return out
}

// add appends an edge to v.
func (r *ring) add(v orb.Point, soft bool) {
	r.vertices = append(r.vertices, v)
	r.soft = append(r.soft, soft)
}

// split appends the edge from a to b, in parts where only some of it is soft.
func (s seam) split(out *ring, a, b orb.Point) {
	from, _ := slices.BinarySearch(s.cuts, min(a[1], b[1]))
	to, _ := slices.BinarySearch(s.cuts, max(a[1], b[1]))
	for n := range to - from {
		part, end := from+n, from+n+1
		if a[1] > b[1] {
			part, end = to-1-n, to-1-n
		}
		soft, last := s.net[part] == 0, len(out.soft)-1
		if n > 0 && out.soft[last] == soft {
			out.vertices[last+1][1] = s.cuts[end]
			continue
		}
		out.add(orb.Point{a[0], s.cuts[end]}, soft)
	}
}
