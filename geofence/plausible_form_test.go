package geofence

import (
	"encoding/hex"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"
)

// doubtful is a State with something of everything in guard and silence.
func doubtful() State {
	s := State{seen: true, version: 1, episodes: 3, last: Fix{Time: 1_000_000, Point: orb.Point{1, 2}}}
	s.guard = guard{
		episode: 2, newest: 1_000_400, doubted: true, lone: true, excused: true,
		held:  []Fix{{Time: 1_000_100, Point: orb.Point{3, 4}}, {Time: 1_000_300, Point: orb.Point{3, 4}, Known: KnownSpeed, SpeedMPS: 2}},
		still: still{fixes: 2, since: 999_000, slowest: 3},
	}
	s.silence = silence{episode: 3, began: 1_900_400, behind: true, checked: 2_000_000}
	return s
}

// States as they are must be read for ever.
func TestFormOfSignals(t *testing.T) {
	want := strings.ReplaceAll(strings.Join([]string{
		"02 01 01 03 03", // version; seen; World, episodes; guard and silence
		"80897a 000000000000f03f 0000000000000040 00 00", // last fix, no relations
		"1f 02 a006", // doubted, lone, episode, still, excused; its number, newest
		"02",         // held
		"c88a7a 0000000000000840 0000000000001040 00",
		"d88d7a 0000000000000840 0000000000001040 02 00000040",
		"02 cf0f 00004040",    // still: two fixes, since, slowest
		"03 03 e0f46d 80897a", // silent, behind; its number, when it began, checked
	}, ""), " ", "")
	s := doubtful()
	b, err := s.AppendBinary(nil)
	if got := hex.EncodeToString(b); err != nil || got != want {
		t.Errorf("got  %s\nwant %s, error %v", got, want, err)
	}
	var read State
	if err := read.UnmarshalBinary(b); err != nil || !sameSignals(&read, &s) {
		t.Errorf("%+v, error %v", read, err)
	}
}

func sameSignals(a, b *State) bool {
	x, y := a.guard, b.guard
	same := slices.Equal(x.held, y.held) && a.silence == b.silence && a.last == b.last
	return same && x.episode == y.episode && x.newest == y.newest && x.doubted == y.doubted &&
		x.lone == y.lone && x.excused == y.excused && x.still == y.still
}

func TestUnmarshalRefusesSignals(t *testing.T) {
	for name, change := range map[string]func(*State){
		"an episode of doubts never given":  func(s *State) { s.guard.episode = 4 },
		"doubt without an episode":          func(s *State) { s.guard.episode, s.guard.excused = 0, false },
		"excused without a fix held":        func(s *State) { s.guard.held = nil },
		"held out of order":                 func(s *State) { s.guard.held[1].Time = 1_000_100 },
		"held before the last":              func(s *State) { s.guard.held[0].Time = 1_000_000 },
		"held after the newest":             func(s *State) { s.guard.newest = 1_000_200 },
		"held off the globe":                func(s *State) { s.guard.held[0].Point[0] = 181 },
		"too many held":                     func(s *State) { s.guard.held = manyHeld() },
		"doubted before the last":           func(s *State) { s.guard.newest, s.guard.held, s.guard.excused = 900_000, nil, false },
		"a long run":                        func(s *State) { s.guard.still.fixes = 4 },
		"a run from later":                  func(s *State) { s.guard.still.since = 1_000_001 },
		"a run at no speed":                 func(s *State) { s.guard.still.slowest = float32(math.NaN()) },
		"a run backwards":                   func(s *State) { s.guard.still.slowest = -1 },
		"an episode of silence never given": func(s *State) { s.silence.episode = 4 },
		"silent without a tick":             func(s *State) { s.silence.behind = false },
		"late and silent":                   func(s *State) { s.silence.late = true },
		"late without a tick":               func(s *State) { s.silence = silence{late: true} },
		"silent and never seen":             func(s *State) { *s = State{episodes: 3, silence: s.silence} },
		"lone and never seen":               func(s *State) { *s = State{episodes: 3, guard: guard{lone: true}} },
		"held and never seen":               func(s *State) { s.seen, s.guard.lone, s.guard.still = false, false, still{} },
	} {
		s := doubtful()
		change(&s)
		b, err := s.AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		var read State
		if err := read.UnmarshalBinary(b); !errors.Is(err, ErrState) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func manyHeld() []Fix {
	var held []Fix
	for i := range mostHeld + 1 {
		held = append(held, Fix{Time: 1_000_001 + Millis(i)})
	}
	return held
}

func TestSignalsRenumber(t *testing.T) {
	s := doubtful()
	s.renumber(func(n uint64) uint64 { return n + 10 })
	if s.guard.episode != 12 || s.silence.episode != 13 {
		t.Errorf("%+v %+v", s.guard, s.silence)
	}
	s = State{}
	s.renumber(func(n uint64) uint64 { t.Error("numbered nothing"); return n })
}

// What is said at little cost is what is said after a closer look.
func TestOrdinaryFixesAreTrue(t *testing.T) {
	w := newWorld(t, Settings{})
	ordinary, others := 0, 0
	for n := range 24 {
		random, seed := seeded(n)
		for range 500 {
			s := State{seen: true, last: Fix{Time: 0, Point: randomMiddle(random), Known: KnownSpeed, SpeedMPS: 5}}
			s.follow(w)
			fix := Fix{Time: Millis(1 + random.IntN(60_000)), Known: KnownSpeed, SpeedMPS: 5}
			fix.Point = destination(s.last.Point, 2*math.Pi*random.Float64(), math.Exp(random.Float64()*10))
			g := w.settings.sight(&fix)
			d := s.doubt(w, g, &fix, s.still(3, &fix))
			if s.ordinary(w, g, &fix) {
				ordinary++
				if d.reason != "" {
					t.Fatalf("seed %d: %+v after %+v is %s", seed, fix, s.last, d.reason)
				}
			} else if others++; d.reason == "" && d.leap.distance < 50 && s.last.Point[1] > -85 && s.last.Point[1] < 85 && math.Abs(s.last.Point[0]) < 179 {
				t.Fatalf("seed %d: a second look at %+v after %+v", seed, fix, s.last)
			}
		}
	}
	if ordinary < 1000 || others < 1000 {
		t.Errorf("%d ordinary, %d others", ordinary, others)
	}
}
