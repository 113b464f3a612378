package geofence

import (
	"math"

	"github.com/paulmach/orb"
)

// polygons is the union of polygons on the plane of longitude and latitude,
// which repeats itself every 360 degrees: longitudes run on beyond 180 where
// the area crosses the antimeridian.
type polygons struct {
	box     box
	outline outline
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
	p.box = p.outline.spans[0].box
	return p, nil
}

func (p *polygons) locate(s spot) location {
	at := outside
	for turns := -1.0; turns <= 1; turns++ {
		lon := east(s.lon, turns)
		if !p.box.contains(lon, s.lat) {
			continue
		}
		switch p.outline.locate(lon, s.lat) {
		case boundary:
			return boundary
		case inside:
			at = inside
		}
	}
	return at
}

func (p *polygons) distance(s spot, within float64) float64 {
	d, in := within, false
	for _, turns := range [...]float64{0, -1, 1} {
		m := s.plane(turns)
		if m.toBox(&p.box) >= d*d {
			continue
		}
		var at location
		if at, d = p.outline.measure(m, d); at == boundary {
			return 0
		}
		in = in || at == inside
	}
	if in {
		return d
	}
	return -d
}

func (p *polygons) bounds() box { return p.box }

func (p *polygons) size() float64 { return p.meters }

// width is twice the area of a polygon by its perimeter, in metres: the radius
// of a circle, half the side of a square, the width of a long strip.
func width(rings []ring) float64 {
	b := bounds(rings[0].vertices)
	m := newSpot(orb.Point{0, (b.min[1] + b.max[1]) / 2}).plane(0)
	var area, perimeter float64
	for _, r := range rings {
		area += signedArea(r.vertices) * m.scaleX * m.scaleY
		for i, b := range r.vertices[1:] {
			a := r.vertices[i]
			perimeter += math.Hypot((b[0]-a[0])*m.scaleX, (b[1]-a[1])*m.scaleY)
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
