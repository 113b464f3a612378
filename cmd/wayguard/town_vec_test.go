package main

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestTownLine(t *testing.T) {
	// (0,0) --- (10,0)
	//              |
	//           (10,10)
	l := townLine{{0, 0}, {10, 0}, {10, 10}}
	if n := l.length(); n != 20 {
		t.Errorf("length %v", n)
	}
	for s, want := range map[float64]townVec{-1: {0, 0}, 0: {0, 0}, 4: {4, 0}, 13: {10, 3}, 20: {10, 10}, 25: {10, 10}} {
		if p, _ := l.at(s); p.to(want) > 1e-9 {
			t.Errorf("at %v: %v, want %v", s, p, want)
		}
	}
	if part := l.between(5, 15); len(part) != 3 || part.length() != 10 || part[1] != (townVec{10, 0}) {
		t.Errorf("between 5 and 15: %v", part)
	}
	if points := l.every(3); len(points) != 8 || points[0] != l[0] || points[7] != l[2] || math.Abs(points.length()-20) > 1 {
		t.Errorf("every 3: %v", points)
	}
	square := townLine{{0, 0}, {2, 0}, {2, 2}, {0, 2}}
	if square.area() != 4 || square.reversed().area() != -4 || square.middle() != (townVec{1, 1}) {
		t.Errorf("square: area %v, middle %v", square.area(), square.middle())
	}
}

func TestTownSimplified(t *testing.T) {
	const seed = 5
	rng := rand.New(rand.NewPCG(seed, 0))
	for range 200 {
		var l townLine
		for i := range 2 + rng.IntN(60) {
			l = append(l, townVec{float64(i) * 5, 20 * rng.Float64()})
		}
		const tolerance = 4
		s := l.simplified(tolerance)
		if s[0] != l[0] || s[len(s)-1] != l[len(l)-1] {
			t.Fatalf("seed %d: lost an end", seed)
		}
		index := newTownIndex()
		index.add(0, s)
		for _, p := range l {
			if d := index.distance(p, 1000); d > tolerance+1e-9 {
				t.Fatalf("seed %d: %v is %v off the simplified line", seed, p, d)
			}
		}
	}
}

// TestTownIndex compares distances and insideness with looking at everything.
func TestTownIndex(t *testing.T) {
	const seed = 6
	rng := rand.New(rand.NewPCG(seed, 0))
	ring := townBlob(townVec{-300, 200}, 500, rng)
	closed := append(ring[:len(ring):len(ring)], ring[0])
	index := newTownIndex()
	index.add(0, closed)
	holds := newTownRing(ring)
	inside := 0
	for range 3000 {
		p := townVec{-1200 + 1800*rng.Float64(), -700 + 1800*rng.Float64()}
		want, winding := math.Inf(1), 0.0
		for i := 1; i < len(closed); i++ {
			a, b := closed[i-1], closed[i]
			want = min(want, townToSegment(p, a, b))
			winding += math.Atan2(a.minus(p).cross(b.minus(p)), a.minus(p).dot(b.minus(p)))
		}
		const limit = 130
		if got := index.distance(p, limit); math.Abs(got-min(want, limit)) > 1e-9 {
			t.Fatalf("seed %d: %v is %v away, index says %v", seed, p, want, got)
		}
		if got := holds.holds(p); got != (math.Abs(winding) > 1) {
			t.Fatalf("seed %d: %v inside: %v, winding angle %v", seed, p, got, winding)
		}
		if holds.holds(p) {
			inside++
		}
	}
	if inside < 300 {
		t.Errorf("only %d points inside: the test does not test", inside)
	}
}

func TestTownContours(t *testing.T) {
	// A disc with a hole, and a disc apart from it.
	f := func(p townVec) float64 {
		ringed := min(400-p.to(townVec{-300, 0}), p.to(townVec{-300, 0})-150)
		return max(ringed, 200-p.to(townVec{500, 300}))
	}
	var outer, holes float64
	rings := townContours(f, 1000, 20)
	for _, r := range rings {
		if a := r.area(); a > 0 {
			outer += a
		} else {
			holes -= a
		}
	}
	if len(rings) != 3 {
		t.Errorf("%d rings, want 3", len(rings))
	}
	wantOuter, wantHoles := math.Pi*(400*400+200*200), math.Pi*150*150
	if math.Abs(outer/wantOuter-1) > 0.01 || math.Abs(holes/wantHoles-1) > 0.01 {
		t.Errorf("areas %.0f and %.0f, want %.0f and %.0f", outer, holes, wantOuter, wantHoles)
	}
}

func TestTownLonLat(t *testing.T) {
	for _, p := range []townVec{{0, 0}, {1234, -987}, {-2500, 2500}} {
		if q := townOf(p.lonLat()); q.to(p) > 1e-6 {
			t.Errorf("%v comes back as %v", p, q)
		}
	}
}
