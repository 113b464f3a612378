package geofence

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/paulmach/orb"
)

// seeded is a random source and its seed, for the message of a failure. Three
// of four runs are the same every time, the others always new.
func seeded(run int) (*rand.Rand, uint64) {
	seed := uint64(run)
	if run%4 == 3 {
		seed = uint64(time.Now().UnixNano())
	}
	return sown(seed), seed
}

// sown is the random source of a seed.
func sown(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }

// cross is the turn of whole numbers, exactly.
func cross(a, b, c orb.Point) int64 {
	return (int64(a[0])-int64(c[0]))*(int64(b[1])-int64(c[1])) - (int64(a[1])-int64(c[1]))*(int64(b[0])-int64(c[0]))
}

// slowLocate adds up the quadrants around p that every edge passes through. It
// is exact for points of whole numbers.
func slowLocate(rings []ring, p orb.Point) location {
	quadrant := func(v orb.Point) int {
		switch {
		case v[0] >= p[0] && v[1] > p[1]:
			return 0
		case v[0] < p[0] && v[1] >= p[1]:
			return 1
		case v[0] <= p[0] && v[1] < p[1]:
			return 2
		}
		return 3
	}
	quarters := 0
	for _, r := range rings {
		for i, b := range r.vertices[1:] {
			a := r.vertices[i]
			side := cross(a, b, p)
			within := math.Min(a[0], b[0]) <= p[0] && p[0] <= math.Max(a[0], b[0]) &&
				math.Min(a[1], b[1]) <= p[1] && p[1] <= math.Max(a[1], b[1])
			if side == 0 && within {
				return boundary
			}
			switch step := (quadrant(b) - quadrant(a) + 4) % 4; {
			case step == 3:
				quarters--
			case step == 2 && side < 0:
				quarters -= 2
			default:
				quarters += step
			}
		}
	}
	if quarters != 0 {
		return inside
	}
	return outside
}

// slowNearest looks at every edge.
func slowNearest(rings []ring, p plane) float64 {
	least := math.Inf(1)
	for _, r := range rings {
		for i, b := range r.vertices[1:] {
			if !r.isSoft(i) {
				a := r.vertices[i]
				least = min(least, fromOrigin((a[0]-p.x)*p.scaleX, (a[1]-p.y)*p.scaleY, (b[0]-p.x)*p.scaleX, (b[1]-p.y)*p.scaleY))
			}
		}
	}
	return math.Sqrt(least)
}

// randomRings are up to 3 closed rings of whole numbers, stars with spikes or
// scribbles that cross themselves.
func randomRings(random *rand.Rand) []ring {
	size := []float64{4, 30, 1e6}[random.IntN(3)]
	rings := make([]ring, 1+random.IntN(3))
	for i := range rings {
		count := 3 + random.IntN([]int{5, 60, 600}[random.IntN(3)])
		center := orb.Point{size * random.Float64(), size * random.Float64()}
		scribble := random.IntN(2) == 0
		var r orb.Ring
		for n := range count {
			angle := 2 * math.Pi * float64(n) / float64(count)
			if scribble {
				angle = 2 * math.Pi * random.Float64()
			}
			sin, cos := math.Sincos(angle)
			radius := size * (0.1 + random.Float64())
			r = append(r, orb.Point{math.Round(center[0] + radius*cos), math.Round(center[1] + radius*sin)})
		}
		rings[i] = ring{vertices: append(r, r[0])}
	}
	return rings
}

// probe is a point near rings: a corner, in line with one, or anywhere.
func probe(random *rand.Rand, rings []ring) orb.Point {
	vertices := rings[random.IntN(len(rings))].vertices
	i := random.IntN(len(vertices) - 1)
	a, b := vertices[i], vertices[i+1]
	switch random.IntN(4) {
	case 0:
		return a
	case 1:
		return orb.Point{math.Round((a[0] + b[0]) / 2), math.Round((a[1] + b[1]) / 2)}
	case 2:
		return orb.Point{vertices[random.IntN(len(vertices))][0], a[1]}
	}
	return orb.Point{math.Round(a[0] + (b[1] - a[1]) + random.Float64()*9), math.Round(b[1] - random.Float64()*9)}
}

func TestLocateAgainstQuadrants(t *testing.T) {
	found := map[location]int{}
	for run := range 200 {
		random, seed := seeded(run)
		rings := randomRings(random)
		o := newOutline(rings)
		for range 100 {
			p := probe(random, rings)
			want := slowLocate(rings, p)
			found[want]++
			if got := o.locate(p[0], p[1]); got != want {
				t.Fatalf("seed %d: %v is %d, want %d", seed, p, got, want)
			}
		}
	}
	for at, count := range found {
		if count < 1000 {
			t.Errorf("only %d probes at location %d", count, at)
		}
	}
}

func TestNearestAgainstAllEdges(t *testing.T) {
	cells := 0
	for run := range 100 {
		random, seed := seeded(run)
		rings := randomRings(random)
		for i := range rings {
			rings[i].soft = make([]bool, len(rings[i].vertices))
			for j := range rings[i].soft {
				rings[i].soft[j] = run%2 == 0 && random.IntN(5) == 0
			}
		}
		o := newOutline(rings)
		scale := 0.1 + random.Float64()
		for range 50 {
			at := probe(random, rings)
			p := plane{at[0], at[1], scale, 1}
			full := slowNearest(rings, p)
			within := full * 2 * random.Float64()
			for _, c := range []struct{ within, want float64 }{{math.Inf(1), full}, {within, min(within, full)}} {
				at, got := o.measure(p, c.within)
				if o.grid != nil {
					if _, _, ok := o.grid.measure(&o, p, c.within); ok {
						cells++
					}
				}
				if want := o.locate(p.x, p.y); at != want {
					t.Fatalf("seed %d: %v is at %v, want %v", seed, p, at, want)
				}
				if at == boundary {
					continue
				}
				if math.Abs(got-c.want) > 1e-9*c.want {
					t.Fatalf("seed %d: %v is %g from the boundary, want %g", seed, p, got, c.want)
				}
			}
		}
	}
	if cells < 100 {
		t.Errorf("only %d of the distances were found in a grid", cells)
	}
}

func TestTurn(t *testing.T) {
	for _, c := range []struct {
		name    string
		a, b, c orb.Point
		want    int
	}{
		{"left", orb.Point{0, 0}, orb.Point{1, 0}, orb.Point{0, 1}, 1},
		{"right", orb.Point{0, 0}, orb.Point{1, 0}, orb.Point{0, -1}, -1},
		{"on the line as decimals", orb.Point{1, 0}, orb.Point{0, 1}, orb.Point{0.95, 0.05}, 0},
		{"one unit in the last place to the left", orb.Point{0, 0}, orb.Point{3, 1}, orb.Point{0.3, math.Nextafter(0.1, 1)}, 1},
		{"one unit in the last place to the right", orb.Point{0, 0}, orb.Point{3, 1}, orb.Point{0.3, math.Nextafter(0.1, 0)}, -1},
		{"thirds far out", orb.Point{100.1, 30.3}, orb.Point{100.4, 30.9}, orb.Point{100.2, 30.5}, 0},
		{"too small for the products", orb.Point{0, 0}, orb.Point{1e-200, 1e-200}, orb.Point{1e-200, 2e-200}, 1},
		{"too large for the products", orb.Point{0, 0}, orb.Point{1e300, 1e300}, orb.Point{1e300, -1e300}, -1},
		{"smallest numbers", orb.Point{0, 0}, orb.Point{5e-324, 5e-324}, orb.Point{1e-323, 1e-323}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, got := range []int{turn(c.a, c.b, c.c), turn(c.b, c.c, c.a), -turn(c.b, c.a, c.c)} {
				if got != c.want {
					t.Errorf("turn is %d, want %d", got, c.want)
				}
			}
		})
	}
}

func TestTurnAgainstExactArithmetic(t *testing.T) {
	for run := range 20 {
		random, seed := seeded(run)
		coordinate := func() float64 {
			return math.Round(random.Float64()*3600)/10 - 180 + float64(random.IntN(3)-1)*0x1p-46
		}
		for range 500 {
			a := orb.Point{coordinate(), coordinate()}
			b := orb.Point{a[0] + float64(random.IntN(5))/10, a[1] + float64(random.IntN(5))/10}
			c := orb.Point{a[0] + 2*(b[0]-a[0]), a[1] + 2*(b[1]-a[1])}
			if got, want := turn(a, b, c), turnExact(a, b, c); got != want {
				t.Fatalf("seed %d: turn of %v %v %v is %d, want %d", seed, a, b, c, got, want)
			}
		}
	}
}
