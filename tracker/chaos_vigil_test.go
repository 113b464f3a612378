package tracker

import (
	"testing"
	"time"

	"wayguard/geofence"
)

// TestNobodyIsSilentWhenTheClockJumps looks at a device that reports every ten
// seconds while the server's clock is put forward by two days and back, which is
// also what a machine sees that was put to sleep. By the clock alone the device
// would have been silent for two days at once, and then could be silent for two
// days without notice.
func TestNobodyIsSilentWhenTheClockJumps(t *testing.T) {
	const day = 24 * time.Hour
	w, err := geofence.NewWorld(1, geofence.Settings{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	noon := time.Date(2026, 3, 3, 12, 0, 0, 0, time.UTC)
	var v vigil
	d := &track{engine: geofence.NewState("van")}
	var count, offset time.Duration // since noon, and what the clock is ahead by
	// silent lets a second pass.
	silent := func() bool {
		count += time.Second
		now := geofence.MillisOf(noon.Add(count + offset))
		v.look(now, count, true)
		return d.due(w, now, v.since)
	}
	report := func() {
		received := noon.Add(count + offset)
		d.history.heard = max(d.history.heard, geofence.MillisOf(received))
		fix := geofence.Fix{Time: geofence.MillisOf(noon.Add(count)), Point: [2]float64{10, 50}}
		if believed(fix.Time, received) {
			geofence.Step(w, &d.engine, fix, nil)
			d.newest = fix.Time
		}
	}
	for _, offset = range []time.Duration{0, 2 * day, 0, -2 * time.Hour, 0, 2 * day} {
		for i := range 1800 {
			if silent() {
				t.Fatalf("after %v, the clock ahead by %v, it is silent", count, offset)
			}
			if i%10 == 0 {
				report()
			}
		}
	}
	// From here on nothing comes, and the clock is put back.
	heard := count
	for offset = 0; !silent(); {
		if count > heard+time.Hour {
			t.Fatal("it is not silent after an hour")
		}
	}
	if after := count - heard; after < 15*time.Minute || after > 16*time.Minute {
		t.Errorf("it is silent after %v", after)
	}
}
