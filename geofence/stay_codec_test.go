package geofence

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// busyRide is a round with all there is, and Worlds that change under it.
func busyRide(t testing.TB, seed uint64) (worlds []*World, fixes []Fix) {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 1))
	r := newRide()
	var places [][2]float64
	for at := 0.0; at < 6000; at += 500 {
		places = append(places, [2]float64{at + 500, 20 * random.Float64()})
		r.visit(at+500+30*random.NormFloat64(), 0, random.IntN(200))
		if random.IntN(4) == 0 {
			r.stroll(random, 60, 100)
		}
		if random.IntN(4) == 0 {
			r.visit(at+700, 40, random.IntN(1000))
		}
	}
	stops := stopsAt(newSpot(r.origin), places...)
	for i, round := range [][]Round{
		{{ID: "r", Stops: stops}}, {{ID: "r", Stops: stops[1:]}}, {{ID: "r", Stops: slices.Concat(stops[4:], stops[:3])}},
		{{ID: "another", Stops: stops}}, nil,
	} {
		w, err := newWorld(t, Settings{}).WithRounds(uint64(i+2), round, nil)
		if err != nil {
			t.Fatal(err)
		}
		worlds = append(worlds, w)
	}
	c := receiver{accuracy: 2 + 12*random.Float64(), tau: 2 * time.Minute, every: time.Duration(1+random.IntN(20)) * time.Second}
	return worlds, c.record(random, r)
}

// Written and read, or cloned, at every step, a State goes on as before; and no
// event has the name of another.
func TestStaysSurviveTheBinaryForm(t *testing.T) {
	total := 0
	for seed := range uint64(40) {
		worlds, fixes := busyRide(t, seed)
		random := rand.New(rand.NewPCG(seed, 2))
		var whole, read, cloned State
		var want, got, also []Event
		w := worlds[0]
		for i, fix := range fixes {
			if random.IntN(100) == 0 {
				w = worlds[random.IntN(len(worlds))]
			}
			want = Step(w, &whole, fix, want)
			form, _ := whole.AppendBinary(nil)
			got = Step(w, &read, fix, got)
			again, _ := read.AppendBinary(nil)
			if !bytes.Equal(form, again) {
				t.Fatalf("seed %d, fix %d: the states differ", seed, i)
			}
			if err := read.UnmarshalBinary(again); err != nil {
				t.Fatalf("seed %d, fix %d: %v", seed, i, err)
			}
			next := cloned.Clone()
			also = Step(w, &next, fix, also)
			cloned = next
		}
		if !slices.Equal(got, want) || !slices.Equal(also, want) {
			t.Fatalf("seed %d: %q and %q, want %q", seed, brief(got), brief(also), brief(want))
		}
		checkEpisodes(t, want)
		total += len(want)
	}
	if total < 500 {
		t.Errorf("only %d events in all", total)
	}
}

// A turn of the globe, or a fix said twice, changes nothing.
func TestStaysElsewhere(t *testing.T) {
	for seed := range uint64(10) {
		_, fixes := busyRide(t, seed)
		w := newWorld(t, Settings{})
		want := stations(run(w, fixes))
		var turned []Fix
		for _, fix := range fixes {
			fix.Point[0] = math.Remainder(fix.Point[0]+168.5, 360)
			turned = append(turned, fix, fix)
		}
		if got := stations(run(w, turned)); got != want || want == "" {
			t.Errorf("seed %d: %q, want %q", seed, got, want)
		}
	}
}

func TestUnmarshalRefusesStays(t *testing.T) {
	worlds, fixes := busyRide(t, 1)
	var standing State
	for _, fix := range fixes {
		Step(worlds[0], &standing, fix, nil)
		if _, ok := standing.motion.current(); ok && standing.motion.stop > 1 && standing.motion.last.stop >= 0 {
			break
		}
	}
	if standing.motion.stop < 2 {
		t.Fatal("it never stood at a stop")
	}
	for name, change := range map[string]func(*State){
		"a stay from after the last fix": func(s *State) { s.motion.here.until += 10_000_000 },
		"a stay that ends early":         func(s *State) { s.motion.here.since = s.motion.here.until + 1 },
		"no weight":                      func(s *State) { s.motion.here.weight = 0 },
		"NaN":                            func(s *State) { s.motion.here.worth = math.NaN() },
		"negative":                       func(s *State) { s.motion.here.spread = -1 },
		"off the globe":                  func(s *State) { s.motion.here.center.lat = 91 },
		"more covered than there is":     func(s *State) { s.motion.here.covered = 1 << 40 },
		"more idle than covered":         func(s *State) { s.motion.here.idle = s.motion.here.covered + 1 },
		"an episode never given":         func(s *State) { s.motion.episode = 99 },
		"a last stay without a number":   func(s *State) { s.motion.last.episode = 0 },
		"a last stay at no stop":         func(s *State) { s.motion.last.stop = len(s.tour.calls) },
		"a fourth mode":                  func(s *State) { s.motion.gait.now.Mode = 3 },
		"no stride":                      func(s *State) { s.motion.gait.count = 0 },
		"strides too close":              func(s *State) { s.motion.gait.strides[1].time = s.motion.gait.strides[0].time + 1 },
		"a visit without a stay":         func(s *State) { s.motion.here, s.motion.episode, s.motion.away = cluster{}, 0, false },
		"a visit without a number":       func(s *State) { s.tour.calls[standing.motion.stop-1].episode = 0 },
		"calls cut short":                func(s *State) { s.tour.calls = make([]call, 1<<20) },
	} {
		s := standing.Clone()
		change(&s)
		b, err := s.AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		if name == "calls cut short" {
			b = b[:200]
		}
		if err := s.UnmarshalBinary(b); !errors.Is(err, ErrState) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
