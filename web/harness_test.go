package web

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"github.com/prometheus/client_golang/prometheus"

	"wayguard/geofence"
	"wayguard/notify"
	"wayguard/tracker"
	"wayguard/tracker/boltstore"
)

const testToken = "a-token-of-the-tests-0123456789"

// site is a server on a real store and a real listener.
type testSite struct {
	t        testing.TB
	server   *Server
	fleet    *tracker.Fleet
	disk     *fullDisk
	registry *prometheus.Registry
	base     string
	spec     *spec
	// transport is the HTTP client's.
	transport *http.Transport
	log       *logBuffer
	stop      func()
}

// startSite starts a server as change makes it. The fleet's engine is raw: each
// change between inside and outside of a fence is an event.
func startSite(t testing.TB, change ...func(*Options)) *testSite {
	t.Helper()
	log := new(logBuffer)
	logger := slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	disk := openDisk(t)
	fleet, keys := startFleet(t, disk, logger)
	hooks, err := notify.OpenHooks(fleet, keys)
	if err != nil {
		t.Fatal(err)
	}
	browsers, err := notify.OpenBrowsers(fleet, keys)
	if err != nil {
		t.Fatal(err)
	}
	opts := Options{
		Fleet:      fleet,
		Hooks:      hooks,
		Browsers:   browsers,
		AdminToken: testToken,
		Version:    "test",
		Metrics:    prometheus.NewRegistry(),
		Log:        logger,
	}
	for _, c := range change {
		c(&opts)
	}
	if opts.Listen.Listener == nil {
		opts.Listen.Listener = listenTCP(t)
	}
	s := &testSite{t: t, fleet: fleet, disk: disk, registry: opts.Metrics, log: log, spec: loadSpec(t)}
	s.transport = &http.Transport{DisableKeepAlives: true, DisableCompression: true}
	if s.server, err = New(opts); err != nil {
		t.Fatal(err)
	}
	s.base = scheme(opts.Listen.TLS) + "://" + opts.Listen.Listener.Addr().String()
	s.stop = runUntil(t, "server", s.server.Run)
	return s
}

func listenTCP(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// fullDisk is a real store whose disk can be full, or break: then of a track
// only the first page can be read.
type fullDisk struct {
	*boltstore.Store
	full, broken atomic.Bool
	pages        atomic.Int64 // read since the disk broke
}

func (d *fullDisk) Blocks(device tracker.DeviceID, from, to geofence.Millis, limit int) ([]tracker.Block, error) {
	if d.broken.Load() && d.pages.Add(1) > 1 {
		return nil, syscall.EIO
	}
	return d.Store.Blocks(device, from, to, limit)
}

func (d *fullDisk) Commit(t *tracker.Transaction) error {
	if d.full.Load() {
		return fmt.Errorf("commit: %w", syscall.ENOSPC)
	}
	return d.Store.Commit(t)
}

func openDisk(t testing.TB) *fullDisk {
	t.Helper()
	store, err := boltstore.Open(filepath.Join(t.TempDir(), "fleet.db"), boltstore.Options{MmapBytes: 64 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error("close store:", err)
		}
	})
	return &fullDisk{Store: store}
}

func startFleet(t testing.TB, store tracker.Store, log *slog.Logger) (*tracker.Fleet, *tracker.Keyring) {
	t.Helper()
	keyring, err := tracker.OpenKeyring(filepath.Join(t.TempDir(), "keyring"), tracker.MasterKey{1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = keyring.Close() })
	blobs, err := tracker.OpenBlobs(filepath.Join(t.TempDir(), "blobs"), keyring)
	if err != nil {
		t.Fatal(err)
	}
	fleet, err := tracker.Open(store, tracker.Options{Settings: geofence.Settings{Raw: true}, Keyring: keyring, Blobs: blobs, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	runUntil(t, "fleet", fleet.Run)
	return fleet, keyring
}

// runUntil runs something until the test ends or the returned function is
// called, which may be done twice.
func runUntil(t testing.TB, name string, run func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("%s: %v", name, err)
		}
	})
	t.Cleanup(stop)
	return stop
}

func discardLog() *slog.Logger { return slog.New(slog.DiscardHandler) }

// logBuffer is a log that tests can read while it is written.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// device registers a device.
func (s *testSite) device(id tracker.DeviceID) {
	s.t.Helper()
	if _, err := s.fleet.CreateDevice(s.t.Context(), tracker.Device{ID: id, Kind: "van"}); err != nil {
		s.t.Fatal(err)
	}
}

// report has a device report fixes, each a second after the last.
func (s *testSite) report(id tracker.DeviceID, fixes ...geofence.Fix) {
	s.t.Helper()
	r := tracker.Report{Device: id, Received: time.Now().UTC(), Fixes: fixes}
	for _, f := range fixes {
		r.Key = r.Key*31 + tracker.ReportKey(f.Time)
	}
	if err := s.fleet.Accept(s.t.Context(), r); err != nil {
		s.t.Fatal(err)
	}
}

func fixAt(at time.Time, lon, lat float64) geofence.Fix {
	return geofence.Fix{Time: geofence.MillisOf(at), Point: orb.Point{lon, lat}}
}

// fence puts a circle.
func (s *testSite) fence(id string, lon, lat, radius float64) {
	s.t.Helper()
	s.api(http.StatusCreated, http.MethodPut, "/api/v1/fences/"+id, withBody(geoJSON, circle(lon, lat, radius)))
}

func circle(lon, lat, radius float64) string {
	return fmt.Sprintf(`{"type":"Feature","geometry":{"type":"Point","coordinates":[%g,%g]},"properties":{"radius_m":%g}}`, lon, lat, radius)
}

// visit has a device go in and out of a circle of 100 m around 8, 50: two
// events each time.
func (s *testSite) visit(id tracker.DeviceID, start time.Time, times int) {
	s.t.Helper()
	for i := range times {
		at := start.Add(time.Duration(i) * 2 * time.Second)
		s.report(id, fixAt(at, 8, 50), fixAt(at.Add(time.Second), 8.1, 50))
	}
}
