package main

import (
	"cmp"
	"math"
	"slices"
)

const (
	// A dead end below townShortStub is cut away, one that stays is no longer
	// than townLongStub.
	townShortStub, townLongStub = 60.0, 130.0
	// townSharp is the cosine of the smallest angle between two streets.
	townSharp = 0.92
	// townTinyBlock is the smallest block, in square metres, and
	// townThinBlock the smallest share that a block fills of the circle with
	// its perimeter.
	townTinyBlock, townThinBlock = 900.0, 0.16
)

// tidy takes away what no town builds: stubs, streets that fork at a needle's
// angle, slivers between streets, and what hangs together with nothing.
func (net *townNet) tidy() {
	for range 4 {
		net.pruneStubs()
		net.pruneForks()
		net.pruneSlivers()
	}
	net.pruneStubs()
	net.keepLargest()
	net.compact()
}

func (net *townNet) pruneStubs() {
	for again := true; again; {
		again = false
		for i := range net.edges {
			if e := &net.edges[i]; !e.gone && net.deadEnd(e) && !net.worthKeeping(e) {
				net.remove(i)
				again = true
			}
		}
	}
}

func (net *townNet) deadEnd(e *townEdge) bool {
	return len(net.nodes[e.from].edges) == 1 || len(net.nodes[e.to].edges) == 1
}

// worthKeeping: roads out of town end in the country, and some side streets
// stay as a close.
func (net *townNet) worthKeeping(e *townEdge) bool {
	n := e.line.length()
	if e.class == classTownMajor {
		return n > 3*townShortStub
	}
	if n > townShortStub && n <= townLongStub {
		// The same street must get the same answer the next time round.
		return (e.road*7+int(n))%3 != 0
	}
	return false
}

func (net *townNet) pruneForks() {
	for n := range net.nodes {
		edges := slices.Clone(net.nodes[n].edges)
		for i, a := range edges {
			for _, b := range edges[i+1:] {
				if net.edges[a].gone || net.edges[b].gone || net.bearing(a, n).dot(net.bearing(b, n)) < townSharp {
					continue
				}
				net.remove(net.lesser(a, b))
			}
		}
	}
}

// lesser is the edge that a town could rather do without: the side street, else
// the shorter one.
func (net *townNet) lesser(a, b int) int {
	x, y := &net.edges[a], &net.edges[b]
	switch {
	case x.class != y.class:
		if x.class == classTownMinor {
			return a
		}
	case x.line.length() < y.line.length():
		return a
	}
	return b
}

func (net *townNet) pruneSlivers() {
	for _, f := range net.faces() {
		outline := f.outline(net)
		area, around := outline.area(), append(outline, outline[0]).length()
		if area > townTinyBlock && 4*math.Pi*area/(around*around) > townThinBlock {
			continue
		}
		if worst, ok := f.longestMinor(net); ok {
			net.remove(worst)
		}
	}
}

// keepLargest drops all edges but those that hang together with most others.
func (net *townNet) keepLargest() {
	group := make([]int, len(net.nodes))
	var sizes []int
	for n := range net.nodes {
		if group[n] == 0 {
			sizes = append(sizes, net.flood(n, len(sizes)+1, group))
		}
	}
	largest := slices.Index(sizes, slices.Max(sizes)) + 1
	for i := range net.edges {
		if !net.edges[i].gone && group[net.edges[i].from] != largest {
			net.remove(i)
		}
	}
}

func (net *townNet) flood(start, mark int, group []int) (size int) {
	todo := []int{start}
	group[start] = mark
	for len(todo) > 0 {
		n := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		size++
		for _, e := range net.nodes[n].edges {
			if m := net.edges[e].other(n); group[m] == 0 {
				group[m] = mark
				todo = append(todo, m)
			}
		}
	}
	return size
}

// compact drops what is gone, joins edges of one street where nothing else
// branches off, numbers everything anew and sorts the edges around each node.
func (net *townNet) compact() {
	for n := range net.nodes {
		net.join(n)
	}
	fresh := &townNet{}
	numbers := make(map[int]int, len(net.nodes))
	number := func(n int) int {
		if _, ok := numbers[n]; !ok {
			numbers[n] = len(fresh.nodes)
			fresh.nodes = append(fresh.nodes, townNode{at: net.nodes[n].at})
		}
		return numbers[n]
	}
	for _, e := range net.edges {
		if !e.gone {
			e.from, e.to = number(e.from), number(e.to)
			e.line = e.line.simplified(0.4)
			fresh.connect(e)
		}
	}
	*net = *fresh
	net.sortAround()
}

func (net *townNet) sortAround() {
	for n := range net.nodes {
		slices.SortStableFunc(net.nodes[n].edges, func(a, b int) int {
			return cmp.Compare(net.bearing(a, n).angle(), net.bearing(b, n).angle())
		})
	}
}

// join makes one edge of the two at n, if they are all there is and one
// continues the other.
func (net *townNet) join(n int) {
	edges := net.nodes[n].edges
	if len(edges) != 2 {
		return
	}
	first, second := edges[0], edges[1]
	if net.edges[first].to != n {
		first, second = second, first
	}
	a, b := net.edges[first], net.edges[second]
	if a.to != n || b.from != n || a.road != b.road || a.class != b.class || a.from == b.to {
		return
	}
	net.remove(first)
	net.remove(second)
	a.to, a.gone = b.to, false
	a.line = append(a.line[:len(a.line):len(a.line)], b.line[1:]...)
	net.connect(a)
}
