package geofence

import (
	"errors"
	"math"
	"testing"

	"github.com/paulmach/orb"
)

// north is p, so many metres north and east.
func north(p orb.Point, meters, east float64) orb.Point {
	return shifted(newSpot(p), east, meters)
}

func TestCorridor(t *testing.T) {
	for _, middle := range []orb.Point{{8, 50}, {180, 0}, {-179.999, 65}} {
		west, end := north(middle, 0, -500), north(north(middle, 0, 500), 500, 0)
		z, err := newZone(Fence{ID: "a", Line: orb.LineString{west, north(middle, 0, 500), end}, CorridorMeters: 40})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			name        string
			north, east float64
			want        float64
		}{
			{"on the line", 0, 0, 40},
			{"to the left", 30, 0, 10},
			{"to the right", -39, 100, 1},
			{"outside", 45, 0, -5},
			{"before its beginning", 0, -530, 10},
			{"well before", 0, -600, -60},
			{"inside the bend", 100, 400, -60},
			{"near the bend", 30, 480, 20},
			{"on the second edge", 300, 500, 40},
			{"past the end", 560, 500, -20},
		} {
			s := newSpot(north(middle, c.north, c.east))
			got, at := z.shape.distance(s, math.Inf(1)), z.shape.locate(s)
			if math.Abs(got-c.want) > 0.5 || at != map[bool]location{true: inside, false: outside}[c.want > 0] {
				t.Errorf("at %v, %s: %g m, location %d, want %g m", middle, c.name, got, at, c.want)
			}
			if cut := z.shape.distance(s, 15); cut != max(-15, min(got, 15)) {
				t.Errorf("at %v, %s: %g m cut to 15 is %g", middle, c.name, got, cut)
			}
		}
	}
}

func TestCorridorBoundaryCountsAsInside(t *testing.T) {
	s := newSpot(orb.Point{8, 50.0003})
	line := orb.LineString{{7.9, 50}, {8.1, 50}}
	half := (corridor{mustPath(t, line), 1}).beside(s)
	z, err := newZone(Fence{ID: "a", Line: line, CorridorMeters: half})
	if err != nil {
		t.Fatal(err)
	}
	if at := z.shape.locate(s); at != boundary {
		t.Errorf("location %d", at)
	}
	if got := newWorld(t, Settings{}, z.fence).Locate(s.point()); len(got) != 1 {
		t.Errorf("Locate finds %q", got)
	}
}

func mustPath(t *testing.T, line orb.LineString) *path {
	t.Helper()
	p, err := newPath(line)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestDecisionsOnACorridor(t *testing.T) {
	lane := Fence{ID: "a", Line: orb.LineString{at{0, 40, 0}.fix().Point, orb.Point{at{0, 40, 0}.fix().Point[0], 0.6}}, CorridorMeters: 40}
	lane.Line[0][1] = 0.4
	for _, c := range []struct {
		name   string
		places []at
		want   string
	}{
		{"in and out", []at{{0, -50, 0}, {1, 30, 0}, {2, 40, 0}, {3, 60, 0}, {4, 92, 0}, {5, 95, 0}}, "enter a 1s #1, exit a 4s #1"},
		{"across", []at{{0, -100, 0}, {10, 200, 0}}, "cross a 3s #1"},
		{"too inaccurate", []at{{0, -100, 0}, {1, 40, 41}, {2, 40, 41}, {90, 40, 41}}, ""},
	} {
		if got := brief(run(newWorld(t, fencesAlone(), lane), fixesOf(c.places))); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestBadCorridor(t *testing.T) {
	line := orb.LineString{{0, 0}, {1, 1}}
	square := orb.MultiPolygon{{rectangle(0, 0, 1, 1)}}
	long := make(orb.LineString, MaxVertices+1)
	for i := range long {
		long[i] = orb.Point{float64(i%2) / 10, 0}
	}
	var around orb.LineString
	for lon := 0.0; lon < 900; lon += 90 {
		around = append(around, orb.Point{math.Remainder(lon, 360), 0})
	}
	for _, c := range []struct {
		name  string
		fence Fence
		want  error
	}{
		{"no width", Fence{Line: line}, ErrCorridor},
		{"negative", Fence{Line: line, CorridorMeters: -1}, ErrCorridor},
		{"NaN", Fence{Line: line, CorridorMeters: math.NaN()}, ErrCorridor},
		{"too wide", Fence{Line: line, CorridorMeters: MaxCorridorMeters + 1}, ErrCorridor},
		{"a circle too", Fence{Line: line, CorridorMeters: 5, RadiusMeters: 5}, ErrCorridor},
		{"polygons too", Fence{Line: line, CorridorMeters: 5, Polygons: square}, ErrCorridor},
		{"no line", Fence{CorridorMeters: 5}, ErrTooFew},
		{"one position", Fence{Line: line[:1], CorridorMeters: 5}, ErrTooFew},
		{"the same position twice", Fence{Line: orb.LineString{{1, 1}, {1, 1}}, CorridorMeters: 5}, ErrTooFew},
		{"off the globe", Fence{Line: orb.LineString{{1, 1}, {1, 91}}, CorridorMeters: 5}, ErrCoordinates},
		{"NaN in it", Fence{Line: orb.LineString{{1, 1}, {math.NaN(), 1}}, CorridorMeters: 5}, ErrCoordinates},
		{"a pole", Fence{Line: orb.LineString{{1, 1}, {1, 90}}, CorridorMeters: 5}, ErrPole},
		{"twice round the globe", Fence{Line: around, CorridorMeters: 5}, ErrPole},
		{"too long", Fence{Line: long, CorridorMeters: 5}, ErrTooLarge},
	} {
		if err := c.fence.Validate(); !errors.Is(err, c.want) {
			t.Errorf("%s: Validate says %v", c.name, err)
		}
		c.fence.ID = "a"
		if _, err := NewWorld(1, Settings{}, []Fence{c.fence}); !errors.Is(err, c.want) {
			t.Errorf("%s: NewWorld says %v", c.name, err)
		}
	}
}

// The World keeps its own copy, and knows an edited line or band by its key.
func TestCorridorIsCopied(t *testing.T) {
	f := Fence{ID: "a", Line: orb.LineString{{0, 0}, {1, 1}}, CorridorMeters: 5}
	w := newWorld(t, Settings{}, f)
	key := w.zone("a").key
	f.Line[1] = orb.Point{2, 2}
	if w.zone("a").fence.Line[1] != (orb.Point{1, 1}) {
		t.Error("the line is shared")
	}
	other := f
	other.Band = Band{0, 9}
	wider := f
	wider.CorridorMeters++
	seen := map[uint64]bool{key: true}
	for _, f := range []Fence{f, other, wider} {
		if seen[f.shapeKey()] {
			t.Errorf("%+v has the key of another shape", f)
		}
		seen[f.shapeKey()] = true
	}
}
