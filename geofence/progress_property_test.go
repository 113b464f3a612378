package geofence

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/paulmach/orb"
)

// outing is a round with a route of some shape and a drive that follows it with
// turns, detours, gaps and stops.
func outing(run int) (random *rand.Rand, seed uint64, round Round, fixes []Fix) {
	random, seed = seeded(run)
	names := []string{"out and back", "spurs", "eight", "roundabout", "courtyard twice", "block twice"}
	line := shapes()[names[random.IntN(len(names))]]
	round = Round{ID: "r", Routes: []Route{{ID: "a", Line: line}}, Depots: []Depot{{ID: "d", Place: Place{Point: line[0]}}}}
	if random.IntN(2) == 0 {
		round.Routes = append(round.Routes, Route{ID: "b", Line: onMap(0, 0, 900, 20, 1200, -700)})
	}
	p, _ := newPath(line)
	for range random.IntN(5) {
		round.Stops = append(round.Stops, Stop{ID: StopID(fmt.Sprint(len(round.Stops))), Place: Place{Point: p.at(p.length() * random.Float64())}})
	}
	noise := &roaming{random: random, sigma: 10 * random.Float64(), tau: 100}
	x, aside, target, speed, now := 0.0, 0.0, 0.0, 8.0, Millis(1_700_000_000_000)
	for range 300 {
		dt := 1 + 4*random.Float64()
		switch random.IntN(40) {
		case 0:
			target = 600 * (random.Float64() - 0.5)
		case 1, 2:
			target = 0
		case 3:
			speed = -speed
		case 4:
			dt = 300 * random.Float64()
		case 5, 6:
			speed = 14 * random.Float64()
		}
		now += Millis(dt * 1000)
		x += speed * dt
		aside += max(-8*dt, min(target-aside, 8*dt))
		east, north := noise.next(dt)
		point := shifted(newSpot(p.at(p.within(x))), east+aside, north+aside/2)
		f := Fix{Time: now, Point: point}
		if random.IntN(3) > 0 {
			f.Known, f.AccuracyMeters = KnownAccuracy|KnownSpeed|KnownHeading, float32(3+20*random.Float64())
			f.SpeedMPS, f.HeadingDegrees = float32(math.Abs(speed)), float32(360*random.Float64())
		}
		fixes = append(fixes, f)
	}
	return random, seed, round, fixes
}

func routeEvents(w *World, fixes []Fix) []Event {
	var s State
	var events []Event
	for _, f := range fixes {
		events = Step(w, &s, f, events)
	}
	return events
}

func TestOutings(t *testing.T) {
	total := 0
	for n := range 120 {
		random, seed, round, fixes := outing(n)
		w := onRound(t, round)
		want := routeEvents(w, fixes)
		total += len(want)
		checkOuting(t, seed, want)

		// Written and read, copied, repeated and under new versions of the World.
		var s State
		var got []Event
		for i, f := range fixes {
			b, _ := s.AppendBinary(nil)
			var read State
			if err := read.UnmarshalBinary(b); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			if s = read; random.IntN(2) == 0 {
				s = read.Clone()
			}
			if random.IntN(4) == 0 {
				w = w.WithDevices(uint64(i+10), nil, nil)
			}
			got = Step(w, &s, f, got)
			got = Step(w, &s, fixes[random.IntN(i+1)], got)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d: %q, want %q", seed, brief(got), brief(want))
		}

		// Elsewhere on the same latitude, the antimeridian included.
		for _, east := range []float64{-100, 168.5, 168.45} {
			turn := func(p orb.Point) orb.Point { return orb.Point{math.Remainder(p[0]+east, 360), p[1]} }
			moved := round
			moved.Routes, moved.Stops, moved.Depots = slices.Clone(round.Routes), slices.Clone(round.Stops), slices.Clone(round.Depots)
			for i, r := range round.Routes {
				moved.Routes[i].Line = nil
				for _, p := range r.Line {
					moved.Routes[i].Line = append(moved.Routes[i].Line, turn(p))
				}
			}
			for i := range moved.Stops {
				moved.Stops[i].Point = turn(moved.Stops[i].Point)
			}
			for i := range moved.Depots {
				moved.Depots[i].Point = turn(moved.Depots[i].Point)
			}
			elsewhere := slices.Clone(fixes)
			for i := range elsewhere {
				elsewhere[i].Point = turn(elsewhere[i].Point)
			}
			if got := brief(routeEvents(onRound(t, moved), elsewhere)); got != brief(want) {
				t.Errorf("seed %d: %g degrees east %q, want %q", seed, east, got, brief(want))
			}
		}
	}
	if total < 100 {
		t.Errorf("only %d events", total)
	}
}

// checkOuting: excursions follow one another, each with one beginning and at
// most one end, and a number of its own.
func checkOuting(t *testing.T, seed uint64, events []Event) {
	t.Helper()
	open := uint64(0)
	seen := map[string]bool{}
	for _, e := range events {
		key := fmt.Sprint(e.Type, e.Subject, e.Episode)
		switch {
		case seen[key], e.Episode == 0,
			e.Type == RouteOff && open != 0,
			e.Type == RouteBack && open != e.Episode,
			e.Type == WrongWay && open != 0:
			t.Fatalf("seed %d: %+v cannot be, in %q", seed, e, brief(events))
		case e.Type == RouteOff:
			open = e.Episode
		case e.Type == RouteBack:
			open = 0
		}
		seen[key] = true
		for _, f := range e.Facts.All() {
			if f.Text == "" && (math.IsNaN(f.Value) || math.IsInf(f.Value, 0)) {
				t.Fatalf("seed %d: %+v", seed, e)
			}
		}
	}
}

func TestTravelAllocatesNothing(t *testing.T) {
	line := shapes()["eight"]
	w := onRoute(t, line, 0)
	fixes, _ := travelling(line, 8, 1, &roaming{random: rand.New(rand.NewPCG(1, 1)), sigma: 5, tau: 100})
	var s State
	events := make([]Event, 0, 8)
	i := 0
	if n := testing.AllocsPerRun(len(fixes)-1, func() {
		events = Step(w, &s, fixes[i], events[:0])
		i++
	}); n != 0 {
		t.Errorf("%g allocations", n)
	}
}
