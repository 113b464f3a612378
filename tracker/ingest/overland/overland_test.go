package overland

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/cespare/xxhash/v2"

	"wayguard/geofence"
	"wayguard/tracker"
)

const device = tracker.DeviceID("anna:phone")

var received = time.Date(2026, 3, 14, 15, 9, 26, 0, time.UTC)

// point is a location as the app documents it, with further properties.
func point(coordinates, timestamp, more string) string {
	return fmt.Sprintf(`{"type":"Feature","geometry":{"type":"Point","coordinates":[%s]},"properties":{"timestamp":%q,`+
		`"altitude":12,"speed":4,"horizontal_accuracy":30,"vertical_accuracy":-1,"motion":["driving","stationary"],"pauses":false,`+
		`"activity":"other_navigation","desired_accuracy":100,"deferred":1000,"significant_change":"disabled",`+
		`"locations_in_payload":1,"battery_state":"charging","battery_level":0.89,"wifi":""%s}}`, coordinates, timestamp, more)
}

func batch(locations ...string) string {
	return `{"locations":[` + strings.Join(locations, ",") + `],"current":{"geometry":7},"trip":{"distance":4}}`
}

func TestDecode(t *testing.T) {
	payload := batch(
		point("-122.030581,37.3318", "2015-10-01T08:00:00-0700", `,"device_id":""`),
		`{"type":"Feature","geometry":{"type":"Point","coordinates":[1,2]},"properties":{"type":"visit","arrival_date":"x"}}`,
		`{"type":"Feature","properties":{"action":"paused_location_updates","timestamp":"2015-10-01T15:00:05Z"}}`,
		point("8.5,50,100", "2015-10-01T15:00:10.5Z", `,"device_id":"anna:phone","course":271.5,"unique_id":"x"`),
	)
	r, err := Door{}.Decode(device, []byte(payload), received)
	if err != nil {
		t.Fatal(err)
	}
	want := []geofence.Fix{
		{Time: 1443711600000, Point: [2]float64{-122.030581, 37.3318}, AccuracyMeters: 30, SpeedMPS: 4, Known: geofence.KnownAccuracy | geofence.KnownSpeed},
		{Time: 1443711610500, Point: [2]float64{8.5, 50}, AccuracyMeters: 30, SpeedMPS: 4, HeadingDegrees: 271.5, Known: geofence.KnownAccuracy | geofence.KnownSpeed | geofence.KnownHeading},
	}
	if !reflect.DeepEqual(r.Fixes, want) {
		t.Errorf("%+v, want %+v", r.Fixes, want)
	}
	if r.Battery == nil || *r.Battery != 89 || r.Device != device || !r.Received.Equal(received) || r.Key != tracker.ReportKey(xxhash.Sum64String(payload)) {
		t.Errorf("%+v", r)
	}
	for n := range payload {
		if r, err := (Door{}).Decode(device, []byte(payload[:n]), received); err == nil || r.Fixes != nil {
			t.Fatalf("cut at %d: %d fixes, %v", n, len(r.Fixes), err)
		}
	}
}

func TestAltitudeAndBattery(t *testing.T) {
	for more, want := range map[string]struct {
		known   geofence.Known
		battery int
	}{
		`"altitude":440,"vertical_accuracy":3,"battery_level":1`: {geofence.KnownAltitude, 100},
		`"altitude":440,"battery_level":0`:                       {geofence.KnownAltitude, 0},
		`"altitude":440,"vertical_accuracy":-1`:                  {0, -1},
		`"battery_level":-1`:                                     {0, -1},
		`"speed":-1,"course":-1,"horizontal_accuracy":-1`:        {0, -1},
	} {
		payload := `{"locations":[{"geometry":{"type":"Point","coordinates":[1,2]},"properties":{"timestamp":"2026-01-01T00:00:00Z",` + more + `}}]}`
		r, err := Door{}.Decode(device, []byte(payload), received)
		if err != nil || r.Fixes[0].Known != want.known || (r.Battery == nil) != (want.battery < 0) || r.Battery != nil && int(*r.Battery) != want.battery {
			t.Errorf("%s: %+v, %v", more, r, err)
		}
	}
}

// refusals are payloads with why they give no report.
func refusals() map[string]string {
	const at = "2026-01-01T00:00:00Z"
	return map[string]string{
		"":                 tracker.ReasonIgnored,
		`{"locations":[]}`: tracker.ReasonIgnored,
		`{"locations":[{"properties":{"type":"trip"}}]}`: tracker.ReasonIgnored,
		"id=anna&lat=1":                      ReasonJSON,
		`[]`:                                 ReasonJSON,
		`{}`:                                 ReasonJSON,
		`{"locations":null}`:                 ReasonJSON,
		`{"locations":[7]}`:                  ReasonJSON,
		`{"locations":[],"locations":[]}`:    ReasonJSON,
		batch(point(`"1",2`, at, "")):        ReasonJSON,
		batch(point("1,1e999", at, "")):      ReasonJSON,
		batch(point("1,2", at, "")) + "x":    ReasonJSON,
		batch(`{}`):                          ReasonTime,
		batch(point("1,2", "", "")):          ReasonTime,
		batch(point("1,2", "yesterday", "")): ReasonTime,
		batch(point("1,2", "2026-01-01T00:00:00", "")):                                               ReasonTime,
		batch(point("1,2", "1969-12-31T23:59:59Z", "")):                                              ReasonTime,
		batch(point("1", at, "")):                                                                    ReasonPosition,
		batch(point("181,2", at, "")):                                                                ReasonPosition,
		batch(point("1,-91", at, "")):                                                                ReasonPosition,
		batch(point("1,2", at, ""), point("", at, "")):                                               ReasonPosition,
		batch(strings.Replace(point("1,2", at, ""), `"Point"`, `"LineString"`, 1)):                   ReasonPosition,
		batch(point("1,2", at, `,"device_id":"bert"`)):                                               tracker.ReasonForeign,
		batch(point("1,2", at, ""), point("1,2", at, `,"type":"visit","device_id":"bert"`)):          tracker.ReasonForeign,
		batch(strings.TrimSuffix(strings.Repeat(point("1,2", at, "")+",", tracker.MaxFixes+1), ",")): ReasonTooLarge,
	}
}

func TestRefusals(t *testing.T) {
	for payload, reason := range refusals() {
		r, err := Door{}.Decode(device, []byte(payload), received)
		refused := (*tracker.Refusal)(nil)
		if !errors.As(err, &refused) || refused.Reason() != reason || !reflect.ValueOf(r).IsZero() {
			t.Errorf("%.200s: %v, want %s; %+v", payload, err, reason, r)
		}
		if err != nil && strings.Contains(err.Error(), "bert") {
			t.Errorf("quotes the payload: %v", err)
		}
	}
}

// FuzzDecode: no request panics; what is accepted can be taken by the fleet.
func FuzzDecode(f *testing.F) {
	f.Add(batch(point("-122.030581,37.3318", "2015-10-01T08:00:00-0700", `,"course":1`)))
	f.Add(batch(point("8.5,50,100", "2015-10-01T15:00:10.5Z", `,"device_id":"anna:phone"`)))
	for payload := range refusals() {
		if len(payload) < 10_000 {
			f.Add(payload)
		}
	}
	f.Fuzz(func(t *testing.T, payload string) {
		r, err := Door{}.Decode(device, []byte(payload), received)
		if err != nil {
			if !reflect.ValueOf(r).IsZero() {
				t.Fatalf("a refusal came with %+v", r)
			}
			return
		}
		if len(r.Fixes) == 0 || len(r.Fixes) > tracker.MaxFixes || r.Battery != nil && *r.Battery > 100 {
			t.Fatalf("%+v", r)
		}
		for _, x := range r.Fixes {
			lon, lat := x.Point[0], x.Point[1]
			if !(lon >= -180 && lon <= 180 && lat >= -90 && lat <= 90) || x.Time < 0 || x.Time.Time().Year() > 9999 {
				t.Fatalf("out of range: %+v", x)
			}
		}
	})
}
