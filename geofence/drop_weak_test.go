package geofence

import (
	"errors"
	"math"
	"testing"

	"github.com/paulmach/orb"
)

// What nobody proved decides on no drop, neither that it was right nor that it
// was wrong, unless a scanner was there too.
func TestWeakStaysDecideNothing(t *testing.T) {
	w, s := scene{stops: []Stop{exactly("s", 0)}, addresses: []Address{addressAt("n", 30)}}.build(t, Settings{})
	nowhere := orb.Point{math.NaN(), 0}
	for _, c := range []struct {
		name   string
		at, u  float64
		scan   *orb.Point
		want   EventType
		reason string
	}{
		{"at the door", 1, 5, nil, DropUnverifiable, "weak_source"},
		{"at the neighbour's", 30, 5, nil, DropUnverifiable, "weak_source"},
		{"too coarse", 0, 40, nil, DropUnverifiable, "poor_accuracy"},
		{"in between", 15, 5, nil, DropUnverifiable, "ambiguous"},
		{"at the door, scanned there", 1, 5, new(eastOf(door, 3)), DropConfirmed, ""},
		{"at the neighbour's, scanned there", 30, 5, new(eastOf(door, 28)), DropWrongAddress, ""},
		{"at the door, scanned elsewhere", 1, 5, new(eastOf(door, 90)), DropUnverifiable, "ambiguous"},
		{"at the door, scanned nowhere", 1, 5, &nowhere, DropUnverifiable, "weak_source"},
	} {
		for _, weak := range []bool{true, false} {
			h := handover{Handoff: Handoff{Time: 1, Stop: "s"}, stay: stayOf(c.at, c.u)}
			h.stay.weak = weak
			if c.scan != nil {
				h.HasPoint, h.Point = true, *c.scan
			}
			e := s.dropEvent(w, h)
			if weak && (e.Type != c.want || e.Facts.Text("reason") != c.reason) {
				t.Errorf("%s: %+v", c.name, e)
			}
			if !weak && e.Facts.Text("reason") == "weak_source" {
				t.Errorf("%s, not weak: %+v", c.name, e)
			}
			if e.Facts.Number("stay_s") != 180 {
				t.Errorf("%s: the numbers are missing in %+v", c.name, e)
			}
		}
	}
}

// One fix that somebody proved is enough, wherever in the stay it is; the State
// is written and read at every step.
func TestWeakFixesMakeWeakStays(t *testing.T) {
	for _, c := range []struct {
		name   string
		strong func(i int) bool
		want   EventType
	}{
		{"all weak", func(int) bool { return false }, DropUnverifiable},
		{"none weak", func(int) bool { return true }, DropConfirmed},
		{"the first is not", func(i int) bool { return i == 0 }, DropConfirmed},
		{"one in the middle is not", func(i int) bool { return i == 9 }, DropConfirmed},
		{"the last is not", func(i int) bool { return i == 17 }, DropConfirmed},
		{"one from before the stay is not", func(i int) bool { return i < 0 }, DropUnverifiable},
	} {
		w, s := scene{stops: []Stop{exactly("s", 0)}}.build(t, Settings{})
		for i := -4; i < 18; i++ {
			f := Fix{Time: Millis(1_700_000_000_000 + 10_000*i), Point: eastOf(door, float64(max(0, -100*i))), AccuracyMeters: 4, Known: KnownAccuracy}
			if !c.strong(i) {
				f.Flags = FlagWeak
			}
			if got := Step(w, s, f, nil); len(got) > 0 && got[0].Type == Implausible {
				t.Fatalf("%s: %+v", c.name, got)
			}
			*s = checkForm(t, s)
			s.follow(w)
		}
		events := Deliver(w, s, Handoff{Time: s.last.Time, Stop: "s"}, nil)
		if len(events) != 1 || events[0].Type != c.want {
			t.Errorf("%s: %+v", c.name, events)
		}
	}
}

// A State from before there were weak fixes reads as strong, and no number of
// fixes passes for another.
func TestWeakFixesInTheBinaryForm(t *testing.T) {
	for _, n := range []int{1, 127, math.MaxInt32} {
		for _, weak := range []bool{false, true} {
			d := decoder{rest: appendFixes(nil, n, weak)}
			if got, is := d.fixes(); got != n || is != weak || d.err != nil || len(d.rest) != 0 {
				t.Errorf("%d, %v: %d, %v, %v", n, weak, got, is, d.err)
			}
		}
	}
	for _, n := range []int{math.MaxInt32 + 1, weakFixes - 1, weakFixes + math.MaxInt32 + 1, 3 * weakFixes} {
		d := decoder{rest: appendFixes(nil, n, false)}
		if got, _ := d.fixes(); got != 0 || !errors.Is(d.err, ErrState) {
			t.Errorf("%d: %d, %v", n, got, d.err)
		}
	}
}
