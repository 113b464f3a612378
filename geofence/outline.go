package geofence

import "github.com/paulmach/orb"

// outline is the boundary of a planar area, prepared for queries: directed
// edges with the area at their left. It takes some 50 bytes a vertex, whatever
// the shape.
//
// The vertices of each ring stand one after another, the first one repeated
// at the end. Over them lies a binary tree of spans, each a run of consecutive
// vertices with its bounds. A query descends only where its point falls within
// the bounds of a span: where a straight line parts a run from the point, the
// run crosses the ray from the point to the right not at all, or, upwards and
// downwards balanced, as often as the straight line from its first to its last
// vertex does. The bounds are a box and, since boxes are wide around slanting
// spikes, a strip along the run.
type outline struct {
	spans    []span // the tree in preorder
	vertices []orb.Point
	grid     *grid // nil for a small one
}

// span is a run of vertices: an inner node of the tree, or a leaf.
type span struct {
	box         box
	strip       strip
	first, last int32 // places of the run's first and last vertex
	next        int32 // place of the first span that is not part of this one
	leaf        bool
	joined      bool // one unbroken run of edges
	soft        bool // a leaf whose edges are no boundary
}

// leafEdges is the most edges of a leaf, found by measuring: with 8 a polygon
// of 20 vertices takes a third longer, with 16 twice as long.
const leafEdges = 4

// ring is a closed ring, the area at its left, of which some edges may be
// soft: they close the ring and are no boundary.
type ring struct {
	vertices []orb.Point
	soft     []bool // by edge, that is by its first vertex; nil for none
}

func (r ring) isSoft(edge int) bool { return r.soft != nil && r.soft[edge] }

// newOutline prepares rings. A ring of fewer than 2 vertices is skipped.
func newOutline(rings []ring) outline {
	var o outline
	var leaves []span
	for _, r := range rings {
		leaves = o.appendRing(leaves, r)
	}
	if len(leaves) > 0 {
		o.spans = make([]span, 0, 2*len(leaves)-1)
		o.appendTree(leaves)
		o.grid = newGrid(&o)
	}
	return o
}

// appendRing stores the vertices of r and cuts them into leaves of edges that
// are all soft or all not.
func (o *outline) appendRing(leaves []span, r ring) []span {
	base, edges := len(o.vertices), len(r.vertices)-1
	o.vertices = append(o.vertices, r.vertices...)
	for from := 0; from < edges; {
		to := from + 1
		for to < edges && to-from < leafEdges && r.isSoft(to) == r.isSoft(from) {
			to++
		}
		leaf := span{first: int32(base + from), last: int32(base + to), leaf: true, joined: true, soft: r.isSoft(from)}
		leaf.box = bounds(r.vertices[from : to+1])
		leaf.strip = narrowStrip(r.vertices[from:to+1], leaf.box)
		leaves = append(leaves, leaf)
		from = to
	}
	return leaves
}

// appendTree appends the tree over at least one leaf.
func (o *outline) appendTree(leaves []span) {
	at := len(o.spans)
	if len(leaves) == 1 {
		leaves[0].next = int32(at + 1)
		o.spans = append(o.spans, leaves[0])
		return
	}
	s := enclose(leaves)
	s.strip = narrowStrip(o.vertices[s.first:s.last+1], s.box)
	o.spans = append(o.spans, s)
	o.appendTree(leaves[:len(leaves)/2])
	o.appendTree(leaves[len(leaves)/2:])
	o.spans[at].next = int32(len(o.spans))
}

// enclose is the inner span over leaves, without its strip.
func enclose(leaves []span) span {
	s := leaves[0]
	s.leaf, s.soft = false, false
	for _, l := range leaves[1:] {
		s.joined = s.joined && s.last == l.first
		s.last = l.last
		s.box = s.box.extend(l.box.min).extend(l.box.max)
	}
	return s
}

// bounds is the box around at least one point.
func bounds(points []orb.Point) box {
	b := box{points[0], points[0]}
	for _, p := range points[1:] {
		b = b.extend(p)
	}
	return b
}
