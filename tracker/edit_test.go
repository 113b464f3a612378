package tracker_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"wayguard/geofence"
	"wayguard/tracker"
	"wayguard/tracker/boltstore"
)

// hooked is a real store with something before and after each commit.
type hooked struct {
	*boltstore.Store
	before func() error
	after  func(*tracker.Transaction)
}

func (s *hooked) Commit(t *tracker.Transaction) error {
	if s.before != nil {
		if err := s.before(); err != nil {
			return err
		}
	}
	if err := s.Store.Commit(t); err != nil {
		return err
	}
	if s.after != nil {
		s.after(t)
	}
	return nil
}

func openStore(t *testing.T, path string) *boltstore.Store {
	t.Helper()
	store, err := boltstore.Open(path, boltstore.Options{MmapBytes: 64 << 20})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func writesFences(t *tracker.Transaction) bool {
	return slices.ContainsFunc(t.Records, func(r tracker.BucketRecord) bool { return r.Bucket == "fences" })
}

func fenceIDs(r *running) (ids []geofence.FenceID) {
	for _, f := range r.Fences() {
		ids = append(ids, f.Fence.ID)
	}
	return ids
}

func worldIDs(r *running) (ids []geofence.FenceID) {
	for f := range r.World().Fences() {
		ids = append(ids, f.ID)
	}
	return ids
}

// wantStarts wants what PutFences took to be readable at the next start.
func wantStarts(t *testing.T, name string, record tracker.FenceRecord) {
	t.Helper()
	path := newFile(t)
	r := start(t, path)
	if err := r.PutFences(t.Context(), record); err != nil {
		if !errors.Is(err, tracker.ErrBadFence) {
			t.Errorf("%s: %v", name, err)
		}
		return
	}
	r.stop()
	store := openStore(t, path)
	defer store.Close()
	if _, err := tracker.Open(store, tracker.Options{Keyring: ringOf(t, path)}); err != nil {
		t.Errorf("%s: the fleet does not start any more: %.200v", name, err)
	}
}

func TestWhatIsStoredCanBeRead(t *testing.T) {
	parsed := func(properties string) tracker.FenceRecord {
		r, err := tracker.ParseFence([]byte(`{"type":"Feature","id":"x","geometry":{"type":"Point","coordinates":[1,1]},"properties":` + properties + `}`))
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	wantStarts(t, "deep", parsed(`{"radius_m":50,"n":`+strings.Repeat("[", 9990)+strings.Repeat("]", 9990)+`}`))
	head, tail := `{"radius_m":50,"name":"`+strings.Repeat("\u2028", 256)+`","fill":"`, `"}`
	wantStarts(t, "grown", parsed(head+strings.Repeat("x", tracker.MaxProperties-len(head)-len(tail))+tail))
	long := circle("x", 1)
	long.Name = strings.Repeat("n", 300)
	wantStarts(t, "long name", long)
}

// TestRefusedEditStaysRefused fills the disk between the rows of a fence and
// the version that would put them in force. Whether the rest of the edit is then
// refused, or waits for the disk, is a matter of who comes first, so it tries
// until it was refused.
func TestRefusedEditStaysRefused(t *testing.T) {
	const tries = 50
	for range tries {
		if refuseEdit(t) {
			return
		}
	}
	t.Errorf("no edit was refused in %d tries: the test shows nothing", tries)
}

func refuseEdit(t *testing.T) (refused bool) {
	t.Helper()
	path := newFile(t)
	store := openStore(t, path)
	var full, armed atomic.Bool
	var r *running
	disk := &hooked{Store: store}
	disk.before = func() error {
		if full.Load() {
			return errors.New("disk full")
		}
		return nil
	}
	disk.after = func(tx *tracker.Transaction) {
		if armed.Load() && writesFences(tx) {
			// What is stepped while the rows are being synced meets the full
			// disk, and has the rest of the edit refused.
			_ = r.Enqueue(context.Background(), report("van", 10, 0), func(error) {})
			time.Sleep(20 * time.Millisecond)
			full.Store(true)
		}
	}
	r = startOn(t, path, disk, store.Close)
	defer r.stop()
	r.device(t, "van")
	armed.Store(true)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	err := r.PutFences(ctx, circle("refused", 5))
	armed.Store(false)
	full.Store(false)
	for r.Ready() != nil {
		time.Sleep(time.Millisecond)
	}
	if !errors.Is(err, tracker.ErrUnavailable) {
		return false
	}
	r.fence(t, circle("good", 1))
	again := r.crash(t)
	if want := []geofence.FenceID{"good"}; !slices.Equal(fenceIDs(r), want) || !slices.Equal(fenceIDs(again), want) {
		t.Errorf("live %q, after a crash %q, want %q", fenceIDs(r), fenceIDs(again), want)
	}
	return true
}

// TestAbandonedEditIsNotLost lets a caller give up while its edit waits; the
// next edit must build on it.
func TestAbandonedEditIsNotLost(t *testing.T) {
	path := newFile(t)
	store := openStore(t, path)
	gate := make(chan struct{})
	var slow atomic.Bool
	disk := &hooked{Store: store, before: func() error {
		if slow.Load() {
			<-gate
		}
		return nil
	}}
	r := startOn(t, path, disk, store.Close)
	slow.Store(true)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := r.PutFences(ctx, circle("a", 1)); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("the first edit: %v", err)
	}
	impatient, giveUp := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer giveUp()
	if err := r.PutFences(impatient, circle("c", 3)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("an edit behind it does not heed its context: %v", err)
	}
	done := make(chan error)
	go func() { done <- r.PutFences(context.Background(), circle("b", 2)) }()
	slow.Store(false)
	close(gate)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	again := r.crash(t)
	want := []geofence.FenceID{"a", "b"}
	if !slices.Equal(fenceIDs(r), want) || !slices.Equal(worldIDs(r), want) || !slices.Equal(worldIDs(again), want) {
		t.Errorf("fences %q, World %q, after a crash %q, want %q", fenceIDs(r), worldIDs(r), worldIDs(again), want)
	}
}

func TestBadRecordsAreRefused(t *testing.T) {
	r := start(t, newFile(t))
	r.device(t, "van")
	for name, try := range map[string]struct{ bucket, key string }{
		"no bucket": {"", "k"}, "no key": {"s", ""}, "long key": {"s", strings.Repeat("k", 40_000)},
		"long bucket": {strings.Repeat("b", 40_000), "k"}, "the fleet's own": {"devices", "van"},
	} {
		if err := r.PutRecords(t.Context(), try.bucket, tracker.Record{Key: try.key, Value: []byte("x")}); !errors.Is(err, tracker.ErrBadRecord) {
			t.Errorf("%s: %v", name, err)
		}
	}
	r.accept(t, report("van", 0, 0))
}
