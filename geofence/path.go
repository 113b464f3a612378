package geofence

import (
	"fmt"
	"math"

	"github.com/paulmach/orb"
)

// path is a line on the globe, prepared for queries.
type path struct {
	vertices []orb.Point // longitudes run on, so that no edge spans more than 180 degrees
	along    []float64   // metres from the beginning to each vertex
}

// newPath prepares a line. Errors: ErrTooFew, ErrCoordinates.
func newPath(line orb.LineString) (*path, error) {
	p := &path{}
	turn, length := 0.0, 0.0
	for i, v := range line {
		if !onGlobe(v) {
			return nil, fmt.Errorf("%w: position %d, %v, is not on the globe", ErrCoordinates, i+1, v)
		}
		if i > 0 {
			turn -= math.Round((v[0] - line[i-1][0]) / 360)
			length += haversine(newSpot(line[i-1]), newSpot(v))
			if v == line[i-1] {
				continue
			}
		}
		p.vertices = append(p.vertices, orb.Point{east(v[0], turn), v[1]})
		p.along = append(p.along, length)
	}
	if len(p.vertices) < 2 {
		return nil, fmt.Errorf("%w: a line needs two different positions or more", ErrTooFew)
	}
	return p, nil
}

// length is how long the path is, in metres.
func (p *path) length() float64 { return p.along[len(p.along)-1] }

// nearest is the distance in metres from s to the part of the path between
// from and to metres along it, and where along the path that is.
func (p *path) nearest(s spot, from, to float64) (along, distance float64) {
	best, along := math.Inf(1), from
	for i, b := range p.vertices[1:] {
		a, start, end := p.vertices[i], p.along[i], p.along[i+1]
		if end < from || start > to {
			continue
		}
		m := s.plane(math.Round((a[0] - s.lon) / 360))
		ax, ay := (a[0]-m.x)*m.scaleX, (a[1]-m.y)*m.scaleY
		dx, dy := (b[0]-a[0])*m.scaleX, (b[1]-a[1])*m.scaleY
		t := -(ax*dx + ay*dy) / (dx*dx + dy*dy)
		t = max(0, (from-start)/(end-start), min(t, (to-start)/(end-start), 1))
		if d := math.Hypot(ax+t*dx, ay+t*dy); d < best {
			best, along = d, start+t*(end-start)
		}
	}
	return along, best
}
