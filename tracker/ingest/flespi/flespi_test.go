package flespi

import (
	"bufio"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"wayguard/geofence"
	"wayguard/tracker"
)

const device = tracker.DeviceID("605630")

var received = time.Date(2026, 3, 14, 15, 9, 26, 0, time.UTC)

// bodies are the requests of another server's decoder tests.
func bodies(t *testing.T) []string {
	t.Helper()
	root := os.Getenv("WAYGUARD_DATA")
	if root == "" {
		root = filepath.Join("..", "..", "..", "..", "shared", "data")
	}
	file, err := os.Open(filepath.Join(root, "device_vectors.jsonl"))
	if err != nil {
		if slices.Contains(strings.Split(os.Getenv("WAYGUARD_REQUIRE"), ","), "data") {
			t.Fatal(err)
		}
		t.Skipf("needs the recorded data: set WAYGUARD_DATA to its folder (%v)", err)
	}
	defer file.Close()
	var found []string
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var v struct{ Protocol, Check, Body string }
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		if v.Protocol != "Flespi" {
			continue
		}
		if v.Check != "verifyPositions" {
			t.Errorf("unexpected check %q", v.Check)
		}
		found = append(found, v.Body)
	}
	if len(found) == 0 {
		t.Fatal("no vectors of Flespi")
	}
	return found
}

// Every message is a fix, but those whose position is said not to be valid.
func TestVectors(t *testing.T) {
	for _, body := range bodies(t) {
		var all, valid []map[string]any
		if err := json.Unmarshal([]byte(body), &all); err != nil {
			t.Fatal(err)
		}
		for _, m := range all {
			if m["position.valid"] != false {
				valid = append(valid, m)
			}
		}
		r, err := Decode(tracker.DeviceID(all[0]["ident"].(string)), []byte(body), received)
		if err != nil || len(r.Fixes) != len(valid) || len(valid) == 0 {
			t.Errorf("%.200s: %d fixes, %v", body, len(r.Fixes), err)
			continue
		}
		for i, f := range r.Fixes {
			compare(t, f, valid[i])
		}
		for n := range body {
			if r, err := Decode(r.Device, []byte(body[:n]), received); err == nil || r.Fixes != nil {
				t.Fatalf("cut at %d: %d fixes, %v", n, len(r.Fixes), err)
			}
		}
	}
}

// compare compares every field with the plain JSON.
func compare(t *testing.T, f geofence.Fix, m map[string]any) {
	t.Helper()
	if f.Point[0] != m["position.longitude"] || f.Point[1] != m["position.latitude"] || float64(f.Time) != math.Floor(m["timestamp"].(float64)*1000) {
		t.Errorf("fix %+v of %v", f, m)
	}
	for name, got := range map[string]struct {
		known geofence.Known
		value float32
	}{
		"position.speed":     {geofence.KnownSpeed, f.SpeedMPS * 3.6},
		"position.direction": {geofence.KnownHeading, f.HeadingDegrees},
		"position.altitude":  {geofence.KnownAltitude, f.AltitudeMeters},
	} {
		want, given := m[name].(float64)
		if given != (f.Known&got.known != 0) || given && math.Abs(want-float64(got.value)) > 1e-4 {
			t.Errorf("%s %v (known %b) of %v", name, got.value, f.Known, m)
		}
	}
}

func TestFields(t *testing.T) {
	body := `[{"ident":"605630","timestamp":1767225600.25,"position.latitude":1,"position.longitude":2,"position.speed":36,"position.direction":360,"battery.level":70},
		{"ident":"605630","timestamp":1767225500,"battery.level":99,"position.latitude":null,"position.longitude":null,"din":{"a":[1]}},
		{"ident":"605630","timestamp":1767225700,"battery.level":12.5,"position.latitude":3,"position.longitude":4,"position.speed":-1,"position.direction":361,"position.valid":true}]`
	r, err := Decode(device, []byte(body), received)
	if err != nil || r.Battery == nil || *r.Battery != 70 || r.Device != device || !r.Received.Equal(received) {
		t.Fatalf("%+v, %v", r, err)
	}
	want := []geofence.Fix{
		{Time: 1767225600250, Point: [2]float64{2, 1}, SpeedMPS: 10, Known: geofence.KnownSpeed | geofence.KnownHeading},
		{Time: 1767225700000, Point: [2]float64{4, 3}},
	}
	if !slices.Equal(r.Fixes, want) {
		t.Errorf("%+v, want %+v", r.Fixes, want)
	}
}

func TestRefusals(t *testing.T) {
	many := "[" + strings.Repeat(`{"ident":"605630","timestamp":1,"position.latitude":1,"position.longitude":2},`, tracker.MaxFixes) +
		`{"ident":"605630","timestamp":1,"position.latitude":1,"position.longitude":2}]`
	for body, reason := range map[string]string{
		"":                                   ReasonJSON,
		"[":                                  ReasonJSON,
		"{}":                                 ReasonJSON,
		"[1]":                                ReasonJSON,
		"[] []":                              ReasonJSON,
		"[]":                                 tracker.ReasonIgnored,
		"null":                               tracker.ReasonIgnored,
		"[{}]":                               ReasonDevice,
		`[{"ident":5}]`:                      ReasonJSON,
		`[{"ident":"605631","timestamp":1}]`: tracker.ReasonForeign,
		`[{"ident":"605630","timestamp":1,"battery.level":5},{"ident":"605631","timestamp":1}]`: tracker.ReasonForeign,
		`[{"ident":"605630"}]`:                                                                                   ReasonTime,
		`[{"ident":"605630","timestamp":0}]`:                                                                     ReasonTime,
		`[{"ident":"605630","timestamp":1767225600000}]`:                                                         ReasonTime,
		`[{"ident":"605630","timestamp":"1"}]`:                                                                   ReasonJSON,
		`[{"ident":"605630","timestamp":1,"timestamp":2}]`:                                                       ReasonJSON,
		`[{"ident":"605630","timestamp":1}]`:                                                                     tracker.ReasonIgnored,
		`[{"ident":"605630","timestamp":1,"position.latitude":1}]`:                                               ReasonPosition,
		`[{"ident":"605630","timestamp":1,"position.latitude":91,"position.longitude":1}]`:                       ReasonPosition,
		`[{"ident":"605630","timestamp":1,"position.latitude":1,"position.longitude":1,"position.speed":""}]`:    ReasonJSON,
		`[{"ident":"605630","timestamp":1,"position.latitude":1,"position.longitude":1,"position.valid":false}]`: tracker.ReasonIgnored,
		many: ReasonTooLarge,
	} {
		r, err := Decode(device, []byte(body), received)
		refused := (*tracker.Refusal)(nil)
		if !errors.As(err, &refused) || refused.Reason() != reason || refused.Error() == "" ||
			refused.Ignored() != (reason == tracker.ReasonIgnored) || refused.Foreign() != (reason == tracker.ReasonForeign) {
			t.Errorf("%.100s: %v, want %s", body, err, reason)
		}
		if !reflect.ValueOf(r).IsZero() {
			t.Errorf("%.100s: came with %+v", body, r)
		}
	}
}

// FuzzDecode: no body panics; what is accepted can be taken by the fleet, and
// another JSON library reads the same out of it.
func FuzzDecode(f *testing.F) {
	seeds := []string{
		`[{"ident":"605630","timestamp":1506956075,"position.latitude":53.90573,"position.longitude":27.455848,"position.speed":36,"position.direction":262.6,"position.altitude":233.48}]`,
		`[{"ident":"605630","timestamp":1508508510.013227,"position.latitude":-90,"position.longitude":180,"position.valid":false,"battery.level":99}]`,
		`[{"ident":"605630","timestamp":1,"battery.level":5},{"ident":"605630","timestamp":2,"position.latitude":1e0,"position.longitude":2,"custom.x":[{}]}]`,
		`[{"ident":"605631","timestamp":1}]`, `[{"ident":"605630","timestamp":1e999}]`, `[]`, `{`, ``,
	}
	accepted := 0
	for _, s := range seeds {
		f.Add([]byte(s))
		if _, err := Decode(device, []byte(s), received); err == nil {
			accepted++
		}
	}
	if accepted != 3 {
		f.Fatalf("%d seeds are accepted: the corpus must hold both kinds", accepted)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := Decode(device, body, received)
		if err != nil {
			if !reflect.ValueOf(r).IsZero() {
				t.Fatalf("a refusal came with %+v", r)
			}
			return
		}
		var plain []map[string]any
		if err := json.Unmarshal(body, &plain); err != nil {
			t.Fatalf("accepted what encoding/json refuses: %v", err)
		}
		plain = slices.DeleteFunc(plain, func(m map[string]any) bool {
			return m["position.latitude"] == nil || m["position.valid"] == false
		})
		if len(plain) != len(r.Fixes) || len(r.Fixes) > tracker.MaxFixes || len(r.Fixes) == 0 && r.Battery == nil {
			t.Fatalf("%+v of %v", r, plain)
		}
		for i, x := range r.Fixes {
			lon, lat := x.Point[0], x.Point[1]
			if lon != plain[i]["position.longitude"] || lat != plain[i]["position.latitude"] || math.Abs(lon) > 180 || math.Abs(lat) > 90 ||
				x.Time < 0 || x.SpeedMPS < 0 || x.SpeedMPS-x.SpeedMPS != 0 || x.HeadingDegrees < 0 || x.HeadingDegrees >= 360 {
				t.Fatalf("%+v of %v", x, plain[i])
			}
		}
	})
}
