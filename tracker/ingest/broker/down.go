package broker

import (
	"slices"
	"sync/atomic"

	"github.com/mochi-mqtt/server/v2/packets"
	"github.com/prometheus/client_golang/prometheus"

	"wayguard/tracker"
)

// downs sends devices what is desired of them. Nothing of it is left to mochi:
// what that retains or has under way is in memory only. It goes out with QoS 0,
// since it is the answer in a report that counts, and since mochi keeps the
// packet ids of both directions in one place, where a publish of the device
// could displace it.
type downs struct {
	*tracker.DesiredSender
	roster *roster
	sent   prometheus.Counter
}

func newDowns(fleet *tracker.Fleet, r *roster, sent prometheus.Counter) *downs {
	d := &downs{roster: r, sent: sent}
	d.DesiredSender = fleet.NewDesiredSender(func(id tracker.DeviceID) bool { return len(d.listeners(id)) > 0 }, d.send)
	return d
}

// listeners are the connections of a device that have subscribed.
func (d *downs) listeners(id tracker.DeviceID) []*conn {
	return slices.DeleteFunc(d.roster.of(id), func(c *conn) bool { return c.down.Load() == deaf })
}

func (d *downs) send(id tracker.DeviceID, payload []byte) {
	for _, c := range d.listeners(id) {
		err := c.session.client.WritePacket(packets.Packet{
			FixedHeader: packets.FixedHeader{Type: packets.Publish, Retain: c.down.CompareAndSwap(fresh, listening)},
			TopicName:   downTopic(id),
			Payload:     payload,
		})
		if err == nil {
			d.sent.Inc()
		}
	}
}

func downTopic(id tracker.DeviceID) string { return nativePrefix + string(id) + "/down" }

// hearing is whether a connection has subscribed to what is desired of its
// device. What it is sent first counts as retained (MQTT 3.1.1, 3.3.1.3).
type hearing = atomic.Uint32

const (
	deaf = iota
	fresh
	listening
)

// hear notes a subscription, or its end.
func (h *hook) hear(c *conn, filters packets.Subscriptions, codes []byte, to uint32) {
	for i, f := range filters {
		refused := i < len(codes) && codes[i] >= packets.ErrUnspecifiedError.Code
		if refused || f.Filter != downTopic(c.session.device) {
			continue
		}
		c.down.Store(to)
		if to == fresh {
			h.downs.Kick(c.session.device)
		}
	}
}
