package main

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestDemoDay lets the whole day pass and wants an alert for each mishap, and no
// other: the vans drive through narrow streets, wait at crossings and turn round
// at doors, and of none of that anybody must hear.
func TestDemoDay(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	t.Parallel()
	c := demoCmd{HTTP: "localhost:0", MQTT: "localhost:0", For: 30 * time.Second, Format: "json"}
	var out, aside bytes.Buffer
	if err := c.run(t.Context(), &out, &aside); err != nil {
		t.Fatalf("%v:\n%s", err, aside.String())
	}
	if !strings.Contains(aside.String(), "/signin/") {
		t.Errorf("no link is printed:\n%s", aside.String())
	}
	var r demoReport
	d := json.NewDecoder(&out)
	if err := d.Decode(&r); err != nil || d.More() {
		t.Fatalf("not one object: %v, then more: %v", err, d.More())
	}
	var alerts []string
	for _, a := range r.Alerts {
		alerts = append(alerts, a.Type)
		if a.Time.IsZero() || a.Subject == "" {
			t.Errorf("an alert says too little: %+v", a)
		}
	}
	slices.Sort(alerts)
	want := []string{
		"delivery.delayed", "device.silent", "drop.wrong_address", "parcel.separated",
		"parcel.tamper", "route.off", "stop.unplanned",
	}
	if !slices.Equal(alerts, want) {
		t.Errorf("alerts %q, want %q", alerts, want)
	}
	const stops = 12 * demoVans
	for typ, n := range map[string]int{
		"delivery.created": stops, "delivery.delivered": stops - 1, "drop.confirmed": stops - 2,
		"device.back": 1, "route.back": 1, "hazard.ahead": 1, "hazard.enter": 1, "delivery.on_time_again": 0, "drop.unverifiable": 0,
		"event.revised": 0, "event.retracted": 0, "fix.implausible": 0,
	} {
		if r.Events[typ] != n {
			t.Errorf("%d times %s, want %d", r.Events[typ], typ, n)
		}
	}
	if r.Positions < 5000 || r.Messages == nil {
		t.Errorf("%d positions, messages %v", r.Positions, r.Messages)
	}
}
