package tracker_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"wayguard/tracker"
	"wayguard/tracker/boltstore"
)

// fullDisk is a real store whose disk can be full.
type fullDisk struct {
	*boltstore.Store
	full atomic.Bool
}

func (s *fullDisk) Commit(t *tracker.Transaction) error {
	if s.full.Load() {
		return fmt.Errorf("commit: %w", syscall.ENOSPC)
	}
	return s.Store.Commit(t)
}

// TestFullDisk refuses while the disk is full, loses nothing that was
// acknowledged, and goes on by itself when there is room again, with the
// engine's state as if nothing had happened.
func TestFullDisk(t *testing.T) {
	path := newFile(t)
	store, err := boltstore.Open(path, boltstore.Options{MmapBytes: 64 << 20})
	if err != nil {
		t.Fatal(err)
	}
	disk := &fullDisk{Store: store}
	r := startOn(t, path, disk, store.Close)
	r.device(t, "van")
	r.fence(t, circle("depot", 1))
	r.accept(t, report("van", 0, 0))
	disk.full.Store(true)
	for i := range 5 {
		if err := r.Accept(t.Context(), report("van", 10+i, 1)); !errors.Is(err, tracker.ErrUnavailable) || !errors.Is(err, syscall.ENOSPC) && r.Ready() == nil {
			t.Fatalf("with a full disk: %v, want ErrUnavailable", err)
		}
	}
	if r.Ready() == nil {
		t.Error("the fleet says it is ready with a full disk")
	}
	if got := r.track(t, "van"); len(got) != 1 {
		t.Errorf("the track shows what is not durable: %q", got)
	}
	disk.full.Store(false)
	resend := func(rep tracker.Report) {
		for {
			err := r.Accept(t.Context(), rep)
			if err == nil {
				return
			}
			if !errors.Is(err, tracker.ErrUnavailable) {
				t.Fatal(err)
			}
			time.Sleep(time.Millisecond)
		}
	}
	for i := range 5 {
		resend(report("van", 10+i, 1))
	}
	resend(report("van", 20, 2))
	want := []string{"1 van geofence.enter depot 10s", "2 van geofence.exit depot 20s"}
	for name, fleet := range map[string]*running{"running": r, "after a crash": r.crash(t)} {
		if got := fleet.eventLines(t); !slices.Equal(got, want) {
			t.Errorf("%s: events %q, want %q", name, got, want)
		}
		if got := fleet.track(t, "van"); len(got) != 7 {
			t.Errorf("%s: track %q, want 7 fixes", name, got)
		}
	}
}

// TestStopWithFullDisk ends in time although there is something to write, and
// what was refused is not in the file.
func TestStopWithFullDisk(t *testing.T) {
	path := newFile(t)
	store, err := boltstore.Open(path, boltstore.Options{MmapBytes: 64 << 20})
	if err != nil {
		t.Fatal(err)
	}
	disk := &fullDisk{Store: store}
	r := startOn(t, path, disk, store.Close)
	r.device(t, "van")
	r.accept(t, report("van", 0, 0))
	disk.full.Store(true)
	refused := make(chan error, 1)
	if err := r.Enqueue(context.Background(), report("van", 10, 1), func(err error) { refused <- err }); err != nil {
		t.Fatal(err)
	}
	if err := <-refused; !errors.Is(err, tracker.ErrUnavailable) {
		t.Errorf("refused with %v", err)
	}
	r.stop()
	if got := start(t, path).track(t, "van"); len(got) != 1 {
		t.Errorf("track %q, want the one acknowledged fix", got)
	}
}
