package geofence

import (
	"math"

	"github.com/paulmach/orb"
)

// polygons is the union of polygons on the plane of longitude and latitude,
// which repeats itself every 360 degrees: longitudes run on beyond 180 where
// the area crosses the antimeridian.
type polygons struct {
	outline *outline
	box     box
	meters  float64
}

// newPolygons lays sheets out on one plane. Errors: ErrTooLarge.
func newPolygons(sheets []sheet) (*polygons, error) {
	shifts := joinFrames(sheets)
	var rings []ring
	p := &polygons{}
	for i, s := range sheets {
		flat := s.rings(shifts[i])
		p.meters = math.Max(p.meters, width(flat))
		rings = append(rings, flat...)
	}
	if len(sheets) > 1 {
		softenShared(rings)
	}
	rings, err := softenSeam(rings)
	if err != nil {
		return nil, err
	}
	p.outline = newOutline(rings)
	p.box = box{p.outline.spans[0].min, p.outline.spans[0].max}
	return p, nil
}

func (p *polygons) locate(s spot) location {
	at := outside
	for turns := -1.0; turns <= 1; turns++ {
		switch p.outline.locate(east(s.point, turns)) {
		case boundary:
			return boundary
		case inside:
			at = inside
		}
	}
	return at
}

func (p *polygons) distance(s spot, within float64) float64 {
	d := within
	for turns := -1.0; turns <= 1; turns++ {
		d = p.outline.nearest(east(s.point, turns), s.scale(), d)
	}
	switch p.locate(s) {
	case inside:
		return d
	case outside:
		return -d
	}
	return 0
}

func (p *polygons) bounds() box { return p.box }

func (p *polygons) size() float64 { return p.meters }

// east is p moved by whole turns of 360 degrees. All longitudes that leave
// [-180, 180] are made here, so that equal ones stay equal.
func east(p orb.Point, turns float64) orb.Point {
	return orb.Point{p[0] + 360*turns, p[1]}
}

// width is twice the area of a polygon by its perimeter, in metres: the radius
// of a circle, half the side of a square, the width of a long strip.
func width(rings []ring) float64 {
	lo, hi := bounds(rings[0].vertices)
	scale := newSpot(orb.Point{0, (lo[1] + hi[1]) / 2}).scale()
	var area, perimeter float64
	for _, r := range rings {
		area += signedArea(r.vertices) * scale[0] * scale[1]
		for i, v := range r.vertices[1:] {
			step := offset(v, r.vertices[i], scale)
			perimeter += math.Hypot(step[0], step[1])
		}
	}
	return 2 * area / perimeter
}

// signedArea is the area of a closed ring, negative where it runs clockwise,
// by the shoelace formula.
func signedArea(vertices []orb.Point) float64 {
	var sum float64
	origin := vertices[0]
	for i, b := range vertices[1:] {
		a := vertices[i]
		sum += (a[0]-origin[0])*(b[1]-origin[1]) - (a[1]-origin[1])*(b[0]-origin[0])
	}
	return sum / 2
}
