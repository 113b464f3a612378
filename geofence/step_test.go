package geofence

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"
)

// at is a fix by how many metres inside the west edge of field it is.
type at struct {
	second   int
	inside   float64
	accuracy float32 // metres; 0 for not given
}

// field is a fence so large that only its west edge, on longitude 0, matters.
func field(id FenceID) Fence {
	return Fence{ID: id, Polygons: orb.MultiPolygon{{rectangle(0, 0, 1, 1)}}}
}

func (a at) fix() Fix {
	f := Fix{Time: Millis(a.second) * 1000, AccuracyMeters: a.accuracy}
	if a.accuracy != 0 {
		f.Known = KnownAccuracy
	}
	lat := 0.5
	f.Point = orb.Point{a.inside / (metersPerDegree * math.Cos(lat*radians)), lat}
	return f
}

func fixesOf(places []at) []Fix {
	var fixes []Fix
	for _, a := range places {
		fixes = append(fixes, a.fix())
	}
	return fixes
}

// brief writes events as "enter a 3s #1": type, fence, second and episode.
func brief(events []Event) string {
	var words []string
	for _, e := range events {
		words = append(words, fmt.Sprintf("%s %s %ds #%d", strings.TrimPrefix(string(e.Type), "geofence."), e.Subject, e.Time/1000, e.Episode))
	}
	return strings.Join(words, ", ")
}

func TestRaw(t *testing.T) {
	w := newWorld(t, Settings{Raw: true}, field("a"))
	for _, c := range []struct {
		name   string
		places []at
		want   string
	}{
		{"in and out", []at{{0, -5, 0}, {1, 5, 0}, {2, 6, 0}, {3, -1, 0}}, "enter a 1s #1, exit a 3s #1"},
		{"first seen inside", []at{{0, 5, 0}, {1, 5, 0}, {2, -1, 0}, {3, 1, 0}}, "exit a 2s #1, enter a 3s #2"},
		{"the boundary is inside", []at{{0, -1, 0}, {1, 0, 0}, {2, -0.01, 0}}, "enter a 1s #1, exit a 2s #1"},
		{"accuracy does not matter", []at{{0, -1, 5000}, {1, 1, 5000}}, "enter a 1s #1"},
		{"every change", []at{{0, -1, 0}, {1, 1, 0}, {2, -1, 0}, {3, 1, 0}}, "enter a 1s #1, exit a 2s #1, enter a 3s #2"},
		{"late and equal times", []at{{5, -1, 0}, {4, 1, 0}, {5, 1, 0}, {6, -1, 0}}, ""},
	} {
		if got := brief(run(w, fixesOf(c.places))); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// Of a device outside in raw mode there is nothing to remember.
func TestRawForgets(t *testing.T) {
	w := newWorld(t, Settings{Raw: true}, field("a"))
	s := NewState("d")
	for _, fix := range fixesOf([]at{{0, -5, 0}, {1, 5, 0}, {2, -5, 0}, {3, -5, 0}}) {
		Step(w, &s, fix, nil)
	}
	if len(s.relations) > 0 || s.trail.known {
		t.Errorf("%+v", s)
	}
}

func TestDecisions(t *testing.T) {
	w := newWorld(t, fencesAlone(), field("a"))
	for _, c := range []struct {
		name   string
		places []at
		want   string
	}{
		{"one fix deep inside", []at{{0, -50, 0}, {1, 30, 0}, {2, -60, 0}}, ""},
		{"one fix beyond the margin", []at{{0, -50, 0}, {1, 6, 0}, {2, -50, 0}}, ""},
		{"two fixes beyond the margin", []at{{0, -50, 0}, {1, 6, 0}, {2, 6, 0}}, "enter a 1s #1"},
		{"a run with two of them", []at{{0, -50, 0}, {1, 1, 0}, {2, 6, 0}, {3, 1, 0}, {4, 6, 0}}, "enter a 1s #1"},
		{"a run cut in two", []at{{0, -50, 0}, {1, 6, 0}, {2, -1, 0}, {3, 6, 0}}, ""},
		{"half a minute within the margin", []at{{0, -50, 0}, {10, 1, 0}, {25, 2, 0}, {40, 1, 0}}, "enter a 10s #1"},
		{"less than that", []at{{0, -50, 0}, {10, 1, 0}, {25, 2, 0}, {39, 1, 0}, {50, -50, 0}}, ""},
		{"first seen inside", []at{{0, 50, 0}, {1, -50, 0}, {2, -50, 0}, {3, 50, 0}, {4, 50, 0}}, "exit a 1s #1, enter a 3s #2"},
		{"first seen near the boundary", []at{{0, 3, 0}, {1, 50, 0}, {2, -50, 0}, {3, -50, 0}}, "exit a 2s #1"},
		{"first seen near it outside", []at{{0, -3, 0}, {1, 50, 0}, {2, -50, 0}, {3, -50, 0}}, "exit a 2s #1"},
		{"first seen likely outside", []at{{0, -15, 0}, {1, 50, 0}, {2, 50, 0}}, "enter a 1s #1"},
		{"one fix far outside", []at{{0, 50, 0}, {1, -200, 0}, {2, 50, 0}}, ""},
		{"one fix outside the margin", []at{{0, 50, 0}, {1, -12, 0}, {2, 3, 0}, {3, -12, 0}, {4, 50, 0}}, ""},
		{"two fixes outside the margin", []at{{0, 50, 0}, {1, -12, 0}, {2, -12, 0}}, "exit a 1s #1"},
		{"five minutes outside within the margin", []at{{0, 50, 0}, {10, -5, 0}, {200, -2, 0}, {310, -5, 0}}, "exit a 10s #1"},
		{"less than that", []at{{0, 50, 0}, {10, -5, 0}, {200, -2, 0}, {309, -5, 0}, {320, 5, 0}}, ""},
		{"then gone", []at{{0, 50, 0}, {10, -5, 0}, {20, -5, 0}, {30, -50, 0}, {31, -50, 0}}, "exit a 10s #1"},
		{"drifting along the boundary", []at{{0, 50, 0}, {1, 4, 0}, {2, -9, 0}, {3, 2, 0}, {4, -8, 0}, {5, 9, 0}, {6, -9, 0}}, ""},
		{"a better receiver", []at{{0, -50, 4}, {1, 2.1, 4}, {2, 2.1, 4}, {3, -4.1, 4}, {4, -4.1, 4}}, "enter a 1s #1, exit a 3s #1"},
		{"a worse one", []at{{0, -200, 40}, {1, 25, 40}, {2, -30, 40}, {3, 25, 40}, {4, 25, 40}}, "enter a 3s #1"},
		{"too good to be true", []at{{0, -50, 0.1}, {1, 1, 0.1}, {2, 1, 0.1}, {3, 1.6, 0.1}, {4, 1.6, 0.1}}, "enter a 1s #1"},
		{"past the far side", []at{{0, -50, 0}, {1, 500_000, 0}}, ""},
	} {
		if got := brief(run(w, fixesOf(c.places))); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestEventCarriesTheNumbers(t *testing.T) {
	w := newWorld(t, fencesAlone(), field("a"))
	places := []at{{0, -50, 4}, {1, 3, 6}, {2, 40, 5}, {3, 40, 5}}
	events := run(w, fixesOf(places))
	if len(events) != 1 {
		t.Fatalf("events %q, want one", brief(events))
	}
	e := events[0]
	if math.Abs(e.Facts.Number("distance_m")-3) > 1e-6 || e.Facts.Number("uncertainty_m") != 6 || e.Point != places[1].fix().Point {
		t.Errorf("%+v, want the numbers of the second fix", e)
	}
}

func TestSettings(t *testing.T) {
	places := []at{{0, -50, 0}, {1, 6, 0}, {2, 6, 0}, {3, -12, 0}, {4, -12, 0}}
	for _, c := range []struct {
		name     string
		settings Settings
		want     string
	}{
		{"defaults", Settings{}, "enter a 1s #1, exit a 3s #1"},
		{"worse accuracy assumed", Settings{DefaultAccuracyMeters: 20}, ""},
		{"worse accuracy at best", Settings{MinAccuracyMeters: 20}, ""},
		{"more to enter", Settings{Thresholds: Thresholds{EnterMargin: 0.7}}, ""},
		{"more to leave", Settings{Thresholds: Thresholds{ExitMargin: 1.3}}, "enter a 1s #1"},
		{"a second inside is enough", Settings{Thresholds: Thresholds{EnterMargin: 1, EnterAfter: 1e9}}, "enter a 1s #1, exit a 3s #1"},
	} {
		if got := brief(run(newWorld(t, c.settings, field("a")), fixesOf(places))); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestExitsComeBeforeEnters(t *testing.T) {
	east := orb.MultiPolygon{{rectangle(0, 0, 1, 1)}}
	west := orb.MultiPolygon{{rectangle(-1, 0, 0, 1)}}
	w := newWorld(t, Settings{}, Fence{ID: "d", Polygons: west}, Fence{ID: "a", Polygons: east},
		Fence{ID: "c", Polygons: east}, Fence{ID: "b", Polygons: west})
	got := brief(run(w, fixesOf([]at{{0, -50, 0}, {1, 50, 0}, {2, 50, 0}})))
	if want := "exit b 1s #1, exit d 1s #2, enter a 1s #3, enter c 1s #4"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// A fence of 25 m around a stop, passed at 14 m/s 10 m off its middle, sampled
// every second at any phase.
func TestPassOfSeconds(t *testing.T) {
	stop := Fence{ID: "stop", Center: orb.Point{0, 0.5}, RadiusMeters: 25}
	w := newWorld(t, Settings{}, stop)
	for phase := 0.0; phase < 14; phase++ {
		var fixes []Fix
		for second := range 20 {
			f := at{second, -140 + phase + 14*float64(second), 0}.fix()
			f.Point[1] += 10 / metersPerDegree
			fixes = append(fixes, f)
		}
		events := run(w, fixes)
		if len(events) != 2 || events[0].Type != Enter || events[1].Type != Exit || events[0].Episode != events[1].Episode {
			t.Errorf("phase %g: %q, want one enter and one exit", phase, brief(events))
		}
	}
}

// Fixes that cannot tell whether a device is in a small fence say nothing of
// it, neither alone nor among others.
func TestAccuracyWorseThanTheFence(t *testing.T) {
	w := newWorld(t, fencesAlone(), Fence{ID: "a", Center: orb.Point{0, 0.5}, RadiusMeters: 25})
	for _, c := range []struct {
		name   string
		places []at
		want   string
	}{
		{"in the middle", []at{{0, -500, 10}, {1, 0, 26}, {2, 0, 26}, {99, 0, 26}}, ""},
		{"in the middle, after passing by", []at{{0, -500, 10}, {1, -30, 10}, {2, 0, 26}, {40, 0, 26}, {80, 0, 26}}, ""},
		{"between good ones", []at{{0, -500, 10}, {1, 18, 10}, {2, 0, 800}, {3, 18, 10}}, "enter a 1s #1"},
		{"staying", []at{{0, -500, 10}, {1, 0, 10}, {2, 0, 10}, {3, 0, 800}, {4, -100, 800}, {5, 0, 10}}, "enter a 1s #1"},
		{"leaving", []at{{0, -500, 10}, {1, 0, 10}, {2, 0, 10}, {3, -2000, 800}, {4, -2000, 800}}, "enter a 1s #1, exit a 3s #1"},
		{"recovering", []at{{0, -500, 10}, {1, 0, 26}, {9, 0, 26}, {10, 0, 10}, {11, 0, 10}, {12, 0, 26}, {13, -50, 26}, {20, -90, 10}, {21, -95, 10}},
			"enter a 10s #1, exit a 20s #1"},
		{"first seen so", []at{{0, 100, 800}, {1, 0, 10}, {2, -500, 10}, {3, -500, 10}}, "exit a 2s #1"},
		{"first seen so, twice", []at{{0, 100, 800}, {1, 50, 700}, {2, 0, 10}, {3, -500, 10}, {4, -500, 10}}, "exit a 3s #1"},
		{"first seen so far away", []at{{0, -5000, 800}, {1, 0, 10}, {2, 0, 10}}, "enter a 1s #1"},
		{"first seen so, then well outside", []at{{0, 100, 800}, {1, -500, 10}, {2, 0, 10}, {3, 0, 10}}, "enter a 2s #1"},
	} {
		if got := brief(run(w, fixesOf(c.places))); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestUnusableFixesChangeNothing(t *testing.T) {
	w := newWorld(t, Settings{}, field("a"))
	nan, inf := math.NaN(), math.Inf(1)
	known := func(f Fix) Fix {
		f.Time, f.Known = 10_000, KnownAccuracy|KnownSpeed|KnownHeading|KnownAltitude
		return f
	}
	for i, bad := range []Fix{
		{Time: 10_000, Point: orb.Point{nan, 0}}, {Time: 10_000, Point: orb.Point{0, -inf}},
		{Time: 10_000, Point: orb.Point{180.1, 0}}, {Time: 10_000, Point: orb.Point{0, 91}},
		{Time: 1000, Point: orb.Point{5, 5}}, {Time: math.MinInt64, Point: orb.Point{5, 5}},
		known(Fix{AccuracyMeters: float32(nan)}), known(Fix{AccuracyMeters: float32(inf)}), known(Fix{AccuracyMeters: 2e5}),
		known(Fix{SpeedMPS: float32(nan)}), known(Fix{HeadingDegrees: float32(inf)}), known(Fix{AltitudeMeters: float32(-inf)}),
	} {
		var s State
		Step(w, &s, at{0, -50, 0}.fix(), nil)
		Step(w, &s, at{1, 6, 0}.fix(), nil)
		before, _ := s.AppendBinary(nil)
		events := Step(w, &s, bad, nil)
		if after, _ := s.AppendBinary(nil); len(events) > 0 || !slices.Equal(before, after) {
			t.Errorf("fix %d changed the state, or made %q", i, brief(events))
		}
	}
}
