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
	point orb.Point
	cos   float64 // of the latitude, never negative
}

func newSpot(p orb.Point) spot {
	return spot{point: p, cos: math.Max(math.Cos(p[1]*radians), 0)}
}

// scale is what one degree of longitude and of latitude measures near s, in
// metres: the equirectangular projection at the latitude of s. Over a distance
// d it is off by about tan(latitude)*d/R/2, at 60 degrees 0.014 % of 1 km.
func (s spot) scale() orb.Point {
	return orb.Point{metersPerDegree * s.cos, metersPerDegree}
}

// haversine is the distance from a to b on the sphere in metres, by
// R. W. Sinnott, "Virtues of the Haversine", Sky and Telescope 68, 1984.
func haversine(a, b spot) float64 {
	sinLat := math.Sin((b.point[1] - a.point[1]) * radians / 2)
	sinLon := math.Sin((b.point[0] - a.point[0]) * radians / 2)
	h := sinLat*sinLat + a.cos*b.cos*sinLon*sinLon
	return 2 * EarthRadiusMeters * math.Asin(math.Min(1, math.Sqrt(h)))
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
		width = math.Min(width, angle/(s.cos-angle)/radians+slack)
	}
	return box{
		min: orb.Point{s.point[0] - width, s.point[1] - height},
		max: orb.Point{s.point[0] + width, s.point[1] + height},
	}
}

// box is a rectangle of longitude and latitude in degrees, its edges included.
type box struct{ min, max orb.Point }

func (b *box) intersects(c *box) bool {
	return b.min[0] <= c.max[0] && b.max[0] >= c.min[0] && b.min[1] <= c.max[1] && b.max[1] >= c.min[1]
}

// east is b moved by whole turns of 360 degrees.
func (b box) east(turns float64) box {
	b.min[0] += 360 * turns
	b.max[0] += 360 * turns
	return b
}
