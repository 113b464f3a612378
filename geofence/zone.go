package geofence

import (
	"fmt"

	"github.com/paulmach/orb"
)

// shape is an area of the globe, prepared for queries.
type shape interface {
	// locate tells exactly where s lies.
	locate(s spot) location
	// distance is the distance in metres from s to the boundary, positive
	// inside, cut to at most within either way.
	distance(s spot, within float64) float64
	bounds() box
	// size is how wide the area is, in metres: a fix of less accuracy cannot
	// tell that a device is in it. The radius of a circle.
	size() float64
}

// zone is a fence, prepared. It never changes, and Worlds share it.
type zone struct {
	shape  shape
	box    box
	size   float64
	limit  float64 // the largest margin that fixes are usually held against
	easy   float64 // how far from the boundary to measure in any case, in metres
	key    uint64  // tells shapes apart
	banded bool
	hazard bool // as fence says
	fence  Fence

	band       Band       // where banded
	thresholds Thresholds // none zero in a World
}

// newZone validates f and prepares a copy.
func newZone(f Fence) (*zone, error) {
	if n := len(f.ID); n == 0 || n > MaxIDBytes {
		return nil, fmt.Errorf("fence %.40q: %w: it has %d bytes, give 1 to %d", f.ID, ErrID, n, MaxIDBytes)
	}
	if err := f.checkRest(); err != nil {
		return nil, fmt.Errorf("fence %q: %w", f.ID, err)
	}
	s, err := f.shape()
	if err != nil {
		return nil, fmt.Errorf("fence %q: %w", f.ID, err)
	}
	return &zone{
		fence: f.clone(), shape: s, key: f.shapeKey(), box: s.bounds(), size: s.size(),
		banded: f.Band != Band{}, band: f.Band, hazard: f.Hazard, easy: easily(s),
	}, nil
}

const (
	// easyLeast is how far from a boundary to measure at least: then the next
	// fixes may need no measuring. Farther is dearer in a tree, but not in a grid
	// of large cells.
	easyLeast, easyMost = 40.0, 256.0
	easyShare           = 0.5 // of a cell
)

// easily is how far from the boundary of s it costs little to measure.
func easily(s shape) float64 {
	switch s := s.(type) {
	case circle:
		return easyMost
	case *polygons:
		if g := s.outline.grid; g != nil {
			m := newSpot(orb.Point{0, (s.box.min[1] + s.box.max[1]) / 2}).plane(0)
			return max(easyLeast, min(easyShare*min(m.scaleX/g.perX, m.scaleY/g.perY), easyMost))
		}
	}
	return easyLeast
}

// under is z, which is not in use yet, under the settings of a World.
func (z *zone) under(s *Settings) *zone {
	z.thresholds = z.fence.Thresholds.over(s.Thresholds)
	z.limit = max(farOutside, z.thresholds.EnterMargin, z.thresholds.ExitMargin)
	return z
}

// shape validates f and prepares it.
func (f Fence) shape() (shape, error) {
	if f.isCorridor() {
		c, err := f.corridor()
		if err != nil {
			return nil, err
		}
		return c, nil
	}
	if len(f.Polygons) == 0 {
		if err := f.checkCircle(); err != nil {
			return nil, err
		}
		return circle{newSpot(f.Center), f.RadiusMeters}, nil
	}
	sheets, err := f.checkPolygons()
	if err != nil {
		return nil, err
	}
	return newPolygons(sheets)
}
