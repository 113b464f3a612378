package broker

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"

	"wayguard/tracker"
)

const (
	van      = tracker.DeviceID("anna:van7")
	vanTopic = "owntracks/anna/van7"
	bike     = tracker.DeviceID("bert:bike2")
)

// versions are those that acknowledgements are encoded for.
var versions = []byte{4, 5}

func TestAcknowledgedOnlyAfterTheCommit(t *testing.T) {
	pass := make(chan error)
	h := open(t, []tracker.DeviceID{van}, func(_ *Options, g *gate) { g.pass = pass })
	defer close(pass)
	for _, version := range versions {
		r := h.connect(version, van, nil)
		n := int(version)
		r.publish(1, 7, vanTopic, location(n))
		r.wantNothing(150 * time.Millisecond)
		if slices.Contains(h.stored(van), n) {
			t.Fatal("the report is stored although its commit is held up")
		}
		pass <- nil
		r.want(packets.Puback, 7)
		if !slices.Contains(h.stored(van), n) {
			t.Fatal("acknowledged but not stored")
		}
	}
}

func TestQoS2IsReceivedOnlyAfterTheCommit(t *testing.T) {
	pass := make(chan error)
	h := open(t, []tracker.DeviceID{van}, func(_ *Options, g *gate) { g.pass = pass })
	defer close(pass)
	for i, version := range versions {
		r := h.connect(version, van, nil)
		r.publish(2, 7, vanTopic, location(i))
		r.wantNothing(150 * time.Millisecond)
		pass <- nil
		r.want(packets.Pubrec, 7)
		if !slices.Contains(h.stored(van), i) {
			t.Fatal("received but not stored")
		}
		r.send(packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Pubrel, Qos: 1}, PacketID: 7})
		if code := r.want(packets.Pubcomp, 7).ReasonCode; code != 0 {
			t.Errorf("PUBCOMP %#x", code)
		}
	}
}

// Some clients send all they have before they look at an answer.
func TestManyQoS2PublishesAhead(t *testing.T) {
	h := open(t, []tracker.DeviceID{van}, func(o *Options, _ *gate) { o.Limits.Unacknowledged = 10 })
	r := h.connect(4, van, nil)
	const publishes = 50
	for id := range uint16(publishes) {
		r.publish(2, id+1, vanTopic, location(int(id)))
	}
	for id := range uint16(publishes) {
		r.want(packets.Pubrec, id+1)
		r.send(packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Pubrel, Qos: 1}, PacketID: id + 1})
	}
	for id := range uint16(publishes) {
		r.want(packets.Pubcomp, id+1)
	}
	if n := len(h.stored(van)); n != publishes {
		t.Errorf("%d stored, want %d", n, publishes)
	}
}

func TestQoS0IsStored(t *testing.T) {
	h := open(t, []tracker.DeviceID{van}, nil)
	r := h.connect(4, van, nil)
	r.publish(0, 0, vanTopic, location(1))
	h.wantMetric(`publishes_total{outcome="acknowledged"}`, 1)
	h.wantStored(van, 1)
	r.wantNothing(50 * time.Millisecond)
}

// Refusals and ignored messages take other ways than reports; all the same,
// acknowledgements come in the order of the publishes.
func TestAcknowledgementsKeepTheirOrder(t *testing.T) {
	h := open(t, []tracker.DeviceID{van}, nil)
	for _, version := range versions {
		r := h.connect(version, van, nil)
		const publishes = 200
		go func() {
			for id := range uint16(publishes) {
				payload := location(int(id))
				switch id % 5 {
				case 1:
					payload = []byte(`{"_type":"lwt"}`)
				case 3:
					payload = []byte(`{`)
				}
				if _, err := r.conn.Write(r.encode(publication(1, id+1, vanTopic, payload))); err != nil {
					t.Error(err)
				}
			}
		}()
		for id := range uint16(publishes) {
			r.want(packets.Puback, id+1)
		}
	}
	h.wantMetric("ack_seconds", 400)
	h.wantMetric(`publishes_total{outcome="ignored"}`, 80)
	h.wantMetric(`publishes_total{outcome="quarantined"}`, 80)
	h.wantMetric(`publishes_total{outcome="acknowledged"}`, 240)
}

func TestOutageLeavesUnacknowledgedAndDisconnects(t *testing.T) {
	for _, c := range []struct {
		version, qos, reason byte
	}{{4, 1, 0}, {5, 1, packets.ErrServerBusy.Code}, {4, 2, 0}, {5, 2, packets.ErrServerBusy.Code}} {
		pass := make(chan error, 1)
		h := open(t, []tracker.DeviceID{van}, func(_ *Options, g *gate) { g.pass = pass })
		r := h.connect(c.version, van, nil)
		r.publish(c.qos, 7, vanTopic, location(1))
		pass <- errors.New("disk full")
		if reason := r.wantClosed(); reason != c.reason {
			t.Errorf("version %d: DISCONNECT reason %#x, want %#x", c.version, reason, c.reason)
		}
		h.wantMetric(`publishes_total{outcome="unavailable"}`, 1)
		h.wantMetric(`disconnects_total{reason="unavailable"}`, 1)
		close(pass)
		eventually(t, "the store takes writes again", func() bool { return h.fleet.Ready() == nil })
		again := h.connect(c.version, van, nil)
		again.publish(1, 8, vanTopic, location(1))
		again.want(packets.Puback, 8)
		h.wantStored(van, 1)
		h.stop()
	}
}

// What was committed before the outage is still acknowledged.
func TestOutageAcknowledgesWhatPrecedesIt(t *testing.T) {
	pass := make(chan error)
	h := open(t, []tracker.DeviceID{van}, func(_ *Options, g *gate) { g.pass = pass })
	r := h.connect(4, van, nil)
	r.publish(1, 1, vanTopic, location(1))
	pass <- nil
	r.want(packets.Puback, 1)
	r.publish(1, 2, vanTopic, location(2))
	r.publish(1, 3, vanTopic, []byte(`{"_type":"lwt"}`))
	pass <- errors.New("disk full")
	r.wantClosed()
	close(pass)
}

func TestDeletedDeviceIsDisconnected(t *testing.T) {
	h := open(t, []tracker.DeviceID{van}, nil)
	r := h.connect(5, van, nil)
	must(t, h.fleet.DeleteDevice(t.Context(), van, tracker.AnyVersion))
	r.publish(1, 1, vanTopic, location(1))
	if reason := r.wantClosed(); reason != packets.ErrNotAuthorized.Code {
		t.Errorf("DISCONNECT reason %#x", reason)
	}
	h.wantMetric(`disconnects_total{reason="revoked"}`, 1)
}
