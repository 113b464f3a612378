package tracker_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"wayguard/geofence"
	"wayguard/tracker"
)

// ice is a hazard on the road between two places, in metres.
func ice(from, to float64, severity string) *tracker.Hazard {
	now := time.Now().UTC().Truncate(time.Millisecond)
	z := tracker.HazardZone{
		Event: "Ice", Severity: severity, Urgency: "Immediate", Certainty: "Observed",
		From: now.Add(-time.Hour), Until: now.Add(24 * 365 * time.Hour),
	}
	a, b := alongRoad(from)[0], alongRoad(to)[0]
	z.AddPolygon([][2]float64{{a, -0.01}, {b, -0.01}, {b, 0.01}, {a, 0.01}, {a, -0.01}})
	return &tracker.Hazard{ID: tracker.NewHazardID("weather", "ice"), Sender: "weather", Identifier: "ice", Sent: now, Zones: []tracker.HazardZone{z}}
}

// A hazard on the way is one alert, which ends with the hazard.
func TestHazardIsAhead(t *testing.T) {
	f := startWith(t, newFile(t), geofence.Settings{})
	r, _ := plan(t, f)
	if _, err := f.StartRound(t.Context(), r.ID, tracker.AnyVersion); err != nil {
		t.Fatal(err)
	}
	d := &driven{t: t, device: "box", at: noon}
	d.stand(f, time.Minute)
	hazard := ice(2200, 2800, "Severe")
	if err := f.PutHazard(t.Context(), hazard); err != nil {
		t.Fatal(err)
	}
	d.drive(f, 500)
	f = f.crash(t)
	d.drive(f, 900)
	a := f.wantAlert(t, "hazard.ahead", tracker.AlertOpen)
	if a.Round != r.ID {
		t.Errorf("the alert is of round %q", a.Round)
	}
	events, _, err := f.Events(0, 1000, tracker.EventFilter{Type: "hazard.ahead"})
	var said struct {
		Ahead   float64 `json:"ahead_m"`
		Through float64 `json:"through_m"`
		Share   float64 `json:"speed_share"`
	}
	if err != nil || len(events) != 1 || json.Unmarshal(events[0].Detail, &said) != nil {
		t.Fatalf("events %+v, %v", events, err)
	}
	if said.Ahead < 1500 || said.Ahead > 2300 || said.Through < 550 || said.Through > 650 || said.Share != 0.6 {
		t.Errorf("it says %s", events[0].Detail)
	}
	if err := f.PutHazard(t.Context(), nil, hazard.ID); err != nil {
		t.Fatal(err)
	}
	if a := f.wantAlert(t, "hazard.ahead", tracker.AlertResolved); a.By != "system" {
		t.Errorf("resolved by %s", a.By)
	}
	f.checkLog(t)
}

// A vehicle that enters what was ahead of it makes one open alert of the two.
func TestHazardIsEntered(t *testing.T) {
	f := startWith(t, newFile(t), geofence.Settings{})
	r, _ := plan(t, f)
	if _, err := f.StartRound(t.Context(), r.ID, tracker.AnyVersion); err != nil {
		t.Fatal(err)
	}
	if err := f.PutHazard(t.Context(), ice(400, 900, "Unknown")); err != nil {
		t.Fatal(err)
	}
	d := &driven{t: t, device: "box", at: noon}
	d.stand(f, time.Minute)
	d.drive(f, 300)
	f.wantAlert(t, "hazard.ahead", tracker.AlertOpen)
	d.drive(f, 700)
	f.wantAlert(t, "hazard.enter", tracker.AlertOpen)
	if a := f.wantAlert(t, "hazard.ahead", tracker.AlertResolved); a.By != "system" {
		t.Errorf("resolved by %s", a.By)
	}
}

// What is moderate or less is told of, and is no alert.
func TestHazardIsMild(t *testing.T) {
	for _, severity := range []string{"Moderate", "Minor"} {
		f := startWith(t, newFile(t), geofence.Settings{})
		r, _ := plan(t, f)
		if _, err := f.StartRound(t.Context(), r.ID, tracker.AnyVersion); err != nil {
			t.Fatal(err)
		}
		if err := f.PutHazard(t.Context(), ice(400, 900, severity)); err != nil {
			t.Fatal(err)
		}
		d := &driven{t: t, device: "box", at: noon}
		d.stand(f, time.Minute)
		d.drive(f, 700)
		f.settled(t)
		events, _, err := f.Events(0, 1000, tracker.EventFilter{})
		told := make(map[string]int)
		for i := range events {
			if e := &events[i]; strings.HasPrefix(e.Type, "hazard.") {
				told[e.Type+e.AlertType()]++
			}
		}
		if err != nil || told["hazard.ahead"] != 1 || told["hazard.enter"] != 1 || len(told) != 2 {
			t.Errorf("%s: told %v, %v", severity, told, err)
		}
		if alerts := f.Alerts(nil, 0, 10); len(alerts) != 0 {
			t.Errorf("%s: alerts %+v", severity, alerts)
		}
	}
}

// An extreme hazard on the way makes the stop behind it late.
func TestHazardDelays(t *testing.T) {
	f := startWith(t, newFile(t), geofence.Settings{})
	r, stops := plan(t, f)
	_, err := f.ChangeOrder(t.Context(), stops[2].ID, tracker.AnyVersion, func(o *tracker.Order) error {
		o.WindowEnd = noon.Add(17 * time.Minute)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.StartRound(t.Context(), r.ID, tracker.AnyVersion); err != nil {
		t.Fatal(err)
	}
	d := &driven{t: t, device: "box", at: noon}
	d.stand(f, time.Minute)
	d.drive(f, 300)
	f.settled(t)
	if late, _ := f.Delivery(stops[2].ID); late.Delayed {
		t.Fatal("it is late without a hazard")
	}
	if err := f.PutHazard(t.Context(), ice(400, 2900, "Extreme")); err != nil {
		t.Fatal(err)
	}
	d.stand(f, 3*time.Minute)
	f.eventually(t, "the delay", func() bool { late, _ := f.Delivery(stops[2].ID); return late.Delayed })
}
