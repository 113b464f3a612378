package boltstore_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"wayguard/tracker"
	"wayguard/tracker/boltstore"
)

// BenchmarkJournal commits entries as a loaded server does, with a few events,
// and drops the oldest ones.
func BenchmarkJournal(b *testing.B) {
	for _, size := range []int{500, 20_000, 200_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			s, err := boltstore.Open(filepath.Join(b.TempDir(), "fleet.db"), boltstore.Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			value := make([]byte, size)
			rng := rand.New(rand.NewPCG(1, 1))
			for i := range value {
				value[i] = byte(rng.Uint32())
			}
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for i := range b.N {
				tx := tracker.Transaction{Entry: &tracker.JournalEntry{Seq: uint64(i + 1), Value: value}}
				if i > 100 {
					tx.TrimJournal = uint64(i-100) / 16 * 16
				}
				if err := s.Commit(&tx); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
