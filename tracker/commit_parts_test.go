package tracker_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"wayguard/geofence"
	"wayguard/tracker"
	"wayguard/tracker/boltstore"
)

// filmed is a store whose file, and its keyring, are copied after each commit.
type filmed struct {
	*boltstore.Store
	path, dir string

	mu     sync.Mutex
	copies []string // nil while it does not film
	on     bool
}

func (s *filmed) Commit(t *tracker.Transaction) error {
	if err := s.Store.Commit(t); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.on {
		return nil
	}
	to := filepath.Join(s.dir, fmt.Sprint(len(s.copies)))
	s.copies = append(s.copies, to)
	for from, to := range map[string]string{s.path: to, ringFile(s.path): ringFile(to)} {
		data, err := os.ReadFile(from)
		if err != nil {
			return err
		}
		if err := os.WriteFile(to, data, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func (s *filmed) film(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.on = on
}

// A kill after any commit of a large edit leaves all of it or nothing, and each
// of its events once.
func TestLargeEditIsWholeAfterAKill(t *testing.T) {
	const stops = 150
	path := newFile(t)
	store, err := boltstore.Open(path, boltstore.Options{MmapBytes: 64 << 20})
	if err != nil {
		t.Fatal(err)
	}
	film := &filmed{Store: store, path: path, dir: t.TempDir()}
	f := startAs(t, path, geofence.Settings{}, film, store.Close)
	var ids []tracker.DeliveryID
	for range stops {
		ids = append(ids, deliver(t, f).ID)
	}
	film.film(true)
	r, err := f.CreateRound(t.Context(), tracker.NewRound{Stops: ids})
	if err != nil {
		t.Fatal(err)
	}
	film.film(false)
	f.stop()
	if len(film.copies) < 6 {
		t.Fatalf("only %d commits: that was no large edit", len(film.copies))
	}
	before := 0
	for i, path := range film.copies {
		f := startWith(t, path, geofence.Settings{})
		_, whole := f.Round(r.ID)
		for _, id := range ids {
			if d, _ := f.Delivery(id); (d.Round == r.ID) != whole {
				t.Fatalf("after commit %d: the round is there: %t, delivery %s is on %q", i, whole, id, d.Round)
			}
		}
		want := 0
		if whole {
			want = stops
		} else {
			before++
		}
		deadline := time.Now().Add(30 * time.Second)
		for f.eventTypes(t)["delivery.changed"] != want && time.Now().Before(deadline) {
			time.Sleep(5 * time.Millisecond)
		}
		if n := f.eventTypes(t)["delivery.changed"]; n != want {
			t.Errorf("after commit %d: %d changes are told, want %d", i, n, want)
		}
		f.eventLines(t) // none twice
		// What was completed can be changed, and is not undone by the next start.
		if whole {
			if _, err := f.ChangeRound(t.Context(), r.ID, tracker.AnyVersion, func(n *tracker.NewRound) error { n.Stops = ids[:1]; return nil }); err != nil {
				t.Fatal(err)
			}
			f.stop()
			f = startWith(t, path, geofence.Settings{})
			if d, _ := f.Delivery(ids[1]); d.Round != "" {
				t.Errorf("after commit %d: a finished edit came back", i)
			}
		}
		_ = f.ScanRecords("parts", "", func(r tracker.Record) error { t.Errorf("after commit %d: %s is left", i, r.Key); return nil })
		f.stop()
	}
	if before == 0 || before == len(film.copies) {
		t.Errorf("%d of %d kills came before the edit was in force", before, len(film.copies))
	}
}
