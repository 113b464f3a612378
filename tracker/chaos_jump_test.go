package tracker_test

import (
	"math"
	"os"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"wayguard/geofence"
	"wayguard/tracker"
)

// TestClockJumps has the server's clock go forward by two days and back, while
// it runs and over a kill. The devices' clocks are right all the time, and some
// of their fixes come late: whatever comes is stored once, no event is told
// twice, and what is in force is what the engine says of the fixes that it could
// take. One that is late by more than a day, by the server's clock, is stored
// and no more.
func TestClockJumps(t *testing.T) {
	const day, minutes = 24 * time.Hour, 60
	devices := []tracker.DeviceID{"a", "bb", "ccc"}
	path := newFile(t)
	for i, phase := range []struct {
		what string
		// started is what the server's clock is ahead by when it starts, later
		// what it is halfway through the hour.
		started, later time.Duration
	}{
		{"right", 0, 0},
		{"forward while it runs", 0, 2 * day},
		{"back over a kill", 0, 0},
		{"forward over a kill", 2 * day, 2 * day},
		{"back while it runs", 2 * day, 0},
		{"right again", 0, 0},
	} {
		// Each start has a bubble of its own, whose clock can only go forward, and
		// finds the file as a kill leaves it.
		synctest.Test(t, func(t *testing.T) {
			begin := noon.Add(time.Duration(i*minutes) * time.Minute)
			time.Sleep(time.Until(begin.Add(phase.started)))
			r := startWith(t, path, geofence.Settings{})
			if i == 0 {
				r.prepareJumps(t, devices)
			}
			for minute := i * minutes; minute < (i+1)*minutes; minute++ {
				received := time.Now()
				if minute%minutes >= minutes/2 {
					received = received.Add(phase.later - phase.started)
				}
				for _, id := range devices {
					r.driveAMinute(t, id, minute, received)
				}
				time.Sleep(time.Minute)
			}
			time.Sleep(20 * time.Second)
			r.wantOrder(t, phase.what, devices...)
			file, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			r.stop()
			if err := os.WriteFile(path, file, 0o600); err != nil {
				t.Fatal(err)
			}
			if i == 5 {
				wantAfterJumps(t, path, devices, 6*minutes)
			}
		})
	}
}

func (r *running) prepareJumps(t *testing.T, devices []tracker.DeviceID) {
	t.Helper()
	depot, yard := circle("depot", 1), circle("yard", -1)
	depot.Fence.RadiusMeters, yard.Fence.RadiusMeters = 500, 400
	r.fence(t, depot, yard)
	for _, id := range devices {
		r.device(t, id)
	}
}

// driveAMinute sends a minute's fixes, or keeps them, in one minute of seven,
// for the next report to come before them.
func (r *running) driveAMinute(t *testing.T, id tracker.DeviceID, minute int, received time.Time) {
	t.Helper()
	send := func(minute int) {
		rep := tracker.Report{Device: id, Received: received, Key: tracker.ReportKey(minute)}
		for i := range 6 {
			at := noon.Add(time.Duration(6*minute+i) * 10 * time.Second)
			km := 2 * math.Sin(float64(minute*6+i)/17+float64(len(id)))
			rep.Fixes = append(rep.Fixes, geofence.Fix{Time: geofence.MillisOf(at), Point: east(km)})
		}
		r.accept(t, rep)
	}
	if minute%7 != 3 {
		send(minute)
	}
	if minute%7 == 4 {
		send(minute - 1)
	}
}

func wantAfterJumps(t *testing.T, path string, devices []tracker.DeviceID, minutes int) {
	t.Helper()
	r := startWith(t, path, geofence.Settings{})
	defer r.stop()
	events := r.wantOrder(t, "in the end", devices...)
	corrections := r.count(t, geofence.Revised) + r.count(t, geofence.Retracted)
	t.Logf("%d events in force, %d corrections", len(events), corrections)
	if len(events) < 50 || corrections < 3 {
		t.Errorf("%d events and %d corrections: the test shows little", len(events), corrections)
	}
	for _, id := range devices {
		track := r.track(t, id)
		if stored := slices.Compact(slices.Clone(track)); len(stored) != len(track) || len(track) != 6*minutes {
			t.Errorf("%s has %d fixes, %d of them once, want %d", id, len(track), len(stored), 6*minutes)
		}
	}
}

// TestFenceDrawnUnderAWrongClock draws a fence while the server's clock is two
// days ahead. A review of what came after the clock was put right knows the
// fence.
func TestFenceDrawnUnderAWrongClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(noon))
		r := start(t, newFile(t))
		r.device(t, "van")
		ahead := report("van", 10, 0)
		ahead.Received = ahead.Received.AddDate(0, 0, 2)
		r.accept(t, ahead)
		r.fence(t, circle("new", 1))
		r.accept(t, report("van", 20, 1), report("van", 40, 0))
		before := r.inForce(t)
		killed := r.crash(t)
		for name, fleet := range map[string]*running{"running": r, "after a kill": killed} {
			late := report("van", 30, 1)
			late.Received = noon.Add(50 * time.Second)
			fleet.accept(t, late)
			time.Sleep(3 * time.Second)
			if got := fleet.inForce(t); len(before) != 2 || !slices.Equal(got, before) {
				t.Errorf("%s: in force are %q, before the late fix %q", name, got, before)
			}
		}
	})
}
