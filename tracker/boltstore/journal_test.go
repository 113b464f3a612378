package boltstore_test

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"

	"go.etcd.io/bbolt"

	"wayguard/tracker"
	"wayguard/tracker/boltstore"
)

// journal reads all entries.
func journal(t *testing.T, s *boltstore.Store) (seqs []uint64, values [][]byte) {
	t.Helper()
	err := s.Journal(func(seq uint64, value []byte) error {
		seqs, values = append(seqs, seq), append(values, bytes.Clone(value))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return seqs, values
}

// TestEntriesOfAnySize: entries that take many pages come back as they were, and
// go whole.
func TestEntriesOfAnySize(t *testing.T) {
	s, path := open(t)
	rng := rand.NewChaCha8([32]byte{1})
	var want [][]byte
	for i, size := range []int{1, 4096, 16<<10 - 1, 16 << 10, 16<<10 + 1, 300_000, 32 << 10, 5, 5 << 20} {
		value := make([]byte, size)
		_, _ = rng.Read(value) // never fails
		want = append(want, value)
		commit(t, s, tracker.Transaction{Entry: &tracker.JournalEntry{Seq: uint64(i + 1), Value: value}})
	}
	s.Close()
	s, err := boltstore.Open(path, small)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, got := journal(t, s); !slices.EqualFunc(got, want, bytes.Equal) {
		t.Errorf("%d entries, not the %d that were written", len(got), len(want))
	}
	last := uint64(len(want))
	if seq, _, err := s.Last(); seq != last || err != nil {
		t.Errorf("the last is %d, %v", seq, err)
	}
	trimmed := func(through uint64) []uint64 {
		commit(t, s, tracker.Transaction{TrimJournal: through, Records: []tracker.BucketRecord{{Bucket: "b", Record: tracker.Record{Key: "k", Value: []byte("v")}}}})
		seqs, _ := journal(t, s)
		return seqs
	}
	if got := trimmed(5); !slices.Equal(got, []uint64{6, 7, 8, 9}) {
		t.Errorf("after a trim to 5: %d", got)
	}
	if got := trimmed(last); !slices.Equal(got, []uint64{last}) {
		t.Errorf("after a trim to the end: %d", got)
	}
	if _, got := journal(t, s); !bytes.Equal(got[0], want[last-1]) {
		t.Error("the newest is not as it was written")
	}
}

// TestTrimGoesOn: what one commit does not drop, the next ones do, and no entry
// is ever there in part.
func TestTrimGoesOn(t *testing.T) {
	s, _ := open(t)
	value := make([]byte, 1<<20)
	for seq := range uint64(12) {
		commit(t, s, tracker.Transaction{Entry: &tracker.JournalEntry{Seq: seq + 1, Value: value}})
	}
	var left []int
	for range 4 {
		commit(t, s, tracker.Transaction{TrimJournal: 11, Records: []tracker.BucketRecord{{Bucket: "b", Record: tracker.Record{Key: "k", Value: []byte("v")}}}})
		_, values := journal(t, s)
		for _, v := range values {
			if len(v) != len(value) {
				t.Fatalf("an entry of %d bytes, want %d", len(v), len(value))
			}
		}
		left = append(left, len(values))
	}
	if left[0] == 1 || left[3] != 1 {
		t.Errorf("%d are left", left)
	}
}

// An entry whose pieces do not follow one another was not written so.
func TestLostPiece(t *testing.T) {
	s, path := open(t)
	commit(t, s, tracker.Transaction{Entry: &tracker.JournalEntry{Seq: 1, Value: make([]byte, 100_000)}})
	s.Close()
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	key := binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint64(nil, 1), 2)
	err = db.Update(func(tx *bbolt.Tx) error {
		b := tx.Bucket([]byte("journal"))
		if b.Get(key) == nil {
			t.Error("there is no such piece")
		}
		return b.Delete(key)
	})
	if err != nil {
		t.Fatal(err)
	}
	db.Close()
	if s, err = boltstore.Open(path, small); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Journal(func(uint64, []byte) error { return nil }); err == nil {
		t.Error("an entry that lacks a piece is read")
	}
}
