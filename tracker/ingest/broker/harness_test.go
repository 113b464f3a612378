package broker

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"wayguard/tracker"
	"wayguard/tracker/boltstore"
	"wayguard/tracker/ingest/owntracks"
)

// gate is a real store whose commits a test can hold up or fail.
type gate struct {
	tracker.Store
	// pass is received from before each commit; nil lets all pass. An error
	// fails the commit.
	pass chan error
}

func (g *gate) Commit(t *tracker.Transaction) error {
	if g.pass != nil && !t.Empty() {
		if err := <-g.pass; err != nil {
			return err
		}
	}
	return g.Store.Commit(t)
}

// house is a broker on a real fleet with a store on disk.
type house struct {
	t       testing.TB
	fleet   *tracker.Fleet
	broker  *Broker
	metrics *prometheus.Registry
	secrets map[tracker.DeviceID]string
	// stopBroker ends the broker and waits for it; stop ends the fleet too.
	stopBroker, stop func()
}

// open starts a house with the given devices. Its defaults can be changed by
// mend.
func open(t testing.TB, devices []tracker.DeviceID, mend func(*Options, *gate)) *house {
	t.Helper()
	bolt, err := boltstore.Open(filepath.Join(t.TempDir(), "fleet.db"), boltstore.Options{MmapBytes: 1 << 28})
	must(t, err)
	store := &gate{Store: bolt}
	h := &house{t: t, metrics: prometheus.NewRegistry(), secrets: make(map[tracker.DeviceID]string)}
	h.fleet, err = tracker.Open(store, tracker.Options{Log: slog.New(slog.DiscardHandler)})
	must(t, err)
	stopFleet := background(t, h.fleet.Run)
	for _, id := range devices {
		h.secrets[id], err = h.fleet.CreateDevice(t.Context(), tracker.Device{ID: id})
		must(t, err)
	}
	options := Options{
		Address: "127.0.0.1:0", Fleet: h.fleet, Doors: []tracker.Door{owntracks.Door{}},
		Metrics: h.metrics, Log: slog.New(slog.DiscardHandler),
	}
	if mend != nil {
		mend(&options, store)
	}
	h.broker, err = New(options)
	must(t, err)
	h.stopBroker = background(t, h.broker.Run)
	h.stop = func() { h.stopBroker(); stopFleet() }
	t.Cleanup(func() {
		h.stop()
		must(t, bolt.Close())
	})
	return h
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

// location is an OwnTracks message with a fix at second n.
func location(n int) []byte {
	return fmt.Appendf(nil, `{"_type":"location","tst":%d,"lat":52.1,"lon":%.6f,"acc":8}`, 1_700_000_000+n, 13+float64(n)/1e5)
}

const locationTST = 1_700_000_000

// stored returns the seconds of the fixes that are kept of a device.
func (h *house) stored(id tracker.DeviceID) []int {
	h.t.Helper()
	var seconds []int
	err := h.fleet.Track(id, time.Unix(0, 0), time.Unix(4e9, 0), func(p tracker.TrackPoint) bool {
		seconds = append(seconds, int(p.Fix.Time/1000)-locationTST)
		return true
	})
	must(h.t, err)
	return seconds
}

func (h *house) wantStored(id tracker.DeviceID, seconds ...int) {
	h.t.Helper()
	if got := h.stored(id); !slices.Equal(got, seconds) {
		h.t.Errorf("stored of %s: %v, want %v", id, got, seconds)
	}
}

// quarantined returns the reasons of what is in the quarantine, oldest first.
func (h *house) quarantined() []string {
	h.t.Helper()
	kept, err := h.fleet.Quarantined()
	must(h.t, err)
	var reasons []string
	for _, r := range slices.Backward(kept) {
		reasons = append(reasons, r.Door+" "+r.Reason)
	}
	return reasons
}

// metric is the value of a counter or gauge, such as
// `publishes_total{outcome="ignored"}` with the prefix left out, and -1 if it
// does not exist.
func (h *house) metric(name string) float64 {
	h.t.Helper()
	families, err := h.metrics.Gather()
	must(h.t, err)
	for _, f := range families {
		for _, m := range f.GetMetric() {
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
			}
			full := strings.TrimPrefix(f.GetName(), "wayguard_mqtt_")
			if len(labels) > 0 {
				full += "{" + strings.Join(labels, ",") + "}"
			}
			if full == name {
				return m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
			}
		}
	}
	return -1
}

// wantMetric waits a moment for a metric to reach a value: what is counted at
// the end of a connection is counted after its peer has seen the end.
func (h *house) wantMetric(name string, want float64) {
	h.t.Helper()
	eventually(h.t, fmt.Sprintf("%s = %v", name, want), func() bool { return h.metric(name) == want })
}

func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within 30 s: %s", what)
		}
	}
}
