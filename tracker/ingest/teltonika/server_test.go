package teltonika

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"wayguard/tracker"
	"wayguard/tracker/boltstore"
)

// gate is a real store whose commits a test can hold up or fail.
type gate struct {
	tracker.Store
	mu   sync.Mutex
	pass chan error
}

// hold has each commit receive from pass first, and fail with an error that
// comes from there. A closed one lets all pass.
func (g *gate) hold(pass chan error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.pass = pass
}

func (g *gate) Commit(t *tracker.Transaction) error {
	g.mu.Lock()
	pass := g.pass
	g.mu.Unlock()
	if pass != nil && !t.Empty() {
		if err := <-pass; err != nil {
			return err
		}
	}
	return g.Store.Commit(t)
}

// house is a server on a real fleet with a store on disk.
type house struct {
	t       testing.TB
	fleet   *tracker.Fleet
	server  *Server
	metrics *prometheus.Registry
	// stopServer ends the server and waits for it.
	stopServer func()
}

// open starts a house with the given boxes. Its defaults can be changed by
// mend.
func open(t testing.TB, boxes []tracker.DeviceID, mend func(*Options, *gate)) *house {
	t.Helper()
	bolt, err := boltstore.Open(filepath.Join(t.TempDir(), "fleet.db"), boltstore.Options{MmapBytes: 1 << 28})
	must(t, err)
	store := &gate{Store: bolt}
	h := &house{t: t, metrics: prometheus.NewRegistry()}
	h.fleet, err = tracker.Open(store, tracker.Options{Log: slog.New(slog.DiscardHandler)})
	must(t, err)
	stopFleet := background(t, h.fleet.Run)
	for _, id := range boxes {
		_, err = h.fleet.CreateDevice(t.Context(), tracker.Device{ID: id})
		must(t, err)
	}
	options := Options{
		Address: "127.0.0.1:0", Fleet: h.fleet, Limits: Limits{RefusalTime: time.Millisecond},
		Metrics: h.metrics, Log: slog.New(slog.DiscardHandler),
	}
	if mend != nil {
		mend(&options, store)
	}
	h.server, err = New(options)
	must(t, err)
	h.stopServer = background(t, h.server.Run)
	t.Cleanup(func() {
		h.stopServer()
		stopFleet()
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
			t.Error(err)
		}
	}()
	return func() {
		cancel()
		<-ended
	}
}

// stored are the numbers of the records of packetOf that are in the track.
func (h *house) stored(id tracker.DeviceID) []int {
	h.t.Helper()
	var numbers []int
	must(h.t, h.fleet.Track(id, time.UnixMilli(0), time.UnixMilli(latest), func(p tracker.TrackPoint) bool {
		numbers = append(numbers, int(p.Fix.Time-start)/10_000)
		return true
	}))
	return numbers
}

func (h *house) wantStored(id tracker.DeviceID, numbers ...int) {
	h.t.Helper()
	if got := h.stored(id); !slices.Equal(got, numbers) {
		h.t.Errorf("stored of %s: %v, want %v", id, got, numbers)
	}
}

// metric is the value of a counter or gauge, with the prefix left out, and -1
// if it does not exist.
func (h *house) metric(name string) float64 {
	h.t.Helper()
	families, err := h.metrics.Gather()
	must(h.t, err)
	for _, f := range families {
		for _, m := range f.GetMetric() {
			full := strings.TrimPrefix(f.GetName(), "wayguard_teltonika_")
			for _, l := range m.GetLabel() {
				full += fmt.Sprintf("{%s=%q}", l.GetName(), l.GetValue())
			}
			if full == name {
				return m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
			}
		}
	}
	return -1
}

// wantMetric waits a moment: what is counted at the end of a connection is
// counted after its peer has seen the end.
func (h *house) wantMetric(name string, want float64) {
	h.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); h.metric(name) != want; time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			h.t.Fatalf("%s = %v, want %v", name, h.metric(name), want)
		}
	}
}

// client is the other end of a connection.
type client struct {
	t testing.TB
	net.Conn
}

func (h *house) dial() *client {
	h.t.Helper()
	raw, err := net.Dial("tcp", h.server.Addr().String())
	must(h.t, err)
	h.t.Cleanup(func() { raw.Close() })
	return &client{h.t, raw}
}

// connect is dial with a handshake that must succeed.
func (h *house) connect(id tracker.DeviceID) *client {
	h.t.Helper()
	c := h.dial()
	c.hello(string(id))
	c.want(1)
	return c
}

func (c *client) hello(imei string) {
	c.t.Helper()
	c.send(append(binary.BigEndian.AppendUint16(nil, uint16(len(imei))), imei...))
}

func (c *client) send(b []byte) {
	c.t.Helper()
	_, err := c.Write(b)
	must(c.t, err)
}

// want reads the answer.
func (c *client) want(answer ...byte) {
	c.t.Helper()
	must(c.t, c.SetReadDeadline(time.Now().Add(30*time.Second)))
	got := make([]byte, len(answer))
	if n, err := io.ReadFull(c, got); err != nil || !slices.Equal(got, answer) {
		c.t.Fatalf("answer %v (%v), want %v", got[:n], err, answer)
	}
}

func (c *client) wantNothing(d time.Duration) {
	c.t.Helper()
	must(c.t, c.SetReadDeadline(time.Now().Add(d)))
	var b [1]byte
	if n, err := c.Read(b[:]); n > 0 || err == io.EOF {
		c.t.Fatalf("read %v, %v", b[:n], err)
	}
}

// wantClosed wants the end without another byte.
func (c *client) wantClosed() {
	c.t.Helper()
	must(c.t, c.SetReadDeadline(time.Now().Add(30*time.Second)))
	rest, err := io.ReadAll(c)
	if nerr, ok := err.(net.Error); len(rest) > 0 || ok && nerr.Timeout() {
		c.t.Fatalf("read %v, %v", rest, err)
	}
}
