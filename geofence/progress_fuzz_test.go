package geofence

import (
	"bytes"
	"encoding/binary"
	"math"
	"testing"

	"github.com/paulmach/orb"
)

// hostileRounds are Worlds with routes at all places where something may go
// wrong, and with some of them changed.
func hostileRounds(t testing.TB) []*World {
	eight := Route{ID: "eight", Line: shapes()["eight"]}
	stops := []Stop{{ID: "s", Place: Place{Point: onMap(-500, 20)[0]}}, {ID: "t", Place: Place{Point: onMap(300, 300)[0]}}}
	rounds := [][]Round{
		{{ID: "r", Routes: []Route{eight}, Stops: stops}},
		{{ID: "r", Routes: []Route{{ID: "other", Line: onMap(0, 0, 3000, 0, 0, 0), CorridorMeters: 25}, eight}, Stops: stops[1:]}},
		{{ID: "r", Routes: []Route{{ID: "eight", Line: onMap(0, 0, 0, 3000)}}, Depots: []Depot{{ID: "d", Place: Place{Point: onMap(0, 0)[0]}}}}},
		{{ID: "q", Routes: []Route{{ID: "pole", Line: orb.LineString{{0, 89}, {0, 90}, {180, 89}}}}}},
		{{ID: "q", Routes: []Route{{ID: "around", Line: orb.LineString{{170, 0}, {-170, 0}, {0, 0}, {170, 0}}, CorridorMeters: 1e-9}}}},
		{{ID: "q", Routes: []Route{{ID: "tiny", Line: orb.LineString{{11.5, 48.1}, {11.5, 48.1000001}}, CorridorMeters: 10_000}}}},
		{{ID: "empty"}},
		{},
	}
	var worlds []*World
	for i, r := range rounds {
		w, err := newWorld(t, Settings{}).WithRounds(uint64(i), r, nil)
		if err != nil {
			t.Fatal(err)
		}
		worlds = append(worlds, w)
	}
	return worlds
}

func checkRouteEvents(t *testing.T, s *State, events []Event) {
	t.Helper()
	for _, e := range events {
		for _, f := range e.Facts.All() {
			if f.Value-f.Value != 0 {
				t.Fatalf("%+v", e)
			}
		}
		if !onGlobe(e.Point) || e.Episode == 0 {
			t.Fatalf("%+v", e)
		}
	}
	if route, along, _, ok := s.progress.at(); along-along != 0 || along < 0 || ok && s.duty != nil && s.duty.round != nil && route >= len(s.duty.round.paths) {
		t.Fatalf("route %d at %g", route, along)
	}
}

// nearFix is a fix in town up to some minutes after the last one, from 8 bytes.
func nearFix(b []byte, last Millis) Fix {
	x, y := int16(binary.LittleEndian.Uint16(b)), int16(binary.LittleEndian.Uint16(b[2:]))
	return Fix{
		Time:  last + 1 + Millis(binary.LittleEndian.Uint16(b[4:]))*4,
		Point: onMap(float64(x)/8, float64(y)/8)[0],
		Known: Known(b[6] & 7), AccuracyMeters: float32(b[7]), SpeedMPS: float32(b[7] % 16), HeadingDegrees: float32(b[6]),
	}
}

// Travelling anywhere, with the World changing on the way, makes no number that
// is none, and a State that can be written and read.
func FuzzTravel(f *testing.F) {
	requireCorpus(f)
	worlds := hostileRounds(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		var s State
		for len(b) >= 42 {
			w := worlds[int(b[0]&7)]
			last, _ := s.Last()
			fix := nearFix(b[1:], min(last.Time, math.MaxInt64/2))
			if b[0]&8 != 0 {
				fix = hostileFix(b[1:])
				b = b[33:]
			}
			b = b[9:]
			checkRouteEvents(t, &s, Step(w, &s, fix, nil))
			form, err := s.AppendBinary(nil)
			if err != nil {
				t.Fatal(err)
			}
			var read State
			if err := read.UnmarshalBinary(form); err != nil {
				t.Fatalf("%v of %+v", err, s.progress)
			}
		}
	})
}

// Any progress that is accepted is written again as it was read, and can be
// travelled with.
func FuzzProgressUnmarshal(f *testing.F) {
	requireCorpus(f)
	worlds := hostileRounds(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		var s State
		if s.UnmarshalBinary(b) != nil {
			return
		}
		again, _ := s.AppendBinary(nil)
		if b[0] == stateVersion && !bytes.Equal(again, b) {
			t.Fatalf("%x became %x", b, again)
		}
		for _, w := range worlds {
			c := s.Clone()
			for i, p := range []orb.Point{c.last.Point, onMap(0, 0)[0], onMap(300, 0)[0], {0, 90}} {
				at := max(c.last.Time, math.MinInt64/2)
				checkRouteEvents(t, &c, Step(w, &c, Fix{Time: at + Millis(i+1)*1000, Point: p}, nil))
			}
		}
	})
}
