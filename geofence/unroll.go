package geofence

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/paulmach/orb"
)

// sheet is a polygon laid out on a plane: the outer ring, then the holes.
type sheet []unrolled

// unrolled is a closed ring without repeated positions. turns tells for each
// how many times 360 degrees east of its own longitude it lies, so that no
// edge spans more than 180 degrees.
type unrolled struct {
	positions []orb.Point
	turns     []int
}

// unroll lays a polygon out. Errors: ErrPole, ErrTooFew.
func unroll(polygon orb.Polygon) (sheet, error) {
	s := make(sheet, len(polygon))
	for i, r := range polygon {
		u, err := unrollRing(r)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", ringName(i), err)
		}
		s[i] = u
	}
	for i := range s[1:] {
		s[i+1].moveInto(s[0])
	}
	return s, nil
}

func unrollRing(r orb.Ring) (unrolled, error) {
	u := unrolled{positions: []orb.Point{r[0]}, turns: []int{0}}
	turns := 0
	for i, p := range r[1:] {
		switch step := p[0] - r[i][0]; {
		case step > 180:
			turns--
		case step < -180:
			turns++
		}
		last := len(u.positions) - 1
		if moved(p, turns) != moved(u.positions[last], u.turns[last]) {
			u.positions = append(u.positions, p)
			u.turns = append(u.turns, turns)
		}
	}
	if turns != 0 {
		return unrolled{}, fmt.Errorf("%w: it goes once round the globe, so neither side of it is its inside; cut it along a meridian, or use a circle", ErrPole)
	}
	if len(u.positions) < 4 {
		return unrolled{}, fmt.Errorf("%w: only %d different corners, a ring needs 3 (longitudes 360 apart are the same place)", ErrTooFew, len(u.positions)-1)
	}
	return u, nil
}

// at is corner i, moved by shift turns.
func (u unrolled) at(i, shift int) orb.Point {
	return moved(u.positions[i], u.turns[i]+shift)
}

func moved(p orb.Point, turns int) orb.Point {
	return orb.Point{east(p[0], float64(turns)), p[1]}
}

func (u unrolled) points(shift int) []orb.Point {
	points := make([]orb.Point, len(u.positions))
	for i := range points {
		points[i] = u.at(i, shift)
	}
	return points
}

// moveInto turns u by whole turns so that it lies within the longitudes of
// outer, if that can be.
func (u *unrolled) moveInto(outer unrolled) {
	around := bounds(outer.points(0))
	for _, shift := range []int{0, 1, -1} {
		b := bounds(u.points(shift))
		if b.min[0] >= around.min[0] && b.max[0] <= around.max[0] {
			for i := range u.turns {
				u.turns[i] += shift
			}
			return
		}
	}
}

// rings are the rings of s moved by shift turns, each with the area at its
// left: the outer ring counter-clockwise, holes clockwise.
func (s sheet) rings(shift int) []ring {
	rings := make([]ring, len(s))
	for i, u := range s {
		points := u.points(shift)
		if (signedArea(points) < 0) == (i == 0) {
			slices.Reverse(points)
		}
		rings[i] = ring{vertices: points}
	}
	return rings
}

// joinFrames tells how many turns to move each sheet so that all lie within as
// few degrees of longitude as can be: the plane begins east of the widest gap
// between them.
func joinFrames(sheets []sheet) []int {
	type extent struct {
		sheet, shift int
		from, to     float64
	}
	extents := make([]extent, len(sheets))
	for i, s := range sheets {
		b := bounds(s[0].points(0))
		e := extent{sheet: i, from: b.min[0], to: b.max[0]}
		if e.from < -180 {
			e.shift, e.from, e.to = 1, e.from+360, e.to+360
		}
		extents[i] = e
	}
	slices.SortStableFunc(extents, func(a, b extent) int { return cmp.Compare(a.from, b.from) })
	begin, widest, end := 0, -1.0, extents[0].to
	for i, e := range extents[1:] {
		if gap := e.from - end; gap > widest {
			begin, widest = i+1, gap
		}
		end = max(end, e.to)
	}
	if extents[0].from+360-end > widest {
		begin = 0
	}
	shifts := make([]int, len(sheets))
	for i, e := range extents {
		shifts[e.sheet] = e.shift
		if i < begin {
			shifts[e.sheet]++
		}
	}
	return shifts
}
