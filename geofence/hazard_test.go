package geofence

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"
)

// flood is a circle on the road, in kilometres, that leaves a share of the speed.
func flood(km, radius, share float64) Fence {
	return Fence{
		ID: FenceID(fmt.Sprintf("flood%g", km)), Center: onRoad(km), RadiusMeters: radius * 1000,
		Hazard: true, Peril: Peril{SpeedShare: share},
	}
}

func floodWorld(t testing.TB, r Round, hazards ...Fence) *World {
	t.Helper()
	w, err := roundWorld(t, 2, r).With(3, hazards, nil)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// warnings are the hazards that are told of: type, subject and minute.
func warnings(events []Event) string {
	var all []string
	for _, e := range events {
		if kind, ok := strings.CutPrefix(string(e.Type), "hazard."); ok {
			all = append(all, fmt.Sprintf("%s %s %d'", kind, e.Subject, int(secondsBetween(monday, e.Time)/60)))
		}
	}
	return strings.Join(all, ", ")
}

func TestHazardsAhead(t *testing.T) {
	there := Round{ID: "r", Routes: []Route{road}, Stops: []Stop{stopAt(6, 0), stopAt(30, 0)}}
	back := there
	back.Routes = []Route{{ID: "back", Line: orb.LineString{onRoad(0), onRoad(12), onRoad(0.01)}}}
	back.Stops = nil
	passed := flood(20, 1, 0)
	passed.Peril.Until = monday + 5*60_000
	lasting := passed
	lasting.Peril.Until = monday + 10*3600_000
	drive := []bend{{0, 0}, {10, 6}, {12, 6}, {52, 30}}
	for _, c := range []struct {
		name    string
		round   Round
		hazards []Fence
		bends   []bend
		want    string
	}{
		{"one on the way", there, []Fence{flood(20, 1, 0)}, drive, "ahead flood20 0', enter flood20 33'"},
		{"two on the way", there, []Fence{flood(20, 1, 0), flood(10, 1, 0)}, drive, "ahead flood10 0', ahead flood20 0', enter flood10 17', enter flood20 33'"},
		{"one beside the way", there, []Fence{{ID: "beside", Center: shifted(newSpot(onRoad(20)), 0, 3000), RadiusMeters: 2000, Hazard: true}}, drive, ""},
		{"no hazard", there, []Fence{{ID: "fence", Center: onRoad(20), RadiusMeters: 1000}}, drive, ""},
		{"one behind", there, []Fence{flood(2, 1, 0)}, []bend{{0, 4}, {40, 28}}, ""},
		{"in it from the beginning", there, []Fence{flood(0, 3, 0)}, drive, ""},
		{"over by then", there, []Fence{passed}, drive, "enter flood20 33'"},
		{"not over by then", there, []Fence{lasting}, drive, "ahead flood20 0', enter flood20 33'"},
		{"there and back", back, []Fence{flood(6, 1, 0)}, []bend{{0, 0}, {20, 12}, {40, 0}}, "ahead flood6 0', enter flood6 8', enter flood6 28'"},
		{"without a round's route", Round{ID: "r", Stops: there.Stops}, []Fence{flood(20, 1, 0)}, drive, "enter flood20 33'"},
	} {
		s := NewState("van")
		w := floodWorld(t, c.round, c.hazards...)
		var events []Event
		for _, fix := range fixesAlong(c.bends...) {
			events = Step(w, &s, fix, events)
			s = checkForm(t, &s)
		}
		if got := warnings(events); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		if len(s.lookout.told) != 0 && !strings.Contains(c.name, "over by then") {
			t.Errorf("%s: in the end %+v is ahead", c.name, s.lookout.told)
		}
	}
}

// What is told: how far away it is, when it will be reached with the stop before
// it served, and how far it reaches.
func TestFactsOfAHazardAhead(t *testing.T) {
	r := Round{ID: "r", Routes: []Route{road}, Stops: []Stop{stopAt(6, 0), stopAt(30, 0)}}
	w := floodWorld(t, r, flood(20, 1, 0.5))
	s := NewState("van")
	events := Step(w, &s, fixesAlong(bend{0, 0}, bend{1, 0.6})[0], nil)
	if len(events) != 1 || events[0].Type != HazardAhead {
		t.Fatalf("told %v", events)
	}
	f := &events[0].Facts
	speed := w.settings.Forecasts.SpeedMPS
	if m := f.Number("ahead_m"); math.Abs(m-19_000) > 30 {
		t.Errorf("it is %g m away", m)
	}
	if d := f.Number("through_m"); math.Abs(d-2000) > 30 || f.Number("speed_share") != 0.5 {
		t.Errorf("it reaches over %g m with %g of the speed", d, f.Number("speed_share"))
	}
	mean := 19_000/speed + 60
	if in := f.Number("in_s"); in > mean || in < 0.7*mean {
		t.Errorf("it will be reached in %g s, the mean being %g", in, mean)
	}
}

// An edit that is about something else says nothing again; another route does,
// and what no longer is ahead is forgotten.
func TestHazardsAheadAndEdits(t *testing.T) {
	r := Round{ID: "r", Routes: []Route{road}, Stops: []Stop{stopAt(30, 0)}}
	w := floodWorld(t, r, flood(20, 1, 0))
	fixes := fixesAlong(bend{0, 0}, bend{30, 18})
	s := NewState("van")
	step := func(want string) {
		t.Helper()
		var events []Event
		for range 4 {
			events = Step(w, &s, fixes[0], events)
			fixes = fixes[1:]
		}
		if got := warnings(events); got != want {
			t.Errorf("told %q, want %q", got, want)
		}
	}
	edit := func(made *World, err error) {
		t.Helper()
		if w = made; err != nil {
			t.Fatal(err)
		}
	}
	step("ahead flood20 0'")
	edit(w.With(w.version+1, []Fence{circleAt("far", 50)}, nil))
	more := r
	more.Stops = []Stop{stopAt(15, 0), stopAt(30, 0)}
	edit(w.WithRounds(w.version+1, []Round{more}, nil))
	step("")
	detour := r
	detour.Routes = []Route{{ID: "detour", Line: orb.LineString{onRoad(0), onRoad(10), shifted(newSpot(onRoad(20)), 0, 9000), onRoad(30)}}}
	edit(w.WithRounds(w.version+1, []Round{detour}, nil))
	step("")
	if s.ToldAhead("flood20") {
		t.Error("on the detour it is still ahead")
	}
	edit(w.WithRounds(w.version+1, []Round{r}, nil))
	step("ahead flood20 2'")
	edit(w.With(w.version+1, nil, []FenceID{"flood20"}))
	step("")
	if s.ToldAhead("flood20") {
		t.Error("it is over, and still ahead")
	}
	edit(w.With(w.version+1, []Fence{flood(20, 1, 0)}, nil))
	step("ahead flood20 3'")
	edit(w.WithRounds(w.version+1, nil, []RoundID{"r"}))
	if len(w.threats.rounds) != 0 {
		t.Error("a round that is gone is still threatened")
	}
}

func circleAt(id FenceID, km float64) Fence {
	return Fence{ID: id, Center: onRoad(km), RadiusMeters: 100}
}

// A hazard on the way delays what lies behind it, by the worst where some
// overlap, and makes no stop before it late.
func TestHazardsDelay(t *testing.T) {
	r := Round{ID: "r", Routes: []Route{road}, Stops: []Stop{stopAt(6, 0), stopAt(30, 0)}}
	arrivals := func(hazards ...Fence) (near, far float64) {
		w := floodWorld(t, r, hazards...)
		s := NewState("van")
		for _, fix := range fixesAlong(bend{0, 0}, bend{1, 0.6}) {
			Step(w, &s, fix, nil)
		}
		etas := s.ETAs(w, nil)
		last, _ := s.Last()
		return secondsBetween(last.Time, etas[0].P50), secondsBetween(last.Time, etas[1].P50)
	}
	near, far := arrivals()
	for _, c := range []struct {
		hazards []Fence
		more    float64 // metres at the usual speed
	}{
		{[]Fence{flood(20, 1, 0)}, 0},
		{[]Fence{flood(20, 1, 0.5)}, 2000},
		{[]Fence{flood(20, 1, 0.5), flood(20.5, 1, 0.25)}, 500 + 6000},
		{[]Fence{flood(50, 1, 0.5)}, 0},
	} {
		n, f := arrivals(c.hazards...)
		want := c.more * (far - near) / 24_000
		if math.Abs(n-near) > 0.01 || math.Abs(f-far-want) > 0.25*want+1 {
			t.Errorf("%v: %g s and %g s later, want none and %g", c.hazards[0].ID, n-near, f-far, want)
		}
	}
}

// The parts of a route in zones are those that looking at each metre finds.
func TestDangersOfARoute(t *testing.T) {
	found := 0
	for run := range 60 {
		random, seed := seeded(run)
		lon := []float64{10, 179.99, -0.005}[run%3]
		var line orb.LineString
		at := newSpot(orb.Point{lon, 50})
		for range 6 {
			line = append(line, at.point())
			at = newSpot(shifted(at, random.NormFloat64()*600, random.NormFloat64()*600))
		}
		p, err := newPath(line)
		if err != nil {
			continue
		}
		var zones []*zone
		for i := range 3 {
			f := Fence{ID: FenceID(fmt.Sprint(i)), Center: shifted(newSpot(line[2]), random.NormFloat64()*700, random.NormFloat64()*700), RadiusMeters: 60 + 300*random.Float64(), Hazard: true}
			z, err := newZone(f)
			if err != nil {
				t.Fatal(err)
			}
			zones = append(zones, z)
		}
		dangers := p.dangers(zones)
		found += len(dangers)
		for along := 0.0; along < p.length(); along++ {
			spot, _ := p.spotAt(along, 0)
			for _, z := range zones {
				depth := z.shape.distance(spot, dangerReach)
				in := slices.ContainsFunc(dangers, func(d danger) bool { return d.zone == z && along >= d.from && along <= d.to })
				if math.Abs(depth) > dangerStep+1 && in != (depth > 0) {
					t.Fatalf("seed %d: at %g m of %g the zone %s is %g m deep, and in danger is %v", seed, along, p.length(), z.fence.ID, depth, in)
				}
			}
		}
	}
	if found < 30 {
		t.Errorf("only %d dangers: the test shows little", found)
	}
}

// Edits one after the other make the same threats as all at once.
func TestThreatsOfEdits(t *testing.T) {
	long := Round{ID: "long", Routes: []Route{road}}
	short := Round{ID: "short", Routes: []Route{{ID: "x", Line: orb.LineString{onRoad(3), onRoad(9)}}, {ID: "y", Line: orb.LineString{onRoad(9), onRoad(30)}}}}
	a, b, c := flood(5, 1, 0.5), flood(20, 4, 0), flood(8, 2, 0.2)
	moved := flood(20, 1, 0.9)
	must := func(w *World, err error) *World {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	edited := must(newWorld(t, Settings{}).With(2, []Fence{a, b}, nil))
	edited = must(edited.WithRounds(3, []Round{long}, nil))
	edited = must(edited.With(4, []Fence{c, moved}, []FenceID{a.ID}))
	edited = must(edited.WithRounds(5, []Round{short, {ID: "gone", Routes: long.Routes}}, nil))
	edited = must(edited.WithRounds(6, nil, []RoundID{"gone"}))
	once := must(must(newWorld(t, Settings{}).WithRounds(2, []Round{long, short}, nil)).With(3, []Fence{c, moved}, nil))
	got, want := describe(&edited.threats), describe(&once.threats)
	if got != want || strings.Count(got, "flood") < 4 {
		t.Errorf("threats\n%s, want\n%s", got, want)
	}
}

func describe(t *threats) string {
	var all []string
	for id, routes := range t.rounds {
		for i, threat := range routes {
			for _, d := range threat.dangers {
				all = append(all, fmt.Sprintf("%s %d %s %.3f %.3f", id, i, d.zone.fence.ID, d.from, d.to))
			}
			all = append(all, fmt.Sprintf("%s %d %.3v", id, i, threat.slow))
		}
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}

func TestPerilsRefused(t *testing.T) {
	for _, share := range []float64{-0.1, 0.01, 1.1, math.NaN(), math.Inf(1)} {
		f := flood(1, 1, share)
		if f.Validate() == nil {
			t.Errorf("a share of %g is taken", share)
		}
	}
}

// An edit of a round among a thousand, with 200 hazards on the map.
func BenchmarkThreats(b *testing.B) {
	var rounds []Round
	for i := range 1000 {
		rounds = append(rounds, Round{ID: RoundID(fmt.Sprint(i)), Routes: []Route{road}, Devices: []DeviceID{DeviceID(fmt.Sprint(i))}})
	}
	w, err := newWorld(b, Settings{}).WithRounds(2, rounds, nil)
	if err != nil {
		b.Fatal(err)
	}
	var hazards []Fence
	for i := range 200 {
		hazards = append(hazards, flood(float64(i)/3, 0.2, 0.5))
	}
	start := time.Now()
	if w, err = w.With(3, hazards, nil); err != nil {
		b.Fatal(err)
	}
	all := time.Since(start)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.WithRounds(4, rounds[:1], nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(all.Milliseconds()), "ms/all")
}
