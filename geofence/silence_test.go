package geofence

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"
)

// minutely plays a script on a device that may be silent for 15 minutes: "5"
// is a fix at minute 5, "t20" a tick at minute 20, "z20" a fix at 0,0.
func minutely(t *testing.T, w *World, script string) (State, []Event) {
	t.Helper()
	var s State
	var events []Event
	for _, word := range strings.Fields(script) {
		digits := strings.TrimLeft(word, "tz")
		minute, err := strconv.Atoi(digits)
		if err != nil {
			t.Fatal(err)
		}
		f := at{60 * minute, -50, 0}.fix()
		switch word[0] {
		case 't':
			events = Tick(w, &s, f.Time, events)
			continue
		case 'z':
			f.Point[0], f.Point[1] = 0, 0
		}
		events = Step(w, &s, f, events)
	}
	return s, events
}

func TestSilence(t *testing.T) {
	w := newWorld(t, noStays(), field("a"))
	for _, c := range []struct{ name, script, want string }{
		{"never seen", "t20 t400", ""},
		{"not yet", "0 t14 10 t24", ""},
		{"silent", "0 t15 t16 t400", "silent 15m #1"},
		{"told late, happened then", "0 t100", "silent 15m #1"},
		{"back", "0 t20 30 t40", "silent 15m #1, back 30m #1"},
		{"twice", "0 t20 30 t50 t60 61", "silent 15m #1, back 30m #1, silent 45m #2, back 61m #2"},
		{"gone before a tick noticed", "0 40 t41", ""},
		{"a fix that cannot be true is heard", "0 z10 t20 z26 t30 t42", "implausible 10m #1, silent 41m #2"},
		{"and ends it", "0 t20 z26", "silent 15m #1, back 26m #1, implausible 26m #2"},
		{"a fix from before the last is nothing", "5 t30 4 5", "silent 20m #1"},
		{"a backlog", "0 t60 1 2 t60 3 40 t61 59 t62 61", "silent 15m #1, back 15m #1"},
		{"a slow one", "0 t60 1 2 t60 3 t75 5 t90 7 t105 90 t106 106 t110 t121", "silent 15m #1, back 15m #1, silent 121m #2"},
		{"a backlog that ends before it is through", "0 t60 1 2 t61 t75 t89 t90 95", "silent 15m #1, back 15m #1, silent 90m #2, back 95m #2"},
		{"reports that are always 20 minutes late", "0 t20 5 t25 10 t30 15 t35 t36 20 t40 25 t45 t50 t51 35", "silent 15m #1, back 15m #1"},
		{"the server's clock is put back", "0 t9000 1 t60 2 t74 t75 t90", "silent 15m #1, back 15m #1, silent 90m #2"},
		{"ticks in the past", "50 t0 t-100 t64 t65 t0 t100", "silent 65m #1"},
	} {
		s, events := minutely(t, w, c.script)
		var told []string
		for _, e := range events {
			word := string(e.Type[strings.LastIndexByte(string(e.Type), '.')+1:])
			told = append(told, word+" "+strconv.Itoa(int(e.Time/60_000))+"m #"+strconv.FormatUint(e.Episode, 10))
		}
		if got := strings.Join(told, ", "); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
		if b, _ := s.AppendBinary(nil); new(State).UnmarshalBinary(b) != nil {
			t.Errorf("%s: the state cannot be read", c.name)
		}
	}
}

func TestSilenceFacts(t *testing.T) {
	w := newWorld(t, noStays(), field("a"))
	_, events := minutely(t, w, "0 t20 30 t50 31")
	for i, want := range []struct {
		silent float64
		reason string
	}{{900, ""}, {1800, ""}, {900, ""}, {900, "buffered"}} {
		e := events[i]
		if e.Facts.Number("silent_for_s") != want.silent || e.Facts.Number("silent_after_s") != 900 || e.Facts.Text("reason") != want.reason {
			t.Errorf("%+v, want %+v", e, want)
		}
		if e.Subject != "" || e.Point != (at{0, -50, 0}).fix().Point {
			t.Errorf("%+v", e)
		}
	}
}

// A fix at 0, 0 ends a silence where the device was last.
func TestBackIsNotAtNullIsland(t *testing.T) {
	_, events := minutely(t, newWorld(t, Settings{}), "0 t20 z30")
	if len(events) != 3 || events[1].Type != Back || events[1].Point != events[0].Point || events[2].Point != (orb.Point{}) {
		t.Errorf("%+v", events)
	}
}

// Each device may have its own time, and Tick says nothing before SilentAt.
func TestSilentAt(t *testing.T) {
	w := newWorld(t, Settings{Silence: SilenceSettings{After: time.Minute}}).WithDevices(2,
		[]Device{{ID: "parcel", SilentAfter: time.Hour}}, nil)
	for id, want := range map[DeviceID]Millis{"van": 60_000, "parcel": 3_600_000} {
		s := NewState(id)
		if due, ok := s.SilentAt(w); ok {
			t.Errorf("%s: due at %d before it was seen", id, due)
		}
		Step(w, &s, at{0, 0, 0}.fix(), nil)
		if due, ok := s.SilentAt(w); !ok || due != want {
			t.Errorf("%s: due at %d, %v, want %d", id, due, ok, want)
		}
		if early := Tick(w, &s, want-1, nil); len(early) > 0 {
			t.Errorf("%s: %q", id, brief(early))
		}
		if told := Tick(w, &s, math.MaxInt64, nil); len(told) != 1 || told[0].Time != want {
			t.Errorf("%s: %q", id, brief(told))
		}
		if _, ok := s.SilentAt(w); ok {
			t.Errorf("%s: due again", id)
		}
	}
}

// Ticks change nothing but what is told of silence, whenever they come.
func TestTicksChangeNothingElse(t *testing.T) {
	each(t, func(random *rand.Rand, seed uint64, settings Settings, fences []Fence, fixes []Fix, want []Event) {
		w := newWorld(t, settings, fences...)
		var s State
		var got []Event
		for _, fix := range fixes {
			got = Tick(w, &s, fix.Time-Millis(random.IntN(2_000_000))+1_000_000, got)
			got = Step(w, &s, fix, got)
		}
		got = slices.DeleteFunc(got, func(e Event) bool { return e.Type == Silent || e.Type == Back })
		if !slices.Equal(unnumbered(got), unnumbered(want)) {
			t.Fatalf("seed %d: %q, want %q", seed, brief(got), brief(want))
		}
	})
}

func unnumbered(events []Event) []Event {
	events = slices.Clone(events)
	for i := range events {
		events[i].Episode = 0
	}
	return events
}
