package geofence

// none stands for no segment.
const none int32 = -1

// status holds the segments that the sweep line meets, from below: a treap
// (C. R. Aragon, R. G. Seidel, "Randomized Search Trees", 1989), its random
// priorities a hash of the segment's number, and a list of neighbours.
type status struct {
	segments []segment
	root     int32
	kids     [][2]int32 // lower and higher
	beside   [][2]int32 // the neighbours below and above
}

func newStatus(segments []segment) status {
	return status{
		segments: segments,
		root:     none,
		kids:     make([][2]int32, len(segments)),
		beside:   make([][2]int32, len(segments)),
	}
}

// insert adds segment i and returns its neighbours.
func (t *status) insert(i int32) (below, above int32) {
	below, above = none, none
	for at := t.root; at != none; {
		if t.higher(i, at) {
			below, at = at, t.kids[at][1]
		} else {
			above, at = at, t.kids[at][0]
		}
	}
	t.link(below, i)
	t.link(i, above)
	t.kids[i] = [2]int32{none, none}
	t.root = t.put(t.root, i)
	return below, above
}

// remove takes segment i out and returns what were its neighbours.
func (t *status) remove(i int32) (below, above int32) {
	below, above = t.beside[i][0], t.beside[i][1]
	t.link(below, above)
	t.root = t.take(t.root, i)
	return below, above
}

func (t *status) link(below, above int32) {
	if below != none {
		t.beside[below][1] = above
	}
	if above != none {
		t.beside[above][0] = below
	}
}

// higher tells whether segment i lies above segment j. Both meet the sweep
// line and do not cross; where they touch, the answer does not matter, since
// the one is then next to the other.
func (t *status) higher(i, j int32) bool {
	a, b := &t.segments[i], &t.segments[j]
	switch {
	case a.left == b.left:
		return turn(b.left, b.right, a.right) > 0
	case before(b.left, a.left):
		return turn(b.left, b.right, a.left) > 0
	}
	return turn(a.left, a.right, b.left) < 0
}

// put adds i to the subtree at and returns its new root.
func (t *status) put(at, i int32) int32 {
	if at == none {
		return i
	}
	side := 0
	if t.higher(i, at) {
		side = 1
	}
	kid := t.put(t.kids[at][side], i)
	t.kids[at][side] = kid
	if priority(kid) <= priority(at) {
		return at
	}
	t.kids[at][side], t.kids[kid][1-side] = t.kids[kid][1-side], at
	return kid
}

// take removes i from the subtree at and returns its new root.
func (t *status) take(at, i int32) int32 {
	switch {
	case at == none:
		return none
	case at == i:
		return t.join(t.kids[i][0], t.kids[i][1])
	}
	side := 0
	if t.higher(i, at) {
		side = 1
	}
	t.kids[at][side] = t.take(t.kids[at][side], i)
	return at
}

// join makes one tree of two, all of low below all of high.
func (t *status) join(low, high int32) int32 {
	switch {
	case low == none:
		return high
	case high == none:
		return low
	case priority(low) > priority(high):
		t.kids[low][1] = t.join(t.kids[low][1], high)
		return low
	}
	t.kids[high][0] = t.join(low, t.kids[high][0])
	return high
}

// priority is the finalizer of MurmurHash3 by A. Appleby.
func priority(i int32) uint32 {
	h := uint32(i) + 0x9e3779b9
	h = (h ^ h>>16) * 0x85ebca6b
	h = (h ^ h>>13) * 0xc2b2ae35
	return h ^ h>>16
}
