package geofence

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/paulmach/orb"
)

// stroll is the way of a device around middle at the pace of people or
// vehicles, reported once a second or every few, with errors that drift, gaps,
// jumps there, jumps there and back, halts, and fixes of poor accuracy.
func stroll(random *rand.Rand, middle orb.Point, count int) []Fix {
	p := randomPlace(random, middle)
	now, bearing, speed, pace := Millis(1_700_000_000_000), 0.0, 10.0, Millis(1000)
	var east, north float64
	var fixes []Fix
	for range count {
		now += pace
		switch random.IntN(400) {
		case 0, 1:
			speed = 30 * random.Float64() * float64(random.IntN(2))
		case 2:
			pace = Millis(1000 * (1 + random.IntN(20)*random.IntN(2)))
		case 3:
			now += Millis(random.IntN(300_000))
		case 4:
			p = randomPlace(random, middle)
		case 5, 6: // off at once, and standing again
			speed, now = 0, now+10_000
			p = destination(p, bearing, 100+200*random.Float64())
		}
		bearing += random.NormFloat64() / 10
		p = destination(p, bearing, speed*float64(pace)/1000)
		// A Gauss-Markov process of 5 m with a time constant of 100 s.
		keep := math.Exp(-float64(pace) / 100_000)
		fresh := 5 * math.Sqrt(1-keep*keep)
		east, north = keep*east+fresh*random.NormFloat64(), keep*north+fresh*random.NormFloat64()
		f := Fix{Time: now, Point: shifted(newSpot(p), east, north), Known: KnownAccuracy, AccuracyMeters: 5}
		switch random.IntN(60) {
		case 0:
			f.AccuracyMeters = float32(math.Exp(8 * random.Float64()))
		case 1:
			f.Point = destination(f.Point, 7*random.Float64(), 300*random.Float64())
		}
		if random.IntN(3) > 0 {
			f.Known |= KnownAltitude
			f.AltitudeMeters = float32(100 * math.Sin(float64(now/1000)/200))
		}
		fixes = append(fixes, f)
	}
	return fixes
}

// crowd are fences of all sizes around middle, some with a Dwell, a band or
// thresholds of their own.
func crowd(random *rand.Rand, middle orb.Point) []Fence {
	fences := randomFences(random, middle, 5+random.IntN(150))
	for i := range fences {
		f := &fences[i]
		if random.IntN(3) == 0 {
			f.Dwell = MinDwell + time.Duration(random.IntN(300))*time.Second
		}
		if random.IntN(4) == 0 {
			f.Band = Band{FloorMeters: -50, CeilingMeters: 50}
		}
		if random.IntN(4) == 0 {
			f.Thresholds = Thresholds{EnterMargin: 3 * random.Float64(), ExitMargin: 20 * random.Float64(), CrossMargin: random.Float64() / 5}
		}
	}
	return fences
}

// What is remembered of the surroundings changes nothing: Step finds the same
// events and leaves the same State as where it looks anew at every fix.
func TestClearingChangesNothing(t *testing.T) {
	fixes, rests, quiet, total, crosses := 0, 0, 0, 0, 0
	for n := range 32 {
		random, seed := seeded(n)
		middle := randomMiddle(random)
		fences := crowd(random, middle)
		settings := Settings{Raw: n%4 == 0}
		if n%4 == 2 {
			settings = fencesAlone()
		}
		w := newWorld(t, settings, fences...)
		var s, anew State
		var got, want []Event
		for i, fix := range stroll(random, middle, 3000) {
			if i%500 == 499 {
				w = edited(t, w, random, middle, fences)
			}
			if i%200 == 99 { // the first fixes are poor
				s.Restart()
				anew.Restart()
			}
			if i%200 >= 99 && i%200 < 110 {
				fix.AccuracyMeters = 70
			}
			g := w.settings.sight(&fix)
			if a := s.wayTo(w, g); s.version == w.version && s.rests(&a) {
				rests++
				quiet += s.clearing.quiet(&g)
			}
			anew.clearing = clearing{}
			got, want = Step(w, &s, fix, got[:0]), Step(w, &anew, fix, want[:0])
			a, _ := s.AppendBinary(nil)
			b, _ := anew.AppendBinary(nil)
			if !slices.Equal(got, want) || !bytes.Equal(a, b) {
				t.Fatalf("seed %d, fix %d: %q, want %q; state %x, want %x", seed, i, brief(got), brief(want), a, b)
			}
			fixes, total, crosses = fixes+1, total+len(want), crosses+count(want, Cross)
		}
	}
	if rests < fixes/10 || quiet < fixes/10 || total < 500 || crosses < 10 {
		t.Errorf("of %d fixes only %d at rest, %d times in a fence's disc, only %d events, %d crosses", fixes, rests, quiet, total, crosses)
	}
}

// quiet is how many of the few g does not concern.
func (c *clearing) quiet(g *sighting) int {
	count := 0
	x, y := c.offset(g)
	for i := range c.few[:c.count] {
		if c.few[i].quiet(x, y, g.uncertainty) {
			count++
		}
	}
	return count
}

// edited is w with some of fences gone and some in other places.
func edited(t *testing.T, w *World, random *rand.Rand, middle orb.Point, fences []Fence) *World {
	t.Helper()
	var put []Fence
	var remove []FenceID
	for _, f := range fences {
		switch random.IntN(10) {
		case 0:
			remove = append(remove, f.ID)
		case 1:
			if moved := randomFence(random, f.ID, randomPlace(random, middle)); moved.Validate() == nil {
				put = append(put, moved)
			}
		}
	}
	made, err := w.With(w.version+1, put, remove)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// A device among more fences than a clearing holds, and no allocation there.
func TestClearingAmongManyFences(t *testing.T) {
	var fences []Fence
	for i := range 60 {
		id := FenceID(fmt.Sprintf("f%02d", i*37%60))
		fences = append(fences, Fence{ID: id, Center: orb.Point{8, 50}, RadiusMeters: 30 + 10*float64(i)})
	}
	w := newWorld(t, fencesAlone(), fences...)
	var s, anew State
	events := make([]Event, 0, 64)
	step := func(i int, s *State) []Event {
		p := destination(orb.Point{8, 50}, 1, 700*math.Abs(math.Sin(float64(i)/60)))
		return Step(w, s, Fix{Time: Millis(i) * 1000, Point: p, AccuracyMeters: 4, Known: KnownAccuracy}, events)
	}
	for i := range 500 {
		anew.clearing = clearing{}
		got := slices.Clone(step(i, &s))
		if want := step(i, &anew); !slices.Equal(got, want) {
			t.Fatalf("fix %d: %q, want %q", i, brief(got), brief(want))
		}
	}
	i := 500
	if got := testing.AllocsPerRun(1000, func() { step(i, &s); i++ }); got != 0 {
		t.Errorf("%g allocations a fix", got)
	}
}
