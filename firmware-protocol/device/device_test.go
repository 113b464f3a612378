package device

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wayguard/geofence"
)

// testDevice is the one that startMosquitto knows, running.
type testDevice struct {
	*Device
	stop func() error
}

func runDevice(t *testing.T, opts Options) testDevice {
	t.Helper()
	opts.ID, opts.Username = testID, testUser
	opts.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	if opts.Secret == "" {
		opts.Secret = testSecret
	}
	d, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx) }()
	t.Cleanup(cancel)
	return testDevice{d, func() error {
		cancel()
		return <-done
	}}
}

func (d testDevice) flush(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := d.Flush(ctx); err != nil {
		t.Fatalf("%d reports were not acknowledged: %v", d.Stats().Pending(), err)
	}
}

// report differs from every other report with another n.
func report(n int) Report {
	return Report{Fix: geofence.Fix{
		Time:  geofence.Millis(1_760_000_000_000 + int64(n)*1000),
		Point: orb.Point{-123.3933, -48.8767},
	}}
}

func payload(t *testing.T, n int) string {
	t.Helper()
	b, err := encodeLocation(report(n), "van-1")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestBrokerRestart(t *testing.T) {
	t.Parallel()
	broker := startMosquitto(t, "")
	seen := broker.watch(t)
	d := runDevice(t, Options{Broker: broker.address(), RetryMax: time.Second})

	const reports, restartAt, backAt = 900, 300, 600
	for n := range reports {
		switch n {
		case restartAt:
			broker.stop(t)
		case backAt:
			broker.start(t)
		}
		if err := d.Send(t.Context(), report(n)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond)
	}
	d.flush(t)
	if err := d.stop(); err != nil {
		t.Error(err)
	}

	expectInOrder(t, seen, reports)
	if s := d.Stats(); s.Acknowledged != reports || s.Connects < 2 || s.Connected {
		t.Errorf("stats after the end: %+v", s)
	}
}

// expectInOrder reads payloads until each of the first n reports came, and
// checks that their first appearances are in order.
func expectInOrder(t *testing.T, seen <-chan string, n int) {
	t.Helper()
	index := make(map[string]int, n)
	for i := range n {
		index[payload(t, i)] = i
	}
	timeout := time.After(20 * time.Second)
	for next := 0; next < n; {
		select {
		case p, ok := <-seen:
			i, known := index[p]
			if !ok || !known || i > next {
				t.Fatalf("got %q (report %d) when report %d was due", p, i, next)
			}
			if i == next {
				next++
			}
		case <-timeout:
			t.Fatalf("report %d never arrived", next)
		}
	}
}

func TestLostAcknowledgements(t *testing.T) {
	t.Parallel()
	broker := startMosquitto(t, "")
	seen := broker.watch(t)
	wire := startRelay(t, broker.address())
	d := runDevice(t, Options{Broker: wire.address(), RetryMax: time.Second})
	waitFor(t, "a connection", func() bool { return d.Stats().Connected })

	wire.deafen()
	const reports = 3
	for n := range reports {
		if err := d.Send(t.Context(), report(n)); err != nil {
			t.Fatal(err)
		}
	}
	for n := range reports {
		if got, want := <-seen, payload(t, n); got != want {
			t.Fatalf("first delivery: got %s, want %s", got, want)
		}
	}
	if s := d.Stats(); s.Acknowledged != 0 {
		t.Fatalf("took a report for acknowledged whose acknowledgement never came: %+v", s)
	}
	wire.cut()
	d.flush(t)
	for n := range reports {
		if got, want := <-seen, payload(t, n); got != want {
			t.Fatalf("second delivery: got %s, want %s", got, want)
		}
	}
}

func TestSilentBroker(t *testing.T) {
	t.Parallel()
	broker := startMosquitto(t, "")
	wire := startRelay(t, broker.address())
	d := runDevice(t, Options{
		Broker: wire.address(), RetryMax: time.Second,
		AckTimeout: 200 * time.Millisecond, DrainTimeout: 300 * time.Millisecond,
	})
	waitFor(t, "a connection", func() bool { return d.Stats().Connected })
	wire.deafen()
	if err := d.Send(t.Context(), report(0)); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the connection to be given up", func() bool { return !d.Stats().Connected })

	begun := time.Now()
	err := d.stop()
	if !errors.Is(err, ErrUnacknowledged) {
		t.Errorf("Run ended with %v, want ErrUnacknowledged", err)
	}
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("took %v to stop", took)
	}
	if err := d.Send(t.Context(), report(1)); !errors.Is(err, ErrStopped) {
		t.Errorf("Send after the end: %v, want ErrStopped", err)
	}
	if err := d.Run(t.Context()); !errors.Is(err, ErrStopped) {
		t.Errorf("second Run: %v, want ErrStopped", err)
	}
}

func TestWrongSecret(t *testing.T) {
	t.Parallel()
	broker := startMosquitto(t, "")
	d := runDevice(t, Options{Broker: broker.address(), Secret: "wrong", DrainTimeout: 100 * time.Millisecond})
	if err := d.Send(t.Context(), report(0)); err != nil {
		t.Fatal(err)
	}
	time.Sleep(300 * time.Millisecond)
	if err := d.stop(); !errors.Is(err, ErrUnacknowledged) {
		t.Errorf("Run ended with %v, want ErrUnacknowledged", err)
	}
	if s := d.Stats(); s.Connects != 0 || s.Pending() != 1 {
		t.Errorf("stats of a refused device: %+v", s)
	}
}
