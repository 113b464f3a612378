package broker

import (
	"strings"
	"testing"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"

	"wayguard/tracker"
)

func as(clientID string, clean bool) func(*packets.Packet) {
	return func(pk *packets.Packet) {
		pk.Connect.ClientIdentifier, pk.Connect.Clean = clientID, clean
		pk.Properties.SessionExpiryInterval, pk.Properties.SessionExpiryIntervalFlag = 3600, true
	}
}

func (r *raw) wantAlive() {
	r.t.Helper()
	r.send(packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Pingreq}})
	r.want(packets.Pingresp, 0)
}

// Two devices under one client id neither end nor inherit one another's
// session.
func TestClientIDsBelongToTheirDevice(t *testing.T) {
	h := open(t, []tracker.DeviceID{van, bike}, nil)
	for _, version := range versions {
		first := h.connect(version, van, as("tracker", false))
		if code := first.subscribe("wg/1/anna:van7/down"); code >= 0x80 {
			t.Fatalf("SUBACK %#x", code)
		}
		second := h.connect(version, bike, as("tracker", false))
		if second.connack.SessionPresent {
			t.Errorf("MQTT %d: inherited a session", version)
		}
		first.wantAlive()
		h.say("wg/1/anna:van7/down", "command")
		if got := first.read(); string(got.Payload) != "command" {
			t.Errorf("MQTT %d: %q", version, got.Payload)
		}
		second.wantNothing(100 * time.Millisecond)
		_ = first.conn.Close()
		_ = second.conn.Close()
		h.wantMetric("connections", 0)
	}
	if n := h.metric(`disconnects_total{reason="taken_over"}`); n > 0 {
		t.Errorf("%v connections taken over", n)
	}
}

// say publishes as the server itself does.
func (h *house) say(topic, payload string) {
	h.t.Helper()
	inline := h.broker.server.NewClient(nil, "local", "test", true)
	pk := publication(0, 0, topic, []byte(payload))
	must(h.t, h.broker.server.InjectPacket(inline, pk))
}

func TestSameClientIDOfTheSameDeviceTakesOver(t *testing.T) {
	h := open(t, []tracker.DeviceID{van}, nil)
	for _, version := range versions {
		first := h.connect(version, van, as("tracker", false))
		second := h.connect(version, van, as("tracker", false))
		if reason := first.wantClosed(); version == 5 && reason != packets.ErrSessionTakenOver.Code {
			t.Errorf("DISCONNECT %#x", reason)
		}
		second.wantAlive()
		second.publish(1, 1, vanTopic, location(int(version)))
		second.want(packets.Puback, 1)
		_ = second.conn.Close()
		h.wantMetric("connections", 0)
	}
	h.wantMetric(`disconnects_total{reason="taken_over"}`, 2)
}

// A session is gone with its connection, and devices are told.
func TestSessionsDoNotLast(t *testing.T) {
	h := open(t, []tracker.DeviceID{van}, nil)
	for _, version := range versions {
		first := h.connect(version, van, as("tracker", false))
		first.subscribe("wg/1/anna:van7/down")
		_ = first.conn.Close()
		h.wantMetric("connections", 0)
		second := h.connect(version, van, as("tracker", false))
		if second.connack.SessionPresent {
			t.Errorf("MQTT %d: the session outlived its connection", version)
		}
		expiry := second.connack.Properties
		if version == 5 && (!expiry.SessionExpiryIntervalFlag || expiry.SessionExpiryInterval != 0) {
			t.Errorf("session expiry %d in CONNACK", expiry.SessionExpiryInterval)
		}
		h.say("wg/1/anna:van7/down", "command")
		second.wantNothing(100 * time.Millisecond)
		_ = second.conn.Close()
		h.wantMetric("connections", 0)
	}
	eventually(t, "mochi forgets the clients", func() bool { return h.broker.server.Clients.Len() == 0 })
}

func TestEmptyClientIDGetsOne(t *testing.T) {
	h := open(t, []tracker.DeviceID{van}, nil)
	first := h.connect(5, van, as("", true))
	second := h.connect(5, van, as("", true))
	if first.connack.Properties.AssignedClientID == "" || first.connack.Properties.AssignedClientID == second.connack.Properties.AssignedClientID {
		t.Errorf("assigned %q and %q", first.connack.Properties.AssignedClientID, second.connack.Properties.AssignedClientID)
	}
	first.wantAlive()
	second.wantAlive()
}

func TestLongClientIDIsRefused(t *testing.T) {
	h := open(t, []tracker.DeviceID{van}, nil)
	r := h.tryConnect(4, van, as(strings.Repeat("x", maxClientID+1), true))
	if r.connack.ReasonCode != badIdentifier {
		t.Errorf("CONNACK %#x", r.connack.ReasonCode)
	}
	h.wantMetric(`connects_refused_total{reason="bad_client_id"}`, 1)
}
