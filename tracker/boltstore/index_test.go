package boltstore_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"wayguard/geofence"
	"wayguard/tracker"
	"wayguard/tracker/boltstore"
)

// eventLog is what the log must hold, by sequence number.
type eventLog map[uint64]tracker.LogEntry

// page is what a query of the log must give.
func (l eventLog) page(after uint64, limit int, matches func(*tracker.LogEntry) bool) (page []tracker.LogEntry) {
	for seq, e := range l {
		if seq > after && matches(&e) {
			page = append(page, e)
		}
	}
	slices.SortFunc(page, func(a, b tracker.LogEntry) int { return cmp.Compare(a.Seq, b.Seq) })
	return page[:min(limit, len(page))]
}

// check compares some queries with the log.
func (l eventLog) check(t *testing.T, s *boltstore.Store, rng *rand.Rand, last uint64) {
	t.Helper()
	after, limit := rng.Uint64N(last+1), 1+rng.IntN(300)
	if rng.IntN(3) == 0 {
		after, limit = 0, 1<<30
	}
	subject, device := fmt.Sprint("fence-", rng.IntN(40)), tracker.DeviceID(fmt.Sprint("van-", rng.IntN(12)))
	got, err := s.Events(after, subject, limit)
	want := l.page(after, limit, func(e *tracker.LogEntry) bool { return e.Subject == subject })
	same := func(a, b tracker.LogEntry) bool { return a.Seq == b.Seq && string(a.Value) == string(b.Value) }
	if err != nil || !slices.EqualFunc(got, want, same) {
		t.Fatalf("%s behind %d: %d events of %d, %v", subject, after, len(got), len(want), err)
	}
	got, err = s.EventsOf(device, after, limit)
	want = l.page(after, limit, func(e *tracker.LogEntry) bool { return e.Device == device })
	sameAt := func(a, b tracker.LogEntry) bool { return same(a, b) && a.At == b.At }
	if err != nil || !slices.EqualFunc(got, want, sameAt) {
		t.Fatalf("%s behind %d: %d events of %d, %v", device, after, len(got), len(want), err)
	}
}

// TestIndexesPutOff: queries find what was logged, replaced and cut, wherever it
// is at the moment, and after the file was opened again.
func TestIndexesPutOff(t *testing.T) {
	const steps = 400
	rng := rand.New(rand.NewPCG(7, 7))
	s, path := open(t)
	log := make(eventLog)
	first, last := uint64(1), uint64(0)
	for step := range steps {
		var tx tracker.Transaction
		for range rng.IntN(400) {
			last++
			e := tracker.LogEntry{Seq: last, Subject: fmt.Sprint("fence-", rng.IntN(40)), Value: fmt.Append(nil, last)}
			if rng.IntN(5) > 0 {
				e.Device, e.At = tracker.DeviceID(fmt.Sprint("van-", rng.IntN(12))), geofence.Millis(rng.Int64N(1e12))
			}
			tx.Events, log[last] = append(tx.Events, e), e
		}
		for range rng.IntN(4) {
			if e, ok := log[rng.Uint64N(last+1)]; ok && e.Device != "" {
				e.At = geofence.Millis(rng.Int64N(1e12))
				tx.Found, log[e.Seq] = append(tx.Found, tracker.LogEntry{Seq: e.Seq, Device: e.Device, At: e.At}), e
			}
		}
		for range rng.IntN(8) * 20 * (step % 2) {
			if first < last {
				tx.EventCuts = append(tx.EventCuts, log[first])
				delete(log, first)
				first++
			}
		}
		commit(t, s, tx)
		log.check(t, s, rng, last)
		if step%70 == 69 {
			s.Close()
			var err error
			if s, err = boltstore.Open(path, small); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { s.Close() })
		}
	}
	if last < 60_000 || len(log) < 10_000 {
		t.Fatalf("only %d events, %d of them left", last, len(log))
	}
	for range 20 {
		log.check(t, s, rng, last)
	}
}

// TestCommitsAtOnce: whoever else writes, and reads, the indexes hold all.
func TestCommitsAtOnce(t *testing.T) {
	const commits, each = 300, 100
	s, path := open(t)
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range commits {
			commit(t, s, tracker.Transaction{Records: []tracker.BucketRecord{{Bucket: "b", Record: tracker.Record{Key: fmt.Sprint(i), Value: []byte("v")}}}})
		}
	})
	wg.Go(func() {
		for i := range commits {
			if _, err := s.Events(uint64(i*each), "fence-3", 10); err != nil {
				t.Error(err)
			}
		}
	})
	log, last := make(eventLog), uint64(0)
	for range commits {
		var tx tracker.Transaction
		for range each {
			last++
			e := tracker.LogEntry{Seq: last, Subject: fmt.Sprint("fence-", last%40), Device: tracker.DeviceID(fmt.Sprint("van-", last%12)), Value: fmt.Append(nil, last)}
			tx.Events, log[last] = append(tx.Events, e), e
		}
		commit(t, s, tx)
	}
	wg.Wait()
	rng := rand.New(rand.NewPCG(8, 8))
	log.check(t, s, rng, last)
	s.Close()
	s, err := boltstore.Open(path, small)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for range 20 {
		log.check(t, s, rng, last)
	}
}
