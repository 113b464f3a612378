package geofence

import (
	"bytes"
	"encoding/binary"
	"math"
	"testing"

	"github.com/paulmach/orb"
)

// gentleFix is a fix up to 18 hours and some 300 m after the last one, from 6
// bytes.
func gentleFix(last Fix, b []byte) Fix {
	from := newSpot(last.Point)
	return Fix{
		Time:  last.Time + Millis(binary.LittleEndian.Uint16(b))*1000,
		Point: shifted(from, float64(int8(b[2]))*2.5, float64(int8(b[3]))*2.5),
		Known: KnownAccuracy, AccuracyMeters: float32(b[4]),
	}
}

// roundsForFuzz are Worlds with rounds at odd places.
func roundsForFuzz(t testing.TB) []*World {
	t.Helper()
	stops := stopsAt(newSpot(orb.Point{180, 0}), [2]float64{0, 0}, [2]float64{5, 0}, [2]float64{60, 0}, [2]float64{500, 0})
	pole := Stop{ID: "pole", Place: Place{Point: orb.Point{0, 90}}}
	yard := Stop{ID: "yard", Place: Place{Polygons: orb.MultiPolygon{{rectangle(-1, -1, 1, 1)}}}}
	never := []Break{{math.MaxInt64, math.MinInt64}, {math.MinInt64, math.MaxInt64}, {-1, 1}}
	line := []Route{{ID: "line", Line: orb.LineString{{179, 0}, {-179, 0}}}}
	quick := Settings{Stays: StaySettings{MinStay: 1e6, ArriveAfter: 1e6, UnplannedAfter: 1e9, LeaveAfter: 1, RadiusMeters: 1e-9}}
	var worlds []*World
	for i, rounds := range [][]Round{
		nil,
		{{ID: "r", Stops: stops}},
		{{ID: "r", Stops: []Stop{stops[3], pole, stops[0]}, Start: math.MaxInt64}},
		{{ID: "", Stops: []Stop{yard, pole}, Start: math.MinInt64, Breaks: never}},
		{{ID: "other", Stops: stops[:2], Routes: line, Depots: []Depot{{ID: "d", Place: pole.Place}}}},
		{{ID: ""}},
	} {
		settings := Settings{}
		if i%2 == 1 {
			settings = quick
		}
		w, err := newWorld(t, settings).WithRounds(uint64(i+1), rounds, nil)
		if err != nil {
			t.Fatal(err)
		}
		worlds = append(worlds, w)
	}
	return worlds
}

// Stays of any fixes in any rounds: every number is one, and the State can be
// written and read.
func FuzzStays(f *testing.F) {
	requireCorpus(f)
	worlds := roundsForFuzz(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		s := State{}
		var all []Event
		for len(b) >= 48 || len(b) >= 7 && b[0]&1 == 0 {
			w := worlds[int(b[0]>>1)%len(worlds)]
			var fix Fix
			if b[0]&1 == 0 {
				fix, b = gentleFix(s.last, b[1:]), b[7:]
			} else {
				fix, b = hostileFix(b[1:]), b[48:]
			}
			all = Step(w, &s, fix, all)
			form, err := s.AppendBinary(nil)
			if err != nil {
				t.Fatal(err)
			}
			var read State
			if err := read.UnmarshalBinary(form); err != nil {
				t.Fatalf("%v of %+v", err, s)
			}
			if again, _ := read.AppendBinary(nil); !bytes.Equal(form, again) {
				t.Fatalf("%x became %x", form, again)
			}
			checkStay(t, &s)
		}
		checkEpisodes(t, all)
		for _, e := range all {
			for _, fact := range e.Facts.All() {
				if math.IsNaN(fact.Value) || math.IsInf(fact.Value, 0) || fact.Value < 0 {
					t.Fatalf("%+v", e)
				}
			}
			if e.Episode == 0 || !onGlobe(e.Point) {
				t.Fatalf("%+v", e)
			}
		}
	})
}

func checkStay(t *testing.T, s *State) {
	t.Helper()
	st, ok := s.motion.recent()
	if !ok {
		return
	}
	if !(st.uncertainty > 0 && st.uncertainty <= coarseMeters) || !onGlobe(st.center.point()) ||
		st.since > st.until || st.until > s.last.Time || st.fixes < 1 || st.stop < -1 ||
		st.stop >= 0 && (s.duty.round == nil || st.stop >= len(s.duty.round.Stops)) {
		t.Fatalf("%+v", st)
	}
}
