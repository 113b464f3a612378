package tracker_test

import (
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wayguard/geofence"
	"wayguard/tracker"
)

func (f *running) wantAlert(t *testing.T, typ string, want tracker.AlertState) tracker.Alert {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		var of []tracker.Alert
		for _, a := range f.Alerts(nil, 0, 100) {
			if a.Type == typ {
				of = append(of, a)
			}
		}
		if len(of) == 1 && of[0].State == want {
			return of[0]
		}
		if time.Now().After(deadline) {
			t.Fatalf("alerts %+v, want one %s that is %s", f.Alerts(nil, 0, 100), typ, want)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// A detour is one alert, which ends by itself; after a kill it is still one.
func TestAlertOfADetour(t *testing.T) {
	f := startWith(t, newFile(t), geofence.Settings{})
	r, _ := plan(t, f)
	if _, err := f.StartRound(t.Context(), r.ID, tracker.AnyVersion); err != nil {
		t.Fatal(err)
	}
	d := &driven{t: t, device: "box", at: noon}
	d.drive(f, 1000)
	d.stand(f, 2*time.Minute)
	d.drive(f, 1400)
	for y := range 12 { // north for 600 m
		d.aside(f, float64(y+1)*50)
	}
	a := f.wantAlert(t, "route.off", tracker.AlertOpen)
	if a.Round != r.ID || a.Device != "box" {
		t.Errorf("alert %+v", a)
	}
	f = f.crash(t)
	if _, err := f.AcknowledgeAlert(t.Context(), a.ID, tracker.AnyVersion, "dispatch", "called"); err != nil {
		t.Fatal(err)
	}
	for y := 12; y > 0; y-- {
		d.aside(f, float64(y-1)*50)
	}
	d.drive(f, 1900)
	a = f.wantAlert(t, "route.off", tracker.AlertResolved)
	if a.By != "system" || a.Note == "" {
		t.Errorf("alert %+v", a)
	}
	f.checkLog(t)
}

// aside reports from some metres north of the road.
func (d *driven) aside(f *running, y float64) {
	d.t.Helper()
	d.at = d.at.Add(5 * time.Second)
	d.key++
	at := orb.Point{alongRoad(d.x)[0], y * meter}
	fix := geofence.Fix{Time: geofence.MillisOf(d.at), Point: at, AccuracyMeters: 4, Known: geofence.KnownAccuracy}
	err := f.Accept(d.t.Context(), tracker.Report{Device: d.device, Received: d.at, Key: d.key, Fixes: []geofence.Fix{fix}})
	if err != nil {
		d.t.Fatal(err)
	}
}
