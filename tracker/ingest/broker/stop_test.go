package broker

import (
	"context"
	"log/slog"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"

	"wayguard/tracker"
)

// What is being committed when the end comes is acknowledged, then the device
// is told, then everything is gone.
func TestStopAcknowledgesWhatIsCommitted(t *testing.T) {
	pass := make(chan error)
	h := open(t, []tracker.DeviceID{van, bike}, func(_ *Options, g *gate) { g.pass = pass })
	r := h.connect(5, van, nil)
	silent := h.connect(4, bike, nil)
	r.publish(1, 1, vanTopic, location(1))
	r.wantNothing(100 * time.Millisecond)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		h.stopBroker()
	}()
	eventually(t, "no more connections are taken", func() bool {
		c, err := net.Dial("tcp", h.broker.Addr().String())
		if err == nil {
			_ = c.Close()
		}
		return err != nil
	})
	close(pass)
	r.want(packets.Puback, 1)
	if reason := r.wantClosed(); reason != packets.ErrServerShuttingDown.Code {
		t.Errorf("DISCONNECT %#x", reason)
	}
	silent.wantClosed()
	<-stopped
	h.wantStored(van, 1)
}

func TestStopIsBounded(t *testing.T) {
	pass := make(chan error)
	h := open(t, []tracker.DeviceID{van}, func(_ *Options, g *gate) { g.pass = pass })
	r := h.connect(4, van, nil)
	r.publish(1, 1, vanTopic, location(1))
	r.wantNothing(50 * time.Millisecond)
	start := time.Now()
	go func() {
		r.wantClosed()
		close(pass)
	}()
	h.stopBroker()
	if d := time.Since(start); d > flushTime+partTime+2*time.Second {
		t.Errorf("stopping took %v", d)
	}
}

// goroutinesHere is the number of goroutines with this package or mochi's on
// their stack.
func goroutinesHere() int {
	stacks := make([]byte, 1<<20)
	n := 0
	for s := range strings.SplitSeq(string(stacks[:runtime.Stack(stacks, true)]), "\n\n") {
		if strings.Contains(s, "mochi-mqtt/server") || strings.Contains(s, "ingest/broker.(") {
			n++
		}
	}
	return n
}

func TestStopLeavesNoGoroutine(t *testing.T) {
	h := open(t, []tracker.DeviceID{van}, nil)
	for range 20 {
		h.dial(4)
	}
	for i := range uint16(5) {
		r := h.connect(4, van, as(string('a'+rune(i)), true))
		r.publish(1, 1, vanTopic, location(int(i)))
	}
	if goroutinesHere() < 5 {
		t.Fatal("does not see the goroutines of connections")
	}
	h.stop()
	// mochi's own do not wait for each other's last instruction.
	eventually(t, "no goroutine is left", func() bool { return goroutinesHere() == 0 })
}

// A broker that is not wanted after all gives its address back.
func TestRunWithAnEndedContext(t *testing.T) {
	h := open(t, nil, nil)
	b, err := New(Options{Address: "127.0.0.1:0", Fleet: h.fleet, Log: slog.New(slog.DiscardHandler)})
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	must(t, b.Run(ctx))
	again, err := New(Options{Address: b.Addr().String(), Fleet: h.fleet, Log: slog.New(slog.DiscardHandler)})
	must(t, err)
	must(t, again.Run(ctx))
}
