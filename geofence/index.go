package geofence

import (
	"cmp"

	"github.com/paulmach/orb"
)

// index finds zones by place: a quadtree of square cells in which every zone
// stands in the smallest cells that are not much narrower than itself, at most
// nine of them. It is never changed: edit makes another one that shares most
// cells.
//
// It was chosen over an R-tree (tidwall/rtree v1.10.0, which has copies on
// write too) by measuring searches at random places among 10,000 and 100,000
// fences, see BenchmarkIndex: two thirds of the time, since a search tests a
// few boxes only.
type index struct{ root *cell }

// cell is a square of longitude and latitude. Its kids lie in its four
// quarters: lower left, lower right, upper left, upper right. A kid may be
// smaller than the quarter, so that there are no cells with nothing but a kid.
// A cell with nothing in it is nil.
type cell struct {
	at      square
	kids    [4]*cell
	entries []entry
}

type entry struct {
	box  box
	size float64
	zone *zone
}

// square is where a cell lies.
type square struct {
	x, y, side float64
}

// globe is the square of everything: longitudes run on beyond 180 both ways.
func globe() square { return square{-540, -540, 1080} }

const (
	maxLeaf     = 8
	minCellSide = 1e-5 // degrees, about a metre
)

func (q square) quarter(i int) square {
	half := q.side / 2
	return square{q.x + half*float64(i&1), q.y + half*float64(i>>1), half}
}

// quarterOf is the quarter that x,y lies in.
func (q square) quarterOf(x, y float64) int {
	i := 0
	if x >= q.x+q.side/2 {
		i = 1
	}
	if y >= q.y+q.side/2 {
		i += 2
	}
	return i
}

func (q square) touches(b *box) bool {
	return b.min[0] <= q.x+q.side && b.max[0] >= q.x && b.min[1] <= q.y+q.side && b.max[1] >= q.y
}

// passesOn tells whether b stands in quarters of q rather than in q itself.
func (q square) passesOn(b *box) bool {
	return q.side/2 >= minCellSide && b.max[0]-b.min[0] <= q.side && b.max[1]-b.min[1] <= q.side
}

// edit is x without the zones in remove and with those in add.
func (x index) edit(remove, add []*zone) index {
	return index{x.root.edit(globe(), entriesOf(remove), entriesOf(add))}
}

func entriesOf(zones []*zone) []entry {
	entries := make([]entry, len(zones))
	for i, z := range zones {
		entries[i] = entry{z.box, z.size, z}
	}
	return entries
}

// edit is c, which lies in q, after the edit. Entries are passed on to quarters
// where there are too many to test one by one.
func (c *cell) edit(q square, remove, add []entry) *cell {
	if len(remove)+len(add) == 0 {
		return c
	}
	c = c.expand(q)
	made := &cell{at: q, entries: without(c.entries, remove)}
	if c.leaf() {
		if len(made.entries)+len(add) <= maxLeaf {
			made.entries = append(made.entries, add...)
			return made.compact()
		}
		made.entries, add, remove = nil, append(made.entries, add...), nil
	}
	for _, e := range add {
		if !q.passesOn(&e.box) {
			made.entries = append(made.entries, e)
		}
	}
	for i, kid := range c.kids {
		made.kids[i] = kid.edit(q.quarter(i), q.passed(i, remove), q.passed(i, add))
	}
	return made.compact()
}

// expand is c as a cell at q itself.
func (c *cell) expand(q square) *cell {
	if c == nil || c.at == q {
		return cmp.Or(c, &cell{})
	}
	wide := &cell{at: q}
	wide.kids[q.quarterOf(c.at.x, c.at.y)] = c
	return wide
}

// compact is c, or its kid where it has nothing but that, or nil.
func (c *cell) compact() *cell {
	if len(c.entries) > 0 {
		return c
	}
	var only *cell
	for _, kid := range c.kids {
		switch {
		case kid != nil && only != nil:
			return c
		case kid != nil:
			only = kid
		}
	}
	return only
}

func (c *cell) leaf() bool { return c.kids == [4]*cell{} }

// passed are the entries that stand in quarter i of q.
func (q square) passed(i int, entries []entry) []entry {
	var in []entry
	part := q.quarter(i)
	for _, e := range entries {
		if q.passesOn(&e.box) && part.touches(&e.box) {
			in = append(in, e)
		}
	}
	return in
}

// without is a copy of entries less those in remove.
func without(entries, remove []entry) []entry {
	if len(entries) == 0 {
		return nil
	}
	gone := make(map[*zone]bool, len(remove))
	for _, e := range remove {
		gone[e.zone] = true
	}
	kept := make([]entry, 0, len(entries)+1)
	for _, e := range entries {
		if !gone[e.zone] {
			kept = append(kept, e)
		}
	}
	return kept
}

// search appends to found the zones at least size metres wide whose box meets
// b, some perhaps more than once. It does not look into cells in which all are
// narrower, and tells whether it left any out.
func (x index) search(b box, size float64, found []*zone) (all []*zone, narrower bool) {
	if x.root == nil {
		return found, false
	}
	for turns := -1.0; turns <= 1; turns++ {
		west, east := east(b.min[0], turns), east(b.max[0], turns)
		if at := x.root.at; west <= at.x+at.side && east >= at.x {
			moved := box{orb.Point{west, b.min[1]}, orb.Point{east, b.max[1]}}
			var left bool
			found, left = x.root.search(&moved, size, found)
			narrower = narrower || left
		}
	}
	return found, narrower
}

func (c *cell) search(b *box, size float64, found []*zone) (all []*zone, narrower bool) {
	for c != nil {
		for i := range c.entries {
			if e := &c.entries[i]; e.box.intersects(b) {
				if e.size >= size {
					found = append(found, e.zone)
				} else {
					narrower = true
				}
			}
		}
		if c.at.side*metersPerDegree < size {
			return found, narrower || !c.leaf()
		}
		first := c.at.quarterOf(b.min[0], b.min[1])
		last := c.at.quarterOf(b.max[0], b.max[1])
		for i := first; i < last; i++ {
			if i&first == first && i&last == i {
				var left bool
				found, left = c.kids[i].search(b, size, found)
				narrower = narrower || left
			}
		}
		c = c.kids[last]
	}
	return found, narrower
}
