package main

import (
	"container/heap"
	"slices"
)

// townStop is a place on the network: s metres along an edge.
type townStop struct {
	edge int
	s    float64
}

// townLeg is the part of an edge that a way uses, from from to to metres along
// it; from is the larger where the way goes against the edge.
type townLeg struct {
	edge     int
	from, to float64
}

// speedLimit in metres per second: 50 km/h, 30 km/h, walking pace in the old
// town and in yards.
func (t *town) speedLimit(edge int) float64 {
	e := &t.net.edges[edge]
	middle, _ := e.line.at(e.line.length() / 2)
	switch {
	case e.class == classTownYard:
		return 10 / 3.6
	case e.class == classTownMajor:
		return 50 / 3.6
	case t.zones.at(middle) == zoneTownOld:
		return 15 / 3.6
	}
	return 30 / 3.6
}

// townCrossingSeconds is what passing a crossing costs a way in comparison.
const townCrossingSeconds = 3.0

// townRouter finds the quickest ways through the network.
type townRouter struct {
	net    *townNet
	limits []float64 // by edge
	length []float64
}

func newTownRouter(t *town) *townRouter {
	r := &townRouter{net: t.net}
	for i, e := range t.net.edges {
		r.limits = append(r.limits, t.speedLimit(i))
		r.length = append(r.length, e.line.length())
	}
	return r
}

// way is the quickest way from one place to another (Dijkstra, 1959), and
// whether there is one.
func (r *townRouter) way(from, to townStop) ([]townLeg, bool) {
	best := r.direct(from, to)
	search := newTownSearch(len(r.net.nodes))
	e := &r.net.edges[from.edge]
	search.reach(e.from, from.s/r.limits[from.edge], townLeg{from.edge, from.s, 0}, -1)
	search.reach(e.to, (r.length[from.edge]-from.s)/r.limits[from.edge], townLeg{from.edge, from.s, r.length[from.edge]}, -1)
	goal := &r.net.edges[to.edge]
	for search.open.Len() > 0 {
		at := heap.Pop(&search.open).(townReached)
		if at.seconds >= best.seconds {
			break
		}
		if at.seconds > search.seconds[at.node] {
			continue
		}
		if at.node == goal.from {
			best = best.or(at.seconds+to.s/r.limits[to.edge], at.node, townLeg{to.edge, 0, to.s})
		}
		if at.node == goal.to {
			left := r.length[to.edge] - to.s
			best = best.or(at.seconds+left/r.limits[to.edge], at.node, townLeg{to.edge, r.length[to.edge], to.s})
		}
		r.expand(search, at)
	}
	if !best.found {
		return nil, false
	}
	return search.trace(best), true
}

// direct is the way that stays on one edge.
func (r *townRouter) direct(from, to townStop) townGoal {
	if from.edge != to.edge {
		return townGoal{seconds: 1e18}
	}
	return townGoal{
		seconds: max(from.s-to.s, to.s-from.s) / r.limits[from.edge],
		node:    -1, last: townLeg{from.edge, from.s, to.s}, found: true,
	}
}

func (r *townRouter) expand(search *townSearch, at townReached) {
	for _, i := range r.net.nodes[at.node].edges {
		leg := townLeg{i, 0, r.length[i]}
		if r.net.edges[i].to == at.node {
			leg.from, leg.to = leg.to, leg.from
		}
		search.reach(r.net.edges[i].other(at.node), at.seconds+r.length[i]/r.limits[i]+townCrossingSeconds, leg, at.node)
	}
}

// townGoal is the best end of a way so far: its last leg and the node before
// it, -1 for none.
type townGoal struct {
	seconds float64
	node    int
	last    townLeg
	found   bool
}

func (g townGoal) or(seconds float64, node int, last townLeg) townGoal {
	if seconds < g.seconds {
		return townGoal{seconds, node, last, true}
	}
	return g
}

// townSearch is the state of one search.
type townSearch struct {
	seconds []float64 // to each node, 1e18 if unknown
	via     []townLeg
	before  []int
	open    townHeap
}

func newTownSearch(nodes int) *townSearch {
	s := &townSearch{seconds: make([]float64, nodes), via: make([]townLeg, nodes), before: make([]int, nodes)}
	for i := range s.seconds {
		s.seconds[i] = 1e18
	}
	return s
}

func (s *townSearch) reach(node int, seconds float64, via townLeg, before int) {
	if seconds < s.seconds[node] {
		s.seconds[node], s.via[node], s.before[node] = seconds, via, before
		heap.Push(&s.open, townReached{node, seconds})
	}
}

func (s *townSearch) trace(g townGoal) []townLeg {
	legs := []townLeg{g.last}
	for n := g.node; n >= 0; n = s.before[n] {
		legs = append(legs, s.via[n])
	}
	slices.Reverse(legs)
	return legs
}

type townReached struct {
	node    int
	seconds float64
}

// townHeap is a container/heap of the nodes to look at, nearest first; nodes of
// equal distance come in order of number, so that ways do not depend on chance.
type townHeap []townReached

func (h townHeap) Len() int { return len(h) }
func (h townHeap) Less(i, j int) bool {
	if h[i].seconds != h[j].seconds {
		return h[i].seconds < h[j].seconds
	}
	return h[i].node < h[j].node
}
func (h townHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *townHeap) Push(x any)   { *h = append(*h, x.(townReached)) }
func (h *townHeap) Pop() any {
	last := len(*h) - 1
	x := (*h)[last]
	*h = (*h)[:last]
	return x
}
