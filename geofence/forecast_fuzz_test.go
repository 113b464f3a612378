package geofence

import (
	"bytes"
	"encoding/binary"
	"math"
	"testing"
	"time"

	"github.com/paulmach/orb"
)

// hostileForecasts are what nobody would plan.
func hostileForecasts() []Round {
	at := func(id StopID, lon, lat float64, end Millis) Stop {
		return Stop{ID: id, Place: Place{Point: orb.Point{lon, lat}}, WindowStart: -end, WindowEnd: end}
	}
	eternal, backwards := at("eternal", 0.01, 0.5, 1), at("backwards", 0.02, 0.5, -1)
	eternal.Service, backwards.Service = math.MaxInt64, math.MinInt64
	across := Route{ID: "across", Line: orb.LineString{{179.9, 0.4}, {-179.9, 0.5}, {179.9, 0.6}}}
	pole := Route{ID: "pole", Line: orb.LineString{{0, 89.99}, {180, 89.99}, {90, 90}}}
	short := Route{ID: "short", Line: orb.LineString{{0.01, 0.5}, {0.01, 0.5000000001}}}
	return []Round{
		{ID: "r", Routes: []Route{{ID: "a", Line: orb.LineString{{-1, 0.5}, {1, 0.5}}}}, Stops: []Stop{
			at("a", 0, 0.5, math.MaxInt64), at("b", 0.1, 0.5, math.MinInt64), at("c", 0.2, 0.5, 60_000), eternal, backwards}},
		{ID: "r", Routes: []Route{across, pole}, Stops: []Stop{at("a", 180, 0.5, 1), at("a", -180, 0.5, 2), at("pole", 7, 90, 3)}, Start: math.MaxInt64},
		{ID: "r", Routes: []Route{short}, Stops: []Stop{at("c", 0.01, 0.5, 1)}, Start: math.MinInt64},
		{ID: "r", Stops: []Stop{eternal, at("far", -179, -89, 5), eternal}},
		{ID: "q", Stops: []Stop{at("b", 0.1, 0.5, 0), at("c", 0.2, 0.5, 9)}},
		{ID: ""},
	}
}

func checkETAs(t *testing.T, etas []ETA) {
	t.Helper()
	for _, e := range etas {
		if e.P10 > e.P50 || e.P50 > e.P90 || !(e.RemainingMeters >= 0 && e.RemainingMeters <= math.MaxFloat64) || e.StopsAway < 1 {
			t.Fatalf("%+v", e)
		}
	}
}

// Whatever devices say, and whatever rounds become in between, there is no
// forecast that is none, and a State that can be written and read.
func FuzzForecast(f *testing.F) {
	requireCorpus(f)
	var worlds []*World
	for i, r := range hostileForecasts() {
		w := roundWorld(f, uint64(2*i+2), r)
		var m *SpeedModel
		m = m.Learn([]Traversal{{From: orb.Point{0, 0.5}, To: orb.Point{0.002, 0.5}, Took: time.Minute}})
		worlds = append(worlds, w, w.WithSpeeds(uint64(2*i+3), m))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var s State
		for ; len(b) >= 42; b = b[42:] {
			w := worlds[int(b[41])%len(worlds)]
			checkETAs(t, s.ETAs(w, nil))
			for _, e := range Step(w, &s, hostileFix(b), nil) {
				if !onGlobe(e.Point) || e.Episode == 0 {
					t.Fatalf("%+v", e)
				}
			}
			checkETAs(t, s.ETAs(w, nil))
			form, _ := s.AppendBinary(nil)
			var read State
			if err := read.UnmarshalBinary(form); err != nil {
				t.Fatalf("%v of %+v", err, s.forecast)
			}
		}
	})
}

// Nor is there one where the stops were called at at any time.
func FuzzForecastOfCalls(f *testing.F) {
	requireCorpus(f)
	var worlds []*World
	for i, r := range hostileForecasts() {
		worlds = append(worlds, roundWorld(f, uint64(i+2), r))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for ; len(b) >= 43; b = b[43:] {
			w := worlds[int(b[41])%len(worlds)]
			s := State{version: w.version}
			s.duty = w.duty("")
			s.tour = tour{round: s.duty.round.ID}
			for i := 0; i+16 <= len(b) && len(s.tour.calls) < int(b[42])%8; i += 16 {
				s.tour.calls = append(s.tour.calls, call{
					arrived: Millis(binary.LittleEndian.Uint64(b[i:])), departed: Millis(binary.LittleEndian.Uint64(b[i+8:]))})
			}
			fix := hostileFix(b)
			if !fix.usable() {
				continue
			}
			for range 3 {
				s.foresee(w, w.settings.sight(&fix), &fix, nil)
				s.seen, s.last = true, fix
				checkETAs(t, s.ETAs(w, nil))
				fix.Time += 60_000
			}
		}
	})
}

// What is accepted as a model is written again as it was read, and gives paces.
func FuzzSpeedModel(f *testing.F) {
	requireCorpus(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := NewSpeedModel(b)
		if err != nil {
			return
		}
		if again, _ := m.AppendBinary(nil); !bytes.Equal(again, b) {
			t.Fatalf("%x became %x", b, again)
		}
		for _, c := range m.cells {
			if pace, _ := m.pace(c.key.street(), max(0, c.key.hour())); !(pace > 0 && pace <= math.MaxFloat64) {
				t.Fatalf("a pace of %g", pace)
			}
		}
		all, _ := randomTraversals(0, 5)
		m = m.Learn(all)
		if read, err := NewSpeedModel(head(m.AppendBinary(nil))); err != nil || read.Len() != m.Len() {
			t.Fatal(err)
		}
	})
}

func head(b []byte, _ error) []byte { return b }

// A State that is accepted can be stepped with, and written again.
func FuzzForecastRead(f *testing.F) {
	requireCorpus(f)
	var worlds []*World
	for i, r := range hostileForecasts() {
		worlds = append(worlds, roundWorld(f, uint64(i+2), r))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var s State
		if err := s.UnmarshalBinary(b); err != nil {
			return
		}
		for i := range 2 * len(worlds) {
			w := worlds[i%len(worlds)]
			checkETAs(t, s.ETAs(w, nil))
			fix := Fix{Time: s.last.Time + 61_000, Point: orb.Point{0.01 * float64(i), 0.5}}
			Step(w, &s, fix, nil)
			form, _ := s.AppendBinary(nil)
			var read State
			if err := read.UnmarshalBinary(form); err != nil {
				t.Fatalf("%v of %+v", err, s.forecast)
			}
		}
	})
}
