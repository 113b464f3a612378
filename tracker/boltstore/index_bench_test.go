package boltstore_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"wayguard/tracker"
	"wayguard/tracker/boltstore"
)

// BenchmarkEvents commits 180 events at a time, of 200 or 5,000 devices at any
// of 10,000 fences, to a log that has 150,000.
func BenchmarkEvents(b *testing.B) {
	for _, devices := range []int{200, 5000} {
		b.Run(fmt.Sprint(devices), func(b *testing.B) {
			s, err := boltstore.Open(filepath.Join(b.TempDir(), "fleet.db"), boltstore.Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			rng := rand.New(rand.NewPCG(1, 1))
			last := uint64(0)
			more := func(events int) {
				var tx tracker.Transaction
				for range events {
					last++
					tx.Events = append(tx.Events, tracker.LogEntry{
						Seq: last, Subject: fmt.Sprint("line-", rng.IntN(10_000)), Device: tracker.DeviceID(fmt.Sprint("bench-00000000-", rng.IntN(devices), ":van")),
						Value: make([]byte, 250),
					})
				}
				if err := s.Commit(&tx); err != nil {
					b.Fatal(err)
				}
			}
			for range 30 {
				more(5000)
			}
			b.ReportAllocs()
			for b.Loop() {
				more(180)
			}
		})
	}
}
