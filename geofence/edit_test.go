package geofence

import (
	"testing"

	"github.com/paulmach/orb"
)

// Edits of fences between the fixes of a device: an edit moves no device.
func TestEdits(t *testing.T) {
	west := func(id FenceID) Fence { return Fence{ID: id, Polygons: orb.MultiPolygon{{rectangle(-1, 0, 0, 1)}}} }
	wider := Fence{ID: "a", Polygons: orb.MultiPolygon{{rectangle(-0.0001, 0, 1, 1)}}}
	longer := Fence{ID: "a", Polygons: orb.MultiPolygon{{rectangle(0, 0, 2, 1)}}}
	far := Fence{ID: "far", Center: orb.Point{50, 50}, RadiusMeters: 25}
	for _, c := range []struct {
		name   string
		fences []Fence
		before []at
		put    []Fence
		remove []FenceID
		after  []at
		want   string
	}{
		{"made around a parked device", nil, []at{{0, 50, 0}}, []Fence{field("a")}, nil, []at{{1, 50, 0}, {2, -50, 0}, {3, -50, 0}}, "exit a 2s #1"},
		{"made around it in doubt", nil, []at{{0, 3, 0}}, []Fence{field("a")}, nil, []at{{1, 50, 0}, {2, -50, 0}, {3, -50, 0}}, "exit a 2s #1"},
		{"made in front of it", nil, []at{{0, -50, 0}}, []Fence{field("a")}, nil, []at{{1, 50, 0}, {2, 50, 0}}, "enter a 1s #1"},
		{"made close in front of it", nil, []at{{0, -12, 0}}, []Fence{field("a")}, nil, []at{{1, 50, 0}, {2, 50, 0}}, "enter a 1s #1"},
		{"removed", []Fence{field("a")}, []at{{0, -50, 0}, {1, 50, 0}, {2, 50, 0}}, nil, []FenceID{"a"}, []at{{3, -50, 0}, {4, -50, 0}}, "enter a 1s #1"},
		{"removed and another made", []Fence{field("a")}, []at{{0, -50, 0}, {1, 50, 0}, {2, 50, 0}}, []Fence{field("b")}, []FenceID{"a"},
			[]at{{3, -50, 0}, {4, -50, 0}}, "enter a 1s #1, exit b 3s #2"},
		{"reshaped around it", []Fence{field("a")}, []at{{0, -50, 0}, {1, 50, 0}, {2, 50, 0}}, []Fence{wider}, nil,
			[]at{{3, -8, 0}, {4, -50, 0}, {5, -50, 0}}, "enter a 1s #1, exit a 4s #1"},
		{"reshaped elsewhere while it is inside in doubt", []Fence{field("a")}, []at{{0, -50, 0}, {1, 50, 0}, {2, 50, 0}, {3, 3, 0}},
			[]Fence{longer}, nil, []at{{4, -50, 0}, {5, -50, 0}}, "enter a 1s #1, exit a 4s #1"},
		{"reshaped elsewhere while it may have left", []Fence{field("a")}, []at{{0, -50, 0}, {1, 50, 0}, {2, 50, 0}, {3, -3, 0}},
			[]Fence{longer}, nil, []at{{4, -50, 0}, {5, -50, 0}}, "enter a 1s #1, exit a 4s #1"},
		{"reshaped elsewhere while it is outside in doubt", []Fence{field("a")}, []at{{0, -50, 0}, {1, -3, 0}},
			[]Fence{longer}, nil, []at{{2, 50, 0}, {3, 50, 0}}, "enter a 2s #1"},
		{"moved off it", []Fence{field("a")}, []at{{0, -50, 0}, {1, 50, 0}, {2, 50, 0}}, []Fence{west("a")}, nil,
			[]at{{3, 60, 0}, {4, -50, 0}, {5, -50, 0}}, "enter a 1s #1, enter a 4s #2"},
		{"moved onto it", []Fence{field("a")}, []at{{0, -50, 0}}, []Fence{west("a")}, nil,
			[]at{{1, -60, 0}, {2, 50, 0}, {3, 50, 0}}, "exit a 2s #1"},
		{"another one while it enters", []Fence{field("a")}, []at{{0, -50, 0}, {1, 6, 0}}, []Fence{far}, nil,
			[]at{{2, 6, 0}}, "enter a 1s #1"},
		{"another one while it is near", []Fence{field("a")}, []at{{0, -50, 0}, {1, -3, 0}}, []Fence{far}, nil,
			[]at{{2, 50, 0}, {3, 50, 0}}, "enter a 2s #1"},
		{"another one while it is inside in doubt", []Fence{field("a")}, []at{{0, -50, 0}, {1, 50, 0}, {2, 50, 0}, {3, -15, 0}}, []Fence{far}, nil,
			[]at{{4, 50, 0}, {5, -50, 0}, {6, -50, 0}}, "enter a 1s #1, exit a 5s #1"},
		{"another one after a fix that said nothing", []Fence{{ID: "a", Center: orb.Point{0, 0.5}, RadiusMeters: 25}},
			[]at{{0, -500, 0}, {1, -50, 800}}, []Fence{far}, nil, []at{{2, 0, 0}, {3, 0, 0}}, "enter a 2s #1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			first := newWorld(t, Settings{}, c.fences...)
			second, err := first.With(2, c.put, c.remove)
			if err != nil {
				t.Fatal(err)
			}
			var s State
			var events []Event
			for _, fix := range fixesOf(c.before) {
				events = Step(first, &s, fix, events)
			}
			for _, fix := range fixesOf(c.after) {
				events = Step(second, &s, fix, events)
			}
			if got := brief(events); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// The same in raw mode, where the State holds less.
func TestEditsRaw(t *testing.T) {
	first := newWorld(t, Settings{Raw: true}, Fence{ID: "gone", Polygons: field("").Polygons})
	second, err := first.With(2, []Fence{field("new")}, []FenceID{"gone"})
	if err != nil {
		t.Fatal(err)
	}
	var s State
	events := Step(first, &s, at{0, -5, 0}.fix(), nil)
	events = Step(first, &s, at{1, 5, 0}.fix(), events)
	events = Step(second, &s, at{2, 5, 0}.fix(), events)
	events = Step(second, &s, at{3, -5, 0}.fix(), events)
	if got, want := brief(events), "enter gone 1s #1, exit new 3s #2"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
