package device

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/paulmach/orb"

	firmware "wayguard/firmware-protocol"
	"wayguard/geofence"
)

// newNative makes a device that is never run.
func newNative(t *testing.T, bootFile string) *Device {
	t.Helper()
	d, err := New(Options{Broker: "localhost:1", ID: "van-1", BootFile: bootFile})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// queued reads the reports in d's queue.
func queued(t *testing.T, d *Device) (reports []firmware.Report) {
	t.Helper()
	for _, payload := range d.queue.waiting {
		r, err := firmware.ParseReport(payload, nil)
		if err != nil {
			t.Fatal(err)
		}
		reports = append(reports, r)
	}
	return reports
}

func TestNativeReports(t *testing.T) {
	d := newNative(t, filepath.Join(t.TempDir(), "boot"))
	if d.topic != "wg/1/van-1/up" {
		t.Errorf("topic %s", d.topic)
	}
	full := Report{
		Fix: geofence.Fix{
			Time: 1_760_000_000_999, Point: orb.Point{-123.39333333333, -48.87666666667}, Known: 15,
			AccuracyMeters: 4.44, SpeedMPS: 10.1, HeadingDegrees: 359.6, AltitudeMeters: -3.6,
		},
		BatteryPercent: battery(97),
	}
	for _, r := range []Report{full, {Fix: geofence.Fix{Point: orb.Point{180, 90}, AccuracyMeters: 3}}} {
		if err := d.Send(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	low := full
	low.Fix.AltitudeMeters = -1001
	if err := d.Send(t.Context(), low); !errors.Is(err, ErrBadReport) {
		t.Errorf("below the lowest altitude: %v", err)
	}
	got := queued(t, d)
	want := firmware.Fix{
		Time: 1_760_000_000_999, Lon: -1_233_933_333, Lat: -488_766_667, Known: 15,
		Accuracy: 44, Speed: 102, Heading: 0, Altitude: -36,
	}
	if len(got) != 2 || got[0].Fixes[0] != want || got[0].Readings[0].Value != 97 {
		t.Fatalf("%+v", got)
	}
	if second := got[1].Fixes[0]; second.Known != 0 || second.Lat != 900_000_000 || len(got[1].Readings) != 0 {
		t.Errorf("%+v", got[1])
	}
	if got[0].Boot != 1 || got[0].Sequence != 1 || got[1].Sequence != 2 {
		t.Errorf("numbered %d/%d and %d/%d", got[0].Boot, got[0].Sequence, got[1].Boot, got[1].Sequence)
	}
}

func TestStartsAreCounted(t *testing.T) {
	file := filepath.Join(t.TempDir(), "boot")
	for want := uint32(1); want <= 3; want++ {
		d := newNative(t, file)
		if err := d.Send(t.Context(), report(1)); err != nil {
			t.Fatal(err)
		}
		if got := queued(t, d)[0]; got.Boot != want || got.Sequence != 1 {
			t.Errorf("start %d: boot %d, sequence %d", want, got.Boot, got.Sequence)
		}
	}
	for name, text := range map[string]string{"empty": "", "words": "seven", "the last": "4294967295", "negative": "-1"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := New(Options{Broker: "localhost:1", ID: "van-1", BootFile: file}); err == nil {
			t.Errorf("%s: no error", name)
		}
		if kept, err := os.ReadFile(file); err != nil || string(kept) != text {
			t.Errorf("%s: became %q, %v", name, kept, err)
		}
	}
	for _, id := range []string{"", "a/b", "+", "a:b:c", "a:", "x\n"} {
		if _, err := New(Options{Broker: "localhost:1", ID: id, BootFile: file + "2"}); !errors.Is(err, ErrOptions) {
			t.Errorf("id %q: %v", id, err)
		}
	}
	if _, err := New(Options{Broker: "localhost:1", ID: "van-1", BootFile: filepath.Join(file, "x")}); err == nil {
		t.Error("a file in a file: no error")
	}
}
