package geofence

import (
	"fmt"
	"math"

	"github.com/paulmach/orb"
)

// place is a Place, prepared.
type place struct {
	shape shape // nil for a point
	spot  spot  // the point, or one of the premises' corners
}

func newPlace(p Place) (place, error) {
	if len(p.Polygons) == 0 {
		if !onGlobe(p.Point) {
			return place{}, fmt.Errorf("%w: %v is not on the globe", ErrCoordinates, p.Point)
		}
		return place{spot: newSpot(p.Point)}, nil
	}
	s, err := Fence{Polygons: p.Polygons}.shape()
	if err != nil {
		return place{}, err
	}
	return place{shape: s, spot: newSpot(p.Polygons[0][0][0])}, nil
}

// distance is how far s is from the place in metres, 0 on the premises.
func (p place) distance(s spot) float64 {
	if p.shape == nil {
		return haversine(p.spot, s)
	}
	return max(0, -p.shape.distance(s, math.Inf(1)))
}

// offset is where b lies as seen from a, in metres east and north, on the
// plane that touches the globe at a.
func offset(a, b spot) (east, north float64) {
	lon := b.lon - a.lon
	if lon > 180 || lon < -180 {
		lon = math.Remainder(lon, 360)
	}
	return lon * metersPerDegree * a.cos, (b.lat - a.lat) * metersPerDegree
}

// shifted is the point that lies so many metres east and north of a, near it.
func shifted(a spot, east, north float64) orb.Point {
	lon := a.lon
	if a.cos > 0 {
		lon += east / (metersPerDegree * a.cos)
	}
	if lon > 180 || lon < -180 {
		lon = math.Remainder(lon, 360)
	}
	return orb.Point{lon, max(-90, min(a.lat+north/metersPerDegree, 90))}
}
