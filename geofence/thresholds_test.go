package geofence

import (
	"errors"
	"math"
	"testing"
	"time"
)

func TestThresholdsOfAFence(t *testing.T) {
	places := []at{{0, -50, 0}, {1, 6, 0}, {2, 6, 0}, {3, -12, 0}, {4, -12, 0}}
	for _, c := range []struct {
		name       string
		thresholds Thresholds
		want       string
	}{
		{"none", Thresholds{}, "enter a 1s #1, exit a 3s #1"},
		{"more to enter", Thresholds{EnterMargin: 0.7}, ""},
		{"more to leave", Thresholds{ExitMargin: 1.3}, "enter a 1s #1"},
		{"less time inside", Thresholds{EnterMargin: 2, EnterAfter: time.Second}, "enter a 1s #1, exit a 3s #1"},
		{"less time outside", Thresholds{ExitMargin: 2, ExitAfter: time.Second}, "enter a 1s #1, exit a 3s #1"},
	} {
		f := field("a")
		f.Thresholds = c.thresholds
		// The settings say something else, which counts for other fences.
		standard := Settings{Thresholds: Thresholds{EnterMargin: 0.5, ExitMargin: 1}}
		if got := brief(run(newWorld(t, standard, f), fixesOf(places))); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// A change of the thresholds alone ends no visit.
func TestEditedThresholdsGoOn(t *testing.T) {
	first := newWorld(t, Settings{}, field("a"))
	f := field("a")
	f.Thresholds.ExitMargin = 3
	second, err := first.With(2, []Fence{f}, nil)
	if err != nil {
		t.Fatal(err)
	}
	s := NewState("d")
	var events []Event
	for i, fix := range fixesOf([]at{{0, -50, 0}, {1, 50, 0}, {2, 50, 0}, {3, -25, 0}, {4, -25, 0}, {5, -35, 0}, {6, -35, 0}}) {
		w := first
		if i > 2 {
			w = second
		}
		events = Step(w, &s, fix, events)
	}
	if got := brief(events); got != "enter a 1s #1, exit a 3s #1" {
		t.Errorf("%q", got)
	}
}

func TestBadThresholds(t *testing.T) {
	for _, bad := range []Thresholds{
		{EnterMargin: -1}, {ExitMargin: math.NaN()}, {ReturnMargin: math.Inf(1)}, {CrossMargin: 2 * maxSetting},
		{EnterAfter: -1}, {ExitAfter: 2 * year}, {ReturnAfter: -time.Hour}, {CrossWithin: MaxCrossWithin + 1},
	} {
		f := field("a")
		f.Thresholds = bad
		if err := f.Validate(); !errors.Is(err, ErrSettings) {
			t.Errorf("%+v: Validate says %v", bad, err)
		}
		if _, err := NewWorld(1, Settings{Thresholds: bad}, nil); !errors.Is(err, ErrSettings) {
			t.Errorf("%+v: as settings %v", bad, err)
		}
	}
}

func TestSetAndGiven(t *testing.T) {
	var set Thresholds
	for name := range (Thresholds{1, 1, 1, 1, 1, 1, 1, 1}).Given {
		if !IsThreshold(name) || set.Set(name, 2) != nil {
			t.Errorf("%s cannot be set", name)
		}
	}
	second := 2 * time.Second
	if want := (Thresholds{2, second, 2, second, 2, second, 2, second}); set != want {
		t.Errorf("%+v, want %+v", set, want)
	}
	if IsThreshold("min_accuracy_m") || !errors.Is(set.Set("min_accuracy_m", 1), ErrSettings) || !errors.Is(set.Set("exit_margin", 0), ErrSettings) {
		t.Error("what is no threshold was set")
	}
}
