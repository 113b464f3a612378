package geofence

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/paulmach/orb"
)

// segment is an edge; left comes before right in the order of the sweep.
type segment struct {
	left, right orb.Point
	ring        int32
	above       bool // what the ring encloses lies above
}

// sweep moves a vertical line over the segments of one polygon from left to
// right and keeps those it meets in order from below (M. I. Shamos, D. Hoey,
// "Geometric Intersection Problems", 1976). Two segments that touch or cross
// are neighbours just before they do, so that only neighbours need be
// compared. It is exact, takes O(n log n), and stops at the first fault.
type sweep struct {
	segments []segment
	met      status
	parents  []int32 // of each ring the smallest other one around it
}

const (
	noRing      = -1
	unknownRing = -2
)

// ending is where a segment begins or ends.
type ending struct {
	at      orb.Point
	segment int32
	begins  bool
}

// checkCrossings refuses rings that touch or cross themselves or one another
// other than by sharing corners, and holes outside the first ring or within
// one another. Errors: ErrSelfCrossing, ErrHole.
func checkCrossings(rings []ring) error {
	s := newSweep(rings)
	for _, e := range s.endings() {
		if a, b, clash := s.pass(e); clash {
			return s.fault(a, b)
		}
	}
	if err := checkPinches(rings); err != nil {
		return err
	}
	return s.checkNesting()
}

func newSweep(rings []ring) *sweep {
	s := &sweep{}
	for n, r := range rings {
		s.parents = append(s.parents, unknownRing)
		for i, b := range r.vertices[1:] {
			a := r.vertices[i]
			rightwards := before(a, b)
			if !rightwards {
				a, b = b, a
			}
			// Outer rings run counter-clockwise, holes clockwise.
			s.segments = append(s.segments, segment{a, b, int32(n), rightwards == (n == 0)})
		}
	}
	s.met = newStatus(s.segments)
	return s
}

// endings are in the order in which the sweep meets them: at one point first
// the segments that end, then those that begin, from below.
func (s *sweep) endings() []ending {
	all := make([]ending, 0, 2*len(s.segments))
	for i, g := range s.segments {
		all = append(all, ending{g.left, int32(i), true}, ending{g.right, int32(i), false})
	}
	slices.SortFunc(all, func(a, b ending) int {
		switch {
		case a.at != b.at:
			return cmp.Or(cmp.Compare(a.at[0], b.at[0]), cmp.Compare(a.at[1], b.at[1]))
		case a.begins != b.begins:
			return falseFirst(a.begins, b.begins)
		case a.begins:
			return -turn(a.at, s.segments[a.segment].right, s.segments[b.segment].right)
		}
		return cmp.Compare(a.segment, b.segment)
	})
	return all
}

func falseFirst(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// pass takes e into account and returns two segments that clash, if any.
func (s *sweep) pass(e ending) (a, b int32, clash bool) {
	if !e.begins {
		below, above := s.met.remove(e.segment)
		return below, above, s.clash(below, above)
	}
	below, above := s.met.insert(e.segment)
	if s.clash(below, e.segment) {
		return below, e.segment, true
	}
	if s.clash(e.segment, above) {
		return e.segment, above, true
	}
	s.nest(e.segment, below)
	return 0, 0, false
}

// nest finds what encloses the ring of segment i, the first one of it that the
// sweep met, from the segment just below.
func (s *sweep) nest(i, below int32) {
	parent := &s.parents[s.segments[i].ring]
	switch {
	case *parent != unknownRing:
	case below == none:
		*parent = noRing
	case s.segments[below].above:
		*parent = s.segments[below].ring
	default:
		*parent = s.parents[s.segments[below].ring]
	}
}

// clash tells whether two segments touch or cross other than by sharing an
// end. Either may be none.
func (s *sweep) clash(i, j int32) bool {
	if i == none || j == none {
		return false
	}
	a, b := s.segments[i], s.segments[j]
	switch {
	case a.left == b.left:
		return turn(a.left, a.right, b.right) == 0
	case a.right == b.right:
		return turn(a.right, a.left, b.left) == 0
	}
	aLeft, aRight := turn(b.left, b.right, a.left), turn(b.left, b.right, a.right)
	bLeft, bRight := turn(a.left, a.right, b.left), turn(a.left, a.right, b.right)
	if aLeft*aRight > 0 || bLeft*bRight > 0 {
		return false
	}
	// On one line they touch where the later begins before the earlier ends.
	return aLeft != 0 || aRight != 0 || before(later(a.left, b.left), earlier(a.right, b.right))
}

func later(a, b orb.Point) orb.Point {
	if before(a, b) {
		return b
	}
	return a
}

func earlier(a, b orb.Point) orb.Point {
	if before(a, b) {
		return a
	}
	return b
}

// fault is the error about two segments that clash.
func (s *sweep) fault(i, j int32) error {
	a, b := s.segments[i], s.segments[j]
	where := lonLat(meeting(a, b))
	if a.ring == b.ring {
		return fmt.Errorf("%s: %w: it touches or crosses itself at %s; only corners may meet, one on another",
			ringName(int(a.ring)), ErrSelfCrossing, where)
	}
	return fmt.Errorf("%s: %w: it touches or crosses the %s at %s; only corners may meet, one on another",
		ringName(int(max(a.ring, b.ring))), ErrHole, ringName(int(min(a.ring, b.ring))), where)
}

// meeting is about where two segments that clash meet.
func meeting(a, b segment) orb.Point {
	for _, end := range []orb.Point{later(a.left, b.left), earlier(a.right, b.right)} {
		if turn(a.left, a.right, end) == 0 && turn(b.left, b.right, end) == 0 {
			return end
		}
	}
	ax, ay := a.right[0]-a.left[0], a.right[1]-a.left[1]
	bx, by := b.right[0]-b.left[0], b.right[1]-b.left[1]
	t := ((b.left[0]-a.left[0])*by - (b.left[1]-a.left[1])*bx) / (ax*by - ay*bx)
	return orb.Point{a.left[0] + t*ax, a.left[1] + t*ay}
}

// checkNesting requires every hole to lie directly in the outer ring.
func (s *sweep) checkNesting() error {
	for i, parent := range s.parents[1:] {
		switch {
		case parent > 0:
			return fmt.Errorf("%s: %w: it lies in %s; take it out", ringName(i+1), ErrHole, ringName(int(parent)))
		case parent == noRing:
			return fmt.Errorf("%s: %w: it lies outside the outer ring; make it a polygon of its own, or take it out", ringName(i+1), ErrHole)
		}
	}
	return nil
}
