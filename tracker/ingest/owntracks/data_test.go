package owntracks

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wayguard/geofence"
	"wayguard/tracker"
)

// dataFolder is the folder of recorded messages, at path below it.
func dataFolder(t *testing.T, path string) string {
	t.Helper()
	root := os.Getenv("WAYGUARD_DATA")
	if root == "" {
		root = filepath.Join("..", "..", "..", "..", "shared", "data")
	}
	full := filepath.Join(root, path)
	if _, err := os.Stat(full); err != nil {
		if slices.Contains(strings.Split(os.Getenv("WAYGUARD_REQUIRE"), ","), "data") {
			t.Fatal(err)
		}
		t.Skipf("needs the recorded data: set WAYGUARD_DATA to its folder (%v)", err)
	}
	return full
}

// The messages of the Android app's own tests, each of them by name: the number
// of fixes that it gives, or why it gives none.
func TestFixtures(t *testing.T) {
	fixes := map[string]int{
		"location_beacon_trigger.json":           1,
		"location_deserialize_extended.json":     1,
		"location_encrypted_decrypted.json":      1,
		"location_multiple_messages.json":        2,
		"location_timer_trigger.json":            1,
		"location_with_created_at.json":          1,
		"valid_location_message.json":            1,
		"valid_location_message_with_topic.json": 1,
		// The app cannot tell whose position this is where the sender is known
		// by nothing else. Here the topic and the credentials tell.
		"invalid_location_message_missing_tid_and_topic.json": 1,
	}
	refused := map[string]string{
		"location_empty.json":                          ReasonTime,
		"invalid_location_message_zero_timestamp.json": ReasonTime,
		"unknown_message.json":                         ReasonUnknownType,
		"encrypted_message.json":                       ReasonKey,
		"card_message_with_face.json":                  tracker.ReasonIgnored,
		"card_message_with_tid.json":                   tracker.ReasonIgnored,
		"valid_card_message.json":                      tracker.ReasonIgnored,
		"cmd_invalid_action.json":                      tracker.ReasonIgnored,
		"cmd_report_location.json":                     tracker.ReasonIgnored,
		"cmd_set_configuration.json":                   tracker.ReasonIgnored,
		"cmd_set_waypoints.json":                       tracker.ReasonIgnored,
		"cmd_status.json":                              tracker.ReasonIgnored,
		"configuration_message.json":                   tracker.ReasonIgnored,
		"transition_message.json":                      tracker.ReasonIgnored,
		"waypoint_message.json":                        tracker.ReasonIgnored,
	}
	files, err := filepath.Glob(filepath.Join(dataFolder(t, "owntracks_fixtures"), "*.json"))
	if err != nil || len(files) != len(fixes)+len(refused) {
		t.Fatalf("%d fixtures, %v; %d are told of here", len(files), err, len(fixes)+len(refused))
	}
	for _, file := range files {
		payload, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(file)
		reason, isRefused := refused[name]
		switch n := fixes[name]; {
		case n > 0:
			if r, err := Decode(device, payload, received); err != nil || len(r.Fixes) != n {
				t.Errorf("%s: %d fixes, %v, want %d", name, len(r.Fixes), err, n)
			}
		case isRefused:
			wantRefusal(t, string(payload), reason, reason == tracker.ReasonIgnored)
		default:
			t.Errorf("%s: nothing is told of it here", name)
		}
		truncate(t, payload)
	}
}

// truncate wants no position of a payload that is cut off at any byte.
func truncate(t *testing.T, payload []byte) {
	t.Helper()
	whole := bytes.TrimSpace(payload)
	for n := range whole {
		if r, err := Decode(device, whole[:n], received); err == nil || r.Fixes != nil {
			t.Fatalf("%s: %d fixes, %v", whole[:n], len(r.Fixes), err)
		}
	}
}

// The OwnTracks requests of another server's decoder tests, each of which has
// a position.
func TestVectors(t *testing.T) {
	file, err := os.Open(dataFolder(t, "device_vectors.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	found := 0
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var v struct{ Protocol, Check, Body string }
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		if v.Protocol != "OwnTracks" {
			continue
		}
		found++
		if v.Check != "verifyPosition" {
			t.Errorf("unexpected check %q", v.Check)
		}
		checkVector(t, v.Body)
		truncate(t, []byte(v.Body))
	}
	if found == 0 {
		t.Error("no vectors of OwnTracks")
	}
}

// checkVector compares every field with the plain JSON.
func checkVector(t *testing.T, body string) {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(body), &m); err != nil {
		t.Fatal(err)
	}
	r, err := Decode(device, []byte(body), received)
	if err != nil || len(r.Fixes) != 1 {
		t.Errorf("%s: %d fixes, %v", body, len(r.Fixes), err)
		return
	}
	f := r.Fixes[0]
	if f.Point[0] != m["lon"] || f.Point[1] != m["lat"] || float64(f.Time) != m["tst"].(float64)*1000 {
		t.Errorf("%s: fix %+v", body, f)
	}
	for name, got := range map[string]struct {
		known geofence.Known
		value float32
	}{
		"acc": {geofence.KnownAccuracy, f.AccuracyMeters},
		"vel": {geofence.KnownSpeed, f.SpeedMPS * 3.6},
		"cog": {geofence.KnownHeading, f.HeadingDegrees},
		"alt": {geofence.KnownAltitude, f.AltitudeMeters},
	} {
		want, given := m[name].(float64)
		if given != (f.Known&got.known != 0) || given && float32(want) != got.value {
			t.Errorf("%s: %s %v (known %b)", body, name, got.value, f.Known)
		}
	}
	if want, given := m["batt"].(float64); given != (r.Battery != nil) || given && float64(*r.Battery) != want {
		t.Errorf("%s: battery %v", body, r.Battery)
	}
}
