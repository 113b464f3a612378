package broker

import (
	"testing"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"

	"wayguard/tracker"
)

// panicking is a door with a bug.
type panicking struct{ tracker.Door }

func (panicking) Decode(tracker.DeviceID, []byte, time.Time) (tracker.Report, error) { panic("bug") }

func TestPanicCostsOneConnection(t *testing.T) {
	h := open(t, []tracker.DeviceID{van, bike}, func(o *Options, _ *gate) { o.Doors[0] = panicking{o.Doors[0]} })
	other := h.connect(4, bike, nil)
	r := h.connect(4, van, nil)
	r.publish(1, 1, vanTopic, location(1))
	r.wantClosed()
	other.wantAlive()
	h.wantMetric("connections", 1)
	h.wantMetric(`disconnects_total{reason="panic"}`, 1)
}

// A SUBSCRIBE of MQTT 5 without the options of its filter makes mochi's
// decoder reach beyond the packet.
func TestTruncatedSubscribeCostsOneConnection(t *testing.T) {
	h := open(t, []tracker.DeviceID{van, bike}, nil)
	other := h.connect(4, bike, nil)
	r := h.connect(5, van, nil)
	r.subscribe("wg/1/anna:van7/down")
	_, err := r.conn.Write([]byte{packets.Subscribe<<4 | 2, 6, 0, 1, 0, 0, 1, 'a'})
	must(t, err)
	r.wantClosed()
	other.wantAlive()
	h.wantMetric("connections", 1)
	if subscribed := h.broker.server.Topics.Subscribers("wg/1/anna:van7/down"); len(subscribed.Subscriptions) > 0 {
		t.Error("its subscription outlives it")
	}
}
