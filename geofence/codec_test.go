package geofence

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"
)

// richState is a State that has something of everything.
func richState() State {
	near := mark{time: 1_700_000_000_000, point: orb.Point{-0.5, 51.25}, uncertainty: 10}
	return State{
		seen: true, fog: true, version: 300, episodes: 7,
		last: Fix{Time: 1_700_000_001_500, Point: orb.Point{-0.5, 51.5}, AccuracyMeters: 4, AltitudeMeters: -2,
			Known: KnownAccuracy | KnownAltitude},
		relations: []relation{
			{fence: "a", shape: 1, side: sideInside, presence: presence{7, near.time, true}},
			{fence: "b", shape: math.MaxUint64, side: sideOutside, attempt: attempt{turning: true, likely: true, turn: near, from: near}},
			{fence: "c", shape: 3, side: unknown},
			{fence: "d", shape: 4, side: sideInside, presence: presence{2, near.time, false}, attempt: attempt{turning: true, turn: near}},
		},
	}
}

// The bytes are written down here so that no change of the form goes unseen:
// states of older versions must be read for ever, or EngineVersion raised.
func TestBinaryFormIsFixed(t *testing.T) {
	want := strings.ReplaceAll(strings.Join([]string{
		"02 03 ac02 07 00",                                        // version; seen and fog; World, episodes; no parts
		"b8b7abfef962",                                            // time
		"000000000000e0bf 0000000000c04940",                       // lon, lat
		"09 00008040 000000c0 04",                                 // known; accuracy, altitude; relations
		"01 61 0100000000000000 11 07 dc0b",                       // a: inside, dwelt, since
		"01 62 ffffffffffffffff 0e",                               // b: outside, turning, likely
		"b717 000000000000e0bf 0000000000a04940 0000000000002440", // turn
		"b717 000000000000e0bf 0000000000a04940 0000000000002440", // from
		"0000000000000000",                                        // depth
		"01 63 0300000000000000 00",                               // c: unknown
		"01 64 0400000000000000 05 02 dc0b",                       // d: inside, turning
		"b717 000000000000e0bf 0000000000a04940 0000000000002440", // turn
	}, ""), " ", "")
	s := richState()
	b, err := s.AppendBinary([]byte("kept"))
	if err != nil || !bytes.HasPrefix(b, []byte("kept")) {
		t.Fatalf("%q, error %v", b, err)
	}
	if got := hex.EncodeToString(b[4:]); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// waryState is a State of a device that has been to and fro and on its way in.
func waryState() State {
	s := richState()
	s.trail = trail{known: true, held: true, before: Fix{Time: 1_700_000_000_500, Point: orb.Point{-0.5, 51.5}, Known: KnownAltitude, AltitudeMeters: 8}}
	turn := mark{time: 1_700_000_000_000, point: orb.Point{-0.5, 51.25}, uncertainty: 10}
	from := mark{time: 1_699_999_999_000, point: orb.Point{-0.75, 51.25}, uncertainty: 5}
	s.relations = []relation{
		{fence: "a", shape: 1, side: sideOutside, attempt: attempt{turning: true, turn: turn, from: from, depth: 4},
			wariness: wariness{changes: 2, place: mark{1_700_000_000_500, orb.Point{-0.5, 51.5}, 3}, mean: -0.5}},
		{fence: "b", shape: 2, side: sideInside, presence: presence{7, turn.time, false}, wariness: wariness{changes: 1}},
	}
	return s
}

func TestBinaryFormOfDoubtIsFixed(t *testing.T) {
	want := strings.ReplaceAll(strings.Join([]string{
		"02 0f ac02 07 00",                  // version; seen, fog, trail, held; World, episodes; no parts
		"b8b7abfef962",                      // time
		"000000000000e0bf 0000000000c04940", // lon, lat
		"09 00008040 000000c0",              // known; accuracy, altitude
		"e8a7abfef962",                      // the fix before: time
		"000000000000e0bf 0000000000c04940", // lon, lat
		"08 00000041 02",                    // known; altitude; relations
		"01 61 0100000000000000 46",         // a: outside, turning, changes
		"b717 000000000000e0bf 0000000000a04940 0000000000002440", // turn
		"8727 000000000000e8bf 0000000000a04940 0000000000001440", // from
		"0000000000001040", // depth
		"cf0f 000000000000e0bf 0000000000c04940 0000000000000840", // place
		"000000000000e0bf",                  // mean
		"01 62 0200000000000000 21 07 dc0b", // b: inside, changes
		"b7b7abfef962 0000000000000000 0000000000000000 0000000000000000", // place
	}, ""), " ", "")
	s := waryState()
	b, err := s.AppendBinary(nil)
	if got := hex.EncodeToString(b); err != nil || got != want {
		t.Errorf("got  %s\nwant %s, error %v", got, want, err)
	}
	var read State
	if err := read.UnmarshalBinary(b); err != nil || !sameState(read, s) || read.trail != s.trail {
		t.Errorf("%+v, want %+v, error %v", read, s, err)
	}
}

// States as earlier releases wrote them must be read for ever.
func TestOlderFormsLoad(t *testing.T) {
	forms, err := filepath.Glob("testdata/states/*.hex")
	if err != nil || len(forms) == 0 {
		t.Fatalf("no forms: %v", err)
	}
	for _, name := range forms {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		b, err := hex.DecodeString(strings.Join(strings.Fields(string(text)), ""))
		if err != nil {
			t.Fatal(err)
		}
		var s State
		if err := s.UnmarshalBinary(b); err != nil || !sameState(s, richState()) {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
	}
}

func TestBinaryFormReadsBack(t *testing.T) {
	for name, s := range map[string]State{"rich": richState(), "never seen": {}, "nowhere near": {seen: true}} {
		b, err := s.AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		read := richState()
		if err := read.UnmarshalBinary(b); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		clear(b)
		if !sameState(read, s) {
			t.Errorf("%s: %+v, want %+v", name, read, s)
		}
	}
}

func sameState(a, b State) bool {
	return a.seen == b.seen && a.fog == b.fog && a.last == b.last && a.version == b.version &&
		a.episodes == b.episodes && slices.Equal(a.relations, b.relations)
}

func TestUnmarshalRefuses(t *testing.T) {
	broken := func(change func(*State)) []byte {
		s := richState()
		change(&s)
		b, err := s.AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	wary := func(change func(*State)) []byte {
		s := waryState()
		change(&s)
		b, err := s.AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	whole := broken(func(*State) {})
	cases := map[string][]byte{
		"nothing":               {},
		"another version":       append([]byte{3}, whole[1:]...),
		"bytes after the end":   append(slices.Clone(whole), 0),
		"unused flag":           append([]byte{1, 0x83}, whole[2:]...),
		"flags of a new device": {2, 2, 0, 0, 0},
		"many relations":        append(slices.Clone(whole[:33]), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1),
		"time in spare bytes":   append([]byte{1, 1, 0x80, 0x00}, whole[8:]...),
		"NaN":                   broken(func(s *State) { s.last.Point[0] = math.NaN() }),
		"off the globe":         broken(func(s *State) { s.last.Point[1] = 91 }),
		"infinite accuracy":     broken(func(s *State) { s.last.AccuracyMeters = float32(math.Inf(1)) }),
		"fences out of order":   broken(func(s *State) { s.relations[0].fence = "c" }),
		"fence twice":           broken(func(s *State) { s.relations[0].fence = "b" }),
		"no fence":              broken(func(s *State) { s.relations[0].fence = "" }),
		"long fence":            broken(func(s *State) { s.relations[3].fence = FenceID(strings.Repeat("x", MaxIDBytes+1)) }),
		"episode never given":   broken(func(s *State) { s.relations[0].episode = 8 }),
		"no episode":            broken(func(s *State) { s.relations[0].episode = 0 }),
		"fourth side":           broken(func(s *State) { s.relations[2].side = 3 }),
		"NaN uncertainty":       broken(func(s *State) { s.relations[1].turn.uncertainty = math.NaN() }),
		"negative uncertainty":  broken(func(s *State) { s.relations[1].turn.uncertainty = -1 }),
		"turn off the globe":    broken(func(s *State) { s.relations[1].turn.point[0] = -200 }),
	}
	for name, change := range map[string]func(*State){
		"NaN depth":                func(s *State) { s.relations[0].depth = math.NaN() },
		"negative vagueness":       func(s *State) { s.relations[0].place.uncertainty = -1 },
		"infinite mean":            func(s *State) { s.relations[0].mean = math.Inf(1) },
		"place off the globe":      func(s *State) { s.relations[0].place.point[0] = 999 },
		"run before its fix":       func(s *State) { s.relations[0].from.time = s.relations[0].turn.time + 1 },
		"trail after the last":     func(s *State) { s.trail.before.Time = s.last.Time },
		"trail with a speed":       func(s *State) { s.trail.before.Known |= KnownSpeed },
		"trail off the globe":      func(s *State) { s.trail.before.Point[1] = 91 },
		"changes of a small fence": func(s *State) { s.relations[1].place.point[1] = math.NaN() },
	} {
		cases[name] = wary(change)
	}
	cases["held without a trail"] = []byte{2, flagHeld, 0, 0, 0}
	for n := range len(whole) {
		cases["cut short at "+strings.Repeat("|", n)] = whole[:n]
	}
	for name, b := range cases {
		s := richState()
		if err := s.UnmarshalBinary(b); !errors.Is(err, ErrState) {
			t.Errorf("%s: error %v", name, err)
		}
		if !sameState(s, State{}) {
			t.Errorf("%s: the state is %+v", name, s)
		}
	}
}

func TestCloneSharesNothing(t *testing.T) {
	w := newWorld(t, Settings{}, field("a"))
	var s State
	Step(w, &s, at{0, 50, 0}.fix(), nil)
	c := s.Clone()
	before, _ := c.AppendBinary(nil)
	for second := range 5 {
		Step(w, &s, at{second, -50 + 100*float64(second%2), 0}.fix(), nil)
	}
	if after, _ := c.AppendBinary(nil); !bytes.Equal(before, after) {
		t.Error("steps of the original changed the clone")
	}
	if fix, ok := c.Last(); !ok || fix != (at{0, 50, 0}).fix() {
		t.Errorf("the clone's last fix is %+v, %v", fix, ok)
	}
}
