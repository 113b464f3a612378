package tracker_test

import (
	"bytes"
	"math"
	"testing"
	"testing/synctest"
	"time"

	firmware "wayguard/firmware-protocol"
	"wayguard/tracker"
)

// TestSupersededFencesGo edits a fence on three days and wants the versions that
// nothing needs any more gone while the fleet runs, and a deleted fence with
// them; what is left must do for a start after a kill.
func TestSupersededFencesGo(t *testing.T) {
	livesForDays(t)
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(noon))
		k := newKept(2)
		k.start(t, newFile(t))
		k.device(t, "van")
		k.fence(t, circle("depot", 1), circle("yard", 5), circle("gone", 9))
		records := func() (n int) {
			if err := k.ScanRecords("fences", "", func(tracker.Record) error { n++; return nil }); err != nil {
				t.Fatal(err)
			}
			return n
		}
		for hour := range 50 {
			if hour < 20 {
				k.fence(t, circle("depot", 1+float64(hour)/10))
			}
			if hour == 20 {
				if err := k.DeleteFence(t.Context(), "gone"); err != nil {
					t.Fatal(err)
				}
				if n := records(); n != 24 {
					t.Errorf("%d versions of fences after the edits, want 24: late fixes may need them", n)
				}
			}
			k.accept(t, now("van", hour))
			time.Sleep(time.Hour)
		}
		// The one before the last edit is kept in reserve.
		if n := records(); n > 4 {
			t.Errorf("%d versions of fences are left", n)
		}
		want := k.eventLines(t)
		k.kill(t)
		if got := k.eventLines(t); len(got) != len(want) || len(k.Fences()) != 2 {
			t.Errorf("after a kill: %d fences, %d events, want 2 and %d", len(k.Fences()), len(got), len(want))
		}
		k.accept(t, now("van", 1))
	})
}

// TestDeletedDeviceIsForgotten wants nothing left of a deleted device once its
// track and its events are too old to be kept, and nothing lost of another that
// has been silent for as long.
func TestDeletedDeviceIsForgotten(t *testing.T) {
	livesForDays(t)
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(noon))
		k := newKept(3)
		k.start(t, newFile(t))
		for _, id := range []tracker.DeviceID{"deleted", "silent"} {
			k.device(t, id)
			for i := range 200 {
				k.accept(t, now(id, i))
				time.Sleep(10 * time.Second)
			}
		}
		if err := k.DeleteDevice(t.Context(), "deleted", tracker.AnyVersion); err != nil {
			t.Fatal(err)
		}
		time.Sleep((keepDays*24 + 3) * time.Hour)
		for id, want := range map[tracker.DeviceID]bool{"deleted": false, "silent": true} {
			snapshot, err := k.store.Snapshot(id, math.MaxInt64)
			if (snapshot != nil) != want || err != nil {
				t.Errorf("%s has a snapshot: %t, %v", id, snapshot != nil, err)
			}
			if blocks, err := k.store.Blocks(id, math.MinInt64, math.MaxInt64, 10); len(blocks) > 0 || err != nil {
				t.Errorf("%s has %d blocks, %v", id, len(blocks), err)
			}
			checkpoints, err := k.store.Checkpoints()
			found := false
			for _, value := range checkpoints {
				found = found || bytes.Contains(value, []byte(id))
			}
			if found != want || err != nil {
				t.Errorf("%s is in a checkpoint: %t, %v", id, found, err)
			}
		}
		k.kill(t)
		if d, ok := k.Device("silent"); !ok || d.Last == nil {
			t.Error("the silent device has lost its position")
		}
	})
}

// TestReadingsGo wants readings to be kept as long as tracks.
func TestReadingsGo(t *testing.T) {
	livesForDays(t)
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(noon))
		k := newKept(5)
		k.start(t, newFile(t))
		for _, id := range []tracker.DeviceID{"box", "box-2"} {
			k.device(t, id)
		}
		last := 0
		for hour := range 24 * (keepDays + 1) {
			last = hour * 3600
			for _, id := range []tracker.DeviceID{"box", "box-2"} {
				k.accept(t, said(id, last, reading(last, firmware.Temperature, int64(hour))))
			}
			time.Sleep(time.Hour)
		}
		time.Sleep(time.Hour)
		for _, id := range []tracker.DeviceID{"box", "box-2"} {
			left := k.readings(t, id, firmware.Temperature, 0, last+1)
			if len(left) < 24*keepDays-2 || len(left) > 24*keepDays+2 {
				t.Errorf("%s: %d of %d hourly readings are left", id, len(left), 24*(keepDays+1))
			}
		}
	})
}

// TestRefusalsGo wants what devices sent and was refused gone with their tracks.
func TestRefusalsGo(t *testing.T) {
	livesForDays(t)
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(noon))
		k := newKept(4)
		k.start(t, newFile(t))
		refuse := func() {
			done := make(chan error, 1)
			r := tracker.Refused{Device: "van", Received: time.Now(), Door: "owntracks", Reason: "bad_json", Payload: []byte("{")}
			if err := k.Quarantine(t.Context(), r, func(err error) { done <- err }); err != nil {
				t.Fatal(err)
			}
			if err := <-done; err != nil {
				t.Fatal(err)
			}
		}
		for range 200 {
			refuse()
		}
		time.Sleep(keepDays*24*time.Hour - 3*time.Hour)
		refuse()
		if refused, err := k.Quarantined(); len(refused) != 201 || err != nil {
			t.Errorf("%d refusals before they are old, %v", len(refused), err)
		}
		time.Sleep(6 * time.Hour)
		if refused, err := k.Quarantined(); len(refused) != 1 || err != nil {
			t.Errorf("%d refusals are left, %v", len(refused), err)
		}
	})
}
