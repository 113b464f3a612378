package geofence

import (
	"errors"
	"math"
	"testing"
	"time"
)

// dwelling is field with a dwell time.
func dwelling(id FenceID, after time.Duration) Fence {
	f := field(id)
	f.Dwell = after
	return f
}

func TestDwell(t *testing.T) {
	w := newWorld(t, fencesAlone(), dwelling("a", time.Minute), dwelling("b", 3*time.Minute), field("c"))
	for _, c := range []struct {
		name   string
		places []at
		want   string
	}{
		{"as long as asked for", []at{{0, -50, 0}, {10, 50, 0}, {69, 50, 0}, {70, 50, 0}, {80, 50, 0}, {90, -50, 0}, {91, -50, 0}},
			"enter a 10s #1, enter b 10s #2, enter c 10s #3, dwell a 70s #1, exit a 90s #1, exit b 90s #2, exit c 90s #3"},
		{"too short", []at{{0, -50, 0}, {10, 50, 0}, {69, 50, 0}, {75, -50, 0}, {76, -50, 0}},
			"enter a 10s #1, enter b 10s #2, enter c 10s #3, exit a 75s #1, exit b 75s #2, exit c 75s #3"},
		{"dated when the time was up", []at{{0, -50, 0}, {10, 50, 0}, {500, 50, 0}},
			"enter a 10s #1, enter b 10s #2, enter c 10s #3, dwell a 70s #1, dwell b 190s #2"},
		{"first seen inside", []at{{0, 50, 0}, {60, 50, 0}, {61, 50, 0}}, "dwell a 60s #1"},
		{"from the first fix of the run", []at{{0, -50, 0}, {10, 6, 0}, {70, 6, 0}},
			"enter a 10s #1, enter b 10s #2, enter c 10s #3, dwell a 70s #1"},
		{"each visit anew", []at{{0, 50, 0}, {60, 50, 0}, {70, -50, 0}, {71, -50, 0}, {80, 50, 0}, {130, 50, 0}, {140, 50, 0}},
			"dwell a 60s #1, exit a 70s #1, exit b 70s #2, exit c 70s #3, enter a 80s #4, enter b 80s #5, enter c 80s #6, dwell a 140s #4"},
		{"not by a fix outside", []at{{0, 50, 0}, {60, -8, 0}, {70, 50, 0}}, "dwell a 60s #1"},
		{"not by silence", []at{{0, 50, 0}, {1000, -50, 0}, {1001, -50, 0}}, "exit a 1000s #1, exit b 1000s #2, exit c 1000s #3"},
	} {
		if got := brief(run(w, fixesOf(c.places))); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	raw := newWorld(t, Settings{Raw: true}, dwelling("a", time.Minute))
	if got := brief(run(raw, fixesOf([]at{{0, 50, 0}, {100, 50, 0}}))); got != "" {
		t.Errorf("raw: %q, want none", got)
	}
}

// A change of the dwell time alone goes on with the visit.
func TestDwellOfAnEditedFence(t *testing.T) {
	var s State
	var events []Event
	for version, after := range []time.Duration{0, time.Hour, time.Minute, 2 * time.Minute} {
		w, err := NewWorld(uint64(version), fencesAlone(), []Fence{dwelling("a", after)})
		if err != nil {
			t.Fatal(err)
		}
		events = Step(w, &s, at{100 * version, 50, 0}.fix(), events)
	}
	if got := brief(events); got != "dwell a 60s #1" {
		t.Errorf("%q, want one dwell", got)
	}
}

func TestBadDwell(t *testing.T) {
	for _, after := range []time.Duration{-time.Second, time.Millisecond, MaxDwell + 1, math.MinInt64} {
		f := dwelling("a", after)
		if err := f.Validate(); !errors.Is(err, ErrDwell) {
			t.Errorf("%s: Validate says %v", after, err)
		}
		if _, err := NewWorld(1, Settings{}, []Fence{f}); !errors.Is(err, ErrDwell) {
			t.Errorf("%s: NewWorld says %v", after, err)
		}
	}
	for _, after := range []time.Duration{0, MinDwell, MaxDwell} {
		if err := dwelling("a", after).Validate(); err != nil {
			t.Errorf("%s: %v", after, err)
		}
	}
}

// Of a hazard it is told once a visit that a device is in it.
func TestHazard(t *testing.T) {
	flood := field("flood")
	flood.Hazard, flood.Dwell = true, 5*time.Second
	w := newWorld(t, fencesAlone(), flood, field("a"))
	places := []at{{0, -50, 0}, {1, 50, 0}, {2, 50, 0}, {20, 50, 0}, {21, -50, 0}, {22, -50, 0}}
	if got := brief(run(w, fixesOf(places))); got != "enter a 1s #1, hazard.enter flood 1s #2, exit a 21s #1" {
		t.Errorf("%q", got)
	}
}
