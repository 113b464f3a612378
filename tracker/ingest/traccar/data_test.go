package traccar

import (
	"bufio"
	"encoding/json"
	"errors"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"wayguard/geofence"
	"wayguard/tracker"
)

// vector is a request of another server's decoder tests.
type vector struct{ Protocol, Check, Method, Path, Body string }

// vectors are those of one protocol.
func vectors(t *testing.T, protocol string) []vector {
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
	var found []vector
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var v vector
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		if v.Protocol == protocol {
			found = append(found, v)
		}
	}
	if len(found) == 0 {
		t.Fatalf("no vectors of %s", protocol)
	}
	return found
}

func TestVectors(t *testing.T) {
	checks := make(map[string]int)
	for _, v := range vectors(t, "OsmAnd") {
		checks[v.Check]++
		payload, want := v.Body, expectJSON(t, v.Body)
		if v.Body == "" {
			_, payload, _ = strings.Cut(v.Path, "?")
			want = expectQuery(t, payload)
		}
		truncate(t, want.device, payload)
		r, err := Decode(want.device, []byte(payload), received)
		switch v.Check {
		case "verifyNull":
			if err == nil {
				t.Errorf("%s: accepted", payload)
			}
		case "verifyNotNull": // It has cells only: nothing to store, nothing wrong.
			if refused := (*tracker.Refusal)(nil); !errors.As(err, &refused) || !refused.Ignored() {
				t.Errorf("%s: %v", payload, err)
			}
		default:
			if err != nil || len(r.Fixes) != 1 {
				t.Errorf("%s: %d fixes, %v", payload, len(r.Fixes), err)
				continue
			}
			want.compare(t, payload, r)
		}
	}
	if checks["verifyPosition"] == 0 || checks["verifyNull"] == 0 {
		t.Errorf("checks %v", checks)
	}
}

// truncate cuts a request off at every byte. JSON then gives nothing at all. A
// query cannot tell that it was cut off, and HTTP does; what it gives can be
// stored.
func truncate(t *testing.T, id tracker.DeviceID, payload string) {
	t.Helper()
	for n := range payload {
		r, err := Decode(id, []byte(payload[:n]), received)
		if payload[0] == '{' && (err == nil || r.Fixes != nil) {
			t.Fatalf("%s: %d fixes, %v", payload[:n], len(r.Fixes), err)
		}
		if err == nil {
			checkReport(t, r)
		}
	}
}

// expected are the explicit fields of a request, read in the plainest way; a
// field that is not there is NaN, a device that is not there "none".
type expected struct {
	device                                                    tracker.DeviceID
	lat, lon, accuracy, speed, heading, altitude, battery, ms float64
	flags                                                     geofence.Flags
}

func expectQuery(t *testing.T, query string) expected {
	t.Helper()
	values, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	number := func(names ...string) float64 {
		for _, name := range names {
			if values.Has(name) {
				var v float64
				if json.Unmarshal([]byte(values.Get(name)), &v) == nil {
					return v
				}
			}
		}
		return math.NaN()
	}
	e := expected{
		device: "none", lat: number("lat"), lon: number("lon"), accuracy: number("accuracy"), speed: number("speed") * 1852 / 3600,
		heading: number("bearing", "heading"), altitude: number("altitude"), battery: number("batt"),
	}
	if both := strings.Split(values.Get("location"), ","); len(both) == 2 {
		values["lat"], values["lon"] = both[:1], both[1:]
		e.lat, e.lon = number("lat"), number("lon")
	}
	for _, name := range []string{"id", "deviceid"} {
		if values.Has(name) {
			e.device = tracker.DeviceID(values.Get(name))
		}
	}
	switch text := values.Get("timestamp"); {
	case text == "":
		e.ms = float64(received.UnixMilli())
	case strings.ContainsAny(text, "T "):
		e.ms = instant(t, strings.TrimSuffix(strings.Replace(text, " ", "T", 1), "Z")+"Z")
	case len(text) == 13:
		e.ms = number("timestamp")
	default:
		e.ms = number("timestamp") * 1000
	}
	return e
}

func instant(t *testing.T, text string) float64 {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return float64(at.UnixMilli())
}

func expectJSON(t *testing.T, body string) expected {
	t.Helper()
	if body == "" {
		return expected{}
	}
	var m struct {
		ID       tracker.DeviceID `json:"device_id"`
		Location struct {
			Timestamp string
			Coords    map[string]float64
			Battery   struct{ Level float64 }
			Mock      bool
		}
	}
	if err := json.Unmarshal([]byte(body), &m); err != nil {
		t.Fatal(err)
	}
	known := func(name string, valid bool) float64 {
		if v, ok := m.Location.Coords[name]; ok && valid && (v >= 0 || name == "altitude") {
			return v
		}
		return math.NaN()
	}
	e := expected{
		device: m.ID, lat: m.Location.Coords["latitude"], lon: m.Location.Coords["longitude"],
		accuracy: known("accuracy", true), speed: known("speed", true), heading: known("heading", true),
		altitude: known("altitude", m.Location.Coords["altitude_accuracy"] >= 0), battery: math.NaN(), ms: instant(t, m.Location.Timestamp),
	}
	if m.Location.Mock {
		e.flags = geofence.FlagMock
	}
	if m.Location.Battery.Level >= 0 {
		e.battery = math.Round(100 * m.Location.Battery.Level)
	}
	return e
}

func (e expected) compare(t *testing.T, payload string, r tracker.Report) {
	t.Helper()
	f := r.Fixes[0]
	if f.Point[0] != e.lon || f.Point[1] != e.lat || float64(f.Time) != e.ms || f.Flags != e.flags {
		t.Errorf("%s: fix %+v, want %+v", payload, f, e)
	}
	for name, c := range map[string]struct {
		known geofence.Known
		value float32
		want  float64
	}{
		"accuracy": {geofence.KnownAccuracy, f.AccuracyMeters, e.accuracy},
		"speed":    {geofence.KnownSpeed, f.SpeedMPS, e.speed},
		"heading":  {geofence.KnownHeading, f.HeadingDegrees, e.heading},
		"altitude": {geofence.KnownAltitude, f.AltitudeMeters, e.altitude},
	} {
		known := f.Known&c.known != 0
		if known == math.IsNaN(c.want) || known && math.Abs(float64(c.value)-c.want) > 1e-4 {
			t.Errorf("%s: %s %v (known %t), want %v", payload, name, c.value, known, c.want)
		}
	}
	if (r.Battery == nil) != math.IsNaN(e.battery) || r.Battery != nil && float64(*r.Battery) != e.battery {
		t.Errorf("%s: battery %v, want %v", payload, r.Battery, e.battery)
	}
}
