package tracker_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"wayguard/geofence"
	"wayguard/tracker"
)

// silences are the events about silence in short.
func (r *running) silences(t *testing.T) (lines []string) {
	t.Helper()
	events, _, err := r.Events(0, 1000, tracker.EventFilter{})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if e.Type == string(geofence.Silent) || e.Type == string(geofence.Back) {
			lines = append(lines, fmt.Sprintf("%s %s %s", e.Device, e.Type, e.Time.Sub(noon)))
		}
	}
	return lines
}

func (r *running) wantSilences(t *testing.T, when string, want ...string) {
	t.Helper()
	if got := r.silences(t); !slices.Equal(got, want) {
		t.Errorf("%s: %q, want %q", when, got, want)
	}
}

// inSilence runs a test at noon with a fleet of one van.
func inSilence(t *testing.T, test func(t *testing.T, r *running)) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(noon))
		r := startWith(t, newFile(t), geofence.Settings{})
		r.device(t, "van")
		test(t, r)
	})
}

func TestSilence(t *testing.T) {
	inSilence(t, func(t *testing.T, r *running) {
		r.accept(t, now("van", 0))
		r.device(t, "gone")
		r.accept(t, now("gone", 0))
		if err := r.DeleteDevice(t.Context(), "gone", tracker.AnyVersion); err != nil {
			t.Fatal(err)
		}
		time.Sleep(15*time.Minute - time.Second)
		r.wantSilences(t, "before it is time")
		time.Sleep(15 * time.Second)
		r.wantSilences(t, "when it is time", "van device.silent 15m0s")
		synctest.Wait()
		killed := r.crash(t)
		time.Sleep(time.Hour)
		r.accept(t, now("van", 1))
		killed.accept(t, now("van", 1))
		want := []string{"van device.silent 15m0s", "van device.back 1h15m14s"}
		r.wantSilences(t, "back", want...)
		killed.wantSilences(t, "back after a kill", want...)
		r.stop()
		killed.stop()
	})
}

// TestOwnSilence stops the server for an hour: the devices were not silent.
func TestOwnSilence(t *testing.T) {
	inSilence(t, func(t *testing.T, r *running) {
		r.accept(t, now("van", 0))
		time.Sleep(10 * time.Minute)
		r.stop()
		time.Sleep(time.Hour)
		r = startWith(t, r.path, r.settings)
		time.Sleep(14 * time.Minute)
		r.wantSilences(t, "soon after a start")
		time.Sleep(2 * time.Minute)
		r.wantSilences(t, "long after a start", "van device.silent 15m0s")
		r.stop()
	})
}

// TestSilenceWhileTheDiskIsFull: nobody can be heard then.
func TestSilenceWhileTheDiskIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(noon))
		path := newFile(t)
		store := openStore(t, path)
		disk := &fullDisk{Store: store}
		r := startAs(t, path, geofence.Settings{}, disk, store.Close)
		r.device(t, "van")
		r.accept(t, now("van", 0))
		time.Sleep(5 * time.Minute)
		disk.full.Store(true)
		if err := r.Accept(t.Context(), now("van", 1)); err == nil {
			t.Error("a full disk took a report")
		}
		time.Sleep(20 * time.Minute)
		disk.full.Store(false)
		time.Sleep(14 * time.Minute)
		r.wantSilences(t, "soon after the outage")
		time.Sleep(2 * time.Minute)
		r.wantSilences(t, "long after the outage", "van device.silent 20m0s")
		r.stop()
	})
}

// TestOldFixesAreNoSilence: who sends what it kept an hour ago is heard.
func TestOldFixesAreNoSilence(t *testing.T) {
	inSilence(t, func(t *testing.T, r *running) {
		time.Sleep(2 * time.Hour)
		for i := range 60 {
			rep := now("van", i)
			rep.Fixes[0].Time -= 3600_000
			r.accept(t, rep)
			time.Sleep(time.Minute)
		}
		r.wantSilences(t, "while it sends")
		time.Sleep(20 * time.Minute)
		if got := r.silences(t); len(got) != 1 {
			t.Errorf("after it has sent: %q", got)
		}
		r.stop()
	})
}
