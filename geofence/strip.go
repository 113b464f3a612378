package geofence

import (
	"math"

	"github.com/paulmach/orb"
)

// strip is what lies between two parallel lines along a run of vertices: all
// p with lo <= normal*(p-corner) <= hi, where corner is the lower left one of
// the run's box. It has half the digits of a coordinate, so that a span fits
// into 64 bytes; lo and hi are rounded so that nothing of the run is left out.
type strip struct {
	normal [2]float32 // of a length of about 1
	lo, hi float32
}

// narrowStrip is a strip around points, whose box is b, along their principal
// axis.
func narrowStrip(points []orb.Point, b box) strip {
	x, y := minorAxis(points)
	s := strip{normal: [2]float32{float32(x), float32(y)}}
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, p := range points {
		at := s.at(p[0], p[1], &b)
		lo, hi = min(lo, at), max(hi, at)
	}
	// A query must not miss what the rounding of coordinates and products hides.
	slack := 0x1p-49 * (max(-b.min[0], b.max[0]) + max(-b.min[1], b.max[1]))
	s.lo, s.hi = float32(lo-slack), float32(hi+slack)
	s.lo = math.Nextafter32(s.lo, float32(math.Inf(-1)))
	s.hi = math.Nextafter32(s.hi, float32(math.Inf(1)))
	return s
}

// minorAxis is the direction in which points vary least.
func minorAxis(points []orb.Point) (x, y float64) {
	origin := points[0]
	var sumX, sumY, xx, xy, yy float64
	for _, p := range points {
		dx, dy := p[0]-origin[0], p[1]-origin[1]
		sumX, sumY = sumX+dx, sumY+dy
		xx, xy, yy = xx+dx*dx, xy+dx*dy, yy+dy*dy
	}
	n := float64(len(points))
	xx, xy, yy = xx-sumX*sumX/n, xy-sumX*sumY/n, yy-sumY*sumY/n
	sin, cos := math.Sincos(math.Atan2(2*xy, xx-yy) / 2)
	return -sin, cos
}

func (s *strip) at(x, y float64, b *box) float64 {
	return float64(s.normal[0])*(x-b.min[0]) + float64(s.normal[1])*(y-b.min[1])
}

// misses tells that x,y, which lies in the box b of the run, is not in s.
func (s *strip) misses(x, y float64, b *box) bool {
	at := s.at(x, y, b)
	return at < float64(s.lo) || at > float64(s.hi)
}

// ahead tells whether the ray to the right from x,y, which is not in s, leads
// into s.
func (s *strip) ahead(x, y float64, b *box) bool {
	if s.at(x, y, b) < float64(s.lo) {
		return s.normal[0] > 0
	}
	return s.normal[0] < 0
}

// beyond tells that all of s is farther from p than the square root of best.
func (s *strip) beyond(p plane, b *box, best float64) bool {
	at := s.at(p.x, p.y, b)
	gap := max(float64(s.lo)-at, at-float64(s.hi), 0) * p.scaleX * p.scaleY
	x, y := float64(s.normal[0])*p.scaleY, float64(s.normal[1])*p.scaleX
	return gap*gap > best*(x*x+y*y)
}
