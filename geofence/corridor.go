package geofence

import (
	"errors"
	"fmt"
	"math"

	"github.com/paulmach/orb"
)

// MaxCorridorMeters is how far a corridor may reach to either side of its
// line.
const MaxCorridorMeters = 100_000

// ErrCorridor: how far a corridor reaches is not a positive number of metres
// within the bound, or the fence has another shape too.
var ErrCorridor = errors.New("bad corridor")

// corridor is all that is near a line.
type corridor struct {
	path *path
	half float64 // metres to either side
}

func (f Fence) corridor() (corridor, error) {
	if err := f.checkCorridor(); err != nil {
		return corridor{}, err
	}
	p, err := newPath(f.Line)
	if err != nil {
		return corridor{}, fmt.Errorf("line: %w", err)
	}
	c := corridor{p, f.CorridorMeters}
	if b := c.bounds(); b.min[0] < -540 || b.max[0] > 540 {
		return corridor{}, fmt.Errorf("line: %w: it goes round the globe; cut it in two", ErrPole)
	}
	return c, nil
}

func (f Fence) checkCorridor() error {
	if len(f.Polygons) > 0 || f.RadiusMeters != 0 {
		return fmt.Errorf("%w: the fence has a line; leave the polygons and the radius out", ErrCorridor)
	}
	if !(f.CorridorMeters > 0 && f.CorridorMeters <= MaxCorridorMeters) {
		return fmt.Errorf("%w: %g must be greater than 0 and at most %d metres to either side", ErrCorridor, f.CorridorMeters, MaxCorridorMeters)
	}
	if len(f.Line) > MaxVertices {
		return fmt.Errorf("%w: %d positions, at most %d are allowed; simplify it", ErrTooLarge, len(f.Line), MaxVertices)
	}
	for i, p := range f.Line {
		if math.Abs(p[1]) == 90 {
			return fmt.Errorf("position %d: %w: %s is a pole; keep away from it", i+1, ErrPole, lonLat(p))
		}
	}
	return nil
}

func (c corridor) locate(s spot) location {
	switch d := c.beside(s); {
	case d < c.half:
		return inside
	case d == c.half:
		return boundary
	}
	return outside
}

func (c corridor) distance(s spot, within float64) float64 {
	const more = 1 // metres, so that what is farther than within is cut to it
	return max(-within, min(c.half-c.path.distance(s, c.half+within+more), within))
}

// beside is how far s is from the line, in metres.
func (c corridor) beside(s spot) float64 {
	_, d := c.path.nearest(s, 0, c.path.length())
	return d
}

// bounds hold what is near the vertices, and with them what is near the edges
// between: straight on the map, and the degrees that a distance spans change
// with the latitude less than in proportion to it.
func (c corridor) bounds() box {
	b := bounds(c.path.vertices)
	for _, v := range c.path.vertices {
		near := around(newSpot(v), c.half)
		b = b.extend(near.min).extend(near.max)
	}
	return b
}

func (c corridor) size() float64 { return c.half }

// isCorridor tells whether f is meant to be one.
func (f Fence) isCorridor() bool { return f.Line != nil || f.CorridorMeters != 0 }

// hashLine adds the line and how far the corridor reaches, if it is one.
func (f Fence) hashLine(add func(float64)) {
	if !f.isCorridor() {
		return
	}
	add(f.CorridorMeters)
	for _, p := range f.Line {
		add(p[0])
		add(p[1])
	}
}

func cloneLine(line orb.LineString) orb.LineString {
	if line == nil {
		return nil
	}
	return line.Clone()
}
