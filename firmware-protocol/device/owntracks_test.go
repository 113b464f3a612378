package device

import (
	"errors"
	"math"
	"testing"

	"github.com/paulmach/orb"

	"wayguard/geofence"
)

func battery(percent uint8) *uint8 { return &percent }

func TestEncodeLocation(t *testing.T) {
	here := orb.Point{-123.39333333333, -48.87666666667}
	everything := geofence.KnownAccuracy | geofence.KnownSpeed | geofence.KnownHeading | geofence.KnownAltitude
	for name, c := range map[string]struct {
		report Report
		device string
		want   string
	}{
		"all members": {
			Report{Fix: geofence.Fix{
				Time: 1_760_000_000_000, Point: here, AccuracyMeters: 4.4, SpeedMPS: 10,
				HeadingDegrees: 271.4, AltitudeMeters: -3.6, Known: everything,
			}, BatteryPercent: battery(97)}, "van-1",
			`{"_type":"location","tst":1760000000,"lat":-48.8766667,"lon":-123.3933333,` +
				`"acc":4,"vel":36,"cog":271,"alt":-4,"batt":97,"tid":"-1"}`,
		},
		"nothing but place and time": {
			Report{Fix: geofence.Fix{Time: 1_760_000_000_000, Point: here, AccuracyMeters: 4, SpeedMPS: 3}}, "7",
			`{"_type":"location","tst":1760000000,"lat":-48.8766667,"lon":-123.3933333,"tid":"7"}`,
		},
		"known zeros are written": {
			Report{Fix: geofence.Fix{Known: everything}, BatteryPercent: battery(0)}, "ab",
			`{"_type":"location","tst":0,"lat":0.0000000,"lon":0.0000000,` +
				`"acc":1,"vel":0,"cog":0,"alt":0,"batt":0,"tid":"ab"}`,
		},
		"fractions of a second are cut off": {
			Report{Fix: geofence.Fix{Time: 1_760_000_000_999, Point: here}}, "ab",
			`{"_type":"location","tst":1760000000,"lat":-48.8766667,"lon":-123.3933333,"tid":"ab"}`,
		},
		"a heading rounds to north, not to 360": {
			Report{Fix: geofence.Fix{Point: orb.Point{180, -90}, HeadingDegrees: 359.6, Known: geofence.KnownHeading}}, "ab",
			`{"_type":"location","tst":0,"lat":-90.0000000,"lon":180.0000000,"cog":0,"tid":"ab"}`,
		},
		"no exponent close to zero": {
			Report{Fix: geofence.Fix{Point: orb.Point{1e-9, -2e-7}}}, "ab",
			`{"_type":"location","tst":0,"lat":-0.0000002,"lon":0.0000000,"tid":"ab"}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := encodeLocation(c.report, c.device)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestBadReports(t *testing.T) {
	nan := math.NaN()
	with := func(k geofence.Known, change func(*geofence.Fix)) Report {
		f := geofence.Fix{Known: k}
		change(&f)
		return Report{Fix: f}
	}
	for name, r := range map[string]Report{
		"latitude too far north": {Fix: geofence.Fix{Point: orb.Point{0, 90.0001}}},
		"latitude not a number":  {Fix: geofence.Fix{Point: orb.Point{0, nan}}},
		"longitude too far east": {Fix: geofence.Fix{Point: orb.Point{180.0001, 0}}},
		"longitude infinite":     {Fix: geofence.Fix{Point: orb.Point{math.Inf(-1), 0}}},
		"accuracy below zero":    with(geofence.KnownAccuracy, func(f *geofence.Fix) { f.AccuracyMeters = -1 }),
		"accuracy not a number":  with(geofence.KnownAccuracy, func(f *geofence.Fix) { f.AccuracyMeters = float32(nan) }),
		"speed below zero":       with(geofence.KnownSpeed, func(f *geofence.Fix) { f.SpeedMPS = -0.1 }),
		"speed infinite":         with(geofence.KnownSpeed, func(f *geofence.Fix) { f.SpeedMPS = float32(math.Inf(1)) }),
		"heading above 360":      with(geofence.KnownHeading, func(f *geofence.Fix) { f.HeadingDegrees = 361 }),
		"heading not a number":   with(geofence.KnownHeading, func(f *geofence.Fix) { f.HeadingDegrees = float32(nan) }),
		"altitude not a number":  with(geofence.KnownAltitude, func(f *geofence.Fix) { f.AltitudeMeters = float32(nan) }),
		"battery above 100":      {BatteryPercent: battery(101)},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := New(Options{Broker: "localhost:1883", ID: testID})
			if err != nil {
				t.Fatal(err)
			}
			if err := d.Send(t.Context(), r); !errors.Is(err, ErrBadReport) {
				t.Errorf("Send: %v, want ErrBadReport", err)
			}
			if s := d.Stats(); s.Taken != 0 {
				t.Errorf("took it all the same: %+v", s)
			}
		})
	}
}
