package geofence

import (
	"math"
	"slices"
	"testing"
	"time"
)

// hostileInput is anything at all, from 42 bytes.
func hostileInput(b []byte) (i input, world int) {
	i = input{fix: hostileFix(b), tick: b[41]&1 != 0}
	i.fix.Flags = Flags(b[41] >> 1 & 3)
	return i, int(b[41] >> 3 & 3)
}

// Fixes and ticks of any kind, with the World changing between them, tell of
// signals in numbers that are some, and of nothing twice; a State goes on from
// its binary form as it would have gone on.
func FuzzSignals(f *testing.F) {
	requireCorpus(f)
	var worlds []*World
	for n, settings := range []Settings{
		{},
		{Plausibility: PlausibilitySettings{AcceptAfter: 1, LeapMeters: 1e-9, FrozenSpeedMPS: 1e-9, CalmAfter: 1}, Silence: SilenceSettings{After: 1}},
		{Raw: true},
		{Plausibility: PlausibilitySettings{AcceptAfter: year, CalmAfter: year}, Silence: SilenceSettings{After: year}},
	} {
		w := newWorld(f, settings, hostileFences()[0])
		w.version = uint64(n)
		worlds = append(worlds, w.WithDevices(uint64(n), []Device{{ID: "", MaxSpeedMPS: float64(n), SilentAfter: time.Duration(n-2) * year}}, nil))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var s, read State
		told := map[Event]bool{}
		for ; len(b) >= 42; b = b[42:] {
			i, world := hostileInput(b)
			events := i.give(worlds[world], &s, nil)
			if again := i.give(worlds[world], &read, nil); !slices.Equal(again, events) {
				t.Fatalf("%+v, from the binary form %+v", events, again)
			}
			checkSignals(t, events, told)
			form, err := s.AppendBinary(nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := read.UnmarshalBinary(form); err != nil {
				t.Fatalf("%v of %+v", err, s)
			}
		}
	})
}

func checkSignals(t *testing.T, events []Event, told map[Event]bool) {
	t.Helper()
	checkEvents(t, events)
	for _, e := range events {
		for _, fact := range e.Facts.All() {
			if math.IsNaN(fact.Value) || math.IsInf(fact.Value, 0) {
				t.Fatalf("%+v", e)
			}
		}
		name := Event{Type: e.Type, Subject: e.Subject, Episode: e.Episode}
		if told[name] {
			t.Fatalf("twice: %+v", e)
		}
		told[name] = true
	}
}
