package geofence

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"
)

// randomTrack is a walk around middle with stops, jumps, gaps and all kinds of
// accuracy.
func randomTrack(random *rand.Rand, middle orb.Point, count int) []Fix {
	p := randomPlace(random, middle)
	bearing, speed, now := 0.0, 10.0, Millis(1_700_000_000_000)
	var fixes []Fix
	for range count {
		now += Millis(1 + random.IntN(2000)*(1+random.IntN(30)))
		if random.IntN(20) == 0 {
			speed = 30 * random.Float64() * float64(random.IntN(2))
		}
		if random.IntN(100) == 0 {
			p = randomPlace(random, middle)
		}
		bearing += random.NormFloat64() / 3
		p = destination(p, bearing, speed*5)
		f := Fix{Time: now, Point: destination(p, random.Float64()*2*math.Pi, 10*random.Float64())}
		if random.IntN(3) > 0 {
			f.Known, f.AccuracyMeters = KnownAccuracy, float32(math.Exp(random.Float64()*math.Log(1000)))
		}
		fixes = append(fixes, f)
	}
	return fixes
}

// scenario is a random World and a track in it.
func scenario(t *testing.T, run int) (random *rand.Rand, seed uint64, settings Settings, fences []Fence, fixes []Fix) {
	t.Helper()
	random, seed = seeded(run)
	fences, fixes = landscape(random)
	return random, seed, Settings{Raw: run%2 == 0}, fences, fixes
}

// landscape is random fences and a track among them.
func landscape(random *rand.Rand) ([]Fence, []Fix) {
	middle := randomMiddle(random)
	fences := randomFences(random, middle, 20+random.IntN(60))
	return fences, randomTrack(random, middle, 400)
}

// each runs a property over scenarios that have enough events together.
func each(t *testing.T, property func(random *rand.Rand, seed uint64, settings Settings, fences []Fence, fixes []Fix, want []Event)) {
	t.Helper()
	total := 0
	for n := range 24 {
		random, seed, settings, fences, fixes := scenario(t, n)
		want := run(newWorld(t, settings, fences...), fixes)
		total += len(want)
		property(random, seed, settings, fences, fixes, want)
	}
	if total < 500 {
		t.Errorf("only %d events in all", total)
	}
}

func TestOrderOfFencesDoesNotMatter(t *testing.T) {
	each(t, func(random *rand.Rand, seed uint64, settings Settings, fences []Fence, fixes []Fix, want []Event) {
		random.Shuffle(len(fences), func(i, j int) { fences[i], fences[j] = fences[j], fences[i] })
		if got := run(newWorld(t, settings, fences...), fixes); !slices.Equal(got, want) {
			t.Fatalf("seed %d: %q, want %q", seed, brief(got), brief(want))
		}
	})
}

func TestStateSurvivesItsBinaryForm(t *testing.T) {
	each(t, func(_ *rand.Rand, seed uint64, settings Settings, fences []Fence, fixes []Fix, want []Event) {
		w := newWorld(t, settings, fences...)
		var s State
		var got []Event
		for _, fix := range fixes {
			b, err := s.AppendBinary(nil)
			if err != nil {
				t.Fatal(err)
			}
			var read State
			if err := read.UnmarshalBinary(b); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			clear(b)
			got = Step(w, &read, fix, got)
			s = read
		}
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d: %q, want %q", seed, brief(got), brief(want))
		}
	})
}

func TestDuplicatesChangeNothing(t *testing.T) {
	each(t, func(random *rand.Rand, seed uint64, settings Settings, fences []Fence, fixes []Fix, want []Event) {
		var repeated []Fix
		for i, fix := range fixes {
			repeated = append(repeated, fix, fix, fixes[random.IntN(i+1)])
		}
		if got := run(newWorld(t, settings, fences...), repeated); !slices.Equal(got, want) {
			t.Fatalf("seed %d: %q, want %q", seed, brief(got), brief(want))
		}
	})
}

// An edit elsewhere, as World versions come and go, makes no difference.
func TestOtherEditsChangeNothing(t *testing.T) {
	each(t, func(random *rand.Rand, seed uint64, settings Settings, fences []Fence, fixes []Fix, want []Event) {
		if got := runWhileEdited(t, random, newWorld(t, settings, fences...), fixes); !slices.Equal(got, want) {
			t.Fatalf("seed %d: %q, want %q", seed, brief(got), brief(want))
		}
	})
}

// The same where it did make one: the crosses of a sudden step were lost if the
// World had changed by the next fix, which such a step waits for.
func TestOtherEditsLoseNoCross(t *testing.T) {
	for _, seed := range []uint64{14013, 17009, 23005, 31007, 41003, 45001, 52013, 55023, 57015, 76017} {
		random := sown(seed)
		fences, fixes := landscape(random)
		w := newWorld(t, Settings{}, fences...)
		want := run(w, fixes)
		if got := runWhileEdited(t, random, w, fixes); !slices.Equal(got, want) {
			t.Errorf("seed %d: %q, want %q", seed, brief(got), brief(want))
		}
	}
}

// runWhileEdited is run while a fence far from all fixes is put now and then.
func runWhileEdited(t *testing.T, random *rand.Rand, w *World, fixes []Fix) (events []Event) {
	t.Helper()
	var s State
	for i, fix := range fixes {
		if random.IntN(3) == 0 {
			var err error
			elsewhere := Fence{ID: "elsewhere", Center: orb.Point{-100, -50 + float64(i)/100}, RadiusMeters: 100}
			if w, err = w.With(uint64(i+2), []Fence{elsewhere}, nil); err != nil {
				t.Fatal(err)
			}
		}
		events = Step(w, &s, fix, events)
	}
	return events
}

// What is true of the events of any track.
func TestVisits(t *testing.T) {
	each(t, func(_ *rand.Rand, seed uint64, _ Settings, _ []Fence, fixes []Fix, events []Event) {
		open, seen, newest := map[string]uint64{}, map[uint64]bool{}, map[string]Millis{}
		for _, e := range events {
			if !strings.HasPrefix(string(e.Type), "geofence.") {
				continue
			}
			visit, in := open[e.Subject]
			switch {
			case e.Type == Cross:
				if in || seen[e.Episode] || e.Time < newest[e.Subject] || !(e.Facts.Number("depth_m") >= e.Facts.Number("margin_m")) {
					t.Fatalf("seed %d: %+v cannot be, after %q", seed, e, brief(events))
				}
			case e.Type == Enter && (in || seen[e.Episode] || e.Facts.Number("distance_m") < 0),
				e.Type == Exit && (in && visit != e.Episode || !in && seen[e.Episode] || e.Facts.Number("distance_m") > 0),
				e.Time < newest[e.Subject], e.Episode == 0, math.IsNaN(e.Facts.Number("distance_m")), math.IsInf(e.Facts.Number("distance_m"), 0),
				!slices.ContainsFunc(fixes, func(f Fix) bool { return f.Time == e.Time && f.Point == e.Point }):
				t.Fatalf("seed %d: %+v cannot be, after %q", seed, e, brief(events))
			}
			seen[e.Episode], newest[e.Subject] = true, e.Time
			if e.Type == Enter {
				open[e.Subject] = e.Episode
			} else if e.Type == Exit {
				delete(open, e.Subject)
			}
		}
	})
}

// Raw mode against asking every fence about every fix.
func TestRawAgainstEveryFence(t *testing.T) {
	each(t, func(_ *rand.Rand, seed uint64, settings Settings, fences []Fence, fixes []Fix, _ []Event) {
		settings.Raw = true
		w := newWorld(t, settings, fences...)
		var want []Event
		before := slowLocateAll(w, fixes[0].Point)
		for _, fix := range fixes[1:] {
			now := slowLocateAll(w, fix.Point)
			for _, id := range before {
				if !slices.Contains(now, id) {
					want = append(want, Event{Type: Exit, Time: fix.Time, Subject: string(id)})
				}
			}
			for _, id := range now {
				if !slices.Contains(before, id) {
					want = append(want, Event{Type: Enter, Time: fix.Time, Subject: string(id)})
				}
			}
			before = now
		}
		got := run(w, fixes)
		for i := range got {
			got[i] = Event{Type: got[i].Type, Time: got[i].Time, Subject: got[i].Subject}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d: %q, want %q", seed, brief(got), brief(want))
		}
	})
}
