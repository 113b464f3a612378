package geofence

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"
)

// onSegment tells whether p, of whole numbers, lies on the line from a to b.
func onSegment(p, a, b orb.Point) bool {
	return cross(a, b, p) == 0 &&
		math.Min(a[0], b[0]) <= p[0] && p[0] <= math.Max(a[0], b[0]) &&
		math.Min(a[1], b[1]) <= p[1] && p[1] <= math.Max(a[1], b[1])
}

// slowClash tells whether two edges touch or cross but at common ends.
func slowClash(a, b, c, d orb.Point) bool {
	if a == c && b == d || a == d && b == c {
		return true
	}
	for _, end := range []orb.Point{a, b} {
		if onSegment(end, c, d) && end != c && end != d {
			return true
		}
	}
	for _, end := range []orb.Point{c, d} {
		if onSegment(end, a, b) && end != a && end != b {
			return true
		}
	}
	opposite := func(x, y int64) bool { return x > 0 && y < 0 || x < 0 && y > 0 }
	return opposite(cross(a, b, c), cross(a, b, d)) && opposite(cross(c, d, a), cross(c, d, b))
}

// edge is one of a ring, with the corner before it.
type edge struct{ before, from, to orb.Point }

func edgesOf(polygon orb.Polygon) []edge {
	var edges []edge
	for _, r := range polygon {
		for i, b := range r[1:] {
			before := r[(i+len(r)-2)%(len(r)-1)]
			edges = append(edges, edge{before, r[i], b})
		}
	}
	return edges
}

// slowPinch tells whether the passages through the corner at the start of two
// edges cross: one arm of the second lies between those of the first.
func slowPinch(e, f edge) bool {
	if e.from != f.from {
		return false
	}
	around := func(p orb.Point) float64 {
		zero := math.Atan2(e.to[1]-e.from[1], e.to[0]-e.from[0])
		return math.Mod(math.Atan2(p[1]-e.from[1], p[0]-e.from[0])-zero+4*math.Pi, 2*math.Pi)
	}
	back := around(e.before)
	return (around(f.before) < back) != (around(f.to) < back)
}

// slowValid tries every pair of edges and, for holes, the middle of an edge,
// which is no boundary of another ring where the edges are in order.
func slowValid(polygon orb.Polygon) bool {
	edges := edgesOf(polygon)
	for i, e := range edges {
		for _, f := range edges[:i] {
			if slowClash(e.from, e.to, f.from, f.to) || slowPinch(e, f) {
				return false
			}
		}
	}
	for i, hole := range polygon[1:] {
		middle := orb.Point{(hole[0][0] + hole[1][0]) / 2, (hole[0][1] + hole[1][1]) / 2}
		for j, other := range polygon {
			around := slowLocate([]ring{{vertices: other}}, middle) == inside
			if j != i+1 && around != (j == 0) {
				return false
			}
		}
	}
	return true
}

// randomCorners is a ring of count corners with even coordinates, none equal to
// the one before it.
func randomCorners(random *rand.Rand, count, west, south, size int) orb.Ring {
	var r orb.Ring
	for len(r) < count {
		p := orb.Point{float64(2 * (west + random.IntN(size))), float64(2 * (south + random.IntN(size)))}
		if len(r) == 0 || r[len(r)-1] != p && r[0] != p || len(r) > 2 && len(r) < count-1 && r[len(r)-1] != p {
			r = append(r, p)
		}
	}
	return append(r, r[0])
}

func TestCrossingsAgainstAllPairs(t *testing.T) {
	valid, holes := 0, 0
	for run := range 200 {
		random, seed := seeded(run)
		for range 100 {
			polygon := orb.Polygon{randomCorners(random, 3+random.IntN(6), 0, 0, 5)}
			if random.IntN(2) == 0 {
				polygon[0] = rectangle(0, 0, 8, 8)
			}
			for range random.IntN(3) {
				polygon = append(polygon, randomCorners(random, 3+random.IntN(2), random.IntN(4), random.IntN(4), 2))
			}
			want := slowValid(polygon)
			if want {
				valid++
				holes += len(polygon) - 1
			}
			err := Fence{Polygons: orb.MultiPolygon{polygon}}.Validate()
			if (err == nil) != want || err != nil && !errors.Is(err, ErrSelfCrossing) && !errors.Is(err, ErrHole) {
				t.Fatalf("seed %d: %v: error %v, valid %v", seed, polygon, err, want)
			}
		}
	}
	if valid < 2000 || holes < 300 {
		t.Errorf("only %d valid polygons with %d holes", valid, holes)
	}
}

// roundRing is a ring of count corners around 5,50 that differ in distance by
// the factor rough at random.
func roundRing(count int, rough float64) orb.Ring {
	random := rand.New(rand.NewPCG(1, uint64(count)))
	var r orb.Ring
	for i := range count {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(count))
		radius := 0.1 * (1 - rough*random.Float64())
		r = append(r, orb.Point{5 + radius*cos, 50 + radius*sin})
	}
	return append(r, r[0])
}

func TestOneCrossingAmongManyEdges(t *testing.T) {
	r := roundRing(20_000, 0.5)
	f := Fence{Polygons: orb.MultiPolygon{{r}}}
	if err := f.Validate(); err != nil {
		t.Fatal(err)
	}
	r[7000], r[7002] = r[7002], r[7000]
	if err := f.Validate(); !errors.Is(err, ErrSelfCrossing) {
		t.Errorf("error %v, want %v", err, ErrSelfCrossing)
	}
}

// A comb of slanting teeth has as many pairs of edges with overlapping boxes
// as there are pairs.
func comb(teeth int) orb.Ring {
	r := orb.Ring{{-1, -1}}
	step := 1 / float64(teeth)
	for i := range teeth {
		x := float64(i) * step
		r = append(r, orb.Point{x, 0}, orb.Point{x + 40, 40})
	}
	return append(r, orb.Point{60, 41}, orb.Point{60, -1}, orb.Point{-1, -1})
}

func BenchmarkValidate(b *testing.B) {
	for name, r := range map[string]orb.Ring{
		"round/vertices=20000": roundRing(20_000, 0.5),
		"comb/vertices=20004":  comb(10_000),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			f := Fence{Polygons: orb.MultiPolygon{{r}}}
			for b.Loop() {
				if err := f.Validate(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
