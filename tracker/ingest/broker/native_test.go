package broker

import (
	"encoding/json"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	firmware "wayguard/firmware-protocol"
	"wayguard/firmware-protocol/device"
	"wayguard/geofence"
	"wayguard/tracker"
	"wayguard/tracker/ingest/native"
)

// nativeReport holds fixes at the seconds from first on.
func nativeReport(sequence uint32, first, n int) firmware.Report {
	r := firmware.Report{Boot: 1, Sequence: sequence, Time: firmware.Millis(locationTST+first+n) * 1000}
	for i := range n {
		r.Fixes = append(r.Fixes, firmware.Fix{Time: firmware.Millis(locationTST+first+i) * 1000, Lat: 521_000_000, Lon: 130_000_000 + int32(i)*100})
	}
	r.Readings = []firmware.Reading{{Kind: firmware.Battery, Time: r.Time, Value: 64}}
	return r
}

// Reports of the native protocol are stored once, in whichever form they come;
// sealed ones and broken ones go to the quarantine and are acknowledged.
func TestNativeReports(t *testing.T) {
	h := open(t, []tracker.DeviceID{van}, func(o *Options, _ *gate) { o.Doors = append(o.Doors, native.Door{}) })
	c := h.paho(van, "tcp", nil)
	publish := func(payload []byte, err error) {
		t.Helper()
		must(t, err)
		finish(t, c.Publish("wg/1/anna:van7/up", 1, false, payload))
	}
	first, second := nativeReport(1, 0, 3), nativeReport(2, 3, 2)
	publish(first.Append(nil, nil, firmware.Plain, firmware.Decimetre))
	publish(first.Append(nil, nil, firmware.Plain, firmware.Decimetre))
	publish(json.Marshal(first))
	publish(json.Marshal(second))
	h.wantStored(van, 0, 1, 2, 3, 4)
	if d, ok := h.fleet.Device(van); !ok || d.Last == nil || d.Last.Battery == nil || *d.Last.Battery != 64 {
		t.Errorf("device %+v", d)
	}

	key, err := firmware.UpKey(make([]byte, firmware.SecretSize), string(van))
	must(t, err)
	third := nativeReport(3, 9, 1)
	publish(third.Append(nil, key, firmware.Encrypted, firmware.Decimetre))
	publish([]byte{1, 1, 0}, nil)
	finish(t, c.Publish("wg/1/bert:bike2/up", 1, false, []byte("x")))
	h.wantStored(van, 0, 1, 2, 3, 4)
	got := h.quarantined()
	if len(got) != 3 || got[0] != "native sealed" || got[1] != "native bad_frame" || got[2] != "none foreign_topic" {
		t.Errorf("quarantine: %q", got)
	}
	h.wantMetric(`refusals_total{door="native",reason="sealed"}`, 1)
}

// The reference device loses its connection and is then started
// anew, with numbers from 1: each position is stored once.
func TestReferenceDeviceRestarts(t *testing.T) {
	h := open(t, []tracker.DeviceID{van}, func(o *Options, _ *gate) { o.Doors = append(o.Doors, native.Door{}) })
	boots := filepath.Join(t.TempDir(), "boot")
	var want []int
	for run := range 2 {
		d, err := device.New(device.Options{
			Broker: h.broker.Addr().String(), ID: string(van), Secret: h.secrets[van], BootFile: boots,
			RetryMax: time.Second, Log: slog.New(slog.DiscardHandler),
		})
		must(t, err)
		stop := background(t, d.Run)
		for i := range 120 {
			second := 120*run + i
			want = append(want, second)
			must(t, d.Send(t.Context(), device.Report{Fix: geofence.Fix{
				Time: geofence.Millis(locationTST+second) * 1000, Point: [2]float64{13 + float64(second)/1e5, 52.1},
			}}))
			if i == 60 {
				eventually(t, "a connection", func() bool { return d.Stats().Connected })
				for _, c := range h.broker.roster.all() {
					_ = c.Close()
				}
			}
		}
		eventually(t, "all is acknowledged", func() bool { return d.Stats().Pending() == 0 })
		stop()
	}
	h.wantStored(van, want...)
}

// Throughput of the door alone, for a report of 60 fixes.
func BenchmarkNativeDecode(b *testing.B) {
	r := nativeReport(1, 0, 60)
	frame, err := r.Append(nil, nil, firmware.Plain, firmware.Decimetre)
	must(b, err)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := (native.Door{}).Decode(van, frame, time.Now()); err != nil {
			b.Fatal(err)
		}
	}
}
