package geofence

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"
)

// randomFence is a circle, a star or a corridor, from a metre to many
// kilometres wide, around p.
func randomFence(random *rand.Rand, id FenceID, p orb.Point) Fence {
	size := math.Exp(random.Float64() * math.Log(20_000))
	switch random.IntN(5) {
	case 0, 1:
		return Fence{ID: id, Center: p, RadiusMeters: size}
	case 2:
		line := orb.LineString{p}
		for range 1 + random.IntN(8) {
			line = append(line, destination(line[len(line)-1], 2*math.Pi*random.Float64(), size*random.Float64()))
		}
		return Fence{ID: id, Line: line, CorridorMeters: size * (0.1 + random.Float64()) / 3}
	}
	var r orb.Ring
	count := 3 + random.IntN(20)
	for i := range count {
		bearing := -2 * math.Pi * (float64(i) + 0.9*random.Float64()) / float64(count)
		r = append(r, destination(p, bearing, size*(0.5+0.5*random.Float64())))
	}
	return Fence{ID: id, Polygons: orb.MultiPolygon{{append(r, r[0])}}}
}

// randomPlace is within a few kilometres of the middle of a run.
func randomPlace(random *rand.Rand, middle orb.Point) orb.Point {
	return destination(middle, random.Float64()*2*math.Pi, 5000*math.Sqrt(random.Float64()))
}

// randomMiddle is in mid-latitudes, at the antimeridian or near a pole.
func randomMiddle(random *rand.Rand) orb.Point {
	return []orb.Point{{8.5, 50.1}, {-70, -33}, {180, -16.8}, {-179.99, 65}, {12, 89}, {0, 0}}[random.IntN(6)]
}

// randomFences are fences that are valid around middle.
func randomFences(random *rand.Rand, middle orb.Point, count int) []Fence {
	var fences []Fence
	for len(fences) < count {
		f := randomFence(random, FenceID(fmt.Sprintf("f%03d", len(fences))), randomPlace(random, middle))
		if f.Validate() == nil {
			fences = append(fences, f)
		}
	}
	return fences
}

// slowLocateAll asks every fence.
func slowLocateAll(w *World, p orb.Point) []FenceID {
	var ids []FenceID
	for z := range w.zones.all() {
		if z.shape.locate(newSpot(p)) != outside {
			ids = append(ids, z.fence.ID)
		}
	}
	return ids
}

func TestWorldLocateAgainstEveryFence(t *testing.T) {
	hits := 0
	for run := range 40 {
		random, seed := seeded(run)
		middle := randomMiddle(random)
		w := newWorld(t, Settings{}, randomFences(random, middle, 1+random.IntN(200))...)
		for range 100 {
			p := randomPlace(random, middle)
			got, want := w.Locate(p), slowLocateAll(w, p)
			hits += len(want)
			if !slices.Equal(got, want) {
				t.Fatalf("seed %d: %v is in %q, want %q", seed, p, got, want)
			}
		}
	}
	if hits < 1000 {
		t.Errorf("only %d hits", hits)
	}
}

// Whatever is within reach of a place must be found, but what is narrower than
// asked for; and a search that leaves something out must say so.
func TestNearAgainstEveryFence(t *testing.T) {
	for run := range 40 {
		random, seed := seeded(run)
		middle := randomMiddle(random)
		w := newWorld(t, Settings{}, randomFences(random, middle, 100)...)
		for range 50 {
			s := newSpot(randomPlace(random, middle))
			reach, size := 3000*random.Float64(), math.Exp(12*random.Float64())*float64(random.IntN(2))
			found, narrower := w.near(s, reach, size, nil)
			if !slices.IsSortedFunc(found, byID) || len(slices.Compact(slices.Clone(found))) != len(found) {
				t.Fatalf("seed %d: not in order or not unique", seed)
			}
			for z := range w.zones.all() {
				if z.shape.distance(s, math.Inf(1)) < -reach || slices.Contains(found, z) {
					continue
				}
				if z.size >= size || !narrower {
					t.Fatalf("seed %d: %s, %g m wide, is within %g m of %v and not found", seed, z.fence.ID, z.size, reach, s.point())
				}
			}
		}
	}
}

// A World made by edits answers as one made at once.
func TestWithAgainstNewWorld(t *testing.T) {
	for run := range 20 {
		random, seed := seeded(run)
		middle := randomMiddle(random)
		fences := map[FenceID]Fence{}
		edited := newWorld(t, Settings{})
		for version := range uint64(30) {
			var put []Fence
			for range random.IntN(8) {
				id := FenceID(fmt.Sprint(random.IntN(40)))
				f := randomFence(random, id, randomPlace(random, middle))
				if f.Validate() == nil && !slices.ContainsFunc(put, func(g Fence) bool { return g.ID == id }) {
					put = append(put, f)
				}
			}
			var remove []FenceID
			for range random.IntN(8) {
				id := FenceID(fmt.Sprint(random.IntN(40)))
				remove = append(remove, id)
				delete(fences, id)
			}
			for _, f := range put {
				fences[f.ID] = f
			}
			var err error
			if edited, err = edited.With(version, put, remove); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			whole := newWorld(t, Settings{}, slices.Collect(maps.Values(fences))...)
			checkSameWorld(t, seed, edited, whole, random, middle)
		}
	}
}

func checkSameWorld(t *testing.T, seed uint64, a, b *World, random *rand.Rand, middle orb.Point) {
	t.Helper()
	ids := func(w *World) (ids []FenceID) {
		for f := range w.Fences() {
			ids = append(ids, f.ID)
		}
		return ids
	}
	if got, want := ids(a), ids(b); !slices.Equal(got, want) || !slices.IsSorted(got) || a.Len() != len(want) {
		t.Fatalf("seed %d: fences %q, want %q", seed, got, want)
	}
	for range 20 {
		p := randomPlace(random, middle)
		if got, want := a.Locate(p), b.Locate(p); !slices.Equal(got, want) {
			t.Fatalf("seed %d: %v is in %q, want %q", seed, p, got, want)
		}
	}
}

func TestWorldsDoNotChange(t *testing.T) {
	square := orb.MultiPolygon{{rectangle(0, 0, 1, 1)}}
	first := newWorld(t, Settings{}, Fence{ID: "a", Polygons: square})
	square[0][0][0] = orb.Point{50, 50}
	second, err := first.With(2, []Fence{{ID: "b", Center: orb.Point{0.5, 0.5}, RadiusMeters: 10}}, []FenceID{"a", "none"})
	if err != nil {
		t.Fatal(err)
	}
	p := orb.Point{0.5, 0.5}
	for _, c := range []struct {
		world   *World
		version uint64
		want    []FenceID
	}{{first, 1, []FenceID{"a"}}, {second, 2, []FenceID{"b"}}} {
		if got := c.world.Locate(p); !slices.Equal(got, c.want) {
			t.Errorf("version %d: %q, want %q", c.version, got, c.want)
		}
		if got := c.world.Version(); got != c.version {
			t.Errorf("version %d, want %d", got, c.version)
		}
	}
	if first.zone("a").fence.Polygons[0][0][0] != (orb.Point{0, 0}) {
		t.Error("the fence changed with what it was made from")
	}
}

func TestNewWorldRefuses(t *testing.T) {
	ok := Fence{ID: "a", RadiusMeters: 1}
	for _, c := range []struct {
		name     string
		settings Settings
		fences   []Fence
		want     error
		says     string
	}{
		{"no id", Settings{}, []Fence{{RadiusMeters: 1}}, ErrID, "give 1 to 256"},
		{"long id", Settings{}, []Fence{{ID: FenceID(strings.Repeat("x", MaxIDBytes+1)), RadiusMeters: 1}}, ErrID, "257 bytes"},
		{"twice", Settings{}, []Fence{ok, {ID: "b", RadiusMeters: 2}, ok}, ErrDuplicate, `"a"`},
		{"bad shape", Settings{}, []Fence{ok, {ID: "broken", RadiusMeters: -3}}, ErrRadius, `fence "broken"`},
		{"negative setting", Settings{Thresholds: Thresholds{ExitMargin: -1}}, nil, ErrSettings, "exit_margin"},
		{"NaN setting", Settings{MinAccuracyMeters: math.NaN()}, nil, ErrSettings, "min_accuracy_m"},
		{"infinite setting", Settings{Thresholds: Thresholds{EnterMargin: math.Inf(1)}}, nil, ErrSettings, "enter_margin"},
		{"negative duration", Settings{Thresholds: Thresholds{EnterAfter: -1}}, nil, ErrSettings, "enter_after_s"},
		{"bad threshold", Settings{}, []Fence{ok, {ID: "b", RadiusMeters: 2, Thresholds: Thresholds{ExitMargin: -1}}}, ErrSettings, `fence "b"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, err := NewWorld(1, c.settings, c.fences)
			if !errors.Is(err, c.want) || w != nil {
				t.Fatalf("error %v, world %v, want %v", err, w, c.want)
			}
			if !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %q does not say %q", err, c.says)
			}
		})
	}
}

func TestZeroWorldIsEmpty(t *testing.T) {
	var w World
	if got := w.Locate(orb.Point{}); got != nil || w.Len() != 0 {
		t.Errorf("it has %q", got)
	}
	with, err := w.With(1, []Fence{{ID: "a", RadiusMeters: 1}}, nil)
	if err != nil || len(with.Locate(orb.Point{})) != 1 {
		t.Errorf("a fence put into it is not found, error %v", err)
	}
	if got := with.Locate(orb.Point{math.NaN(), 0}); got != nil {
		t.Errorf("NaN is in %q", got)
	}
}
