package broker

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"wayguard/tracker"
)

// deafen floods the server with what it acknowledges at once, reads nothing,
// and returns when the server cannot write to it any more.
func (h *house) deafen(r *raw) {
	h.t.Helper()
	flood := bytes.Repeat(r.encode(publication(1, 1, vanTopic, []byte(`{"_type":"lwt"}`))), 1000)
	for _, err := r.conn.Write(flood); err == nil; _, err = r.conn.Write(flood) {
		_ = r.conn.SetWriteDeadline(time.Now().Add(time.Second))
	}
	_ = r.conn.SetWriteDeadline(time.Time{})
}

// A connection that the server ends is over within a second, although its device
// reads nothing: waiting for the write that it is stuck in let devices with a
// replaced secret go on for as long as the write time.
func TestDeafConnectionEnds(t *testing.T) {
	h := open(t, []tracker.DeviceID{van}, nil)
	deaf := h.connect(4, van, nil)
	h.deafen(deaf)
	_, err := h.fleet.RotateSecret(t.Context(), van)
	must(t, err)
	begun := time.Now()
	eventually(t, "it is closed", func() bool { return len(h.broker.roster.all()) == 0 })
	if d := time.Since(begun); d > 3*time.Second {
		t.Errorf("closed after %v", d)
	}
}

// Each connection beyond the limit ends another one, however long those take to
// end: all but the first used to stay while that one was stuck in a write.
func TestDeafConnectionsOfADeviceAreBounded(t *testing.T) {
	h := open(t, []tracker.DeviceID{van}, func(o *Options, _ *gate) { o.Limits.ConnectionsPerDevice = 2 })
	first := h.connect(4, van, as("first", true))
	h.deafen(first)
	for i := range 20 {
		h.connect(4, van, as(fmt.Sprint("client", i), true))
	}
	eventually(t, "two are left", func() bool { return len(h.broker.roster.all()) == 2 })
}
