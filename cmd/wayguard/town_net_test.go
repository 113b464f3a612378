package main

import (
	"math/rand/v2"
	"testing"
)

func checkTownStreets(t *testing.T, town *town) {
	net := town.net
	if reached := net.flood(0, 1, make([]int, len(net.nodes))); reached != len(net.nodes) {
		t.Errorf("from the first crossing one comes to %d of %d", reached, len(net.nodes))
	}
	for i, e := range net.edges {
		if e.line[0] != net.nodes[e.from].at || e.line[len(e.line)-1] != net.nodes[e.to].at {
			t.Errorf("edge %d does not begin and end at its crossings", i)
		}
	}
}

// checkTownCrossings: streets meet at crossings and nowhere else, or a van could
// not turn where the map shows that it can.
func checkTownCrossings(t *testing.T, town *town) {
	net := town.net
	index := net.index()
	for i, e := range net.edges {
		for k := 1; k < len(e.line); k++ {
			a, b := e.line[k-1], e.line[k]
			index.around(a, b, 0, func(s townSegment) {
				u, _, crosses := townCrossing(a, b, s.A, s.B)
				if !crosses || s.Line <= i {
					return
				}
				p, o := a.mix(b, u), net.edges[s.Line]
				for _, n := range [4]int{e.from, e.to, o.from, o.to} {
					if net.nodes[n].at.to(p) < townMergeRadius {
						return
					}
				}
				t.Errorf("edges %d and %d cross at %v", i, s.Line, p)
			})
		}
	}
}

func TestTownAddressesAreReached(t *testing.T) {
	town := newTown(1)
	router := newTownRouter(town)
	depot := town.parking(0)
	for _, a := range town.addresses {
		legs, ok := router.way(depot, townStop{a.edge, a.s})
		if !ok {
			t.Fatalf("no way to %s", a)
		}
		checkTownWay(t, town, depot, townStop{a.edge, a.s}, legs)
	}
}

// checkTownWay checks that legs lead from from to to without a jump.
func checkTownWay(t *testing.T, town *town, from, to townStop, legs []townLeg) {
	t.Helper()
	at := town.position(from)
	for _, leg := range legs {
		begin, end := town.position(townStop{leg.edge, leg.from}), town.position(townStop{leg.edge, leg.to})
		if at.to(begin) > 0.01 {
			t.Fatalf("a way from %v to %v jumps from %v to %v", from, to, at, begin)
		}
		at = end
	}
	if at.to(town.position(to)) > 0.01 {
		t.Fatalf("a way from %v to %v ends at %v", from, to, at)
	}
}

// TestTownWaysAreQuickest compares with the times that relaxing every edge until
// nothing changes gives (Bellman and Ford).
func TestTownWaysAreQuickest(t *testing.T) {
	const seed = 3
	rng := rand.New(rand.NewPCG(seed, 0))
	town := newTown(1)
	router := newTownRouter(town)
	for range 12 {
		from, to := randomTownStop(town, rng), randomTownStop(town, rng)
		legs, ok := router.way(from, to)
		if !ok {
			t.Fatalf("seed %d: no way from %v to %v", seed, from, to)
		}
		want := townSlowly(router, from, to)
		if got := townDuration(router, legs); got > want+1e-6 || got < want-1e-6 {
			t.Errorf("seed %d: from %v to %v in %.3f s, %.3f are possible", seed, from, to, got, want)
		}
	}
	// Both on one edge, and both in one place.
	a, b := townStop{5, 1}, townStop{5, 9}
	for _, c := range [][2]townStop{{a, b}, {b, a}, {a, a}} {
		if legs, ok := router.way(c[0], c[1]); !ok || len(legs) != 1 {
			t.Errorf("from %v to %v: %v", c[0], c[1], legs)
		}
	}
}

func randomTownStop(town *town, rng *rand.Rand) townStop {
	a := town.addresses[rng.IntN(len(town.addresses))]
	return townStop{a.edge, a.s}
}

func townDuration(r *townRouter, legs []townLeg) float64 {
	sum := 0.0
	for i, leg := range legs {
		sum += max(leg.from-leg.to, leg.to-leg.from) / r.limits[leg.edge]
		if i > 0 && i < len(legs)-1 {
			sum += townCrossingSeconds
		}
	}
	return sum
}

func townSlowly(r *townRouter, from, to townStop) float64 {
	seconds := make([]float64, len(r.net.nodes))
	for i := range seconds {
		seconds[i] = 1e18
	}
	e := r.net.edges[from.edge]
	seconds[e.from] = from.s / r.limits[from.edge]
	seconds[e.to] = min(seconds[e.to], (r.length[from.edge]-from.s)/r.limits[from.edge])
	for changed := true; changed; {
		changed = false
		for i, e := range r.net.edges {
			cost := r.length[i]/r.limits[i] + townCrossingSeconds
			for _, end := range [2][2]int{{e.from, e.to}, {e.to, e.from}} {
				if t := seconds[end[0]] + cost; t < seconds[end[1]] {
					seconds[end[1]], changed = t, true
				}
			}
		}
	}
	e = r.net.edges[to.edge]
	best := min(seconds[e.from]+to.s/r.limits[to.edge], seconds[e.to]+(r.length[to.edge]-to.s)/r.limits[to.edge])
	if from.edge == to.edge {
		best = min(best, max(from.s-to.s, to.s-from.s)/r.limits[to.edge])
	}
	return best
}
