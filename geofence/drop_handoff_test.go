package geofence

import (
	"math"
	"testing"
	"time"

	"github.com/paulmach/orb"
)

// The stay lasted from -180 s to 0 s.
func TestHandoffsNeedAStay(t *testing.T) {
	st := stayOf(0, 5)
	for _, c := range []struct {
		at   Millis // of the hand-off, in seconds
		want bool
	}{
		{-90, true},
		{-230, true}, // told shortly before it was seen to stand
		{-250, false},
		{100, true}, // on the way back to the van
		{130, false},
		{math.MaxInt64 / 1000, false},
		{math.MinInt64 / 1000, false},
	} {
		if got := st.covers(c.at*1000, 2*time.Minute); got != c.want {
			t.Errorf("%d s: %v", c.at, got)
		}
	}
	for _, c := range []struct {
		seen     bool
		last, at Millis
		standing bool
		want     string
	}{
		{false, 0, 0, false, "stale_position"},
		{true, 0, 121, true, "stale_position"},
		{true, 0, 121, false, "stale_position"},
		{true, math.MinInt64 / 1000, math.MaxInt64 / 1000, false, "stale_position"},
		{true, 0, 119, false, "moving"},
		{true, 119, 0, false, "moving"},
		{true, 121, 0, false, "no_stay"}, // that was long ago
		{true, 0, 0, true, "no_stay"},    // it stands, but not since then
	} {
		s := State{seen: c.seen, last: Fix{Time: c.last * 1000}}
		if got := s.excuse(c.at*1000, 2*time.Minute, c.standing); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

// What cannot be judged is told, once, with the reason; what is no hand-off is
// not.
func TestDeliverWithoutAStay(t *testing.T) {
	w, s := scene{stops: []Stop{exactly("s", 0)}}.build(t, Settings{})
	raw, other := scene{}.build(t, Settings{Raw: true})
	for _, c := range []struct {
		handoff Handoff
		want    string
	}{
		{Handoff{Time: 1000, Stop: "s"}, "stale_position"},
		{Handoff{Time: 1000, Stop: "s"}, ""},
		{Handoff{Time: 2000, Stop: "s"}, "stale_position"},
		{Handoff{Time: 1000, Stop: "none"}, "unknown_stop"},
		{Handoff{Time: 1000}, ""},
		{Handoff{Time: 1000, Stop: StopID(make([]byte, MaxIDBytes+1))}, ""},
		{Handoff{Time: 3000, Stop: "s", HasPoint: true, Point: orb.Point{math.NaN(), 0}}, "stale_position"},
		{Handoff{Time: 4000, Stop: "s", HasPoint: true, Point: orb.Point{1, 2}}, "stale_position"},
	} {
		events := Deliver(w, s, c.handoff, nil)
		if len(events) > 1 || len(events) == 0 != (c.want == "") {
			t.Fatalf("%+v: %+v", c.handoff, events)
		}
		for _, e := range events {
			if e.Type != DropUnverifiable || e.Facts.Text("reason") != c.want || e.Subject != string(c.handoff.Stop) || e.Time != c.handoff.Time {
				t.Errorf("%+v: %+v", c.handoff, e)
			}
			if c.handoff.Time == 4000 && e.Point != (orb.Point{1, 2}) {
				t.Errorf("it was at %v", e.Point)
			}
		}
	}
	if s.episodes != 5 {
		t.Errorf("%d episodes", s.episodes)
	}
	if events := Deliver(raw, other, Handoff{Stop: "s"}, nil); len(events) != 0 {
		t.Errorf("in raw mode: %+v", events)
	}
}

// A scanner that says it was somewhere else leaves nothing to be sure of.
func TestScannerElsewhere(t *testing.T) {
	w, s := scene{stops: []Stop{exactly("s", 0)}}.build(t, Settings{})
	for east, want := range map[float64]EventType{5: DropConfirmed, 30: DropConfirmed, 60: DropUnverifiable} {
		h := handover{Handoff: Handoff{Stop: "s", HasPoint: true, Point: eastOf(door, east)}, stay: stayOf(0, 5)}
		if e := s.dropEvent(w, h); e.Type != want {
			t.Errorf("scanned %g m away: %+v", east, e)
		}
	}
}

// A driver hands over many parcels at a stop, each is told. A parcel has one
// verdict at its stop, unless that changes.
func TestOneVerdictForEachParcel(t *testing.T) {
	for carrier, want := range map[DeviceID][]EventType{
		"":    {DropUnverifiable, DropConfirmed, DropConfirmed, DropWrongAddress},
		"van": {DropUnverifiable, DropConfirmed, DropWrongAddress},
	} {
		w, s := scene{stops: []Stop{exactly("s", 0)}, device: Device{Carrier: carrier}}.build(t, Settings{})
		s.escort.with(carrier)
		var events []Event
		for i, h := range []handover{
			{reason: "moving"}, {stay: stayOf(0, 5)}, {stay: stayOf(1, 5)}, {stay: stayOf(100, 5)},
		} {
			h.Time, h.Stop = Millis(i), "s"
			events = s.tellDrop(w, h, events)
		}
		var got []EventType
		episodes := map[uint64]bool{}
		for _, e := range events {
			got = append(got, e.Type)
			episodes[e.Episode] = true
		}
		if len(got) != len(want) || len(episodes) != len(got) {
			t.Fatalf("carrier %q: %v", carrier, got)
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("carrier %q: %v", carrier, got)
			}
		}
	}
}

// Only the last hand-offs are remembered, however many there are.
func TestHandoffsRemembered(t *testing.T) {
	w, s := scene{}.build(t, Settings{})
	for i := range Millis(100) {
		Deliver(w, s, Handoff{Time: i, Stop: "s"}, nil)
		if n := len(s.escort.handed); n > maxHanded {
			t.Fatalf("%d are remembered", n)
		}
	}
	checkForm(t, s)
}

// checkForm writes and reads s, which must give the same bytes again.
func checkForm(t testing.TB, s *State) State {
	t.Helper()
	b, err := s.AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	read := NewState(s.device)
	if err := read.UnmarshalBinary(b); err != nil {
		t.Fatalf("%v of %+v", err, s)
	}
	return read
}
