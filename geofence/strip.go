package geofence

import (
	"math"

	"github.com/paulmach/orb"
)

// strip is what lies between two parallel lines: all p with
// lo <= normal*p <= hi. The normal has length 1.
type strip struct {
	normal orb.Point
	lo, hi float64
}

// narrowStrip is a strip around points along their principal axis. lo and hi
// are the points' bounds.
func narrowStrip(points []orb.Point, lo, hi orb.Point) strip {
	s := strip{normal: minorAxis(points), lo: math.Inf(1), hi: math.Inf(-1)}
	for _, p := range points {
		at := s.at(p)
		s.lo, s.hi = min(s.lo, at), max(s.hi, at)
	}
	// A query must not miss what the rounding of coordinates and products hides.
	slack := 0x1p-49 * (math.Abs(s.normal[0])*max(-lo[0], hi[0]) + math.Abs(s.normal[1])*max(-lo[1], hi[1]))
	s.lo, s.hi = s.lo-slack, s.hi+slack
	return s
}

// minorAxis is the direction in which points vary least.
func minorAxis(points []orb.Point) orb.Point {
	origin := points[0]
	var x, y, xx, xy, yy float64
	for _, p := range points {
		dx, dy := p[0]-origin[0], p[1]-origin[1]
		x, y = x+dx, y+dy
		xx, xy, yy = xx+dx*dx, xy+dx*dy, yy+dy*dy
	}
	n := float64(len(points))
	xx, xy, yy = xx-x*x/n, xy-x*y/n, yy-y*y/n
	sin, cos := math.Sincos(math.Atan2(2*xy, xx-yy) / 2)
	return orb.Point{-sin, cos}
}

func (s *strip) at(p orb.Point) float64 { return s.normal[0]*p[0] + s.normal[1]*p[1] }

// misses tells that p, which lies in the box of the points, is not in s.
func (s *strip) misses(p orb.Point) bool {
	at := s.at(p)
	return at < s.lo || at > s.hi
}

// ahead tells whether the ray to the right from p, which is not in s, leads
// into s.
func (s *strip) ahead(p orb.Point) bool {
	if s.at(p) < s.lo {
		return s.normal[0] > 0
	}
	return s.normal[0] < 0
}

// beyond tells that all of s is farther from p than the square root of best,
// where one unit of each axis measures scale.
func (s *strip) beyond(p, scale orb.Point, best float64) bool {
	at := s.at(p)
	gap := max(s.lo-at, at-s.hi, 0) * scale[0] * scale[1]
	x, y := s.normal[0]*scale[1], s.normal[1]*scale[0]
	return gap*gap > best*(x*x+y*y)
}
