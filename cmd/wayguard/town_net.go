package main

import (
	"cmp"
	"math"
	"slices"
)

// townNet is the street network as a planar graph: crossings, and the stretches
// of street between them.
type townNet struct {
	nodes []townNode
	edges []townEdge
}

type townNode struct {
	at townVec
	// edges meet here, by number, counterclockwise from east once the network
	// is finished.
	edges []int
}

type townEdge struct {
	from, to int
	line     townLine // from there to here, both nodes among its points
	road     int      // of the list the network was made from
	// start is how far along its road the edge begins; edges lead the way their
	// road was laid.
	start float64
	class townClass
	gone  bool
}

// townClass says what may go along an edge and how fast.
type townClass int

const (
	classTownMinor townClass = iota
	classTownMajor
	// classTownYard is a drive from the street into a depot.
	classTownYard
)

// other is the node at the end of e that is not n.
func (e *townEdge) other(n int) int {
	if e.from == n {
		return e.to
	}
	return e.from
}

// leaving is the line of e as it leaves node n.
func (e *townEdge) leaving(n int) townLine {
	if e.from == n {
		return e.line
	}
	return e.line.reversed()
}

// townMergeRadius is how close two crossings are that count as one.
const townMergeRadius = 11.0

// townCut is where a road is cut by another.
type townCut struct {
	road int
	s    float64
	at   townVec
	node int
}

// newTownNet cuts roads where they cross. Ends that reach no crossing are nodes
// of their own.
func newTownNet(roads []townRoad) *townNet {
	net := &townNet{}
	cuts := townCuts(roads)
	net.place(cuts)
	slices.SortStableFunc(cuts, func(a, b townCut) int {
		return cmp.Or(cmp.Compare(a.road, b.road), cmp.Compare(a.s, b.s))
	})
	for len(cuts) > 0 {
		n := 1
		for n < len(cuts) && cuts[n].road == cuts[0].road {
			n++
		}
		net.lay(roads[cuts[0].road], cuts[:n])
		cuts = cuts[n:]
	}
	return net
}

func townCuts(roads []townRoad) []townCut {
	index := newTownIndex()
	var cuts []townCut
	for i, r := range roads {
		s := 0.0
		for k := 1; k < len(r.line); k++ {
			a, b := r.line[k-1], r.line[k]
			index.around(a, b, 0, func(o townSegment) {
				if t, u, ok := townCrossing(a, b, o.A, o.B); ok {
					at := o.A.mix(o.B, u)
					cuts = append(cuts, townCut{i, s + t*a.to(b), at, 0}, townCut{o.Line, o.S + u*o.A.to(o.B), at, 0})
				}
			})
			s += a.to(b)
		}
		index.add(i, r.line)
	}
	for i, r := range roads {
		cuts = append(cuts, townCut{i, 0, r.line[0], 0}, townCut{i, r.line.length(), r.line[len(r.line)-1], 0})
	}
	return cuts
}

// place gives each cut its node, making one where none is near. Crossings come
// before ends, so that an end joins the crossing beside it.
func (net *townNet) place(cuts []townCut) {
	squares := map[[2]int][]int{}
	square := func(p townVec) [2]int {
		return [2]int{int(math.Floor(p.X / townMergeRadius)), int(math.Floor(p.Y / townMergeRadius))}
	}
	find := func(p townVec) int {
		home := square(p)
		for dx := -1; dx <= 1; dx++ {
			for dy := -1; dy <= 1; dy++ {
				for _, n := range squares[[2]int{home[0] + dx, home[1] + dy}] {
					if net.nodes[n].at.to(p) < townMergeRadius {
						return n
					}
				}
			}
		}
		net.nodes = append(net.nodes, townNode{at: p})
		squares[home] = append(squares[home], len(net.nodes)-1)
		return len(net.nodes) - 1
	}
	for i := range cuts {
		cuts[i].node = find(cuts[i].at)
	}
}

// lay adds the edges of one road, whose cuts are in order.
func (net *townNet) lay(r townRoad, cuts []townCut) {
	for i := 1; i < len(cuts); i++ {
		a, b := cuts[i-1], cuts[i]
		if a.node == b.node {
			continue
		}
		class := classTownMinor
		if r.major {
			class = classTownMajor
		}
		line := net.tied(r.line.between(a.s, b.s), a.node, b.node)
		net.connect(townEdge{from: a.node, to: b.node, line: line, road: a.road, start: a.s, class: class})
	}
}

// tied is line with its ends at the nodes and no point so near to them that it
// would make a kink.
func (net *townNet) tied(line townLine, from, to int) townLine {
	a, b := net.nodes[from].at, net.nodes[to].at
	out := townLine{a}
	for _, p := range line[1 : len(line)-1] {
		if p.to(a) > 2*townMergeRadius && p.to(b) > 2*townMergeRadius {
			out = append(out, p)
		}
	}
	return append(out, b)
}

func (net *townNet) connect(e townEdge) int {
	number := len(net.edges)
	net.edges = append(net.edges, e)
	net.nodes[e.from].edges = append(net.nodes[e.from].edges, number)
	net.nodes[e.to].edges = append(net.nodes[e.to].edges, number)
	return number
}

func (net *townNet) remove(edge int) {
	e := &net.edges[edge]
	e.gone = true
	for _, n := range [2]int{e.from, e.to} {
		net.nodes[n].edges = slices.DeleteFunc(net.nodes[n].edges, func(o int) bool { return o == edge })
	}
}

// bearing is the direction in which edge leaves node, taken some metres out.
func (net *townNet) bearing(edge, node int) townVec {
	p, _ := net.edges[edge].leaving(node).at(9)
	return p.minus(net.nodes[node].at).unit()
}
