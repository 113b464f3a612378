package geofence

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// worldOf is a World with rounds.
func worldOf(t testing.TB, settings Settings, rounds ...Round) *World {
	t.Helper()
	w, err := newWorld(t, settings).WithRounds(2, rounds, nil)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// stopsAt are stops "s0", "s1", … at metres east and north of origin.
func stopsAt(origin spot, places ...[2]float64) []Stop {
	var stops []Stop
	for i, p := range places {
		stops = append(stops, Stop{ID: StopID(fmt.Sprintf("s%d", i)), Place: Place{Point: shifted(origin, p[0], p[1])}})
	}
	return stops
}

// stations are the stops that a device arrived at, "-" for none, in order.
func stations(events []Event) string {
	var ids []string
	for _, e := range events {
		switch {
		case e.Type != StopBegin:
		case e.Subject == "":
			ids = append(ids, "-")
		default:
			ids = append(ids, e.Subject)
		}
	}
	return strings.Join(ids, " ")
}

func TestArrivals(t *testing.T) {
	type halt struct {
		east, north float64
		seconds     int
	}
	// s0 .. s1 .. s2 s3 .. s4, 1 km between the groups; s3 is 5 m beside s2, and
	// s4 has a neighbour s5 30 m on.
	places := [][2]float64{{1000, 0}, {2000, 0}, {3000, 0}, {3000, 5}, {4000, 0}, {4030, 0}}
	for _, c := range []struct {
		name  string
		halts []halt
		want  string
	}{
		{"in order", []halt{{1000, 20, 90}, {2000, -20, 90}, {3000, 15, 90}, {4000, 10, 90}}, "s0 s1 s2 s3 s4"},
		{"across the street", []halt{{1000, 45, 120}}, "s0"},
		{"around the corner", []halt{{1000, 90, 180}}, "-"},
		{"a hand-over at the kerb", []halt{{1000, 10, 25}, {2000, 10, 25}}, "s0 s1"},
		{"too short for a stay elsewhere", []halt{{500, 0, 25}, {1000, 0, 90}, {1500, 0, 40}}, "s0"},
		{"too short for a stop that is not the next", []halt{{2000, 0, 40}}, ""},
		{"a long stay elsewhere", []halt{{500, 0, 100}, {1000, 0, 90}}, "- s0"},
		{"out of order", []halt{{2000, 10, 90}, {1000, 10, 90}}, "s1 s0"},
		{"out of order, at lights some way off", []halt{{2000, 55, 85}}, "-"},
		{"out of order, some way off", []halt{{2000, 55, 150}}, "s1"},
		{"again", []halt{{1000, 10, 90}, {2000, 10, 90}, {1000, 10, 90}}, "s0 s1 s0"},
		{"the nearest of neighbours", []halt{{4028, 0, 90}}, "s5"},
		{"next of neighbours equally near", []halt{{4014, 0, 90}}, "s4"},
		{"passing by", []halt{{5000, 0, 0}}, ""},
	} {
		r := newRide()
		for _, h := range c.halts {
			r.visit(h.east, h.north, h.seconds)
		}
		r.visit(r.place()[0], -800, 0)
		w := worldOf(t, Settings{}, Round{ID: "r", Stops: stopsAt(newSpot(r.origin), places...)})
		for _, every := range []int{1, 2, 5} {
			events := stationsOf(w, r.exact(every))
			if got := stations(events); got != c.want {
				t.Errorf("%s, every %d s: %q, want %q", c.name, every, got, c.want)
			}
			if len(events)%2 != 0 {
				t.Errorf("%s, every %d s: not all that began has ended: %s", c.name, every, brief(events))
			}
		}
	}
}

// A whole round with errors, lights on the way and short services.
func TestRoundWithErrors(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 3))
	missed, extra, all := 0, 0, 0
	for _, every := range []int{1, 5, 10, 30} {
		for range 5 {
			r := newRide()
			var places [][2]float64
			var served []interval
			at := 0.0
			for range 20 {
				for range random.IntN(3) {
					at += 100 + 200*random.Float64()
					r.visit(at, 0, 30+random.IntN(60))
				}
				at += 200 + 300*random.Float64()
				places = append(places, [2]float64{at, 30*random.Float64() - 15})
				served = append(served, r.visit(at+20*random.NormFloat64(), 10, max(30+random.IntN(200), 2*every+10)))
			}
			r.visit(at+1000, 0, 0)
			w := worldOf(t, Settings{}, Round{ID: "r", Stops: stopsAt(newSpot(r.origin), places...)})
			c := receiver{6, 2 * time.Minute, time.Duration(every) * time.Second}
			var s State
			var events []Event
			for _, fix := range c.record(random, r) {
				events = Step(w, &s, fix, events)
			}
			for i, call := range s.tour.calls {
				all++
				got := interval{call.arrived, call.departed}
				if !call.served() || got.overlap(served[i]) < 0 {
					missed++
				}
			}
			for _, e := range events {
				i := slices.IndexFunc(s.tour.calls, func(c call) bool { return string(c.stop) == e.Subject })
				switch {
				case e.Type == StopUnplanned:
					t.Errorf("every %d s: %s", every, brief([]Event{e}))
				case e.Type == StopBegin && e.Subject != "" && (interval{e.Time, e.Time + 1000}).overlap(served[i]) < -30_000:
					extra++
				}
			}
		}
	}
	t.Logf("%d stops: %d not served as they were, %d arrivals that were none", all, missed, extra)
	if missed > all/50 || extra > all/100 {
		t.Errorf("of %d stops %d are missed, and %d arrivals are none", all, missed, extra)
	}
}
