package boltstore_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"wayguard/geofence"
	"wayguard/tracker"
	"wayguard/tracker/boltstore"
)

// BenchmarkChunk measures the commits that tidying makes, in a file with 200,000
// blocks of 2,000 devices and 100,000 events, beside one that writes a record.
func BenchmarkChunk(b *testing.B) {
	const devices, blocks, events = 2000, 100, 100_000
	s, err := boltstore.Open(filepath.Join(b.TempDir(), "fleet.db"), boltstore.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	rng := rand.New(rand.NewPCG(1, 1))
	device := func(i int) tracker.DeviceID { return tracker.DeviceID(fmt.Sprintf("van-%d", i)) }
	event := func(seq int) tracker.LogEntry {
		return tracker.LogEntry{
			Seq: uint64(seq), Subject: fmt.Sprintf("fence-%d", seq*7919%5000), Device: device(seq * 104729 % devices), Value: make([]byte, 250),
		}
	}
	for n := range blocks {
		var tx tracker.Transaction
		for i := range devices {
			key := tracker.BlockKey{First: geofence.Millis(n) * 3600_000, Through: uint64(n)}
			tx.Blocks = append(tx.Blocks, tracker.Block{Device: device(i), BlockKey: key, Last: key.First, Value: make([]byte, 1000+rng.IntN(800))})
		}
		for i := range events / blocks {
			tx.Events = append(tx.Events, event(n*events/blocks+i+1))
		}
		if err := s.Commit(&tx); err != nil {
			b.Fatal(err)
		}
	}
	commit := func(b *testing.B, tx tracker.Transaction) {
		if err := s.Commit(&tx); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("record", func(b *testing.B) {
		for i := range b.N {
			commit(b, tracker.Transaction{Records: []tracker.BucketRecord{{Bucket: "b", Record: tracker.Record{Key: fmt.Sprint(i % 100), Value: []byte("v")}}}})
		}
	})
	next := 0
	b.Run("blocks", func(b *testing.B) {
		for range b.N {
			var tx tracker.Transaction
			for range 64 {
				n, i := next/devices, next%devices
				tx.BlockCuts = append(tx.BlockCuts, tracker.BlockCut{Device: device(i), BlockKey: tracker.BlockKey{First: geofence.Millis(n) * 3600_000, Through: uint64(n)}})
				next++
			}
			commit(b, tx)
		}
	})
	seq := 0
	b.Run("events", func(b *testing.B) {
		for range b.N {
			var tx tracker.Transaction
			for range 64 {
				seq++
				tx.EventCuts = append(tx.EventCuts, event(seq))
			}
			commit(b, tx)
		}
	})
}
