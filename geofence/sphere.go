package geofence

import (
	"math"

	"github.com/paulmach/orb"
)

// EarthRadiusMeters is the radius of the sphere that distances are measured
// on: the mean radius (2a+b)/3 of WGS 84 by H. Moritz, "Geodetic Reference
// System 1980", Journal of Geodesy 74, 2000.
const EarthRadiusMeters = 6_371_008.8

const (
	radians         = math.Pi / 180
	metersPerDegree = EarthRadiusMeters * radians
)

// spot is a point of longitude and latitude in degrees with what every
// distance from it needs.
type spot struct {
	lon, lat float64
	cos      float64 // of the latitude, never negative
}

func newSpot(p orb.Point) spot {
	return spot{p[0], p[1], max(math.Cos(p[1]*radians), 0)}
}

func (s spot) point() orb.Point { return orb.Point{s.lon, s.lat} }

// plane is what distances near s are measured on, in metres, with s moved east
// by whole turns: the equirectangular projection at the latitude of s. Over a
// distance d it is off by about tan(latitude)*d/R/2, at 60 degrees 0.014 % of
// 1 km.
func (s spot) plane(turns float64) plane {
	return plane{east(s.lon, turns), s.lat, metersPerDegree * s.cos, metersPerDegree}
}

// east is a longitude moved by whole turns of 360 degrees. All longitudes that
// leave [-180, 180] are made here, so that equal ones stay equal.
func east(lon, turns float64) float64 { return lon + 360*turns }

// haversine is the distance from a to b on the sphere in metres, by
// R. W. Sinnott, "Virtues of the Haversine", Sky and Telescope 68, 1984.
func haversine(a, b spot) float64 {
	sinLat := math.Sin((b.lat - a.lat) * radians / 2)
	sinLon := math.Sin((b.lon - a.lon) * radians / 2)
	h := sinLat*sinLat + a.cos*b.cos*sinLon*sinLon
	return 2 * EarthRadiusMeters * math.Asin(min(1, math.Sqrt(h)))
}

// around is a box of longitude and latitude that holds everything within
// meters of s, in haversine's measure and in that of scale. It may reach
// beyond 180 degrees, and is 720 degrees wide where it holds a pole.
func around(s spot, meters float64) box {
	const slack = 1e-9 // degrees: more than rounding, less than a millimetre
	angle := meters / EarthRadiusMeters
	height, width := angle/radians+slack, 360.0
	// The cap's half width is asin(sin(angle)/cos), which is not more than
	// angle/(cos-angle).
	if s.cos > angle {
		width = min(width, angle/(s.cos-angle)/radians+slack)
	}
	return box{
		min: orb.Point{s.lon - width, s.lat - height},
		max: orb.Point{s.lon + width, s.lat + height},
	}
}
