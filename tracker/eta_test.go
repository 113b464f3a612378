package tracker_test

import (
	"testing"
	"time"

	"wayguard/geofence"
	"wayguard/tracker"
)

func TestETA(t *testing.T) {
	f := startWith(t, newFile(t), geofence.Settings{})
	r, stops := plan(t, f)
	if a, ok := f.ETA(stops[0].ID); ok {
		t.Errorf("an arrival before the round began: %+v", a)
	}
	if _, err := f.StartRound(t.Context(), r.ID, tracker.AnyVersion); err != nil {
		t.Fatal(err)
	}
	if a, ok := f.ETA(stops[0].ID); ok {
		t.Errorf("an arrival before any position: %+v", a)
	}
	d := &driven{t: t, device: "box", at: noon}
	d.stand(f, time.Minute)
	d.drive(f, 500)
	for i := range stops {
		a, ok := f.ETA(stops[i].ID)
		left := 1000*float64(i+1) - 500
		if !ok || a.StopsBefore != i || a.Meters < left-60 || a.Meters > left+60 || !a.Known.Equal(d.at) {
			t.Errorf("stop %d: %+v, %v", i, a, ok)
		}
		if !a.Known.Before(a.P10) || !a.P10.Before(a.P50) || !a.P50.Before(a.P90) || a.P90.After(d.at.Add(time.Hour)) {
			t.Errorf("stop %d: %+v is out of order", i, a)
		}
	}
	// The driver says that it was brought, the engine has not seen it: it is no
	// stop before the next one any more.
	if _, err := f.MoveDelivery(t.Context(), stops[0].ID, tracker.AnyVersion, delivered, ""); err != nil {
		t.Fatal(err)
	}
	if a, ok := f.ETA(stops[1].ID); !ok || a.StopsBefore != 0 {
		t.Errorf("next: %+v, %v", a, ok)
	}
	if a, ok := f.ETA(stops[0].ID); ok {
		t.Errorf("an arrival of what was brought: %+v", a)
	}
}
