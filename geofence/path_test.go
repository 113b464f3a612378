package geofence

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"
)

func newTestPath(t testing.TB, line orb.LineString) *path {
	t.Helper()
	p, err := newPath(line)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// slowPath looks at each edge in turn, from all copies of s.
func slowPath(p *path, s spot, from, to float64) (distance float64) {
	best := math.Inf(1)
	for turn := -5.0; turn <= 5; turn++ {
		m := s.plane(turn)
		for i := range p.vertices[1:] {
			a, b, start, end := p.vertices[i], p.vertices[i+1], p.along[i], p.along[i+1]
			if end < from || start > to {
				continue
			}
			ax, ay := (a[0]-m.x)*m.scaleX, (a[1]-m.y)*m.scaleY
			bx, by := (b[0]-m.x)*m.scaleX, (b[1]-m.y)*m.scaleY
			t := 0.0
			if length := (bx-ax)*(bx-ax) + (by-ay)*(by-ay); length > 0 {
				t = -(ax*(bx-ax) + ay*(by-ay)) / length
			}
			t = max(0, (from-start)/(end-start), min(t, 1, (to-start)/(end-start)))
			best = min(best, math.Hypot(ax+t*(bx-ax), ay+t*(by-ay)))
		}
	}
	return best
}

// randomLine wanders, repeats itself and turns back.
func randomLine(random *rand.Rand, count int) orb.LineString {
	p, bearing := randomMiddle(random), 0.0
	step := math.Exp(random.Float64() * math.Log(3000))
	line := orb.LineString{p}
	for len(line) < count {
		switch bearing += random.NormFloat64() / 2; random.IntN(12) {
		case 0:
			bearing += math.Pi
		case 1:
			line = append(line, p)
		case 2:
			line = append(line, line[random.IntN(len(line))])
		}
		p = destination(line[len(line)-1], bearing, step*random.Float64())
		line = append(line, p)
	}
	return line
}

func TestNearestAgainstEachEdge(t *testing.T) {
	for run := range 200 {
		random, seed := seeded(run)
		line := randomLine(random, 2+random.IntN(1+run*3))
		p := newTestPath(t, line)
		for range 20 {
			s := newSpot(destination(p.at(p.length()*random.Float64()), random.Float64()*2*math.Pi, 3000*random.Float64()*random.Float64()))
			from, to := 0.0, p.length()
			if random.IntN(2) == 0 {
				from = p.length() * random.Float64()
				to = from + p.length()*random.Float64()*random.Float64()
			}
			want := slowPath(p, s, from, min(to, p.length()))
			check := func(name string, along, distance float64) {
				t.Helper()
				if math.Abs(distance-want) > 1e-6+1e-9*want {
					t.Fatalf("seed %d: %s: %g m, want %g", seed, name, distance, want)
				}
				if along < from || along > to || math.Abs(slowPath(p, s, along, along)-want) > 1e-4 {
					t.Fatalf("seed %d: %s: %g m is not where it is nearest between %g and %g", seed, name, along, from, to)
				}
			}
			along, distance := p.nearest(s, from, to)
			check("nearest", along, distance)
			along, distance, edge := p.follow(s, from, to, int32(random.IntN(len(p.vertices))))
			check("follow", along, distance)
			if int(edge) != p.edge(along) || edge != p.edgeFrom(edge, along) || edge != p.edgeFrom(0, along) {
				t.Fatalf("seed %d: %g m is not at edge %d", seed, along, edge)
			}
			all := slowPath(p, s, 0, p.length())
			if got := p.distance(s, math.Inf(1)); math.Abs(got-all) > 1e-6 {
				t.Fatalf("seed %d: distance %g, want %g", seed, got, all)
			}
			if got := p.distance(s, all/2); got != all/2 {
				t.Fatalf("seed %d: distance %g within %g", seed, got, all/2)
			}
		}
	}
}

// A pass is a place where it is as near as anywhere around; the nearest of all
// is among them, and each other is parted from the next by a rise.
func TestPassesAgainstSamples(t *testing.T) {
	found := 0
	for run := range 100 {
		random, seed := seeded(run)
		p := newTestPath(t, randomLine(random, 2+random.IntN(200)))
		s := newSpot(destination(p.at(p.length()*random.Float64()), 0, 100*random.Float64()))
		within, rise := 200*random.Float64(), 5.0
		least, before := math.Inf(1), math.Inf(-1)
		p.passes(s, 0, p.length(), within, rise, func(along, distance float64) {
			found++
			if d := slowPath(p, s, along, along); math.Abs(d-distance) > 1e-4 {
				t.Fatalf("seed %d: %g m at %g, it is %g", seed, distance, along, d)
			}
			if along < before {
				t.Fatalf("seed %d: %g after %g", seed, along, before)
			}
			summit := 0.0
			for i := range 2000 {
				at := max(before, 0) + (along-max(before, 0))*float64(i)/2000
				summit = max(summit, slowPath(p, s, at, at))
			}
			if !math.IsInf(before, -1) && summit < min(distance+rise, within)-0.5 && len(p.vertices) > 2 {
				t.Fatalf("seed %d: no rise between %g and %g: %g over %g", seed, before, along, summit, distance)
			}
			least, before = min(least, distance), along
		})
		if want := slowPath(p, s, 0, p.length()); want < within-1e-6 && math.Abs(least-want) > 1e-6 {
			t.Fatalf("seed %d: least %g, want %g", seed, least, want)
		}
	}
	if found < 200 {
		t.Errorf("only %d passes", found)
	}
}

// antimeridian     179.9 E ----+---- 179.9 W
func TestPathsAtOddPlaces(t *testing.T) {
	over := newTestPath(t, orb.LineString{{179.9, 10}, {-179.9, 10}})
	for _, lon := range []float64{179.95, 180, -180, -179.95} {
		if along, d := over.nearest(newSpot(orb.Point{lon, 10.001}), 0, 1e9); d > 112 || along > over.length() {
			t.Errorf("at %g: %g m, %g along", lon, d, along)
		}
	}
	for name, line := range map[string]orb.LineString{
		"pole":       {{0, 90}, {90, 90}, {10, 89}},
		"duplicates": {{1, 1}, {1, 1}, {1, 1 + 1e-300}, {1, 1.1}, {1, 1.1}},
		"back":       {{1, 1}, {2, 1}, {1, 1}},
		"tiny":       {{0, 0}, {1e-12, 0}},
		"around":     {{0, 0}, {120, 0}, {-120, 0}, {0, 0}, {120, 10}},
		"meridian":   {{0, -90}, {0, 90}},
	} {
		p := newTestPath(t, line)
		for _, q := range []orb.Point{{0, 0}, {180, 0}, {-180, -90}, {5, 90}, line[0]} {
			for _, part := range [][2]float64{{0, p.length()}, {-5, -1}, {1e9, 2e9}, {7, 3}, {math.NaN(), math.NaN()}} {
				along, d := p.nearest(newSpot(q), part[0], part[1])
				again, e, _ := p.follow(newSpot(q), part[0], part[1], 1<<30)
				if !(along >= 0 && along <= p.length() && d >= 0 && d < 1e8) || math.Abs(d-e) > 1e-6 || math.Abs(along-again) > p.length() {
					t.Errorf("%s: %v in %v: %g along, %g m; %g, %g", name, q, part, along, d, again, e)
				}
			}
			if x, y := p.direction(p.length() / 2); x-x+y-y != 0 {
				t.Errorf("%s: direction %g, %g", name, x, y)
			}
			if at := p.at(p.length() / 3); !onGlobe(at) {
				t.Errorf("%s: %v", name, at)
			}
		}
	}
	for _, line := range []orb.LineString{nil, {{1, 1}}, {{1, 1}, {1, 1}}} {
		if _, err := newPath(line); !errors.Is(err, ErrTooFew) {
			t.Errorf("%v: %v", line, err)
		}
	}
	if _, err := newPath(orb.LineString{{1, 1}, {1, math.NaN()}}); !errors.Is(err, ErrCoordinates) {
		t.Error(err)
	}
}

func TestLongPath(t *testing.T) {
	line := winding(rand.New(rand.NewPCG(1, 1)), 100_000)
	p := newTestPath(t, line)
	for i := 0; i < len(line); i += 997 {
		if d := p.distance(newSpot(line[i]), 1); d > 1e-6 {
			t.Fatalf("vertex %d is %g m away", i, d)
		}
	}
}
