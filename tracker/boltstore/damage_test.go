package boltstore_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wayguard/tracker"
	"wayguard/tracker/boltstore"
)

// filled is a file with a bit of everything, on pages of all kinds, and the
// number of the last journal entry.
func filled(t *testing.T) (whole []byte, last uint64) {
	t.Helper()
	s, path := open(t)
	for seq := uint64(1); seq <= 40; seq++ {
		tx := tracker.Transaction{
			Entry:       &tracker.JournalEntry{Seq: seq, Value: make([]byte, 200*seq)},
			Events:      []tracker.LogEntry{{Seq: seq, Subject: "depot", Device: "van", Value: []byte("event")}},
			Checkpoints: []tracker.Checkpoint{{Shard: int(seq % 64), Value: make([]byte, 3000)}},
			Records:     []tracker.BucketRecord{{Bucket: fmt.Sprint(seq % 3), Record: tracker.Record{Key: fmt.Sprint(seq), Value: make([]byte, 400)}}},
		}
		for i := range 10 {
			tx.Blocks = append(tx.Blocks, tracker.Block{Device: "van", BlockKey: tracker.BlockKey{Through: seq*10 + uint64(i)}, Value: make([]byte, 500)})
		}
		commit(t, s, tx)
		last = seq
	}
	s.Close()
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return whole, last
}

// tryDamaged opens a file with this content and reads all of it, which must end
// well or with an error, and never with a panic.
func tryDamaged(t *testing.T, content []byte, opts boltstore.Options) (journal uint64, err error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fleet.db")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := boltstore.Open(path, opts)
	if err != nil {
		return 0, err
	}
	defer s.Close()
	if journal, _, err = s.Last(); err != nil {
		return 0, err
	}
	_, err1 := s.Checkpoints()
	_, err2 := s.Events(0, "", 1000)
	_, err3 := s.Events(0, "depot", 1000)
	_, err4 := s.EventsOf("van", 0, 1000)
	_, err5 := s.Blocks("van", math.MinInt64, math.MaxInt64, 1000)
	_, err6 := s.Records("1", "", "", 1000)
	err7 := s.Journal(func(uint64, []byte) error { return nil })
	err8 := s.Commit(&tracker.Transaction{Entry: &tracker.JournalEntry{Seq: journal + 1, Value: []byte("entry")}})
	return journal, errors.Join(err1, err2, err3, err4, err5, err6, err7, err8)
}

// TestZeroedPages zeroes each page. Where the file cannot be used it must say so;
// where it can, nothing that was committed may be missing but for the first two
// pages, of which the other one takes over.
func TestZeroedPages(t *testing.T) {
	whole, last := filled(t)
	page := os.Getpagesize()
	refused := 0
	for at := 0; at < len(whole); at += page {
		damaged := append([]byte(nil), whole...)
		clear(damaged[at : at+page])
		journal, err := tryDamaged(t, damaged, small)
		switch {
		case errors.Is(err, boltstore.ErrDamaged):
			refused++
		case err != nil:
			t.Errorf("page %d: %v", at/page, err)
		case journal != last && (at/page > 1 || journal != last-1):
			t.Errorf("page %d: the last journal entry is %d, want %d", at/page, journal, last)
		}
	}
	if refused < 10 {
		t.Errorf("only %d of %d pages are missed", refused, len(whole)/page)
	}
	clear(whole[:2*page])
	if _, err := tryDamaged(t, whole, small); !errors.Is(err, boltstore.ErrDamaged) || !strings.Contains(err.Error(), "restore") {
		t.Errorf("without both first pages: %v", err)
	}
}

// TestFlippedBytes changes a few bytes anywhere, most of them in what tells
// pages apart.
func TestFlippedBytes(t *testing.T) {
	const seed = 3
	rng := rand.New(rand.NewPCG(seed, seed))
	whole, _ := filled(t)
	page := os.Getpagesize()
	tries, refused := 150, 0
	if testing.Short() {
		tries = 40
	}
	for range tries {
		damaged := append([]byte(nil), whole...)
		for range 1 + rng.IntN(3) {
			at := rng.IntN(len(damaged)/page) * page
			damaged[at+rng.IntN(64)] ^= byte(1 + rng.IntN(255))
		}
		if _, err := tryDamaged(t, damaged, small); err != nil {
			refused++
		}
	}
	if refused == 0 {
		t.Error("no damage was noticed")
	}
	t.Logf("%d of %d damaged files are refused", refused, tries)
}

// TestGoBack damages what only the last write wrote.
func TestGoBack(t *testing.T) {
	s, path := open(t)
	entry := func(seq uint64) tracker.Transaction {
		return tracker.Transaction{Entry: &tracker.JournalEntry{Seq: seq, Value: make([]byte, 9000)}}
	}
	for seq := uint64(1); seq <= 9; seq++ {
		commit(t, s, entry(seq))
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	commit(t, s, entry(10))
	s.Close()
	after, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	page := os.Getpagesize()
	for at := 2 * page; at < len(after); at += page {
		if at >= len(before) || string(after[at:at+page]) != string(before[at:at+page]) {
			clear(after[at : at+page])
		}
	}
	if _, err := tryDamaged(t, after, small); !errors.Is(err, boltstore.ErrDamaged) || !strings.Contains(err.Error(), "--go-back") {
		t.Errorf("without being asked: %v", err)
	}
	back := small
	back.GoBack = true
	if journal, err := tryDamaged(t, after, back); err != nil || journal != 9 {
		t.Errorf("asked to go back: entry %d, %v", journal, err)
	}
}

// TestEndLostWhileOpen cuts the file under an open store.
func TestEndLostWhileOpen(t *testing.T) {
	whole, _ := filled(t)
	path := filepath.Join(t.TempDir(), "fleet.db")
	if err := os.WriteFile(path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := boltstore.Open(path, small)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, int64(4*os.Getpagesize())); err != nil {
		t.Fatal(err)
	}
	err = s.Journal(func(_ uint64, value []byte) error { _ = value[len(value)-1]; return nil })
	if !errors.Is(err, boltstore.ErrDamaged) {
		t.Errorf("reading what is gone: %v", err)
	}
	if err := os.Truncate(path, int64(len(whole))); err != nil {
		t.Fatal(err)
	}
	s.Close()
}
