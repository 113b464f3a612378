package geofence

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/paulmach/orb"
)

// A step that is suddenly fast waits for the next fix. What is drawn between the
// two has no part in it, what was there has.
func TestEditsWhileAStepIsHeld(t *testing.T) {
	wider := Fence{ID: "a", Polygons: orb.MultiPolygon{{rectangle(0, 0, 0.001, 1)}}}
	named := lane("a")
	named.Dwell = MinDwell
	far := Fence{ID: "far", Center: orb.Point{50, 50}, RadiusMeters: 25}
	off, beside := at{50, 600, 0}, at{50, 112, 0} // to the east of the fence
	onward, still, back := at{80, 1500, 0}, at{80, 118, 0}, at{80, -480, 0}
	for _, c := range []struct {
		name   string
		put    []Fence
		remove []FenceID
		held   at
		next   at
		want   string
	}{
		{"none", nil, nil, off, onward, "cross a 33s #1"},
		{"another one", []Fence{far}, nil, off, onward, "cross a 33s #1"},
		{"another one, and it comes back at once", []Fence{far}, nil, off, back, ""},
		{"made on the way", []Fence{lane("b")}, nil, off, onward, "cross a 33s #1"},
		{"made on the way, and one removed", []Fence{lane("b")}, []FenceID{"a"}, off, onward, ""},
		{"removed", nil, []FenceID{"a"}, off, onward, ""},
		{"another one, and it stands beside the fence", []Fence{far}, nil, beside, still, "cross a 44s #1"},
		{"reshaped beside it", []Fence{wider}, nil, beside, onward, ""},
		{"reshaped", []Fence{wider}, nil, off, onward, ""},
		{"put again in the same shape", []Fence{named}, nil, off, onward, "cross a 33s #1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			first := newWorld(t, Settings{}, lane("a"))
			second, err := first.With(2, c.put, c.remove)
			if err != nil {
				t.Fatal(err)
			}
			var s State
			events := stepWritten(t, first, &s, nil, at{0, -500, 0}, at{20, -480, 0}, c.held)
			if !s.trail.held || len(events) > 0 {
				t.Fatalf("held %v, %q", s.trail.held, brief(events))
			}
			events = stepWritten(t, second, &s, events, c.next)
			if got := brief(events); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// stepWritten steps through fixes, with s written and read after each.
func stepWritten(t *testing.T, w *World, s *State, events []Event, places ...at) []Event {
	t.Helper()
	for _, f := range fixesOf(places) {
		events = Step(w, s, f, events)
		b, _ := s.AppendBinary(nil)
		if err := s.UnmarshalBinary(b); err != nil {
			t.Fatal(err)
		}
	}
	return events
}

// Earlier releases did not mark fences: all of the same World count, and after
// an edit none, since some may be newer than the step.
func TestStepHeldByAnEarlierRelease(t *testing.T) {
	first := newWorld(t, Settings{}, lane("a"))
	second, err := first.With(2, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for w, want := range map[*World]string{first: "cross a 33s #1", second: ""} {
		var s State
		stepWritten(t, first, &s, nil, at{0, -500, 0}, at{20, -480, 0}, at{50, 600, 0})
		s.trail.marked, s.relations = false, nil
		if got := brief(stepWritten(t, w, &s, nil, at{80, 1500, 0})); got != want {
			t.Errorf("World %d: %q, want %q", w.Version(), got, want)
		}
	}
}

// With raw settings no step is looked at, whatever was held before.
func TestRawForgetsAHeldStep(t *testing.T) {
	var s State
	stepWritten(t, newWorld(t, Settings{}, lane("a")), &s, nil, at{0, -500, 0}, at{20, -480, 0}, at{50, 600, 0})
	raw, err := NewWorld(2, Settings{Raw: true}, []Fence{lane("a")})
	if err != nil {
		t.Fatal(err)
	}
	s.follow(raw)
	b, _ := s.AppendBinary(nil)
	if err := s.UnmarshalBinary(b); err != nil || s.trail.held {
		t.Errorf("held %v, error %v", s.trail.held, err)
	}
	if got := brief(stepWritten(t, raw, &s, nil, at{80, 1500, 0})); got != "" {
		t.Errorf("%q", got)
	}
}

// heldState is a State of a device whose last step is held and leads through d.
func heldState() State {
	s := waryState()
	s.trail.marked = true
	s.relations = []relation{{fence: "c", shape: 3, side: unknown}, {fence: "d", shape: 4, side: sideOutside, through: true}}
	return s
}

func TestBinaryFormOfAHeldStepIsFixed(t *testing.T) {
	want := strings.ReplaceAll(strings.Join([]string{
		"02 1f ac02 07 00",                  // version; seen, fog, trail, held, marked; World, episodes; no parts
		"b8b7abfef962",                      // time
		"000000000000e0bf 0000000000c04940", // lon, lat
		"09 00008040 000000c0",              // known; accuracy, altitude
		"e8a7abfef962",                      // the fix before: time
		"000000000000e0bf 0000000000c04940", // lon, lat
		"08 00000041 02",                    // known; altitude; relations
		"01 63 0300000000000000 00",         // c: unknown
		"01 64 0400000000000000 12",         // d: outside, through
	}, ""), " ", "")
	s := heldState()
	b, err := s.AppendBinary(nil)
	if got := hex.EncodeToString(b); err != nil || got != want {
		t.Errorf("got  %s\nwant %s, error %v", got, want, err)
	}
	var read State
	if err := read.UnmarshalBinary(b); err != nil || !sameState(read, s) || read.trail != s.trail {
		t.Errorf("%+v, want %+v, error %v", read, s, err)
	}
	for name, flags := range map[string]byte{
		"through a fence without marks": flagSeen | flagFog | flagTrail | flagHeld,
		"marked without being held":     flagSeen | flagFog | flagTrail | flagMarked,
		"an unused flag":                b[1] | 1<<5,
	} {
		b[1] = flags
		if err := read.UnmarshalBinary(b); !errors.Is(err, ErrState) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
