package traccar

import (
	"reflect"
	"testing"

	"wayguard/tracker"
)

// FuzzDecode: no request panics; what is accepted can be taken by the fleet and
// names its sender.
func FuzzDecode(f *testing.F) {
	seeds := []string{
		"id=van7&timestamp=1767225600&lat=52.6634&lon=-8.6254&speed=19.4&bearing=271&altitude=-3&accuracy=6.5&batt=87.0",
		"deviceid=van7&location=60.0,30.0&timestamp=2016-01-27T18%3A55%3A47Z&hdop=6.0",
		"id=van7&timestamp=2014-06-04+09%3A10%3A11&lat=49.6&lon=6.1&valid=0&cell=257,02,16,2224",
		"id=van7&lat=1e999&lon=NaN&timestamp=-1e308", "id=van7&batt=50&alarm=sos", "id=%zz;", "",
		`{"location":{"timestamp":"2025-06-15T13:45:12.862Z","coords":{"latitude":37.4,"longitude":-122.1,"accuracy":5,"speed":0,"heading":-1,"altitude":5},"battery":{"level":0.79}},"device_id":"van7"}`,
		`{"device_id":"van7","location":{"timestamp":"2025-06-15T13:45:12.862Z","event":"heartbeat"}}`, `{`, `{"location":[]}`,
	}
	accepted := 0
	for _, s := range seeds {
		f.Add([]byte(s))
		if _, err := Decode(device, []byte(s), received); err == nil {
			accepted++
		}
	}
	if accepted < 4 || accepted > len(seeds)-4 {
		f.Fatalf("%d of %d seeds are accepted: the corpus must hold both kinds", accepted, len(seeds))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		r, err := Decode(device, payload, received)
		if err != nil {
			if !reflect.ValueOf(r).IsZero() {
				t.Fatalf("a refusal came with %+v", r)
			}
			return
		}
		checkReport(t, r)
		if _, err := Decode("other", payload, received); err == nil {
			t.Fatal("accepted from another device too")
		}
	})
}

func checkReport(t *testing.T, r tracker.Report) {
	t.Helper()
	if len(r.Fixes) > 1 || len(r.Fixes) == 0 && r.Battery == nil || r.Battery != nil && *r.Battery > 100 {
		t.Fatalf("%+v", r)
	}
	for _, x := range r.Fixes {
		lon, lat := x.Point[0], x.Point[1]
		if !(lon >= -180 && lon <= 180 && lat >= -90 && lat <= 90) || x.Time < 0 || x.Time > lastMillis {
			t.Fatalf("out of range: %+v", x)
		}
		for _, v := range []float32{x.AccuracyMeters, x.SpeedMPS, x.HeadingDegrees, x.AltitudeMeters} {
			if v-v != 0 {
				t.Fatalf("not finite: %+v", x)
			}
		}
		if x.AccuracyMeters < 0 || x.SpeedMPS < 0 || x.HeadingDegrees < 0 || x.HeadingDegrees >= 360 {
			t.Fatalf("out of range: %+v", x)
		}
	}
}
