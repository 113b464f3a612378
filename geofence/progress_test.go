package geofence

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"
)

// wanderings are routes, and what is told of whoever drives elsewhere, at 8
// m/s, with receivers' errors.
func wanderings() map[string]struct {
	line, way orb.LineString
	want      string
} {
	straight := onMap(0, 0, 6000, 0)
	there := onMap(0, 0, 3000, 0, 0, 0) // and back
	//	    +---------+
	//	----|----->---+  under itself
	//	    v
	loop := onMap(0, 0, 4000, 0, 4000, 1000, 2000, 1000, 2000, -3000)
	const detour = "route.off route.back"
	return map[string]struct {
		line, way orb.LineString
		want      string
	}{
		"a turn for a house just missed":     {straight, onMap(0, 0, 2000, 0, 1970, 0, 6000, 0), ""},
		"backing out of a dead end":          {straight, onMap(0, 0, 2000, 0, 1940, 0, 6000, 0), ""},
		"back for 500 m":                     {straight, onMap(0, 0, 3000, 0, 2500, 0, 6000, 0), "route.wrong_way"},
		"back for 500 m, twice":              {straight, onMap(0, 0, 3000, 0, 2500, 0, 4000, 0, 3500, 0, 6000, 0), "route.wrong_way route.wrong_way"},
		"back all the way":                   {straight, onMap(0, 0, 4000, 0, 1000, 0), "route.wrong_way"},
		"joined the wrong way":               {straight, onMap(4000, 300, 4000, 0, 1000, 0), "route.wrong_way"},
		"a turn 40 m early":                  {there, onMap(0, 0, 2960, 0, 0, 0), ""},
		"a turn 240 m early":                 {there, onMap(0, 0, 2760, 0, 0, 0), ""},
		"a turn 40 m late":                   {there, onMap(0, 0, 3040, 0, 0, 0), ""},
		"a turn on the way back":             {there, onMap(0, 0, 3000, 0, 2900, 0, 2980, 0, 0, 0), ""},
		"far too early on a street and back": {there, onMap(0, 0, 1000, 0, 500, 0, 3000, 0, 0, 0), "route.wrong_way"},
		"a detour":                           {straight, onMap(0, 0, 2000, 0, 2000, 300, 3000, 300, 3000, 0, 6000, 0), detour},
		"two detours":                        {straight, onMap(0, 0, 1000, 0, 1000, 100, 1500, 100, 1500, 0, 3000, 0, 3000, -90, 3500, -90, 3500, 0, 6000, 0), detour + " " + detour},
		"a detour that gets worse":           {straight, onMap(0, 0, 2000, 0, 2000, 100, 2500, 100, 2500, 2000, 3000, 0, 6000, 0), detour},
		"back earlier than it left":          {straight, onMap(0, 0, 3000, 0, 3000, 300, 2000, 300, 2000, 0, 6000, 0), detour},
		"over a later part of it":            {loop, onMap(0, 0, 1500, 0, 1500, 500, 2500, 500, 2500, 1000, 2000, 1000, 2000, -3000), detour},
		"straight on where it crosses":       {loop, onMap(0, 0, 2000, 0, 2000, -3000), ""},
		"far along on the other side":        {straight, onMap(0, 300, 6000, 300), "route.off"},
		"a long way to it":                   {straight, onMap(-4000, -6000, 1000, 0, 6000, 0), ""},
		"to it, late":                        {straight, onMap(0, 300, 2500, 300, 2500, 0, 6000, 0), detour},
		"home from its end":                  {straight, onMap(0, 0, 6000, 0, 6000, 5000), ""},
		"back home from its end":             {straight, onMap(0, 0, 6000, 0, 0, 0), ""},
		"from its end to its beginning":      {straight, onMap(6000, 0, 100, 0), "route.wrong_way"},
		"beyond its end":                     {straight, onMap(0, 0, 6100, 0, 6100, 100), ""},
	}
}

func tellings(events []toldOfRoutes) string { return strings.TrimSpace(kinds(events)) }

func TestWanderings(t *testing.T) {
	for name, c := range wanderings() {
		for seed := range uint64(8) {
			for _, period := range []float64{1, 10, 30} {
				noise := &roaming{random: rand.New(rand.NewPCG(seed, 3)), sigma: 3, tau: 100}
				fixes, _ := travelling(c.way, 8, period, noise)
				events, _ := drivenOn(onRoute(t, c.line, 0), fixes)
				if got := tellings(events); got != c.want {
					t.Errorf("%s, every %g s, seed %d: %q, want %q", name, period, seed, got, c.want)
				}
			}
		}
	}
}

// Whoever joins a route just before its end has been through it.
func TestJoinedAtItsEnd(t *testing.T) {
	fixes, _ := travelling(onMap(5700, 800, 5850, 0, 6000, 0, 6000, 3000), 8, 1, nil)
	if events, s := drivenOn(onRoute(t, onMap(0, 0, 6000, 0), 0), fixes); len(events) > 0 || s.progress.phase != finished {
		t.Errorf("%q, phase %d", tellings(events), s.progress.phase)
	}
}

func TestFactsOfAnExcursion(t *testing.T) {
	fixes, truth := travelling(onMap(0, 0, 2000, 0, 2000, 400, 3000, 400, 3000, 0, 6000, 0), 8, 1, nil)
	events, s := drivenOn(onRoute(t, onMap(0, 0, 6000, 0), 0), fixes)
	if tellings(events) != "route.off route.back" {
		t.Fatal(tellings(events))
	}
	off, back := events[0], events[1]
	i := slices.IndexFunc(truth, func(x float64) bool { return x > 2055 })
	if off.Time != fixes[i].Time || off.Point != fixes[i].Point || off.at != off.Time+5000 {
		t.Errorf("off at %d, toldOfRoutes at %d, want %d", off.Time, off.at, fixes[i].Time)
	}
	if f := &off.Facts; f.Number("corridor_m") != 50 || f.Number("uncertainty_m") != 10 || f.Text("severity") != "minor" || math.Abs(f.Number("along_m")-2000) > 1 {
		t.Errorf("%+v", f.All())
	}
	if f := &back.Facts; math.Abs(f.Number("max_distance_m")-400) > 1 || f.Text("severity") != "major" ||
		math.Abs(f.Number("missed_m")-1000) > 10 || math.Abs(f.Number("duration_s")-1680/8.0) > 3 {
		t.Errorf("%+v", f.All())
	}
	if back.Subject != "route" || back.Episode != off.Episode || s.progress.phase != finished {
		t.Errorf("%+v, phase %d", back, s.progress.phase)
	}
}

// A tunnel of ten minutes, on a road with bends.
func TestGapsAreNoExcursions(t *testing.T) {
	line := onMap(0, 0, 2000, 0, 3000, 1500, 5000, 1000, 6000, 3000, 9000, 3000)
	fixes, truth := travelling(line, 9, 1, nil)
	gone := slices.Clone(fixes)
	gone = slices.DeleteFunc(gone, func(f Fix) bool {
		x := truth[(f.Time-fixes[0].Time)/1000]
		return x > 1500 && x < 6900
	})
	events, s := drivenOn(onRoute(t, line, 0), gone[:len(gone)-30])
	if _, along, on, _ := s.progress.at(); len(events) > 0 || !on || math.Abs(along-truth[len(truth)-31]) > 5 {
		t.Errorf("%q, at %g", tellings(events), along)
	}
}

// Fixes that may be anywhere say nothing, be they from the cells of a network.
func TestVagueFixesSayNothing(t *testing.T) {
	line := onMap(0, 0, 6000, 0)
	fixes, truth := travelling(line, 8, 1, nil)
	random := rand.New(rand.NewPCG(5, 5))
	for i := range fixes {
		if random.IntN(3) == 0 || i > 500 {
			fixes[i].Point = shifted(newSpot(fixes[i].Point), 300*random.NormFloat64(), 300*random.NormFloat64())
			fixes[i].Known, fixes[i].AccuracyMeters = KnownAccuracy, 450
		}
	}
	w := onRoute(t, line, 0)
	var s State
	for i, f := range fixes {
		for _, e := range about("route.", Step(w, &s, f, nil)) {
			t.Errorf("%s at %g m", e.Type, truth[i])
		}
		if _, along, _, ok := s.progress.at(); ok && i <= 500 && math.Abs(along-truth[i]) > 120 {
			t.Errorf("at %g m, thought to be at %g", truth[i], along)
		}
	}
}

func TestAlternativesAreAllOnTheWay(t *testing.T) {
	//	     ,--------- b
	//	----+---------- a
	round := Round{ID: "r", Routes: []Route{
		{ID: "a", Line: onMap(0, 0, 6000, 0)},
		{ID: "b", Line: onMap(0, 0, 2000, 0, 2500, 500, 6000, 500)},
	}}
	w := onRound(t, round)
	for way, want := range map[*orb.LineString]string{
		{{0, 0}, {6000, 0}}:                                                  "",
		{{0, 0}, {2000, 0}, {2500, 500}, {6000, 500}}:                        "",
		{{0, 0}, {2000, 0}, {2500, 500}, {3500, 500}, {3500, 0}, {6000, 0}}:  "route.off b route.back a",
		{{0, 0}, {3000, 0}, {3000, -300}, {4000, -300}, {4000, 0}, {6e3, 0}}: "route.off a route.back a",
		{{0, 0}, {2000, 0}, {2500, 500}, {4e3, 500}, {4e3, 900}, {6e3, 900}}: "route.off b",
	} {
		var line orb.LineString
		for _, p := range *way {
			line = append(line, onMap(p[0], p[1])...)
		}
		fixes, _ := travelling(line, 8, 1, nil)
		events, _ := drivenOn(w, fixes)
		got := ""
		for _, e := range events {
			got += string(e.Type) + " " + e.Subject + " "
		}
		if strings.TrimSpace(got) != want {
			t.Errorf("%v: %q, want %q", *way, got, want)
		}
	}
}

func TestQuietPlaces(t *testing.T) {
	line, way := onMap(0, 0, 6000, 0), onMap(0, 0, 3000, 0, 3000, 180, 3100, 180, 3000, 0, 6000, 0)
	point := func(x, y float64) Place { return Place{Point: onMap(x, y)[0]} }
	for name, c := range map[string]struct {
		round Round
		want  string
	}{
		"nothing there":       {Round{}, "route.off route.back"},
		"the next stop":       {Round{Stops: []Stop{{ID: "s", Place: point(3100, 180)}}}, ""},
		"a later stop":        {Round{Stops: []Stop{{ID: "t", Place: point(5000, 0)}, {ID: "s", Place: point(3100, 180)}}}, "route.off route.back"},
		"a stop elsewhere":    {Round{Stops: []Stop{{ID: "s", Place: point(2500, 180)}}}, "route.off route.back"},
		"a depot":             {Round{Depots: []Depot{{ID: "d", Place: point(3000, 150)}}}, ""},
		"a depot far away":    {Round{Depots: []Depot{{ID: "d", Place: point(3000, 800)}}}, "route.off route.back"},
		"a depot with a yard": {Round{Depots: []Depot{{ID: "d", Place: point(3000, 800), RadiusMeters: 600}}}, ""},
		"a depot's premises":  {Round{Depots: []Depot{{ID: "d", Place: Place{Polygons: orb.MultiPolygon{{orb.Ring(onMap(2950, 200, 3150, 200, 3150, 300, 2950, 300, 2950, 200))}}}}}}, ""},
	} {
		c.round.ID, c.round.Routes = "r", []Route{{ID: "route", Line: line}}
		fixes, _ := travelling(way, 8, 1, nil)
		events, _ := drivenOn(onRound(t, c.round), fixes)
		if got := tellings(events); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestSkippedStops(t *testing.T) {
	stops := []Stop{{ID: "a"}, {ID: "b"}, {ID: "c"}, {ID: "d"}}
	w := onRound(t, Round{ID: "r", Stops: stops})
	var s State
	got := ""
	now := Millis(1_700_000_000_000)
	step := func(w *World, calls ...Millis) {
		now += 1000
		s.follow(w)
		for i, c := range calls {
			s.tour.calls[i].arrived = c
		}
		fix := Fix{Time: now, Point: orb.Point{1, 1}}
		events := s.travel(w, w.settings.sight(&fix), &fix, nil)
		s.seen, s.last = true, fix
		for _, e := range events {
			got += e.Subject + "<" + e.Facts.Text("served") + " "
			if e.Type != StopSkipped || e.Time != 7 || e.Episode == 0 {
				t.Errorf("%+v", e)
			}
		}
	}
	step(w, 0, 0, 0, 0)
	step(w, 5, 0, 0, 0)
	step(w, 5, 0, 7, 0) // b is skipped
	step(w, 5, 0, 7, 0)
	step(w, 5, 9, 7, 0) // and served later
	step(w, 5, 9, 7, 7)
	if got != "b<c " {
		t.Errorf("%q", got)
	}
	// Another order of stops says nothing of those that were passed before it.
	now, got, s = now+1000, "", State{}
	step(w, 0, 0, 7, 0)
	other, err := w.WithRounds(2, []Round{{ID: "r", Stops: append([]Stop{{ID: "x"}}, stops...)}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	step(other, 0, 0, 0, 7, 0)
	step(other, 0, 0, 0, 7, 7)
	if got != "a<c b<c " {
		t.Errorf("%q", got)
	}
}

// A route that is planned again is joined before it can be left.
func TestPlannedAgain(t *testing.T) {
	first := onRoute(t, onMap(0, 0, 6000, 0), 0)
	for name, c := range map[string]struct {
		line orb.LineString
		want string
	}{
		"from here":    {onMap(2950, 0, 3000, 0, 3000, 3000), ""},
		"the same":     {onMap(0, 0, 6000, 0), "route.off"},
		"joined later": {onMap(2000, 3000, 3000, 1000, 3000, 4000), ""},
		"nowhere near": {onMap(-9000, 0, -9000, 3000), "route.off"},
	} {
		second, err := first.WithRounds(2, []Round{{ID: "round", Routes: []Route{{ID: "route", Line: c.line}}}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		fixes, _ := travelling(onMap(0, 0, 3000, 0, 3000, 2500), 8, 1, nil)
		var s State
		got := ""
		for i, f := range fixes {
			w := first
			if i >= 370 {
				w = second
			}
			for _, e := range about("route.", Step(w, &s, f, nil)) {
				got += string(e.Type)
			}
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// Along a rough line nobody goes the wrong way, but its corridor can be left.
func TestRoughRoutes(t *testing.T) {
	line := onMap(0, 0, 6000, 0)
	for name, c := range map[string]struct {
		way  orb.LineString
		want string
	}{
		"back for 1 km":      {onMap(0, 0, 3000, 0, 2000, 0, 6000, 0), ""},
		"streets around it":  {onMap(0, 0, 0, 800, 3000, 800, 2000, -700, 6000, 0), ""},
		"out of its reach":   {onMap(0, 0, 2000, 0, 2000, 3000, 4000, 3000, 4000, 0, 6000, 0), "route.off route.back"},
		"home along the way": {onMap(0, 0, 6000, 0, 0, 0), ""},
	} {
		w := worldOf(t, Settings{}, Round{ID: "r", Routes: []Route{{ID: "route", Line: line, CorridorMeters: 1000, Rough: true}}})
		fixes, _ := travelling(c.way, 8, 5, nil)
		if events, _ := drivenOn(w, fixes); tellings(events) != c.want {
			t.Errorf("%s: %q, want %q", name, tellings(events), c.want)
		}
	}
}

// Once all stops of a rough route are served, in whatever order, any way home
// will do.
func TestRoughRoutesLeadHome(t *testing.T) {
	r := newRide()
	r.visit(2000, 0, 120)
	r.visit(1000, 0, 120)
	r.visit(1000, -4000, 60)
	stops := stopsAt(newSpot(r.origin), [2]float64{1000, 0}, [2]float64{2000, 0})
	for n, want := range []string{"route.off", ""} {
		line := orb.LineString{r.origin, stops[0].Point, stops[1].Point, r.origin}
		round := Round{ID: "r", Stops: stops, Routes: []Route{{ID: "route", Line: line, CorridorMeters: 500, Rough: n == 1}}}
		w, s, off := worldOf(t, Settings{}, round), State{}, ""
		var events []Event
		for _, fix := range r.exact(2) {
			events = Step(w, &s, fix, events[:0])
			for _, e := range events {
				if e.Type == RouteOff {
					off += string(e.Type)
				}
			}
		}
		if off != want {
			t.Errorf("rough %t: %q, want %q", n == 1, off, want)
		}
	}
}
