package geofence

import (
	"bytes"
	"errors"
	"math"
	"reflect"
	"slices"
	"testing"

	"github.com/paulmach/orb"
)

// busyDrive is a simulated round whose windows end about when the van comes.
func busyDrive(t testing.TB, run int) drive {
	random, _ := seeded(4 * run) // the same each time
	d := course{random: random, start: monday, stops: 25, apart: 800, service: 120, sampling: 10}.drive(t)
	for i := range d.round.Stops {
		d.round.Stops[i].WindowEnd = d.arrivals[i] + Millis(300_000*random.NormFloat64())
	}
	return d
}

// forecasts are the deliveries' events of d.
func forecasts(w *World, s *State, fixes []Fix, secondsBetween func()) []Event {
	var events []Event
	for _, fix := range fixes {
		events = Step(w, s, fix, events)
		if secondsBetween != nil {
			secondsBetween()
		}
	}
	return slices.DeleteFunc(events, func(e Event) bool {
		return e.Type != Approaching && e.Type != Delayed && e.Type != OnTimeAgain
	})
}

// A State that is written and read, or cloned, at every step tells the same.
func TestForecastSurvivesTheJourney(t *testing.T) {
	d := busyDrive(t, 1)
	model := learned(t, []drive{busyDrive(t, 1), busyDrive(t, 2)})
	for name, w := range map[string]*World{
		"without a model": d.world(t, Settings{}),
		"with a model":    d.world(t, Settings{}).WithSpeeds(3, model),
	} {
		whole, written, cloned := NewState("van"), NewState("van"), NewState("van")
		want := forecasts(w, &whole, d.fixes, nil)
		if len(want) < 25 {
			t.Fatalf("%s: only %d events", name, len(want))
		}
		got := forecasts(w, &written, d.fixes, func() {
			b, _ := written.AppendBinary(nil)
			read := NewState("van")
			if err := read.UnmarshalBinary(b); err != nil {
				t.Fatal(err)
			}
			written = read
		})
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %s, want %s", name, told(got), told(want))
		}
		got = forecasts(w, &cloned, d.fixes, func() { cloned = cloned.Clone() })
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s, cloned: %s, want %s", name, told(got), told(want))
		}
		if a, b := whole.ETAs(w, nil), written.ETAs(w, nil); !reflect.DeepEqual(a, b) {
			t.Errorf("%s: %v, want %v", name, b, a)
		}
	}
}

// Duplicates change nothing, nor does it to ask for arrivals.
func TestForecastOfDuplicates(t *testing.T) {
	d := busyDrive(t, 3)
	w := d.world(t, Settings{})
	once, twice := NewState("van"), NewState("van")
	want := forecasts(w, &once, d.fixes, nil)
	var fixes []Fix
	for i, fix := range d.fixes {
		fixes = append(fixes, fix, d.fixes[max(0, i-3)])
	}
	got := forecasts(w, &twice, fixes, func() { twice.ETAs(w, nil) })
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s, want %s", told(got), told(want))
	}
}

// Where on the globe it happens does not matter.
func TestForecastElsewhere(t *testing.T) {
	d := busyDrive(t, 4)
	want := told(run(d.world(t, Settings{}), d.fixes))
	for _, turn := range []float64{180.05, -100} {
		moved := func(p orb.Point) orb.Point { return orb.Point{math.Remainder(p[0]+turn, 360), p[1]} }
		m := drive{round: d.round, fixes: slices.Clone(d.fixes)}
		m.round.Stops = slices.Clone(d.round.Stops)
		for i := range m.round.Stops {
			m.round.Stops[i].Point = moved(d.round.Stops[i].Point)
		}
		line := slices.Clone(d.round.Routes[0].Line)
		for i := range line {
			line[i] = moved(line[i])
		}
		m.round.Routes = []Route{{ID: "route", Line: line}}
		for i := range m.fixes {
			m.fixes[i].Point = moved(m.fixes[i].Point)
		}
		if got := told(run(m.world(t, Settings{}), m.fixes)); got != want {
			t.Errorf("turned by %g: %s, want %s", turn, got, want)
		}
	}
}

// The round may change at any time: what remains is foretold, and nothing is
// said twice.
func TestForecastOfEditedRounds(t *testing.T) {
	a, b, c := stopAt(10, 15), stopAt(20, 0), stopAt(30, 0)
	round := func(stops ...Stop) Round { return Round{ID: "r", Routes: []Route{road}, Stops: stops} }
	later := a
	later.WindowEnd = monday + 300*60_000
	open := a
	open.WindowEnd = 0
	for _, e := range []struct {
		name   string
		after  Round
		remain []StopID
		want   string
	}{
		{"a stop less", round(a, c), []StopID{"km10", "km30"}, ""},
		{"a stop more", round(a, stopAt(15, 0), b, c), []StopID{"km10", "km15", "km20", "km30"}, ""},
		{"the late stop is gone", round(b, c), []StopID{"km20", "km30"}, ""},
		{"another order", round(b, a, c), []StopID{"km20", "km10", "km30"}, ""},
		{"a later window", round(later, b, c), []StopID{"km10", "km20", "km30"}, "on_time_again km10"},
		{"no window", round(open, b, c), []StopID{"km10", "km20", "km30"}, ""},
		{"no route", Round{ID: "r", Stops: []Stop{a, b}}, []StopID{"km10", "km20"}, ""},
		{"another round", Round{ID: "q", Routes: []Route{road}, Stops: []Stop{later}}, []StopID{"km10"}, ""},
		{"no stops", round(), nil, ""},
	} {
		s := NewState("van")
		fixes := fixesAlong(bend{0, 0}, bend{10, 3}, bend{12.2, 4})
		before := forecasts(roundWorld(t, 2, round(a, b, c)), &s, fixes[:62], nil)
		if len(before) != 1 || before[0].Type != Delayed {
			t.Fatalf("%s: before the edit: %s", e.name, told(before))
		}
		w := roundWorld(t, 3, e.after)
		after := forecasts(w, &s, fixes[62:], nil)
		got := ""
		for _, event := range after {
			if event.Type != Approaching {
				got += string(event.Type[len("delivery."):]) + " " + event.Subject
			}
		}
		if got != e.want {
			t.Errorf("%s: %q, want %q", e.name, got, e.want)
		}
		var remain []StopID
		for _, eta := range s.ETAs(w, nil) {
			remain = append(remain, eta.Stop)
		}
		if !slices.Equal(remain, e.remain) {
			t.Errorf("%s: %v remain, want %v", e.name, remain, e.remain)
		}
	}
}

func TestForecastRenumbers(t *testing.T) {
	s := State{episodes: 9}
	s.forecast.notices = []notice{{stop: "a", episode: 3}, {stop: "b", told: true}}
	s.renumber(func(n uint64) uint64 { return n + 10 })
	if n := s.forecast.notices; n[0].episode != 13 || n[1].episode != 0 {
		t.Errorf("%+v", n)
	}
}

func TestForecastFormRefuses(t *testing.T) {
	good := func() State {
		s := State{seen: true, episodes: 5, last: Fix{Time: monday, Point: onRoad(1)}}
		s.forecast = forecast{
			begun: true, moved: true, round: "r", looked: monday, surveyed: monday - 30_000,
			trip:    trip{whole: tally{60, 50}, recent: tally{20, 10}, service: tally{1, 1}, counted: monday},
			leg:     hop{set: true, since: monday, point: onRoad(1), on: true, meters: 1000},
			origin:  origin{true, monday, 0},
			notices: []notice{{stop: "a", episode: 5, since: monday, point: onRoad(0)}, {stop: "b", told: true}},
		}
		return s
	}
	for name, change := range map[string]func(f *forecast){
		"good":                 func(f *forecast) {},
		"notices not in order": func(f *forecast) { f.notices[0].stop = "c" },
		"a notice twice":       func(f *forecast) { f.notices[0].stop = "b" },
		"episode never given":  func(f *forecast) { f.notices[0].episode = 6 },
		"nothing told":         func(f *forecast) { f.notices[1].told = false },
		"negative time":        func(f *forecast) { f.trip.whole.used = -1 },
		"NaN":                  func(f *forecast) { f.trip.recent.expected = math.NaN() },
		"infinite":             func(f *forecast) { f.leg.meters = math.Inf(1) },
		"off the globe":        func(f *forecast) { f.notices[0].point[1] = 91 },
		"no such route":        func(f *forecast) { f.leg.route = math.MaxInt32 + 1 },
	} {
		s := good()
		change(&s.forecast)
		b, _ := s.AppendBinary(nil)
		var read State
		err := read.UnmarshalBinary(b)
		if (name == "good") != (err == nil) || err != nil && !errors.Is(err, ErrState) {
			t.Errorf("%s: %v", name, err)
		}
		if again, _ := read.AppendBinary(nil); err == nil && !bytes.Equal(b, again) {
			t.Errorf("%s: it reads back as something else", name)
		}
	}
	s := good()
	b, _ := s.AppendBinary(nil)
	for n := range b {
		var read State
		if read.UnmarshalBinary(b[:n]) == nil {
			t.Errorf("cut at %d it is accepted", n)
		}
	}
	t.Logf("%d bytes", len(b))
}
