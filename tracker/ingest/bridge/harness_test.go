package bridge

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"wayguard/tracker"
	"wayguard/tracker/boltstore"
	"wayguard/tracker/ingest/native"
	"wayguard/tracker/ingest/owntracks"
)

const (
	van      = tracker.DeviceID("anna:van7")
	vanTopic = "owntracks/anna/van7"
)

// gate is a real store whose commits a test can have fail.
type gate struct {
	tracker.Store
	shut atomic.Bool
}

func (g *gate) Commit(t *tracker.Transaction) error {
	if g.shut.Load() && !t.Empty() {
		return fmt.Errorf("%w: shut", tracker.ErrUnavailable)
	}
	return g.Store.Commit(t)
}

// house is a fleet with a store on disk.
type house struct {
	t     testing.TB
	fleet *tracker.Fleet
	gate  *gate
}

func open(t testing.TB, devices ...tracker.DeviceID) *house {
	t.Helper()
	bolt, err := boltstore.Open(filepath.Join(t.TempDir(), "fleet.db"), boltstore.Options{MmapBytes: 1 << 28})
	must(t, err)
	h := &house{t: t, gate: &gate{Store: bolt}}
	h.fleet, err = tracker.Open(h.gate, tracker.Options{Log: slog.New(slog.DiscardHandler)})
	must(t, err)
	stop := background(t, h.fleet.Run)
	t.Cleanup(func() {
		stop()
		must(t, bolt.Close())
	})
	for _, id := range devices {
		_, err := h.fleet.CreateDevice(t.Context(), tracker.Device{ID: id})
		must(t, err)
	}
	return h
}

// running is a bridge under test.
type running struct {
	t       testing.TB
	metrics *prometheus.Registry
	stop    func()
}

// bridge runs one; the defaults can be changed by mend.
func (h *house) bridge(address string, mend func(*Options)) *running {
	h.t.Helper()
	r := &running{t: h.t, metrics: prometheus.NewRegistry()}
	o := Options{
		Address: address, ClientID: "wayguard", Fleet: h.fleet, Metrics: r.metrics,
		Doors: []tracker.Door{owntracks.Door{}, native.Door{}}, Log: slog.New(slog.DiscardHandler),
	}
	if mend != nil {
		mend(&o)
	}
	b, err := New(o)
	must(h.t, err)
	r.stop = background(h.t, b.Run)
	h.t.Cleanup(r.stop)
	return r
}

// connected waits until the session is there on the broker.
func (r *running) connected() *running {
	r.t.Helper()
	r.want("connected", 1)
	return r
}

// metric is the value of a counter or gauge, such as
// `messages_total{outcome="stored"}`, with the prefix left out, and -1 if it does
// not exist.
func (r *running) metric(name string) float64 {
	r.t.Helper()
	families, err := r.metrics.Gather()
	must(r.t, err)
	for _, f := range families {
		for _, m := range f.GetMetric() {
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
			}
			full := strings.TrimPrefix(f.GetName(), prefix)
			if len(labels) > 0 {
				full += "{" + strings.Join(labels, ",") + "}"
			}
			if full == name {
				return m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	return -1
}

func (r *running) want(name string, value float64) {
	r.t.Helper()
	eventually(r.t, fmt.Sprintf("%s = %v", name, value), func() bool { return r.metric(name) == value })
}

// background runs something until the returned function is called, which
// waits for it and may be called again.
func background(t testing.TB, run func(context.Context) error) func() {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := run(ctx); err != nil {
			t.Errorf("Run: %v", err)
		}
	}()
	return func() {
		cancel()
		<-ended
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within 30 s: %s", what)
		}
	}
}

const firstTST = 1_700_000_000

// location is an OwnTracks message with a fix at second n.
func location(n int) []byte {
	return fmt.Appendf(nil, `{"_type":"location","tst":%d,"lat":52.1,"lon":%.6f,"acc":8}`, firstTST+n, 13+float64(n)/1e5)
}

// stored returns the seconds of the fixes that are kept of a device.
func (h *house) stored(id tracker.DeviceID) []int {
	h.t.Helper()
	var seconds []int
	err := h.fleet.Track(id, time.Unix(0, 0), time.Unix(4e9, 0), func(p tracker.TrackPoint) bool {
		seconds = append(seconds, int(p.Fix.Time/1000)-firstTST)
		return true
	})
	must(h.t, err)
	return seconds
}

// wantStored waits for seconds 0 to n-1, each once.
func (h *house) wantStored(id tracker.DeviceID, n int) {
	h.t.Helper()
	want := make([]int, n)
	for i := range want {
		want[i] = i
	}
	got := h.stored(id)
	for deadline := time.Now().Add(30 * time.Second); len(got) < n && time.Now().Before(deadline); got = h.stored(id) {
		time.Sleep(10 * time.Millisecond)
	}
	if !slices.Equal(got, want) {
		h.t.Fatalf("%d fixes of %s are stored, want seconds 0 to %d, each once: %v", len(got), id, n-1, got)
	}
}

// quarantined returns door, device and reason of what is in the quarantine,
// oldest first.
func (h *house) quarantined() []string {
	h.t.Helper()
	kept, err := h.fleet.Quarantined()
	must(h.t, err)
	var reasons []string
	for _, r := range slices.Backward(kept) {
		reasons = append(reasons, fmt.Sprintf("%s %s %s", r.Door, r.Device, r.Reason))
	}
	return reasons
}
