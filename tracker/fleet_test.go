package tracker_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wayguard/geofence"
	"wayguard/tracker"
)

func TestAcceptedSurvivesCrash(t *testing.T) {
	r := start(t, newFile(t))
	r.device(t, "van")
	r.fence(t, circle("depot", 1))
	r.accept(t, report("van", 0, 0), report("van", 10, 1), report("van", 20, 2))
	wantTrack := []string{"0s 0.000 0", "10s 1.000 0", "20s 2.000 0"}
	wantEvents := []string{"1 van geofence.enter depot 10s", "2 van geofence.exit depot 20s"}
	again := r.crash(t)
	for name, fleet := range map[string]*running{"running": r, "after the crash": again, "after two": again.crash(t)} {
		if got := fleet.track(t, "van"); !slices.Equal(got, wantTrack) {
			t.Errorf("%s: track %q, want %q", name, got, wantTrack)
		}
		if got := fleet.eventLines(t); !slices.Equal(got, wantEvents) {
			t.Errorf("%s: events %q, want %q", name, got, wantEvents)
		}
		if d, ok := fleet.Device("van"); !ok || d.Last == nil || d.Last.Fix.Point != east(2) && math.Abs(d.Last.Fix.Point[0]-east(2)[0]) > 1e-7 {
			t.Errorf("%s: last position %+v", name, d.Last)
		}
	}
	again.accept(t, report("van", 30, 1))
	if got := again.eventLines(t); len(got) != 3 || got[2] != "3 van geofence.enter depot 30s" {
		t.Errorf("the state does not go on after a crash: %q", got)
	}
}

func TestDuplicatesAndLateFixes(t *testing.T) {
	r := start(t, newFile(t))
	r.device(t, "van")
	r.fence(t, circle("depot", 1))
	r.accept(t, report("van", 0, 0), report("van", 20, 2))
	r.accept(t, report("van", 20, 2)) // the same report again
	sameFix := report("van", 20, 2)
	sameFix.Key = 99 // another report with a fix that is known
	battery := uint8(40)
	sameFix.Battery = &battery
	late := report("van", 10, 0.5)
	future := report("van", 3600, 5)
	future.Received = noon
	old := report("van", 0, 3)
	old.Key, old.Fixes[0].Time = 100, geofence.MillisOf(time.Date(1999, 8, 22, 0, 0, 0, 0, time.UTC))
	r.accept(t, sameFix, late, late, future, future, old, report("van", 30, 3))
	want := []string{"0s 0.000 0", "10s 0.500 2", "20s 2.000 0", "30s 3.000 0", "1h0m0s 5.000 1"}
	crashed := r.crash(t)
	crashed.accept(t, sameFix, late, future, old)
	for name, fleet := range map[string]*running{"running": r, "after a crash": crashed} {
		got := fleet.track(t, "van")
		if len(got) != 6 || !slices.Equal(got[1:], want) || !strings.HasSuffix(got[0], "3.000 1") {
			t.Errorf("%s: track %q, want one fix of 1999 and %q", name, got, want)
		}
		if got := fleet.eventLines(t); len(got) != 0 {
			t.Errorf("%s: a late fix gave events: %q", name, got)
		}
		if d, _ := fleet.Device("van"); d.Last.Fix.Time != geofence.MillisOf(noon.Add(30*time.Second)) {
			t.Errorf("%s: the newest position is of %v", name, d.Last.Fix.Time.Time())
		}
	}
}

func TestRefusals(t *testing.T) {
	r := start(t, newFile(t))
	r.device(t, "van")
	bad := func(change func(*tracker.Report)) tracker.Report {
		rep := report("van", 1, 1)
		change(&rep)
		return rep
	}
	nan := math.NaN()
	for name, test := range map[string]struct {
		report tracker.Report
		want   error
	}{
		"unknown device":  {report("ghost", 1, 1), tracker.ErrUnknownDevice},
		"latitude":        {bad(func(r *tracker.Report) { r.Fixes[0].Point = orb.Point{0, 90.001} }), tracker.ErrBadReport},
		"longitude":       {bad(func(r *tracker.Report) { r.Fixes[0].Point = orb.Point{-180.001, 0} }), tracker.ErrBadReport},
		"NaN":             {bad(func(r *tracker.Report) { r.Fixes[0].Point = orb.Point{nan, 0} }), tracker.ErrBadReport},
		"NaN accuracy":    {bad(func(r *tracker.Report) { r.Fixes[0].AccuracyMeters = float32(nan) }), tracker.ErrBadReport},
		"infinite speed":  {bad(func(r *tracker.Report) { r.Fixes[0].SpeedMPS = float32(math.Inf(1)) }), tracker.ErrBadReport},
		"negative radius": {bad(func(r *tracker.Report) { r.Fixes[0].AccuracyMeters = -1 }), tracker.ErrBadReport},
		"year 100000":     {bad(func(r *tracker.Report) { r.Fixes[0].Time = 3e15 }), tracker.ErrBadReport},
		"too many":        {bad(func(r *tracker.Report) { r.Fixes = make([]geofence.Fix, tracker.MaxFixes+1) }), tracker.ErrBadReport},
	} {
		if err := r.Accept(t.Context(), test.report); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
	if got := r.track(t, "van"); len(got) != 0 {
		t.Errorf("something was stored: %q", got)
	}
}

func TestStopRefusesAndLosesNothing(t *testing.T) {
	path := newFile(t)
	r := start(t, path)
	r.device(t, "van")
	r.fence(t, circle("depot", 1))
	r.accept(t, report("van", 0, 0), report("van", 10, 1))
	world := r.WorldVersion()
	r.stop()
	if err := r.Accept(t.Context(), report("van", 20, 2)); !errors.Is(err, tracker.ErrUnavailable) {
		t.Errorf("after the stop: %v, want ErrUnavailable", err)
	}
	again := start(t, path)
	if got := again.track(t, "van"); len(got) != 2 {
		t.Errorf("track %q, want the two accepted fixes", got)
	}
	for name, fleet := range map[string]*running{"stopped": r, "started again": again} {
		if fleet.LastSeq() != 1 || fleet.WorldVersion() != world {
			t.Errorf("%s: event %d and world %d, want 1 and %d", name, fleet.LastSeq(), fleet.WorldVersion(), world)
		}
	}
}

// TestManyAtOnce drives the parallel path: hundreds of devices, thousands of
// reports in flight, blocks made on the way.
func TestManyAtOnce(t *testing.T) {
	r := start(t, newFile(t))
	r.fence(t, circle("depot", 1))
	const devices, each = 100, 300
	done := make(chan error, devices*each)
	for d := range devices {
		id := tracker.DeviceID("van-" + string(rune('a'+d/26)) + string(rune('a'+d%26)))
		r.device(t, id)
		go func() {
			for i := range each {
				if err := r.Enqueue(context.Background(), report(id, i, float64(i%20)/10), func(err error) { done <- err }); err != nil {
					done <- err
				}
			}
		}()
	}
	for range devices * each {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	for name, fleet := range map[string]*running{"running": r, "after a crash": r.crash(t)} {
		if got := len(fleet.eventLines(t)); got != devices*each/20*2 {
			t.Errorf("%s: %d events, want %d", name, got, devices*each/20*2)
		}
		for _, d := range fleet.Devices() {
			if got := fleet.track(t, d.ID); len(got) != each || !slices.IsSortedFunc(got, byTime) {
				t.Fatalf("%s: %s has %d fixes of %d, or out of order", name, d.ID, len(got), each)
			}
		}
	}
}

func byTime(a, b string) int {
	at := func(s string) time.Duration {
		d, _ := time.ParseDuration(strings.Fields(s)[0])
		return d
	}
	return int(at(a) - at(b))
}
