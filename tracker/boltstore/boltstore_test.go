package boltstore_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"wayguard/tracker"
	"wayguard/tracker/boltstore"
)

var small = boltstore.Options{MmapBytes: 1 << 20, Log: slog.New(slog.DiscardHandler)}

func open(t *testing.T) (*boltstore.Store, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fleet.db")
	s, err := boltstore.Open(path, small)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, path
}

func commit(t *testing.T, s *boltstore.Store, tx tracker.Transaction) {
	t.Helper()
	if err := s.Commit(&tx); err != nil {
		t.Fatal(err)
	}
}

func TestOpenRefuses(t *testing.T) {
	s, path := open(t)
	if _, err := boltstore.Open(path, small); !errors.Is(err, boltstore.ErrInUse) {
		t.Errorf("a second Open: %v, want ErrInUse", err)
	}
	s.Close()
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte("meta")).Put([]byte("version"), binary.BigEndian.AppendUint32(nil, boltstore.Version+1))
	})
	if err != nil {
		t.Fatal(err)
	}
	db.Close()
	if _, err := boltstore.Open(path, small); !errors.Is(err, boltstore.ErrNewer) || !strings.Contains(err.Error(), path) {
		t.Errorf("a newer file: %v, want ErrNewer with the path", err)
	}
	if _, err := boltstore.Open(filepath.Join(path, "no", "folder"), small); err == nil {
		t.Error("a file below a file opens")
	}
}

func TestSurvivesReopening(t *testing.T) {
	s, path := open(t)
	full := tracker.Transaction{
		Entry:       &tracker.JournalEntry{Seq: 7, Value: []byte("entry")},
		Events:      []tracker.LogEntry{{Seq: 3, Subject: "depot", Value: []byte("event")}},
		Checkpoints: []tracker.Checkpoint{{Shard: 63, Value: []byte("shard")}},
		Blocks:      []tracker.Block{{Device: "van", BlockKey: tracker.BlockKey{First: -5, Through: 7}, Last: -5, Value: []byte("block")}},
		Records:     []tracker.BucketRecord{{Bucket: "b", Record: tracker.Record{Key: "k", Value: []byte("v")}}},
	}
	commit(t, s, full)
	commit(t, s, full) // the same again is harmless
	s.Close()
	s, err := boltstore.Open(path, small)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	journal, event, err := s.Last()
	if journal != 7 || event != 3 || err != nil {
		t.Errorf("last are %d and %d, %v", journal, event, err)
	}
	events, err := s.Events(0, "", 10)
	if err != nil || len(events) != 1 || string(events[0].Value) != "event" {
		t.Errorf("events %v, %v", events, err)
	}
	checkpoints, err := s.Checkpoints()
	if err != nil || string(checkpoints[63]) != "shard" || len(checkpoints) != 1 {
		t.Errorf("checkpoints %v, %v", checkpoints, err)
	}
	blocks, err := s.Blocks("van", -10, 0, 10)
	if err != nil || len(blocks) != 1 || string(blocks[0].Value) != "block" || blocks[0].First != -5 {
		t.Errorf("blocks %v, %v", blocks, err)
	}
	if v, err := s.Record("b", "k"); err != nil || string(v) != "v" {
		t.Errorf("record %q, %v", v, err)
	}
}

// TestCutFile cuts the file at every page and wants each refused; the whole
// file opens, whatever lies behind its end.
func TestCutFile(t *testing.T) {
	s, path := open(t)
	for seq := range uint64(50) {
		commit(t, s, tracker.Transaction{Entry: &tracker.JournalEntry{Seq: seq + 1, Value: make([]byte, 3000)}})
	}
	s.Close()
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	page := os.Getpagesize()
	refused := 0
	for n := 2 * page; n < len(whole); n += page {
		if err := os.WriteFile(path, whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := boltstore.Open(path, small)
		switch {
		case errors.Is(err, boltstore.ErrCut):
			refused++
		case err != nil:
			t.Fatalf("%d of %d bytes: %v", n, len(whole), err)
		default:
			// Behind the pages in use the file is only room to grow.
			if journal, _, err := s.Last(); err != nil || journal != 50 {
				t.Errorf("%d of %d bytes open with journal entry %d, %v", n, len(whole), journal, err)
			}
			s.Close()
		}
	}
	if refused < 20 {
		t.Errorf("only %d lengths of %d bytes are refused", refused, len(whole))
	}
	if err := os.WriteFile(path, append(whole, make([]byte, page)...), 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err = boltstore.Open(path, small); err != nil {
		t.Fatalf("the whole file: %v", err)
	}
	s.Close()
}

// TestAllOrNothing commits a transaction whose last part cannot be written.
func TestAllOrNothing(t *testing.T) {
	s, _ := open(t)
	err := s.Commit(&tracker.Transaction{
		Entry:   &tracker.JournalEntry{Seq: 1, Value: []byte("entry")},
		Records: []tracker.BucketRecord{{Bucket: "b", Record: tracker.Record{Key: "", Value: []byte("no name")}}},
	})
	if journal, _, _ := s.Last(); err == nil || journal != 0 {
		t.Errorf("a failed commit, %v, left journal entry %d", err, journal)
	}
}

func TestTrimKeepsTheNewest(t *testing.T) {
	s, _ := open(t)
	const entries = 300
	for seq := range uint64(entries) {
		commit(t, s, tracker.Transaction{Entry: &tracker.JournalEntry{Seq: seq + 1, Value: []byte("e")}})
	}
	left := func() (seqs []uint64) {
		if err := s.Journal(func(seq uint64, _ []byte) error { seqs = append(seqs, seq); return nil }); err != nil {
			t.Fatal(err)
		}
		return seqs
	}
	for range 10 {
		commit(t, s, tracker.Transaction{TrimJournal: 200})
	}
	if got := left(); len(got) != 100 || got[0] != 201 {
		t.Errorf("%d entries are left, from %d", len(got), got[0])
	}
	for range 10 {
		commit(t, s, tracker.Transaction{TrimJournal: 1 << 40})
	}
	if got := left(); !slices.Equal(got, []uint64{entries}) {
		t.Errorf("left are %v, want just the newest", got)
	}
}

func TestEventsBySubject(t *testing.T) {
	s, _ := open(t)
	subjects := []string{"a", "ab", "", "a"}
	for i := range 40 {
		commit(t, s, tracker.Transaction{Events: []tracker.LogEntry{{Seq: uint64(i + 1), Subject: subjects[i%4], Value: fmt.Append(nil, i+1)}}})
	}
	for _, test := range []struct {
		after   uint64
		subject string
		limit   int
		want    []uint64
	}{
		{0, "", 3, []uint64{1, 2, 3}},
		{38, "", 10, []uint64{39, 40}},
		{40, "", 10, nil},
		{0, "a", 4, []uint64{1, 4, 5, 8}},
		{34, "a", 10, []uint64{36, 37, 40}},
		{0, "ab", 2, []uint64{2, 6}},
		{0, "abc", 2, nil},
	} {
		events, err := s.Events(test.after, test.subject, test.limit)
		var got []uint64
		for _, e := range events {
			got = append(got, e.Seq)
			if string(e.Value) != fmt.Sprint(e.Seq) {
				t.Errorf("event %d has the value %q", e.Seq, e.Value)
			}
		}
		if err != nil || !slices.Equal(got, test.want) {
			t.Errorf("after %d, %q, limit %d: %v, %v, want %v", test.after, test.subject, test.limit, got, err, test.want)
		}
	}
}

func TestRecordsPage(t *testing.T) {
	s, _ := open(t)
	var tx tracker.Transaction
	for _, key := range []string{"a", "b1", "b2", "b3", "c"} {
		tx.Records = append(tx.Records, tracker.BucketRecord{Bucket: "r", Record: tracker.Record{Key: key, Value: []byte{}}})
	}
	commit(t, s, tx)
	page := func(prefix, after string, limit int) string {
		records, err := s.Records("r", prefix, after, limit)
		if err != nil {
			t.Fatal(err)
		}
		var keys []string
		for _, r := range records {
			if r.Value == nil {
				t.Errorf("%s comes back as deleted", r.Key)
			}
			keys = append(keys, r.Key)
		}
		return strings.Join(keys, " ")
	}
	for _, test := range []struct{ prefix, after, want string }{
		{"", "", "a b1 b2"}, {"", "b2", "b3 c"}, {"b", "", "b1 b2 b3"}, {"b", "b1", "b2 b3"}, {"b", "b3", ""}, {"x", "", ""},
	} {
		if got := page(test.prefix, test.after, 3); got != test.want {
			t.Errorf("prefix %q after %q: %q, want %q", test.prefix, test.after, got, test.want)
		}
	}
	if records, err := s.Records("nowhere", "", "", 3); err != nil || len(records) != 0 {
		t.Errorf("an unknown bucket has %v, %v", records, err)
	}
}
