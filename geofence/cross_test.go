package geofence

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/paulmach/orb"
)

// lane is a fence 100 m wide from longitude 0 to the east, without end to the
// north and south as far as these tests go.
func lane(id FenceID) Fence {
	east := 100 / (metersPerDegree * math.Cos(0.5*radians))
	return Fence{ID: id, Polygons: orb.MultiPolygon{{rectangle(0, 0, east, 1)}}}
}

func TestCross(t *testing.T) {
	wide := lane("a")
	wide.Thresholds = Thresholds{CrossWithin: time.Minute, CrossMargin: 3}
	for _, c := range []struct {
		name   string
		fence  Fence
		places []at
		want   string
	}{
		{"straight through", lane("a"), []at{{0, -200, 0}, {10, 300, 0}}, "cross a 4s #1"},
		{"westwards", lane("a"), []at{{0, 300, 0}, {10, -200, 0}}, "cross a 4s #1"},
		{"on the way", lane("a"), []at{{0, -700, 0}, {10, -200, 0}, {20, 300, 0}, {30, 800, 0}}, "cross a 14s #1"},
		{"too fast for the device", lane("a"), []at{{0, -1000, 0}, {10, 1000, 0}}, ""},
		{"after a silence", lane("a"), []at{{0, -200, 0}, {46, 300, 0}}, ""},
		{"too inaccurate", lane("a"), []at{{0, -200, 10}, {10, 300, 51}}, ""},
		{"its own thresholds", wide, []at{{0, -200, 0}, {46, 300, 0}}, "cross a 18s #1"},
		{"its own margin", wide, []at{{0, -200, 17}, {46, 300, 0}}, ""},
		{"a fix inside", lane("a"), []at{{0, -150, 0}, {10, 50, 0}, {20, 250, 0}}, "cross a 7s #1"},
		{"a fix inside near the boundary", lane("a"), []at{{0, -150, 0}, {10, 4, 0}, {20, 158, 0}}, "cross a 9s #1"},
		{"a fix inside between silences", lane("a"), []at{{0, -150, 0}, {300, 50, 0}, {600, 250, 0}}, "cross a 300s #1"},
		{"some fixes inside, one beyond the margin", lane("a"), []at{{0, -30, 10}, {1, 4, 10}, {2, 50, 10}, {3, 97, 10}, {4, 300, 10}}, "cross a 0s #1"},
		{"two fixes inside", lane("a"), []at{{0, -150, 0}, {10, 30, 0}, {15, 70, 0}, {20, 250, 0}, {30, 400, 0}}, "enter a 10s #1, exit a 20s #1"},
		{"a jump there and back over it", lane("a"), []at{{0, -20, 0}, {1, -20, 0}, {2, 200, 0}, {3, -20, 0}, {4, -20, 0}}, ""},
		{"a jump there and back into it", lane("a"), []at{{0, -20, 0}, {1, -20, 0}, {2, 50, 0}, {3, -20, 0}, {4, -20, 0}}, ""},
		{"a sudden departure", lane("a"), []at{{0, -20, 0}, {10, -20, 0}, {20, 200, 0}, {30, 400, 0}}, "cross a 10s #1"},
		{"and no more", lane("a"), []at{{0, -20, 0}, {10, -20, 0}, {20, 200, 0}, {30, 202, 0}, {40, 200, 0}}, "cross a 10s #1"},
		{"a corner too shallow", Fence{ID: "a", Center: at{0, 50, 0}.fix().Point, RadiusMeters: 9}, []at{{0, -100, 0}, {10, 200, 0}}, ""},
		{"a small fence and good fixes", Fence{ID: "a", Center: at{0, 50, 0}.fix().Point, RadiusMeters: 9}, []at{{0, -100, 5}, {10, 200, 5}}, "cross a 4s #1"},
		{"after the exit", lane("a"), []at{{0, 50, 0}, {10, -30, 0}, {20, -30, 0}, {30, 160, 0}}, "exit a 10s #1"},
	} {
		if got := brief(run(newWorld(t, fencesAlone(), c.fence), fixesOf(c.places))); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	if got := brief(run(newWorld(t, Settings{Raw: true}, lane("a")), fixesOf([]at{{0, 50, 0}, {5, -200, 0}, {15, 300, 0}, {25, -200, 0}}))); got != "exit a 5s #1" {
		t.Errorf("raw: %q, want none but an exit", got)
	}
}

func TestCrossCarriesTheNumbers(t *testing.T) {
	events := run(newWorld(t, fencesAlone(), lane("a")), fixesOf([]at{{0, -200, 4}, {10, 300, 6}}))
	if len(events) != 1 {
		t.Fatalf("%q, want one", brief(events))
	}
	for name, want := range map[string]float64{"chord_m": 100, "depth_m": 50, "gap_s": 10, "uncertainty_m": 6, "margin_m": 6} {
		if got := events[0].Facts.Number(name); math.Abs(got-want) > 1 {
			t.Errorf("%s is %g, want %g", name, got, want)
		}
	}
	if at := events[0].Point; math.Abs(at[0])*metersPerDegree > 0.5 || math.Abs(float64(events[0].Time)-4000) > 5 {
		t.Errorf("at %v, %d", at, events[0].Time)
	}
}

// What a leg in small steps says.
type samples struct {
	depth       float64 // of the deepest
	entry, exit int     // of the stretch inside that it is in
}

const sampleCount = 1000

func sampled(l *leg, z *zone) samples {
	var found samples
	deepest := 0
	for i := range sampleCount + 1 {
		if d := z.shape.distance(l.at(l.length*float64(i)/sampleCount), math.Inf(1)); d > found.depth {
			found.depth, deepest = d, i
		}
	}
	within := func(i int) bool {
		return i >= 0 && i <= sampleCount && z.shape.locate(l.at(l.length*float64(i)/sampleCount)) == inside
	}
	for found.entry = deepest; within(found.entry - 1); found.entry-- {
	}
	for found.exit = deepest; within(found.exit + 1); found.exit++ {
	}
	return found
}

// Random legs through and past fences of all shapes, against a look at many
// points along them.
func TestCrossAgainstSamples(t *testing.T) {
	told, passed := 0, 0
	for run := range 80 {
		random, seed := seeded(run)
		middle := randomMiddle(random)
		if middle[1] > maxLatitude {
			continue
		}
		for range 30 {
			place := randomPlace(random, middle)
			z, err := newZone(randomFence(random, "f", place))
			if err != nil {
				continue
			}
			z.under(&Settings{Thresholds: Thresholds{CrossMargin: 1, CrossWithin: time.Minute}})
			l := randomLeg(random, place, z.size)
			p, ok := z.crossed(&l)
			u, outer := l.uncertainty(), z.shape.distance(l.from.spot, math.Inf(1)) < 0 && z.shape.distance(l.to.spot, math.Inf(1)) < 0
			want := sampled(&l, z)
			slack := 0.06*u + l.length/400
			switch must, may := want.depth > u+slack, want.depth > u-slack; {
			case ok && !(may && outer && u <= z.size), !ok && must && outer && u <= z.size:
				t.Fatalf("seed %d: %+v is %v, by samples %g m deep, uncertainty %g, size %g, outside %v", seed, l, ok, want.depth, u, z.size, outer)
			case !ok:
				passed++
			case math.Abs(p.depth-want.depth) > slack:
				t.Fatalf("seed %d: %g m deep, by samples %g", seed, p.depth, want.depth)
			default:
				told++
				checkEdges(t, seed, &l, z, p, want)
			}
		}
	}
	if told < 300 || passed < 300 {
		t.Errorf("only %d crosses, %d none", told, passed)
	}
}

// randomLeg is a leg about 4 sizes long that passes near place.
func randomLeg(random *rand.Rand, place orb.Point, size float64) leg {
	bearing, off := 2*math.Pi*random.Float64(), size*random.NormFloat64()/2
	way := destination(place, bearing+math.Pi/2, off)
	u := size * math.Exp(-4*random.Float64())
	end := func(bearing float64, time Millis) sighting {
		p := destination(way, bearing, size*(0.5+2*random.Float64()))
		return sighting{spot: newSpot(p), time: time, uncertainty: u * (0.5 + random.Float64()), altitude: math.NaN()}
	}
	return newLeg(end(bearing+math.Pi, 0), end(bearing, 30_000))
}

// checkEdges compares where p begins and ends, unless there is more than one
// stretch inside that is about as deep.
func checkEdges(t *testing.T, seed uint64, l *leg, z *zone, p passage, want samples) {
	t.Helper()
	step := l.length / sampleCount
	slack := 2*step + 0.3
	for at, i := range map[spot]int{p.entry: want.entry, p.exit: want.exit} {
		if z.shape.distance(at, math.Inf(1)) > slack || z.shape.distance(at, math.Inf(1)) < -slack {
			t.Fatalf("seed %d: the edge is %g m from the boundary", seed, z.shape.distance(at, math.Inf(1)))
		}
		if off := haversine(at, l.at(step*float64(i))); off > 20*slack && p.depth > want.depth*1.02 {
			t.Fatalf("seed %d: the edge is %g m from that by samples", seed, off)
		}
	}
	if p.time < l.from.time || p.time > l.to.time {
		t.Fatalf("seed %d: at %d", seed, p.time)
	}
}

// The same town anywhere else gives the same events: all longitudes are turned
// by whole degrees, across the antimeridian too.
func TestTurningTheGlobeChangesNothing(t *testing.T) {
	crosses := 0
	for run0 := range 12 {
		random, seed := seeded(run0)
		middle := orb.Point{8.5, 50.1}
		fences, fixes := randomFences(random, middle, 300), randomTrack(random, middle, 500)
		for i := range fixes {
			fixes[i].Time = Millis(1_700_000_000_000 + 9000*i)
			fixes[i].Known, fixes[i].AccuracyMeters = KnownAccuracy, 3
		}
		var want []Event
		for i, turn := range []float64{0, 91, 171, -180, -188} {
			var turned []Fence
			for _, f := range fences {
				turned = append(turned, turnFence(f, turn))
			}
			var moved []Fix
			for _, f := range fixes {
				f.Point = turnPoint(f.Point, turn)
				moved = append(moved, f)
			}
			got := run(newWorld(t, fencesAlone(), turned...), moved)
			if i == 0 {
				want = got
				crosses += count(got, Cross)
			}
			checkSameEvents(t, seed, got, want)
		}
	}
	if crosses < 20 {
		t.Errorf("only %d crosses", crosses)
	}
}

// turnPoint is p rounded to what can be turned without a loss.
func turnPoint(p orb.Point, turn float64) orb.Point {
	return orb.Point{math.Remainder(math.Round(p[0]*0x1p32)/0x1p32+turn, 360), p[1]}
}

func turnFence(f Fence, turn float64) Fence {
	f = f.clone()
	f.Center = turnPoint(f.Center, turn)
	for _, polygon := range f.Polygons {
		for _, r := range polygon {
			for i := range r {
				r[i] = turnPoint(r[i], turn)
			}
		}
	}
	for i := range f.Line {
		f.Line[i] = turnPoint(f.Line[i], turn)
	}
	return f
}

func checkSameEvents(t *testing.T, seed uint64, got, want []Event) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("seed %d: %q, want %q", seed, brief(got), brief(want))
	}
	for i, e := range got {
		w := want[i]
		if e.Type != w.Type || e.Subject != w.Subject || e.Episode != w.Episode || max(e.Time-w.Time, w.Time-e.Time) > 5 {
			t.Fatalf("seed %d: %q, want %q", seed, brief(got), brief(want))
		}
	}
}
