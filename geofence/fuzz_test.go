package geofence

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/paulmach/orb"
)

// requireCorpus fails where the seeds of a fuzz target are missing: without
// them it would test next to nothing, and pass.
func requireCorpus(f *testing.F) {
	f.Helper()
	files, err := os.ReadDir(filepath.Join("testdata", "fuzz", f.Name()))
	if err != nil || len(files) == 0 {
		f.Fatalf("the seed corpus is missing: %d files, error %v", len(files), err)
	}
}

// What is accepted is written again as it was read, and can be stepped with.
func FuzzStateUnmarshal(f *testing.F) {
	requireCorpus(f)
	w := newWorld(f, Settings{}, hostileFences()...)
	f.Fuzz(func(t *testing.T, b []byte) {
		s := richState()
		if err := s.UnmarshalBinary(b); err != nil {
			if !sameState(s, State{}) {
				t.Fatalf("an error, and the state %+v", s)
			}
			return
		}
		again, err := s.AppendBinary(nil)
		if err != nil || b[0] == stateVersion && !bytes.Equal(again, b) {
			t.Fatalf("%x became %x, error %v", b, again, err)
		}
		last, _ := s.Last()
		for _, p := range []orb.Point{last.Point, {0, 0}, {180, -90}} {
			fix := Fix{Time: last.Time + 1, Point: p}
			if last.Time == math.MaxInt64 {
				fix.Time = last.Time
			}
			checkEvents(t, Step(w, &s, fix, nil))
			last.Time = fix.Time
		}
	})
}

// hostileFences are at all places where something may go wrong.
func hostileFences() []Fence {
	return []Fence{
		{ID: "pole", Center: orb.Point{0, 90}, RadiusMeters: 1000},
		{ID: "antimeridian", Center: orb.Point{180, 0}, RadiusMeters: 1000, Dwell: MaxDwell},
		{ID: "large", Center: orb.Point{0, 0}, RadiusMeters: MaxRadiusMeters, Dwell: MinDwell},
		{ID: "small", Center: orb.Point{0, 0}, RadiusMeters: 1e-9},
		{ID: "band", Polygons: orb.MultiPolygon{{band(-1, 1)}}},
		{ID: "cut", Polygons: orb.MultiPolygon{{rectangle(179, -1, 180, 1)}, {rectangle(-180, -1, -179, 1)}}},
		{ID: "lane", Line: orb.LineString{{179, 0}, {-179, 1}, {-179, 1}}, CorridorMeters: MaxCorridorMeters},
		{ID: "arctic", Line: orb.LineString{{0, 89}, {170, 89.999}}, CorridorMeters: 1e-9, Band: Band{math.Inf(-1), 0}},
		{ID: "air", Center: orb.Point{0, 0}, RadiusMeters: 500, Band: Band{-5, 120}, Thresholds: Thresholds{ReturnMargin: 1e-9, CrossMargin: 1e-9}},
		{ID: "high", Polygons: orb.MultiPolygon{{rectangle(-10, 80, 10, 89.999)}}},
		{ID: "thin", Polygons: orb.MultiPolygon{{rectangle(0, 0, 1, 5e-324)}}},
		{ID: "a", Polygons: orb.MultiPolygon{{rectangle(-1, -1, 1, 1), rectangle(-0.5, -0.5, 0.5, 0.5)}}},
	}
}

func checkEvents(t *testing.T, events []Event) {
	t.Helper()
	for _, e := range events {
		for _, x := range []float64{e.Point[0], e.Point[1], e.Facts.Number("distance_m"), e.Facts.Number("uncertainty_m")} {
			if math.IsNaN(x) || math.IsInf(x, 0) {
				t.Fatalf("%+v", e)
			}
		}
		if e.Episode == 0 || strings.HasPrefix(string(e.Type), "geofence.") && e.Subject == "" {
			t.Fatalf("%+v", e)
		}
	}
}

// hostileFix is any fix at all, from 41 bytes.
func hostileFix(b []byte) Fix {
	number := func(i int) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(b[i:])) }
	short := func(i int) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(b[i:])) }
	return Fix{
		Time:  Millis(binary.LittleEndian.Uint64(b)),
		Point: orb.Point{number(8), number(16)},
		Known: Known(b[24]), AccuracyMeters: short(25), SpeedMPS: short(29), HeadingDegrees: short(33), AltitudeMeters: short(37),
	}
}

// Step of any fixes, with the World changing between them, makes no event with
// a number that is none, and a State that can be written and read.
func FuzzStep(f *testing.F) {
	requireCorpus(f)
	fences := hostileFences()
	var worlds []*World
	for i, settings := range []Settings{{}, {}, {Raw: true}, {Thresholds: Thresholds{EnterAfter: 1}}} {
		w, err := NewWorld(uint64(i), settings, fences[i:])
		if err != nil {
			f.Fatal(err)
		}
		worlds = append(worlds, w)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var s State
		for ; len(b) >= 42; b = b[42:] {
			checkEvents(t, Step(worlds[int(b[41])%len(worlds)], &s, hostileFix(b), nil))
			form, err := s.AppendBinary(nil)
			if err != nil {
				t.Fatal(err)
			}
			var read State
			if err := read.UnmarshalBinary(form); err != nil {
				t.Fatalf("%v of %+v", err, s)
			}
		}
	})
}
