package boltstore_test

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"wayguard/geofence"
	"wayguard/tracker"
)

// TestBlocks adds and cuts blocks of all spans at random and compares what a
// time has with a plain list: none is missing, and none reaches back too far.
func TestBlocks(t *testing.T) {
	const seed = 23
	rng := rand.New(rand.NewPCG(seed, seed))
	s, _ := open(t)
	devices := []tracker.DeviceID{"va", "van", "van2"}
	kept := make(map[tracker.DeviceID][]tracker.Block)
	month := (31 * 24 * time.Hour).Milliseconds()
	at := func() geofence.Millis { return geofence.Millis(rng.Int64N(month) - month/2) }
	for step := range 300 {
		id := devices[rng.IntN(len(devices))]
		var tx tracker.Transaction
		if n := len(kept[id]); n > 0 && rng.IntN(3) == 0 {
			i := rng.IntN(n)
			tx.BlockCuts = append(tx.BlockCuts, tracker.BlockCut{Device: id, BlockKey: kept[id][i].BlockKey})
			kept[id] = slices.Delete(kept[id], i, i+1)
		}
		span := tracker.MaxBlockSpan.Milliseconds() >> rng.IntN(14)
		b := tracker.Block{Device: id, BlockKey: tracker.BlockKey{First: at(), Through: uint64(step)}, Value: fmt.Append(nil, step)}
		b.Last = b.First + geofence.Millis(rng.Int64N(span))
		tx.Blocks, kept[id] = append(tx.Blocks, b), append(kept[id], b)
		commit(t, s, tx)
		from := at()
		wantBlocks(t, s, fmt.Sprintf("seed %d, step %d", seed, step), id, from, from+geofence.Millis(rng.Int64N(month/4)), kept[id])
	}
	for _, id := range devices {
		wantBlocks(t, s, "all", id, math.MinInt64, math.MaxInt64, kept[id])
	}
	ids, err := s.TrackDevices("", 10)
	if err != nil || !slices.Equal(ids, devices) {
		t.Errorf("devices with blocks are %v, %v", ids, err)
	}
	if ids, err = s.TrackDevices("va", 1); err != nil || !slices.Equal(ids, devices[1:2]) {
		t.Errorf("the device behind va is %v, %v", ids, err)
	}
}

func wantBlocks(t *testing.T, s interface {
	Blocks(tracker.DeviceID, geofence.Millis, geofence.Millis, int) ([]tracker.Block, error)
}, when string, id tracker.DeviceID, from, to geofence.Millis, kept []tracker.Block) {
	t.Helper()
	got, err := s.Blocks(id, from, to, 1000)
	if err != nil {
		t.Fatal(err)
	}
	order := func(a, b tracker.Block) int {
		return cmp.Or(cmp.Compare(a.First, b.First), cmp.Compare(a.Through, b.Through))
	}
	if !slices.IsSortedFunc(got, order) {
		t.Fatalf("%s: not in order", when)
	}
	found := make(map[tracker.BlockKey]tracker.Block)
	for _, b := range got {
		found[b.BlockKey] = b
	}
	for _, b := range kept {
		f, ok := found[b.BlockKey]
		delete(found, b.BlockKey)
		slack := 8*(b.Last-b.First) + geofence.Millis(time.Hour.Milliseconds())
		switch {
		case b.First < to && b.Last >= from && !ok:
			t.Fatalf("%s: of [%d, %d) block %+v is missing", when, from, to, b.BlockKey)
		case ok && (string(f.Value) != string(b.Value) || f.Last < b.Last || f.Last > b.Last+slack):
			t.Fatalf("%s: block %+v comes back as %+v", when, b, f)
		case ok && (b.First >= to || b.Last+slack < from):
			t.Fatalf("%s: [%d, %d) has block %+v", when, from, to, b)
		}
	}
	if len(found) > 0 || len(got) > len(kept) {
		t.Fatalf("%s: there are blocks that were never put, or cut: %v", when, found)
	}
	if first, err := s.Blocks(id, from, to, 2); err != nil || len(first) != min(2, len(got)) || len(first) > 0 && first[0].BlockKey != got[0].BlockKey {
		t.Fatalf("%s: of %d blocks the first two are %v, %v", when, len(got), first, err)
	}
}

func TestBlockThatCoversTooMuch(t *testing.T) {
	s, _ := open(t)
	for _, last := range []geofence.Millis{-1, geofence.Millis(tracker.MaxBlockSpan.Milliseconds())} {
		if err := s.Commit(&tracker.Transaction{Blocks: []tracker.Block{{Device: "van", Last: last}}}); err == nil {
			t.Errorf("a block from 0 to %d is stored", last)
		}
	}
}
