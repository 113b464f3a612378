package geofence

import (
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// WithAddresses is the World after some known addresses are put, in place of
// those with the same id if there are any, and some removed. The cost is as of
// With. An error names the address; it wraps ErrID, ErrDuplicate or what a
// fence's does.
func (w *World) WithAddresses(version uint64, put []Address, remove []string) (*World, error) {
	var added []*zone
	for _, a := range put {
		z, err := newAddress(a)
		if err != nil {
			return nil, fmt.Errorf("address %.40q: %w", a.ID, err)
		}
		added = append(added, z)
	}
	slices.SortFunc(added, byID)
	for i := range added[min(1, len(added)):] {
		if added[i].fence.ID == added[i+1].fence.ID {
			return nil, fmt.Errorf("address %q: %w", added[i].fence.ID, ErrDuplicate)
		}
	}
	gone := make([]FenceID, len(remove))
	for i, id := range remove {
		gone[i] = FenceID(id)
	}
	old := w.addresses
	if old == nil {
		old = &World{}
	}
	zones, removed := old.zones.edit(added, gone)
	made := *w
	made.version = version
	made.addresses = &World{zones: zones, index: old.index.edit(removed, added)}
	return &made, nil
}

// newAddress prepares an address as a fence is: the premises, or a circle of
// no width around the point.
func newAddress(a Address) (*zone, error) {
	if n := len(a.ID); n == 0 || n > MaxIDBytes {
		return nil, fmt.Errorf("%w: it has %d bytes, give 1 to %d", ErrID, n, MaxIDBytes)
	}
	p, err := newPlace(a.Place)
	if err != nil {
		return nil, err
	}
	if p.shape == nil {
		p.shape = circle{center: p.spot}
	}
	f := Fence{ID: FenceID(a.ID), Center: a.Point, Polygons: a.Polygons}.clone()
	return &zone{fence: f, shape: p.shape, size: p.shape.size(), box: p.shape.bounds()}, nil
}

// addressesNear appends to buffer the known addresses that may lie within reach
// metres of s, in order of id.
func (w *World) addressesNear(s spot, reach float64, buffer []*zone) []*zone {
	if w.addresses == nil {
		return buffer
	}
	zones, _ := w.addresses.near(s, reach, 0, buffer)
	return zones
}

// extent is the area of premises, in square metres, and the length of their
// outer boundary. Both are 0 of a point.
func extent(premises orb.MultiPolygon) (area, outline float64) {
	for _, polygon := range premises {
		for i, ring := range polygon {
			inner, around := measure(ring)
			if i > 0 {
				area -= inner
				continue
			}
			area, outline = area+inner, outline+around
		}
	}
	return max(0, area), outline
}

// measure is a ring's area and length.
func measure(ring orb.Ring) (area, length float64) {
	if len(ring) == 0 {
		return 0, 0
	}
	first := newSpot(ring[0])
	lastX, lastY := 0.0, 0.0
	for _, p := range ring[1:] {
		x, y := offset(first, newSpot(p))
		area += (lastX*y - x*lastY) / 2
		length += math.Hypot(x-lastX, y-lastY)
		lastX, lastY = x, y
	}
	return math.Abs(area), length
}
