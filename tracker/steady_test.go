package tracker_test

import (
	"fmt"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"wayguard/geofence"
	"wayguard/tracker"
)

// TestFileStopsGrowing has a fleet report a fix a minute, and keeps two days:
// once the first have been dropped the file grows no more.
func TestFileStopsGrowing(t *testing.T) {
	livesForDays(t)
	devices, days := 150, 4
	if long() {
		devices, days = 300, 30
	}
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(noon))
		k := newKept(1)
		k.start(t, newFile(t))
		k.fence(t, circle("depot", 1), circle("yard", -1))
		for i := range devices {
			k.device(t, tracker.DeviceID(fmt.Sprint("van-", i)))
		}
		var file, used []int64
		for range days {
			for range 24 {
				k.fleetHour(t, devices)
			}
			size, free, err := k.store.Size()
			if err != nil {
				t.Fatal(err)
			}
			file, used = append(file, size), append(used, size-free)
		}
		entries := 0
		if err := k.store.Journal(func(uint64, []byte) error { entries++; return nil }); err != nil {
			t.Fatal(err)
		}
		t.Logf("%d devices: of the file, in kB, each day %v, in use %v; %d journal entries, events %d to %d",
			devices, thousands(file), thousands(used), entries, k.FirstSeq(), k.LastSeq())
		// A day more than is kept stands for what is dropped hourly.
		if full, end := used[keepDays], used[days-1]; end > full+full/10 {
			t.Errorf("%d bytes are in use after %d days, %d after %d", full, keepDays+1, end, days)
		}
		// bbolt makes the file longer by 16 MiB at a time, for some days yet: until
		// the largest batch finds room that is free in one piece.
		if settled := file[max(keepDays, days/2)]; file[days-1] > settled+17<<20 {
			t.Errorf("the file has grown from %d to %d bytes", settled, file[days-1])
		}
		if entries > 400 {
			t.Errorf("%d journal entries are kept", entries)
		}
	})
}

func thousands(bytes []int64) (kB []int64) {
	for _, b := range bytes {
		kB = append(kB, b/1000)
	}
	return kB
}

// fleetHour has each device send what it was at in the last hour.
func (k *kept) fleetHour(t *testing.T, devices int) {
	t.Helper()
	time.Sleep(time.Hour)
	done := make(chan error, devices)
	for i := range devices {
		r := tracker.Report{Device: tracker.DeviceID(fmt.Sprint("van-", i)), Received: time.Now(), Key: tracker.ReportKey(k.rng.Uint64())}
		for minute := range 60 {
			at := time.Now().Add(time.Duration(minute-59) * time.Minute)
			km := 5 * math.Sin(float64(at.Unix())/5000+float64(i))
			r.Fixes = append(r.Fixes, geofence.Fix{
				Time: geofence.MillisOf(at), Point: east(km), AccuracyMeters: 4 + 3*k.rng.Float32(), Known: geofence.KnownAccuracy,
			})
		}
		if err := k.Enqueue(t.Context(), r, func(err error) { done <- err }); err != nil {
			t.Fatal(err)
		}
	}
	for range devices {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
}
