package geofence

// index finds zones by place: a quadtree of square cells in which every zone
// stands in the smallest cells that are not narrower than itself, at most four
// of them. It is never changed: edit makes another one that shares most cells.
//
// It was chosen over an R-tree (tidwall/rtree v1.10.0, which has copies on
// write too) by measuring searches at random places among 10,000 and 100,000
// fences: half the time, since a search tests few boxes and they lie together.
type index struct {
	root *cell
	// top is the smallest cell that holds all zones, at its place.
	top *cell
	at  square
}

// cell is a square of longitude and latitude. Its four quarters are the kids:
// lower left, lower right, upper left, upper right. A leaf has none. A cell
// with nothing in it is nil.
type cell struct {
	entries []entry
	kids    *[4]*cell
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

// plane is where the root lies: longitudes run on beyond 180 both ways.
func plane() square { return square{-540, -540, 1080} }

const (
	maxLeaf     = 8
	minCellSide = 1e-5 // degrees, about a metre
)

func (q square) quarter(i int) square {
	half := q.side / 2
	return square{q.x + half*float64(i&1), q.y + half*float64(i>>1), half}
}

func (q square) touches(b *box) bool {
	return b.min[0] <= q.x+q.side && b.max[0] >= q.x && b.min[1] <= q.y+q.side && b.max[1] >= q.y
}

// passesOn tells whether b stands in quarters of q rather than in q itself.
func (q square) passesOn(b *box) bool {
	half := q.side / 2
	return half >= minCellSide && b.max[0]-b.min[0] <= half && b.max[1]-b.min[1] <= half
}

// edit is x without the zones in remove and with those in add.
func (x index) edit(remove, add []*zone) index {
	made := index{root: x.root.edit(plane(), entriesOf(remove), entriesOf(add)), at: plane()}
	made.top = made.root
	for i, only := made.top.onlyKid(); only; i, only = made.top.onlyKid() {
		made.top, made.at = made.top.kids[i], made.at.quarter(i)
	}
	return made
}

func entriesOf(zones []*zone) []entry {
	entries := make([]entry, len(zones))
	for i, z := range zones {
		entries[i] = entry{z.box, z.size, z}
	}
	return entries
}

// onlyKid is the quarter that holds everything of c, if one does.
func (c *cell) onlyKid() (i int, only bool) {
	if c == nil || c.kids == nil || len(c.entries) > 0 {
		return 0, false
	}
	count := 0
	for k, kid := range c.kids {
		if kid != nil {
			i = k
			count++
		}
	}
	return i, count == 1
}

// edit is c, which lies at q, after the edit.
func (c *cell) edit(q square, remove, add []entry) *cell {
	if len(remove)+len(add) == 0 {
		return c
	}
	if c == nil {
		c, remove = &cell{}, nil
	}
	entries := without(c.entries, remove)
	if c.kids == nil {
		if entries = append(entries, add...); len(entries) <= maxLeaf {
			return newLeaf(entries)
		}
		c, entries, remove, add = &cell{kids: new([4]*cell)}, nil, nil, entries
	}
	made := &cell{entries: entries, kids: new([4]*cell)}
	for _, e := range add {
		if !q.passesOn(&e.box) {
			made.entries = append(made.entries, e)
		}
	}
	empty := true
	for i, kid := range c.kids {
		made.kids[i] = kid.edit(q.quarter(i), q.passed(i, remove), q.passed(i, add))
		empty = empty && made.kids[i] == nil
	}
	if empty {
		return newLeaf(made.entries)
	}
	return made
}

func newLeaf(entries []entry) *cell {
	if len(entries) == 0 {
		return nil
	}
	return &cell{entries: entries}
}

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
// narrower, and tells whether there were any.
func (x *index) search(b box, size float64, found []*zone) ([]*zone, bool) {
	skipped := false
	for turns := -1.0; turns <= 1; turns++ {
		if moved := b.east(turns); x.top != nil && x.at.touches(&moved) {
			var s bool
			found, s = x.top.search(x.at, &moved, size, found)
			skipped = skipped || s
		}
	}
	return found, skipped
}

func (c *cell) search(q square, b *box, size float64, found []*zone) (all []*zone, skipped bool) {
	for c != nil {
		for i := range c.entries {
			if e := &c.entries[i]; e.box.intersects(b) {
				if e.size >= size {
					found = append(found, e.zone)
				} else {
					skipped = true
				}
			}
		}
		if c.kids == nil {
			return found, skipped
		}
		if q.side*metersPerDegree < size {
			return found, true
		}
		x0, x1 := q.half(b.min[0]-q.x), q.half(b.max[0]-q.x)
		y0, y1 := q.half(b.min[1]-q.y), q.half(b.max[1]-q.y)
		first, last := x0+2*y0, x1+2*y1
		for i := first; i < last; i++ {
			if i&^last == 0 && first&^i == 0 {
				var s bool
				found, s = c.kids[i].search(q.quarter(i), b, size, found)
				skipped = skipped || s
			}
		}
		c, q = c.kids[last], q.quarter(last)
	}
	return found, skipped
}

// half is 0 in the first half of the side of q, 1 in the second.
func (q square) half(offset float64) int {
	if offset < q.side/2 {
		return 0
	}
	return 1
}
