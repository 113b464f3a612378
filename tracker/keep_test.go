package tracker_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wayguard/geofence"
	"wayguard/tracker"
)

// now is a report with one fix of this moment.
func now(device tracker.DeviceID, i int) tracker.Report {
	return tracker.Report{
		Device: device, Received: time.Now(), Key: tracker.ReportKey(i),
		Fixes: []geofence.Fix{{Time: geofence.MillisOf(time.Now()), Point: east(float64(i % 3))}},
	}
}

// TestParkedDeviceDoesNotHoldTheJournal leaves one device silent while another
// drives on for hours.
func TestParkedDeviceDoesNotHoldTheJournal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(noon))
		store := openStore(t, newFile(t))
		trimming := 0
		disk := &hooked{Store: store, after: func(tx *tracker.Transaction) {
			switch {
			case tx.TrimJournal > 0:
				trimming++
			case trimming > 0:
				t.Error("a commit does not trim although an earlier one did")
			}
		}}
		r := startOn(t, "", disk, store.Close)
		r.device(t, "parked")
		r.device(t, "van")
		r.accept(t, now("parked", 0))
		for i := range 6 * 120 {
			time.Sleep(10*time.Second + 7*time.Millisecond)
			r.accept(t, now("van", i))
		}
		entries := 0
		if err := store.Journal(func(uint64, []byte) error { entries++; return nil }); err != nil {
			t.Fatal(err)
		}
		// The oldest fix may wait an hour, of 360 reports, for its block.
		if entries > 400 {
			t.Errorf("%d journal entries are kept", entries)
		}
	})
}

// TestClockThatWasAhead takes reports under a clock that is a year ahead, then
// under the right one: the device's fixes count again, and nothing waits for
// the year to pass.
func TestClockThatWasAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(noon))
		path := newFile(t)
		store := openStore(t, path)
		r := startOn(t, path, store, store.Close)
		r.device(t, "van")
		r.fence(t, circle("depot", 1))
		ahead := now("van", 0)
		ahead.Received = ahead.Received.AddDate(1, 0, 0)
		ahead.Fixes[0].Time = geofence.MillisOf(ahead.Received)
		r.accept(t, ahead)
		for i := 1; i <= 3; i++ {
			time.Sleep(time.Minute)
			r.accept(t, now("van", i))
		}
		for name, fleet := range map[string]*running{"running": r, "after a crash": r.crash(t)} {
			if got := fleet.eventLines(t); len(got) != 1 || got[0] != "1 van geofence.exit depot 2m0s" {
				t.Errorf("%s: events %q, want the exit of the visit that it was first seen in", name, got)
			}
		}
		late := now("van", 9)
		late.Fixes[0].Time -= 30_000
		r.accept(t, late)
		time.Sleep(time.Minute)
		r.accept(t, now("van", 4))
		if got := r.eventLines(t); len(got) < 2 || !strings.HasSuffix(got[len(got)-1], "geofence.enter depot 4m0s") {
			t.Errorf("after a review: events %q, want an entering last", got)
		}
		time.Sleep(3 * time.Hour)
		if blocks, err := store.Blocks("van", 0, 1<<60, 10); err != nil || len(blocks) == 0 {
			t.Errorf("%d blocks, %v", len(blocks), err)
		}
	})
}

func TestBatteryOfKnownFix(t *testing.T) {
	r := start(t, newFile(t))
	r.device(t, "van")
	r.accept(t, report("van", 0, 0))
	again := report("van", 0, 0)
	charge := uint8(40)
	again.Key, again.Battery = 99, &charge
	r.accept(t, again)
	for name, fleet := range map[string]*running{"running": r, "after a crash": r.crash(t)} {
		if d, _ := fleet.Device("van"); d.Last == nil || d.Last.Battery == nil || *d.Last.Battery != charge {
			t.Errorf("%s: the battery of a report with a known fix is lost", name)
		}
	}
}

// TestDeletedDeviceIsGone wants no position of a deleted device, nor after a
// start.
func TestDeletedDeviceIsGone(t *testing.T) {
	r := start(t, newFile(t))
	r.device(t, "van")
	r.accept(t, report("van", 0, 0))
	if err := r.DeleteDevice(t.Context(), "van", tracker.AnyVersion); err != nil {
		t.Fatal(err)
	}
	for name, fleet := range map[string]*running{"running": r, "after a crash": r.crash(t)} {
		s := fleet.Subscribe()
		if positions, _, _ := s.Take(); len(positions) != 0 {
			t.Errorf("%s: %v", name, positions)
		}
		s.Close()
	}
}
