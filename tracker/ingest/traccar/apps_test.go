package traccar

import (
	"math"
	"testing"

	"wayguard/geofence"
)

// What each version of Traccar Client makes of a van at 10 m/s: versions 7 and 8
// a query, in knots; version 9 JSON from its template, in m/s; version 10 a
// form, in knots with two digits, without what the phone does not know.
func TestTraccarClient(t *testing.T) {
	const all = geofence.KnownAccuracy | geofence.KnownSpeed | geofence.KnownHeading | geofence.KnownAltitude
	for name, c := range map[string]struct {
		payload string
		known   geofence.Known
		flags   geofence.Flags
		battery int
	}{
		"7":         {"id=van7&timestamp=1767225600&lat=52.6634&lon=-8.6254&speed=19.438444924406&bearing=271.5&altitude=62.3&accuracy=6.5&batt=87.0", all, 0, 87},
		"7, mocked": {"id=van7&timestamp=1767225600&lat=52.6634&lon=-8.6254&speed=19.438444924406&bearing=271.5&altitude=62.3&accuracy=6.5&batt=87.0&mock=true", all, geofence.FlagMock, 87},
		"9": {`{"location":{"timestamp":"2026-01-01T00:00:00.000Z","coords":{"latitude":52.6634,"longitude":-8.6254,"accuracy":6.5,` +
			`"speed":10,"heading":271.5,"altitude":62.3},"is_moving":true,"odometer":1203.5,"event":"","battery":{"level":0.87,"is_charging":false},` +
			`"activity":{"type":"in_vehicle"},"extras":{},"_":"&id=van7&lat=52.6634&lon=-8.6254&timestamp=2026-01-01T00:00:00.000Z&"},"device_id":"van7"}`, all, 0, 87},
		"9, at rest": {`{"location":{"timestamp":"2026-01-01T00:00:00.000Z","coords":{"latitude":52.6634,"longitude":-8.6254,"accuracy":6.5,` +
			`"speed":-1,"heading":-1,"altitude":62.3},"is_moving":false,"odometer":0,"event":"heartbeat","battery":{"level":-1,"is_charging":false},` +
			`"activity":{"type":"unknown"},"extras":{}},"device_id":"van7"}`, geofence.KnownAccuracy | geofence.KnownAltitude, 0, -1},
		"10":               {"id=van7&lat=52.6634&lon=-8.6254&timestamp=1767225600&accuracy=6.5&altitude=62.3&speed=19.44&bearing=271.5&batt=87&charge=false", all, 0, 87},
		"10, little known": {"id=van7&lat=52.6634&lon=-8.6254&timestamp=1767225600&accuracy=6.5&batt=87&charge=true", geofence.KnownAccuracy, 0, 87},
	} {
		r, err := Decode(device, []byte(c.payload), received)
		if err != nil || len(r.Fixes) != 1 {
			t.Errorf("%s: %d fixes, %v", name, len(r.Fixes), err)
			continue
		}
		f := r.Fixes[0]
		if f.Time != 1_767_225_600_000 || f.Point != [2]float64{-8.6254, 52.6634} || f.AccuracyMeters != 6.5 || f.Known != c.known || f.Flags != c.flags {
			t.Errorf("%s: %+v", name, f)
		}
		if f.Known == all && (math.Abs(float64(f.SpeedMPS)-10) > 0.003 || f.HeadingDegrees != 271.5 || f.AltitudeMeters != 62.3) {
			t.Errorf("%s: %+v", name, f)
		}
		if (r.Battery == nil) != (c.battery < 0) || r.Battery != nil && int(*r.Battery) != c.battery {
			t.Errorf("%s: battery %v", name, r.Battery)
		}
	}
	// Version 10 found no position.
	if r, err := Decode(device, []byte("id=van7&timestamp=1767225600&batt=87&charge=true"), received); err != nil || len(r.Fixes) != 0 || *r.Battery != 87 {
		t.Errorf("a heartbeat: %+v, %v", r, err)
	}
}
