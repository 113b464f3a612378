package main

import "math"

const (
	// townReach bounds the drawing: everything lies within it of the centre,
	// east and north.
	townReach = 4000.0
	townCell  = 50.0
	townCells = int(2 * townReach / townCell)
)

// townIndex finds the segments of lines near a place.
type townIndex struct {
	segments []townSegment
	cells    [][]int32
	// seen[i] is the number of the last search that came across segment i,
	// which may lie in several cells.
	seen   []uint32
	search uint32
}

// townSegment is a piece of a line.
type townSegment struct {
	A, B townVec
	// Line is the number the line was added under, S how far along it A lies.
	Line int
	S    float64
}

func newTownIndex() *townIndex {
	return &townIndex{cells: make([][]int32, townCells*townCells)}
}

func (x *townIndex) add(line int, points townLine) {
	s := 0.0
	for i := 1; i < len(points); i++ {
		seg := townSegment{points[i-1], points[i], line, s}
		s += seg.A.to(seg.B)
		number := int32(len(x.segments))
		x.segments = append(x.segments, seg)
		x.seen = append(x.seen, 0)
		x.visit(seg.A, seg.B, 0, func(cell int) { x.cells[cell] = append(x.cells[cell], number) })
	}
}

// visit calls fn for the cells of the box around a and b, grown by margin.
func (x *townIndex) visit(a, b townVec, margin float64, fn func(cell int)) {
	col := func(v float64) int {
		return min(townCells-1, max(0, int((v+townReach)/townCell)))
	}
	for row := col(min(a.Y, b.Y) - margin); row <= col(max(a.Y, b.Y)+margin); row++ {
		for c := col(min(a.X, b.X) - margin); c <= col(max(a.X, b.X)+margin); c++ {
			fn(row*townCells + c)
		}
	}
}

// around calls fn once for each segment that may lie within margin of the
// segment ab, in no order that means anything but always the same.
func (x *townIndex) around(a, b townVec, margin float64, fn func(townSegment)) {
	x.search++
	x.visit(a, b, margin, func(cell int) {
		for _, i := range x.cells[cell] {
			if x.seen[i] != x.search {
				x.seen[i] = x.search
				fn(x.segments[i])
			}
		}
	})
}

// distance from p to the nearest segment, or limit if none is nearer.
func (x *townIndex) distance(p townVec, limit float64) float64 {
	best := limit
	x.around(p, p, limit, func(s townSegment) { best = min(best, townToSegment(p, s.A, s.B)) })
	return best
}

// townRing answers whether points are inside a ring.
type townRing struct {
	points townLine
	// rows[i] are the edges, by the number of their first point, that touch
	// the i-th strip of townCell metres from the south.
	rows [][]int32
}

func newTownRing(points townLine) *townRing {
	r := &townRing{points: points, rows: make([][]int32, townCells)}
	for i, a := range points {
		b := points[(i+1)%len(points)]
		for row := townRow(min(a.Y, b.Y)); row <= townRow(max(a.Y, b.Y)); row++ {
			r.rows[row] = append(r.rows[row], int32(i))
		}
	}
	return r
}

func townRow(y float64) int {
	return min(townCells-1, max(0, int(math.Floor((y+townReach)/townCell))))
}

// holds counts how often the ray from p to the east crosses the ring.
func (r *townRing) holds(p townVec) bool {
	inside := false
	for _, i := range r.rows[townRow(p.Y)] {
		a, b := r.points[i], r.points[(int(i)+1)%len(r.points)]
		if (a.Y > p.Y) != (b.Y > p.Y) && p.X < a.X+(p.Y-a.Y)/(b.Y-a.Y)*(b.X-a.X) {
			inside = !inside
		}
	}
	return inside
}
