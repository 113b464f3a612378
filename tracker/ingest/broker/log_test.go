package broker

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/mochi-mqtt/server/v2/packets"

	"wayguard/tracker"
)

// safeBuffer is written by many goroutines.
type safeBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// Not even at the most talkative level does the log hold a payload, a
// position or a secret.
func TestLogHoldsNothingPersonal(t *testing.T) {
	var log safeBuffer
	h := open(t, []tracker.DeviceID{van}, func(o *Options, _ *gate) {
		o.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug - 4}))
	})
	r := h.connect(5, van, withWill(vanTopic, "marker-of-will"))
	r.publish(1, 1, vanTopic, []byte(`{"_type":"location","tst":1700000000,"lat":12.3456789,"lon":1}`))
	r.want(packets.Puback, 1)
	r.publish(1, 2, vanTopic, []byte("marker-of-payload"))
	r.want(packets.Puback, 2)
	r.publish(1, 3, "$SYS/x", []byte("marker-of-payload"))
	r.wantClosed()
	h.tryConnect(4, van, func(pk *packets.Packet) {
		pk.Connect.Username, pk.Connect.Password = []byte("marker-of-name"), []byte("marker-of-guess")
	}).wantClosed()
	broken := h.connect(5, van, nil)
	broken.publish(1, 0xffff, vanTopic+"/#", []byte("marker-of-payload"))
	broken.wantClosed()
	h.wantMetric("connections", 0)
	h.stop()
	text := log.String()
	for _, marker := range []string{"marker", "12.345", h.secrets[van]} {
		if strings.Contains(text, marker) {
			t.Errorf("%q in the log:\n%s", marker, text)
		}
	}
	for _, told := range []string{"reason=unknown_device", "mqtt: error processing packet"} {
		if !strings.Contains(text, told) {
			t.Errorf("%q is not in the log:\n%s", told, text)
		}
	}
}
