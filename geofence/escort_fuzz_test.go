package geofence

import (
	"bytes"
	"encoding/binary"
	"math"
	"testing"

	"github.com/paulmach/orb"
)

// hostileWorlds have rounds, addresses and a parcel whose carrier and
// destination change from one to the other.
func hostileWorlds(f *testing.F) []*World {
	f.Helper()
	points := []orb.Point{{0, 0}, {180, 0}, {0, 90}, {-180, -90}, {1e-4, 0}}
	var stops []Stop
	var addresses []Address
	for i, p := range points {
		id := string(rune('a' + i))
		stops = append(stops, Stop{ID: StopID(id), Place: Place{Point: p}, GeocodeAccuracyMeters: float64(i)})
		addresses = append(addresses, Address{ID: id, Place: Place{Point: p}})
	}
	stops = append(stops, Stop{ID: "yard", Place: Place{Polygons: orb.MultiPolygon{{rectangle(-1, -1, 1, 1)}}}})
	var worlds []*World
	for i, device := range []Device{{}, {Carrier: "van", Destination: "a"}, {Carrier: "van", Destination: "c", HandoverMeters: 1e9}, {Carrier: "truck"}} {
		device.ID = "d"
		w := newWorld(f, Settings{Raw: i == 3, Pairs: PairSettings{After: 1}})
		w, err := w.WithAddresses(1, addresses, nil)
		if err != nil {
			f.Fatal(err)
		}
		if w, err = w.WithRounds(2, []Round{{ID: "r", Stops: stops[:len(stops)-i], Depots: []Depot{{ID: "d", Place: stops[3].Place}}}}, nil); err != nil {
			f.Fatal(err)
		}
		worlds = append(worlds, w.WithDevices(uint64(3+i), []Device{device}, nil))
	}
	return worlds
}

func checkFinite(t *testing.T, events []Event) {
	t.Helper()
	for _, e := range events {
		numbers := []float64{e.Point[0], e.Point[1]}
		for _, fact := range e.Facts.All() {
			numbers = append(numbers, fact.Value)
		}
		for _, x := range numbers {
			if math.IsNaN(x) || math.IsInf(x, 0) {
				t.Fatalf("%+v", e)
			}
		}
		if p := e.Facts.Number("p_wrong"); e.Episode == 0 || p < 0 || p > 1 {
			t.Fatalf("%+v", e)
		}
	}
}

// Any fixes of a parcel and its carrier, hand-offs and stays, in any order, make
// no event with a number that is none, and a State that can be written and read.
// Of each 44 bytes 41 are a fix, the others say what to do with it.
func FuzzEscort(f *testing.F) {
	requireCorpus(f)
	worlds := hostileWorlds(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		s := NewState("d")
		for ; len(b) >= 44; b = b[44:] {
			w, fix := worlds[int(b[41])%len(worlds)], hostileFix(b)
			var events []Event
			switch b[42] % 4 {
			case 0:
				events = Step(w, &s, fix, nil)
			case 1:
				events = Accompany(w, &s, fix, nil)
			case 2:
				events = Deliver(w, &s, Handoff{Time: fix.Time, Stop: StopID(b[43:44]), Point: fix.Point, HasPoint: b[42]&4 != 0}, nil)
			case 3:
				if !fix.usable() {
					continue
				}
				s.follow(w)
				st := stay{since: fix.Time, until: s.last.Time, center: newSpot(fix.Point), uncertainty: w.settings.sight(&fix).uncertainty}
				events = s.tellDrop(w, handover{Handoff: Handoff{Time: fix.Time, Stop: StopID(b[43:44])}, stay: st}, nil)
				if s.escort.carrier != "" && s.escort.pairing.bond == parted {
					events = s.resolveBy(w, w.settings.sight(&fix), st, b[42]&4 != 0, events)
				}
			}
			checkFinite(t, events)
			read := checkForm(t, &s)
			if binary.LittleEndian.Uint16(b)%2 == 0 {
				s = read
			}
		}
	})
}

// What is accepted as an escort is written again as it was read, and can be
// stepped with.
func FuzzEscortUnmarshal(f *testing.F) {
	requireCorpus(f)
	worlds := hostileWorlds(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		s := NewState("d")
		if s.UnmarshalBinary(b) != nil || b[0] != stateVersion {
			return
		}
		if again, _ := s.AppendBinary(nil); !bytes.Equal(again, b) {
			t.Fatalf("%x became %x", b, again)
		}
		for i, w := range worlds {
			fix := Fix{Time: s.last.Time + Millis(i)*11_000, Point: s.last.Point}
			checkFinite(t, Accompany(w, &s, fix, nil))
			checkFinite(t, Deliver(w, &s, Handoff{Time: fix.Time, Stop: "a"}, nil))
			checkForm(t, &s)
		}
	})
}
