package tracker_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"wayguard/geofence"
	"wayguard/tracker"
	"wayguard/tracker/boltstore"
)

func TestClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := tracker.NewClock(noon, 600)
		shows := func(when string, want time.Duration) {
			t.Helper()
			if got := c.Now().Sub(noon); got != want {
				t.Errorf("%s: %v after noon, want %v", when, got, want)
			}
		}
		shows("at first", 0)
		begun := time.Now()
		time.Sleep(time.Second)
		shows("after a second", 10*time.Minute)
		if got := c.Real(time.Hour); got != 6*time.Second {
			t.Errorf("an hour takes %v", got)
		}
		if got := c.At(begun.Add(time.Second / 2)); !got.Equal(noon.Add(5 * time.Minute)) {
			t.Errorf("half a second after the start it showed %v", got)
		}
		c.Pause()
		time.Sleep(time.Minute)
		shows("paused", 10*time.Minute)
		c.Resume()
		time.Sleep(time.Second)
		shows("resumed", 20*time.Minute)
		c.SetSpeed(1)
		time.Sleep(time.Second)
		shows("slow", 20*time.Minute+time.Second)
		if got := c.Since(noon) + c.Until(noon); got != 0 {
			t.Errorf("since and until differ by %v", got)
		}
	})
}

// TestNoClock is the system's.
func TestNoClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c *tracker.Clock
		if !c.Now().Equal(time.Now()) || !c.At(noon).Equal(noon) || c.Real(time.Hour) != time.Hour {
			t.Error("no clock is not the system's")
		}
	})
}

// TestSilenceOfAFastDay: silence means the same however fast the day passes, and
// a server that takes a second for something was not away.
func TestSilenceOfAFastDay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, err := boltstore.Open(newFile(t), boltstore.Options{MmapBytes: 64 << 20})
		if err != nil {
			t.Fatal(err)
		}
		clock := tracker.NewClock(noon, 600)
		fleet, err := tracker.Open(store, tracker.Options{Clock: clock, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- fleet.Run(ctx) }()
		defer func() {
			cancel()
			if err := errors.Join(<-ended, store.Close()); err != nil {
				t.Error(err)
			}
		}()
		r := &running{Fleet: fleet}
		r.device(t, "van")
		fix := geofence.Fix{Time: geofence.MillisOf(clock.Now()), Point: east(1)}
		r.accept(t, tracker.Report{Device: "van", Key: 1, Fixes: []geofence.Fix{fix}})
		time.Sleep(clock.Real(15*time.Minute - time.Second))
		r.wantSilences(t, "before it is time")
		time.Sleep(clock.Real(time.Minute))
		r.wantSilences(t, "when it is time", "van device.silent 15m0s")
		events, _, err := r.Events(0, 10, tracker.EventFilter{})
		if err != nil || len(events) == 0 {
			t.Fatal(events, err)
		}
		if known := events[0].KnownAt.Sub(noon); known < 15*time.Minute || known > 16*time.Minute {
			t.Errorf("it was known at %v", known)
		}
	})
}
