package broker

import (
	"net/netip"
	"testing"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"

	"wayguard/tracker"
)

// flood publishes n locations without waiting and returns how long it took until
// all were acknowledged.
func (r *raw) flood(n int) time.Duration {
	r.t.Helper()
	began := time.Now()
	go func() {
		for i := range n {
			// An error shows as a missing acknowledgement.
			_, _ = r.conn.Write(r.encode(publication(1, uint16(i+1), vanTopic, location(i))))
		}
	}()
	for i := range n {
		r.want(packets.Puback, uint16(i+1))
	}
	return time.Since(began)
}

// A device above its limits is slowed down to them and loses nothing, while
// another one goes on as before.
func TestDeviceIsSlowed(t *testing.T) {
	for name, limits := range map[string]tracker.DeviceLimits{
		"messages": {MessagesPerSecond: 50}, // bursts of 100 messages
		"bytes":    {BytesPerSecond: 2_500}, // bursts of 5,000 bytes and the largest packet
	} {
		t.Run(name, func(t *testing.T) {
			h := open(t, []tracker.DeviceID{van, bike}, func(o *Options, _ *gate) { o.Limits.PacketBytes = 6_000 })
			must(t, h.fleet.SetDeviceLimits(t.Context(), van, tracker.AnyVersion, limits))
			other := h.connect(4, bike, nil)
			slow := h.connect(4, van, nil)
			const n = 175 // of some 87 bytes
			took := slow.flood(n)
			if took < 900*time.Millisecond || took > 5*time.Second {
				t.Errorf("%d reports took %s, want 1.3 s and more", n, took)
			}
			if stored := h.stored(van); len(stored) != n {
				t.Errorf("%d of %d reports are stored", len(stored), n)
			}
			if h.metric("slowed_total") < 10 || h.metric("slowed_seconds_total") < 0.5 {
				t.Errorf("counted: slowed %v times, %v s", h.metric("slowed_total"), h.metric("slowed_seconds_total"))
			}
			before := h.metric("slowed_total")
			for range 200 {
				other.wantAlive()
			}
			if h.metric("slowed_total") != before {
				t.Error("another device was slowed down as well")
			}
		})
	}
}

// The limits are the device's, not the connection's, and a change of them needs
// no new connection.
func TestLimitsAreTheDevices(t *testing.T) {
	h := open(t, []tracker.DeviceID{van}, func(o *Options, _ *gate) { o.Limits.MessagesPerSecond = 20 })
	first, second := h.connect(4, van, as("a", true)), h.connect(4, van, as("b", true))
	first.flood(35) // of a burst of 40
	if took := second.flood(15); took < 300*time.Millisecond {
		t.Errorf("the second connection has limits of its own: %s", took)
	}
	must(t, h.fleet.SetDeviceLimits(t.Context(), van, tracker.AnyVersion, tracker.DeviceLimits{MessagesPerSecond: 10_000}))
	time.Sleep(limitsEvery)
	if took := second.flood(200); took > 2*time.Second {
		t.Errorf("with new limits it still takes %s", took)
	}
}

// A connection at rest ends when it is closed, and so does the broker.
func TestRestingConnectionEnds(t *testing.T) {
	h := open(t, []tracker.DeviceID{van}, nil)
	must(t, h.fleet.SetDeviceLimits(t.Context(), van, tracker.AnyVersion, tracker.DeviceLimits{MessagesPerSecond: 0.01}))
	c := h.connect(4, van, nil)
	for i := range minBurst + 5 {
		c.publish(0, 0, vanTopic, location(i))
	}
	eventually(t, "it rests", func() bool { return h.metric("slowed_total") > 0 })
	_, err := h.fleet.RotateSecret(t.Context(), van)
	must(t, err)
	h.wantMetric("connections", 0)
	h.wantMetric(`disconnects_total{reason="revoked"}`, 1)
}

func TestIdleDevicesHaveNoPace(t *testing.T) {
	h := open(t, []tracker.DeviceID{van}, nil)
	c := h.connect(4, van, nil)
	paces := func() int {
		h.broker.roster.mu.Lock()
		defer h.broker.roster.mu.Unlock()
		return len(h.broker.roster.paces)
	}
	if n := paces(); n != 0 {
		t.Errorf("%d paces for an idle device", n)
	}
	c.wantAlive()
	if n := paces(); n != 1 {
		t.Errorf("%d paces for one device", n)
	}
	_ = c.conn.Close()
	eventually(t, "it is forgotten", func() bool { return paces() == 0 })
}

// BenchmarkPace is what the limits cost each packet of a fast device.
func BenchmarkPace(b *testing.B) {
	h := open(b, []tracker.DeviceID{van}, func(o *Options, _ *gate) {
		o.Limits.MessagesPerSecond, o.Limits.BytesPerSecond = 1e9, 1e12
	})
	c := newConn(nil, netip.Addr{}, h.broker.options.Limits, nil)
	c.session.device = van
	hook := newHook(b.Context(), h.broker)
	client := &mqtt.Client{Net: mqtt.ClientConnection{Conn: c}}
	pk := publication(1, 1, vanTopic, location(1))
	pk.FixedHeader.Remaining = 100
	b.ReportAllocs()
	for b.Loop() {
		if _, err := hook.OnPacketRead(client, pk); err != nil {
			b.Fatal(err)
		}
	}
	if h.metric("slowed_total") > 0 {
		b.Error("slowed down")
	}
}
