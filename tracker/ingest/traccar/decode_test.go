package traccar

import (
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"wayguard/geofence"
	"wayguard/tracker"
)

const device = tracker.DeviceID("van7")

var received = time.Date(2026, 3, 14, 15, 9, 26, 535e6, time.UTC)

// The same position in each form is the same fix, whose speed is 10 m/s.
func TestForms(t *testing.T) {
	want := geofence.Fix{
		Time: 1_767_225_600_000, Point: [2]float64{-8.6254, 52.6634},
		AccuracyMeters: 6.5, SpeedMPS: 10, HeadingDegrees: 271, AltitudeMeters: -3,
		Known: geofence.KnownAccuracy | geofence.KnownSpeed | geofence.KnownHeading | geofence.KnownAltitude,
	}
	const rest = "&lat=52.6634&lon=-8.6254&speed=19.438444924406&bearing=271&altitude=-3&accuracy=6.5&batt=87.0"
	for _, payload := range []string{
		"id=van7&timestamp=1767225600" + rest,
		"id=van7&timestamp=1767225600000" + rest,
		"deviceid=van7&timestamp=2026-01-01T01%3A00%3A00%2B01:00" + rest,
		"id=van7&timestamp=2026-01-01+00:00:00" + rest,
		"id=van7&timestamp=1767225600&location=52.6634,-8.6254&speed=19.438444924406&heading=271&altitude=-3&accuracy=6.5&batt=87&valid=1&rpm=x",
		`{"device_id":"van7","location":{"timestamp":"2026-01-01T00:00:00.000Z","battery":{"level":0.87},"coords":{"latitude":52.6634,` +
			`"longitude":-8.6254,"accuracy":6.5,"speed":10,"heading":271,"altitude":-3,"altitude_accuracy":2}}}`,
	} {
		r, err := Decode(device, []byte(payload), received)
		if err != nil || len(r.Fixes) != 1 || r.Battery == nil || *r.Battery != 87 || r.Device != device || !r.Received.Equal(received) {
			t.Errorf("%s: %+v, %v", payload, r, err)
			continue
		}
		got := r.Fixes[0]
		if math.Abs(float64(got.SpeedMPS)-10) > 1e-5 {
			t.Errorf("%s: speed %v", payload, got.SpeedMPS)
		}
		if got.SpeedMPS = 10; got != want {
			t.Errorf("%s: %+v, want %+v", payload, got, want)
		}
	}
}

func TestRefusals(t *testing.T) {
	for payload, reason := range map[string]string{
		"":                                     ReasonDevice,
		"lat=1&lon=2":                          ReasonDevice,
		"id=&lat=1&lon=2":                      ReasonDevice,
		"id=van8&lat=1&lon=2":                  tracker.ReasonForeign,
		"id=van7&id=van8&lat=1&lon=2":          ReasonField,
		"id=van7&deviceid=van7&lat=1&lon=2":    ReasonField,
		"id=van7&lat=1":                        ReasonPosition,
		"id=van7":                              ReasonPosition,
		"id=van7&latitude=1&longitude=2":       ReasonPosition,
		"id=van7&lat=90.01&lon=2":              ReasonPosition,
		"id=van7&lat=1&lon=-180.01":            ReasonPosition,
		"id=van7&lat=NaN&lon=2":                ReasonPosition,
		"id=van7&lat={0}&lon={1}":              ReasonPosition,
		"id=van7&location=1":                   ReasonPosition,
		"id=van7&location=1,2&lat=1":           ReasonField,
		"id=van7&lat=1&lat=1&lon=2":            ReasonField,
		"id=van7&lat=1&lon=2&speed=fast":       ReasonField,
		"id=van7&lat=1&lon=2&altitude=inf":     ReasonField,
		"id=van7&lat=1&lon=2&valid=perhaps":    ReasonField,
		"id=van7&lat=1&lon=2&timestamp=never":  ReasonTime,
		"id=van7&lat=1&lon=2&timestamp=0":      ReasonTime,
		"id=van7&lat=1&lon=2&timestamp=-5":     ReasonTime,
		"id=van7&lat=1&lon=2&timestamp=1e300":  ReasonTime,
		"id=van7&lat=1&lon=2;timestamp=1":      ReasonForm,
		"id=%zz&lat=1":                         ReasonForm,
		"id=van7&lat=1&lon=2&valid=false":      tracker.ReasonIgnored,
		"id=van7&cell=257,02,16,2224":          tracker.ReasonIgnored,
		"id=van7&timestamp=1767225600":         tracker.ReasonIgnored,
		"id=van7&alarm=sos":                    tracker.ReasonIgnored,
		strings.Repeat("x", MaxPayload+1):      ReasonTooLarge,
		"{":                                    ReasonJSON,
		`{"device_id":7}`:                      ReasonJSON,
		`{"device_id":"van7","device_id":"x"}`: ReasonJSON,
		`{"device_id":"van7"}`:                 ReasonPosition,
		`{"device_id":"van7","location":{}}`:   ReasonTime,
		`{"device_id":"van7","location":{"timestamp":"2026-01-01T00:00:00Z"}}`:                                                            ReasonPosition,
		`{"device_id":"van7","location":{"timestamp":"2026-01-01T00:00:00Z","event":"heartbeat"}}`:                                        tracker.ReasonIgnored,
		`{"device_id":"van8","location":{"timestamp":"2026-01-01T00:00:00Z","coords":{"latitude":1,"longitude":2}}}`:                      tracker.ReasonForeign,
		`{"device_id":"van7","location":{"timestamp":"2026-01-01T00:00:00Z","coords":{"latitude":1,"longitude":"2"}}}`:                    ReasonJSON,
		`{"device_id":"van7","location":{"timestamp":"2026-01-01T00:00:00Z","coords":{"latitude":1,"longitude":200}}}`:                    ReasonPosition,
		`{"device_id":"van7","location":{"timestamp":"2026-01-01T00:00:00Z","coords":{"latitude":1,"longitude":2,"speed":1e999}}}`:        ReasonJSON,
		`{"device_id":"van7","location":{"timestamp":"2026-01-01T00:00:00Z","coords":{"latitude":1,"longitude":2}}} {"device_id":"van7"}`: ReasonJSON,
	} {
		r, err := Decode(device, []byte(payload), received)
		refused := (*tracker.Refusal)(nil)
		if !errors.As(err, &refused) || refused.Reason() != reason || refused.Error() == "" ||
			refused.Ignored() != (reason == tracker.ReasonIgnored) || refused.Foreign() != (reason == tracker.ReasonForeign) {
			t.Errorf("%.100s: %v, want %s", payload, err, reason)
		}
		if !reflect.ValueOf(r).IsZero() {
			t.Errorf("%.100s: came with %+v", payload, r)
		}
	}
}

func TestWhatIsUnknown(t *testing.T) {
	const base = "id=van7&timestamp=1767225600&lat=1&lon=2"
	for query, want := range map[string]geofence.Known{
		"":                  0,
		"&accuracy=0":       0,
		"&accuracy=-1":      0,
		"&accuracy=1e300":   0,
		"&speed=-1":         0,
		"&bearing=-1":       0,
		"&bearing=360.5":    0,
		"&bearing=360":      geofence.KnownHeading,
		"&speed=0":          geofence.KnownSpeed,
		"&altitude=-400":    geofence.KnownAltitude,
		"&speed=&accuracy=": 0,
		"&hdop=1":           0,
		"&accuracy=NaN&speed=NaN&bearing=NaN&altitude=NaN&batt=NaN": 0,
	} {
		r, err := Decode(device, []byte(base+query), received)
		if err != nil || len(r.Fixes) != 1 || r.Fixes[0].Known != want {
			t.Errorf("%s: %+v, %v, want %b", query, r.Fixes, err, want)
		}
	}
	for query, want := range map[string]int{"": -1, "&batt=11.43": -1, "&batt=101": -1, "&batt=-1": -1, "&batt=0": 0, "&batt=57.999996": 58, "&batt=100.0": 100} {
		r, err := Decode(device, []byte(base+query), received)
		if err != nil || (r.Battery == nil) != (want < 0) || want >= 0 && int(*r.Battery) != want {
			t.Errorf("%s: %v, %v, want %d", query, r.Battery, err, want)
		}
	}
	if r, err := Decode(device, []byte(base+"&mock=true"), received); err != nil || r.Fixes[0].Flags != geofence.FlagMock {
		t.Errorf("mock: %+v, %v", r, err)
	}
	if r, err := Decode(device, []byte("id=van7&cell=1,2,3,4&batt=50"), received); err != nil || len(r.Fixes) != 0 || *r.Battery != 50 {
		t.Errorf("a battery alone: %+v, %v", r, err)
	}
}

// A vehicle that stands and gives no time says the same again, which is not the
// same report.
func TestKeys(t *testing.T) {
	keyOf := func(payload string, at time.Time) tracker.ReportKey {
		r, err := Decode(device, []byte(payload), at)
		if err != nil {
			t.Fatal(err)
		}
		return r.Key
	}
	later := received.Add(time.Second)
	if timed := "id=van7&lat=1&lon=2&timestamp=1767225600"; keyOf(timed, received) != keyOf(timed, later) {
		t.Error("a request sent again has another key")
	}
	if timeless := "id=van7&lat=1&lon=2"; keyOf(timeless, received) == keyOf(timeless, later) {
		t.Error("two requests without a time have one key")
	}
}
