package boltstore_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"wayguard/geofence"
	"wayguard/tracker"
)

// TestSnapshots puts and cuts at random and compares with a plain list.
func TestSnapshots(t *testing.T) {
	const seed = 17
	rng := rand.New(rand.NewPCG(seed, seed))
	s, _ := open(t)
	devices := []tracker.DeviceID{"va", "van", "van2"}
	kept := make(map[tracker.DeviceID][]geofence.Millis)
	for step := range 200 {
		id := devices[rng.IntN(len(devices))]
		var tx tracker.Transaction
		if rng.IntN(4) == 0 {
			cut := tracker.SnapshotCut{Device: id, Before: math.MinInt64, After: math.MaxInt64}
			if rng.IntN(2) == 0 {
				cut.Before = geofence.Millis(rng.IntN(100) - 50)
			} else {
				cut.After = geofence.Millis(rng.IntN(100) - 50)
			}
			tx.SnapshotCuts = append(tx.SnapshotCuts, cut)
			kept[id] = slowCut(kept[id], cut)
		}
		at := geofence.Millis(rng.IntN(100) - 50)
		tx.Snapshots = append(tx.Snapshots, tracker.Snapshot{Device: id, Time: at, Value: fmt.Append(nil, id, at)})
		if !slices.Contains(kept[id], at) {
			kept[id] = append(kept[id], at)
			slices.Sort(kept[id])
		}
		commit(t, s, tx)
		for _, id := range devices {
			before := geofence.Millis(rng.IntN(110) - 55)
			got, err := s.Snapshot(id, before)
			if err != nil {
				t.Fatal(err)
			}
			n, _ := slices.BinarySearch(kept[id], before)
			switch {
			case n == 0 && got != nil:
				t.Fatalf("seed %d, step %d: %s before %d is at %d, want none", seed, step, id, before, got.Time)
			case n > 0 && (got == nil || got.Time != kept[id][n-1] || string(got.Value) != fmt.Sprint(id, got.Time)):
				t.Fatalf("seed %d, step %d: %s before %d is %v, want %d", seed, step, id, before, got, kept[id][n-1])
			}
		}
	}
}

// slowCut does what a SnapshotCut says.
func slowCut(times []geofence.Millis, cut tracker.SnapshotCut) (left []geofence.Millis) {
	for i, at := range times {
		newer := i+1 < len(times) && times[i+1] <= cut.Before
		if !newer && at <= cut.After {
			left = append(left, at)
		}
	}
	return left
}

func TestEventsOfDevice(t *testing.T) {
	s, _ := open(t)
	for i := range 30 {
		e := tracker.LogEntry{Seq: uint64(i + 1), Subject: "depot", Value: fmt.Append(nil, i+1), At: geofence.Millis(i - 15)}
		if i%3 != 2 {
			e.Device = []tracker.DeviceID{"van", "van2"}[i%3]
		}
		commit(t, s, tracker.Transaction{Events: []tracker.LogEntry{e}})
	}
	commit(t, s, tracker.Transaction{Found: []tracker.LogEntry{{Device: "van", Seq: 7, At: 99}}})
	for _, test := range []struct {
		after uint64
		limit int
		want  string
	}{
		{0, 3, "1:-15 4:-12 7:99 "},
		{7, 2, "10:-6 13:-3 "},
		{27, 5, "28:12 "},
		{28, 5, ""},
	} {
		events, err := s.EventsOf("van", test.after, test.limit)
		got := ""
		for _, e := range events {
			got += fmt.Sprintf("%d:%d ", e.Seq, e.At)
			if string(e.Value) != fmt.Sprint(e.Seq) || e.Device != "van" {
				t.Errorf("event %d is %+v", e.Seq, e)
			}
		}
		if err != nil || got != test.want {
			t.Errorf("after %d: %q, %v, want %q", test.after, got, err, test.want)
		}
	}
	if events, err := s.EventsOf("va", 0, 5); err != nil || len(events) != 0 {
		t.Errorf("of a device without events: %v, %v", events, err)
	}
}
