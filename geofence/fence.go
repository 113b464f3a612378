package geofence

import (
	"encoding/binary"
	"hash/fnv"
	"math"
	"time"

	"github.com/paulmach/orb"
)

// FenceID names a fence: 1 to MaxIDBytes bytes.
type FenceID string

// Fence is an area: polygons, a circle where RadiusMeters is positive, or what
// is near a line.
type Fence struct {
	ID FenceID
	// Polygons are rings of longitude and latitude in degrees by the rules of
	// GeoJSON (RFC 7946); empty for a circle. The area is the union of the
	// polygons. Their edges are straight lines on a map of longitude and
	// latitude. An edge that spans more than 180 degrees of longitude goes the
	// other way round, across the antimeridian; polygons cut at the
	// antimeridian are put together again.
	Polygons orb.MultiPolygon
	// Center and RadiusMeters are the circle: all within RadiusMeters on the
	// sphere of EarthRadiusMeters, the boundary included.
	Center       orb.Point
	RadiusMeters float64
	// Line is what a corridor follows, straight on a map of longitude and
	// latitude and across the antimeridian as the edges of Polygons are;
	// CorridorMeters is how far the corridor reaches to either side of it and
	// around its ends, half its width.
	Line           orb.LineString
	CorridorMeters float64
	// Band is the range of altitudes the fence is at; zero for all.
	Band Band
	// Dwell is how long a visit must last for a Dwell event, MinDwell to
	// MaxDwell; 0 for none. Changing it does not end a visit.
	Dwell time.Duration
	// Thresholds are the fence's own, in place of the settings. Changing them
	// does not end a visit.
	Thresholds Thresholds
	// Hazard: it is a place to be warned of. Entering or crossing it makes a
	// HazardEnter, and nothing else is told of it.
	Hazard bool
	// Peril is what more is known of a hazard.
	Peril Peril
}

// clone is f with its own copy of the coordinates.
func (f Fence) clone() Fence {
	if f.Polygons != nil {
		f.Polygons = f.Polygons.Clone()
	}
	f.Line = cloneLine(f.Line)
	return f
}

// shapeKey tells fences of different shape apart: a 64-bit FNV-1a hash of the
// coordinates and, where there is one, the band. It stands in State.
func (f Fence) shapeKey() uint64 {
	h := fnv.New64a()
	var word [8]byte
	add := func(x uint64) {
		binary.LittleEndian.PutUint64(word[:], x)
		h.Write(word[:])
	}
	number := func(x float64) { add(math.Float64bits(x)) }
	number(f.RadiusMeters)
	number(f.Center[0])
	number(f.Center[1])
	for _, polygon := range f.Polygons {
		add(uint64(len(polygon)))
		for _, r := range polygon {
			add(uint64(len(r)))
			for _, p := range r {
				number(p[0])
				number(p[1])
			}
		}
	}
	f.hashLine(number)
	if f.Band != (Band{}) {
		number(f.Band.FloorMeters)
		number(f.Band.CeilingMeters)
	}
	return h.Sum64()
}
