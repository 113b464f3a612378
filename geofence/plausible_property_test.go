package geofence

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/paulmach/orb"
)

// input is a fix, or a tick at its time.
type input struct {
	fix  Fix
	tick bool
}

func (i input) give(w *World, s *State, events []Event) []Event {
	if i.tick {
		return Tick(w, s, i.fix.Time, events)
	}
	return Step(w, s, i.fix, events)
}

// troubled are the inputs of a device whose receiver, software and network are
// bad: spikes, runs elsewhere, places repeated, flags, silences, ticks, and 0, 0
// where zeros are wanted.
func troubled(random *rand.Rand, middle orb.Point, count int, zeros bool) []input {
	now, p, bearing := Millis(1_700_000_000_000), middle, 0.0
	var inputs []input
	for len(inputs) < count {
		now += Millis(200 + random.IntN(3000)*(1+random.IntN(8)))
		f := Fix{Time: now, Point: p, SpeedMPS: 12, Known: Known(random.IntN(2)) * KnownSpeed}
		switch random.IntN(40) {
		case 0, 1:
			place := destination(p, 2*math.Pi*random.Float64(), 30_000*random.Float64())
			for range random.IntN(12) {
				inputs = append(inputs, input{fix: Fix{Time: now, Point: destination(place, random.Float64(), 30*random.Float64())}})
				now += Millis(1 + random.IntN(9000))
			}
			f.Time = now
		case 2:
			f.Flags = Flags(1 + random.IntN(3))
		case 3:
			now += Millis(random.IntN(3_000_000))
			inputs = append(inputs, input{Fix{Time: now}, true})
			if random.IntN(2) == 0 {
				f.Time = now
			}
		case 4:
			for range random.IntN(8) {
				inputs = append(inputs, input{fix: f})
				now += 6000
				f.Time = now
			}
		case 5:
			p = destination(p, 2*math.Pi*random.Float64(), 5000)
		case 6:
			if zeros {
				f.Point = orb.Point{}
			}
		default:
			bearing += random.NormFloat64() / 3
			p = destination(p, bearing, 30*random.Float64())
		}
		inputs = append(inputs, input{fix: f})
	}
	return inputs
}

// inTrouble runs a property over such inputs, which tell enough together.
func inTrouble(t *testing.T, zeros bool, property func(random *rand.Rand, seed uint64, w *World, inputs []input, want []Event)) {
	t.Helper()
	told := map[string]int{}
	for n := range 24 {
		random, seed := seeded(n)
		middle := destination(randomMiddle(random), 1, 1000) // not 0, 0
		w := newWorld(t, Settings{}, randomFences(random, middle, 30)...)
		inputs := troubled(random, middle, 600, zeros)
		want := played(w, inputs)
		for _, e := range want {
			told[string(e.Type)+" "+e.Facts.Text("reason")]++
		}
		property(random, seed, w, inputs, want)
	}
	for _, kind := range []string{"fix.implausible speed", "fix.implausible mock", "device.silent ", "device.back "} {
		if told[kind] < 5 {
			t.Errorf("only %d of %s among %v", told[kind], kind, told)
		}
	}
}

func played(w *World, inputs []input) []Event {
	var s State
	var events []Event
	for _, i := range inputs {
		events = i.give(w, &s, events)
	}
	return events
}

func TestTroubleSurvivesItsBinaryForm(t *testing.T) {
	inTrouble(t, true, func(_ *rand.Rand, seed uint64, w *World, inputs []input, want []Event) {
		var s State
		var got []Event
		for _, i := range inputs {
			b, err := s.AppendBinary(nil)
			if err != nil {
				t.Fatal(err)
			}
			var read State
			if err := read.UnmarshalBinary(b); err != nil {
				t.Fatalf("seed %d: %v of %+v", seed, err, s)
			}
			clone := s.Clone()
			i.give(w, &clone, nil) // it shares nothing
			if before := len(got); s.Doubted() != read.Doubted() {
				t.Fatalf("seed %d: after %d events one doubts", seed, before)
			}
			got = i.give(w, &read, got)
			s = read
		}
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d: %q, want %q", seed, brief(got), brief(want))
		}
	})
}

func TestTroubleRepeatedChangesNothing(t *testing.T) {
	inTrouble(t, true, func(random *rand.Rand, seed uint64, w *World, inputs []input, want []Event) {
		var repeated []input
		for n, i := range inputs {
			repeated = append(repeated, i, i)
			if old := inputs[random.IntN(n+1)]; !old.tick {
				repeated = append(repeated, old)
			}
		}
		if got := played(w, repeated); !slices.Equal(got, want) {
			t.Fatalf("seed %d: %q, want %q", seed, brief(got), brief(want))
		}
	})
}

// A turn of the globe changes nothing.
func TestTroubleElsewhere(t *testing.T) {
	inTrouble(t, false, func(random *rand.Rand, seed uint64, _ *World, inputs []input, want []Event) {
		var turned []input
		for _, i := range inputs {
			i.fix.Point[0] = math.Remainder(i.fix.Point[0]+90, 360)
			turned = append(turned, i)
		}
		bare := newWorld(t, Settings{})
		if got, want := signals(played(bare, turned)), signals(played(bare, inputs)); !slices.Equal(got, want) {
			t.Fatalf("seed %d: %q, want %q", seed, got, want)
		}
	})
}

func signals(events []Event) []string {
	var words []string
	for _, e := range events {
		words = append(words, fmt.Sprint(e.Type, e.Time, e.Episode, e.Facts.Text("reason")))
	}
	return words
}

// What is true of the signals of any track.
func TestSignals(t *testing.T) {
	inTrouble(t, true, func(_ *rand.Rand, seed uint64, w *World, inputs []input, want []Event) {
		var s State
		told := map[string]bool{}
		var episode uint64
		for _, i := range inputs {
			before, seen := s.Last()
			events := i.give(w, &s, nil)
			after, _ := s.Last()
			if seen && s.Doubted() && !i.tick && before != after {
				t.Fatalf("seed %d: %+v was doubted and taken", seed, i)
			}
			for _, e := range events {
				name := fmt.Sprint(e.Type, " ", e.Subject, " ", e.Episode)
				if told[name] || e.Type == Back && (e.Time < i.fix.Time || e.Episode != episode) {
					t.Fatalf("seed %d: %+v cannot be", seed, e)
				}
				told[name] = true
				if e.Type == Silent {
					episode = e.Episode
				}
			}
		}
	})
}

// A van with a receiver as bad as they are between high buildings, which says
// that it is good to 5 m all the while, has no fix that cannot be true: slow
// errors of 3 m, quick ones of 10 m, and reflections that throw it 35 m aside
// within a second, or from one side to the other.
func TestBadReceptionIsPlausible(t *testing.T) {
	w := newWorld(t, Settings{})
	for n := range 8 {
		random, seed := seeded(n)
		p, bearing := orb.Point{8, 50}, 0.0
		var slow, quick, aside [2]float64
		var s State
		for second := range 3600 {
			bearing += random.NormFloat64() / 10
			if second%120 < 90 {
				p = destination(p, bearing, 14)
			}
			if random.IntN(30) == 0 {
				aside = [2]float64{}
				if random.IntN(2) == 0 {
					aside[0], aside[1] = math.Sincos(2 * math.Pi * random.Float64())
				}
			}
			var off [2]float64
			for axis := range off {
				slow[axis] = walk(random, slow[axis], 3, 120)
				quick[axis] = walk(random, quick[axis], 10, 15)
				off[axis] = slow[axis] + quick[axis] + 35*aside[axis] + 0.3*random.NormFloat64()
			}
			f := Fix{Time: Millis(second) * 1000, Point: shifted(newSpot(p), off[0], off[1]), AccuracyMeters: 5, Known: KnownAccuracy}
			if events := Step(w, &s, f, nil); len(only(events, Implausible)) > 0 {
				t.Fatalf("seed %d: %+v", seed, events)
			}
		}
	}
}

// walk is the next second of a Gauss-Markov process of deviation sigma, in
// metres, and correlation time tau, in seconds.
func walk(random *rand.Rand, x, sigma, tau float64) float64 {
	keep := math.Exp(-1 / tau)
	return keep*x + sigma*math.Sqrt(1-keep*keep)*random.NormFloat64()
}
