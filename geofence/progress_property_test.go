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
func outing(random *rand.Rand) (round Round, fixes []Fix) {
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
	return round, fixes
}

// routeEvents are the events of a drive, and how far along its route the device
// was taken to be at each fix, in metres.
func routeEvents(w *World, fixes []Fix) (events []Event, along []float64) {
	var s State
	for _, f := range fixes {
		events = Step(w, &s, f, events)
		along = append(along, s.progress.trail.here)
	}
	return events, along
}

func TestOutings(t *testing.T) {
	total := 0
	for n := range 120 {
		random, seed := seeded(n)
		round, fixes := outing(random)
		w := onRound(t, round)
		want, _ := routeEvents(w, fixes)
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

		checkElsewhere(t, seed, round, fixes)
	}
	if total < 100 {
		t.Errorf("only %d events", total)
	}
}

// Where rounding did decide.
func TestOutingsElsewhere(t *testing.T) {
	for _, c := range []struct {
		cause string
		seeds []uint64
	}{
		{"a search for another branch ended at the farthest that counts, and took its end for a pass", []uint64{38055, 50084, 55115, 63097}},
		{"the beginning of a way out and back is its length from the end, and no more than that counted", []uint64{38067, 202102, 204038, 207017, 208069, 211041}},
	} {
		t.Run(c.cause, func(t *testing.T) {
			for _, seed := range c.seeds {
				round, fixes := outing(sown(seed))
				checkElsewhere(t, seed, round, fixes)
			}
		})
	}
}

// checkElsewhere: a drive is the same elsewhere on its latitude, the antimeridian
// included, though all longitudes are rounded otherwise.
func checkElsewhere(t *testing.T, seed uint64, round Round, fixes []Fix) {
	t.Helper()
	events, want := routeEvents(onRound(t, round), fixes)
	for _, east := range []float64{-100, 168.5, 168.45} {
		moved, elsewhere := movedEast(round, fixes, east)
		again, got := routeEvents(onRound(t, moved), elsewhere)
		if brief(again) != brief(events) {
			t.Errorf("seed %d: %g degrees east %q, want %q", seed, east, brief(again), brief(events))
		}
		for i := range want {
			if math.Abs(got[i]-want[i]) > 0.001 {
				t.Errorf("seed %d: %g degrees east it is at %g m at fix %d, want %g m", seed, east, got[i], i, want[i])
				break
			}
		}
	}
}

// movedEast is a drive so many degrees farther east.
func movedEast(round Round, fixes []Fix, east float64) (Round, []Fix) {
	turn := func(p orb.Point) orb.Point { return orb.Point{math.Remainder(p[0]+east, 360), p[1]} }
	routes := round.Routes
	round.Routes, round.Stops, round.Depots = slices.Clone(routes), slices.Clone(round.Stops), slices.Clone(round.Depots)
	for i := range routes {
		round.Routes[i].Line = nil
		for _, p := range routes[i].Line {
			round.Routes[i].Line = append(round.Routes[i].Line, turn(p))
		}
	}
	for i := range round.Stops {
		round.Stops[i].Point = turn(round.Stops[i].Point)
	}
	for i := range round.Depots {
		round.Depots[i].Point = turn(round.Depots[i].Point)
	}
	fixes = slices.Clone(fixes)
	for i := range fixes {
		fixes[i].Point = turn(fixes[i].Point)
	}
	return round, fixes
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
