package tracker_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"github.com/prometheus/client_golang/prometheus"

	"wayguard/geofence"
	"wayguard/tracker"
	"wayguard/tracker/boltstore"
)

// noon is when the tests happen: Tuesday, 3 March 2026.
var noon = time.Date(2026, 3, 3, 12, 0, 0, 0, time.UTC)

// running is a fleet on a real store.
type running struct {
	*tracker.Fleet
	path     string
	settings geofence.Settings
	metrics  *prometheus.Registry
	stop     func()
}

// start opens the file at path and runs a fleet until stop or the test's end.
func start(t *testing.T, path string) *running {
	t.Helper()
	return startWith(t, path, geofence.Settings{Raw: true})
}

func startWith(t *testing.T, path string, settings geofence.Settings) *running {
	t.Helper()
	store, err := boltstore.Open(path, boltstore.Options{MmapBytes: 64 << 20})
	if err != nil {
		t.Fatal(err)
	}
	return startAs(t, path, settings, store, store.Close)
}

func startOn(t *testing.T, path string, store tracker.Store, closeStore func() error) *running {
	t.Helper()
	return startAs(t, path, geofence.Settings{Raw: true}, store, closeStore)
}

func startAs(t *testing.T, path string, settings geofence.Settings, store tracker.Store, closeStore func() error) *running {
	t.Helper()
	metrics := prometheus.NewRegistry()
	if path == "" {
		path = newFile(t) // the store is elsewhere
	}
	keyring, err := tracker.OpenKeyring(ringFile(path), tracker.MasterKey{1, 2, 3})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = keyring.Close() })
	fleet, err := tracker.Open(store, tracker.Options{
		Settings: settings,
		Metrics:  metrics,
		Keyring:  keyring,
		Log:      slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	if err != nil {
		closeStore()
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- fleet.Run(ctx) }()
	r := &running{Fleet: fleet, path: path, settings: settings, metrics: metrics}
	r.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
		if err := closeStore(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	t.Cleanup(r.stop)
	return r
}

// counted is the value of a counter with a label of the given value.
func (r *running) counted(t *testing.T, name, label string) float64 {
	t.Helper()
	families, err := r.metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			if family.GetName() == name && len(m.GetLabel()) == 1 && m.GetLabel()[0].GetValue() == label {
				return m.GetCounter().GetValue()
			}
		}
	}
	return 0
}

// ringFile is where the keyring of the fleet in a file is.
func ringFile(path string) string { return path + ".keyring" }

func newFile(t *testing.T) string { return filepath.Join(t.TempDir(), "fleet.db") }

// crash copies the file as a kill would leave it at this moment, and starts
// another fleet on the copy.
func (r *running) crash(t *testing.T) *running {
	t.Helper()
	copied := newFile(t)
	for from, to := range map[string]string{r.path: copied, ringFile(r.path): ringFile(copied)} {
		data, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return startWith(t, copied, r.settings)
}

func (r *running) device(t *testing.T, id tracker.DeviceID) {
	t.Helper()
	if _, err := r.CreateDevice(t.Context(), tracker.Device{ID: id}); err != nil {
		t.Fatal(err)
	}
}

// circle is a fence of 100 m at so many kilometres east of the origin.
func circle(id string, km float64) tracker.FenceRecord {
	return tracker.FenceRecord{Fence: geofence.Fence{ID: geofence.FenceID(id), Center: east(km), RadiusMeters: 100}}
}

// east is near the equator, but at no place that nobody filled in.
func east(km float64) orb.Point { return orb.Point{km / 111.195, 0.001} }

func (r *running) fence(t *testing.T, records ...tracker.FenceRecord) {
	t.Helper()
	if err := r.PutFences(t.Context(), records...); err != nil {
		t.Fatal(err)
	}
}

// report has one fix, so many seconds after noon and kilometres east.
func report(device tracker.DeviceID, seconds int, km float64) tracker.Report {
	at := noon.Add(time.Duration(seconds) * time.Second)
	return tracker.Report{
		Device: device, Received: at.Add(300 * time.Millisecond), Key: tracker.ReportKey(seconds),
		Fixes: []geofence.Fix{{Time: geofence.MillisOf(at), Point: east(km)}},
	}
}

func (r *running) accept(t *testing.T, reports ...tracker.Report) {
	t.Helper()
	for _, rep := range reports {
		if err := r.Accept(t.Context(), rep); err != nil {
			t.Fatal(err)
		}
	}
}

// eventLines are all events in short: "1 enter depot 5s".
func (r *running) eventLines(t *testing.T) []string {
	t.Helper()
	var lines []string
	ids := make(map[string]bool)
	after := uint64(0)
	for {
		events, next, err := r.Events(after, 100, tracker.EventFilter{})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			if ids[e.ID] {
				t.Errorf("event %s is in the log twice", e.ID)
			}
			ids[e.ID] = true
			lines = append(lines, fmt.Sprintf("%d %s %s %s %s", e.Seq, e.Device, e.Type, e.Subject, e.Time.Sub(noon)))
		}
		if next == after {
			return lines
		}
		after = next
	}
}

// track is every stored fix in short: "5s 1.000".
func (r *running) track(t *testing.T, device tracker.DeviceID) []string {
	t.Helper()
	var lines []string
	err := r.Track(device, time.Unix(0, 0), noon.AddDate(50, 0, 0), func(p tracker.TrackPoint) bool {
		lines = append(lines, fmt.Sprintf("%s %.3f %d", p.Fix.Time.Time().Sub(noon), p.Fix.Point[0]*111.195, p.Marks))
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines
}
