package main

// townSide is an edge seen from one of its sides: along its line, or back.
type townSide struct {
	edge int
	back bool
}

// townFace is a block: the sides around it, the block to their left.
type townFace []townSide

// faces returns the blocks that streets enclose.
func (net *townNet) faces() []townFace {
	net.sortAround()
	seen := make(map[townSide]bool, 2*len(net.edges))
	var faces []townFace
	for i, e := range net.edges {
		for _, back := range [2]bool{false, true} {
			first := townSide{i, back}
			if e.gone || seen[first] {
				continue
			}
			var face townFace
			for side := first; !seen[side]; side = net.turn(side) {
				seen[side] = true
				face = append(face, side)
			}
			// The side of everything that looks out to sea runs clockwise.
			if face.outline(net).area() > 0 {
				faces = append(faces, face)
			}
		}
	}
	return faces
}

// turn is the sharpest left turn at the end of side.
func (net *townNet) turn(side townSide) townSide {
	e := &net.edges[side.edge]
	n := e.to
	if side.back {
		n = e.from
	}
	around := net.nodes[n].edges
	for i, edge := range around {
		if edge == side.edge {
			next := around[(i+len(around)-1)%len(around)]
			return townSide{next, net.edges[next].from != n}
		}
	}
	return side
}

// outline is the ring around the face.
func (f townFace) outline(net *townNet) townLine {
	var ring townLine
	for _, side := range f {
		line := net.edges[side.edge].line
		if side.back {
			line = line.reversed()
		}
		ring = append(ring, line[:len(line)-1]...)
	}
	return ring
}

// longestMinor is the longest side street of the face, if it has any.
func (f townFace) longestMinor(net *townNet) (edge int, ok bool) {
	longest := 0.0
	for _, side := range f {
		e := &net.edges[side.edge]
		if n := e.line.length(); !e.gone && e.class == classTownMinor && n > longest {
			edge, longest, ok = side.edge, n, true
		}
	}
	return edge, ok
}

// blocks are the outlines of all faces.
func (net *townNet) blocks() []townLine {
	var blocks []townLine
	for _, f := range net.faces() {
		blocks = append(blocks, f.outline(net))
	}
	return blocks
}

// index finds the edges by place; a segment's Line is its edge's number.
func (net *townNet) index() *townIndex {
	x := newTownIndex()
	for i, e := range net.edges {
		if !e.gone {
			x.add(i, e.line)
		}
	}
	return x
}
