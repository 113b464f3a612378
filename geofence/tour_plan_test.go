package geofence

import (
	"testing"
	"time"

	"github.com/paulmach/orb"
)

// A round that is edited, replaced or taken away on the way.
func TestReplanning(t *testing.T) {
	r := newRide()
	origin := newSpot(r.origin)
	all := stopsAt(origin, [2]float64{1000, 0}, [2]float64{2000, 0}, [2]float64{3000, 0})
	first := r.visit(1000, 10, 90)
	second := r.visit(2000, 10, 90)
	r.visit(3000, 10, 90)
	r.visit(4000, 0, 0)
	round := func(id RoundID, stops ...Stop) []Round { return []Round{{ID: id, Stops: stops}} }
	for _, c := range []struct {
		name string
		at   Millis
		put  []Round
		want string
		next int
	}{
		{"nothing changes", first.to, round("r", all...), "s0 s1 s2", 3},
		{"the served one is gone", first.to + 30_000, round("r", all[1:]...), "s0 s1 s2", 2},
		{"another order", first.to + 30_000, round("r", all[2], all[0], all[1]), "s0 s1 s2", 3},
		{"gone while it stands there", second.from + 40_000, round("r", all[0], all[2]), "s0 s1 s2", 2},
		{"a new one where it stands", second.from + 70_000, round("r", all[0], all[1], Stop{ID: "new", Place: all[1].Place}, all[2]), "s0 s1 new s2", 4},
		{"another round with the same stops", second.from + 40_000, round("other", all...), "s0 s1 s2", 3},
		{"another round with others", second.from + 40_000, round("other", all[2]), "s0 s1 s2", 1},
		{"no round", second.from + 40_000, nil, "s0 s1 -", 0},
	} {
		w := worldOf(t, Settings{}, round("r", all...)...)
		then, err := w.WithRounds(3, c.put, []RoundID{"r"})
		if err != nil {
			t.Fatal(err)
		}
		var s State
		var events []Event
		for _, fix := range r.exact(2) {
			if fix.Time > c.at {
				w = then
			}
			events = Step(w, &s, fix, events)
		}
		if got := stations(events); got != c.want || s.tour.next() != c.next {
			t.Errorf("%s: %q, next %d, want %q, %d", c.name, got, s.tour.next(), c.want, c.next)
		}
		checkEpisodes(t, events)
	}
}

// checkEpisodes checks that no two events have the same name.
func checkEpisodes(t *testing.T, events []Event) {
	t.Helper()
	type name struct {
		kind    EventType
		subject string
		episode uint64
	}
	known := map[name]bool{}
	for _, e := range events {
		n := name{e.Type, e.Subject, e.Episode}
		if known[n] {
			t.Errorf("%+v twice", n)
		}
		known[n] = true
	}
}

func TestUnplanned(t *testing.T) {
	r := newRide()
	origin := newSpot(r.origin)
	start := r.now()
	r.visit(1000, 0, 90)
	long := r.visit(3000, 0, 1500)
	r.visit(5000, 0, 150)
	second := (r.visit(8000, 0, 1500).from - long.from) / 1000
	r.visit(9000, 0, 0)
	stops := stopsAt(origin, [2]float64{1000, 0}, [2]float64{5000, 0})
	later := stopsAt(origin, [2]float64{1000, 0}, [2]float64{5000, 0}, [2]float64{20_000, 0})
	depot := Depot{ID: "d", Place: Place{Point: shifted(origin, 3100, 0)}}
	small := Depot{ID: "d", Place: depot.Place, RadiusMeters: 50}
	pause := func(from, to Millis) []Break { return []Break{{long.from + from*1000, long.from + to*1000}} }
	for _, c := range []struct {
		name  string
		round Round
		want  []Millis // seconds after long began
	}{
		{"on the way", Round{Stops: stops}, []Millis{600}},
		{"at a depot", Round{Stops: stops, Depots: []Depot{depot}}, nil},
		{"beside a small depot", Round{Stops: stops, Depots: []Depot{small}}, []Millis{600}},
		{"in a break", Round{Stops: stops, Breaks: pause(-100, 1600)}, nil},
		{"longer than a break", Round{Stops: stops, Breaks: pause(100, 700)}, []Millis{1200}},
		{"hardly longer than a break", Round{Stops: stops, Breaks: pause(100, 1200)}, nil},
		{"a break that ends before it begins", Round{Stops: stops, Breaks: pause(1200, 100)}, []Millis{600}},
		{"before the round begins", Round{Stops: stops, Start: long.to}, nil},
		{"when the round begins", Round{Stops: stops, Start: long.from + 300_000}, []Millis{900}},
		{"at a stop", Round{Stops: stopsAt(origin, [2]float64{3000, 40}, [2]float64{5000, 0})}, nil},
		{"near no stop", Round{Stops: stopsAt(origin, [2]float64{3000, 140}, [2]float64{5000, 0})}, []Millis{600}},
		{"on the way, twice", Round{Stops: later, Start: start}, []Millis{600, second + 600}},
	} {
		c.round.ID = "r"
		for _, every := range []int{1, 10, 60} {
			var got []Millis
			for _, e := range stationsOf(worldOf(t, Settings{}, c.round), r.exact(every)) {
				if e.Type == StopUnplanned {
					got = append(got, (e.Time-long.from)/1000)
				}
			}
			same := len(got) == len(c.want)
			for i := range min(len(got), len(c.want)) {
				same = same && max(got[i]-c.want[i], c.want[i]-got[i]) <= Millis(every)+5
			}
			if !same {
				t.Errorf("%s, every %d s: at %v, want %v", c.name, every, got, c.want)
			}
		}
	}
}

// Where the vehicle was when it took up the round it may stay, and without a
// round anywhere.
func TestPlannedByNobody(t *testing.T) {
	r := newRide()
	r.stand(3600)
	r.visit(2000, 0, 30)
	stops := stopsAt(newSpot(r.origin), [2]float64{3000, 0})
	for name, w := range map[string]*World{
		"in the morning": worldOf(t, Settings{}, Round{ID: "r", Stops: stops}),
		"no round":       newWorld(t, Settings{}),
		"another's":      worldOf(t, Settings{}, Round{ID: "r", Stops: stops, Devices: []DeviceID{"another"}}),
	} {
		for _, e := range stationsOf(w, r.exact(10)) {
			if e.Type == StopUnplanned {
				t.Errorf("%s: %s", name, brief([]Event{e}))
			}
		}
	}
	s := Settings{Stays: StaySettings{UnplannedAfter: 2 * time.Hour}}
	late := worldOf(t, s, Round{ID: "r", Stops: stops, Start: r.start - 10})
	if events := stationsOf(late, r.exact(10)); len(events) != 2 {
		t.Errorf("with two hours allowed: %s", brief(events))
	}
}

// Whoever drives about on the premises of a stop is at the stop.
func TestPremises(t *testing.T) {
	r := newRide()
	r.visit(1000, 0, 100)
	r.visit(1150, 100, 200)
	r.visit(1020, 50, 100)
	r.visit(3000, 0, 0)
	corner := func(east, north float64) orb.Point { return shifted(newSpot(r.origin), east, north) }
	yard := orb.Polygon{{corner(950, -50), corner(1200, -50), corner(1200, 150), corner(950, 150), corner(950, -50)}}
	w := worldOf(t, Settings{}, Round{ID: "r", Stops: []Stop{{ID: "yard", Place: Place{Polygons: orb.MultiPolygon{yard}}}}})
	for _, every := range []int{1, 10, 30} {
		if events := stationsOf(w, r.exact(every)); len(events) != 2 || events[0].Subject != "yard" || events[1].Type != StopEnd {
			t.Errorf("every %d s: %q, want one stay", every, brief(events))
		}
	}
}
