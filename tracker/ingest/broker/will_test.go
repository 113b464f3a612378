package broker

import (
	"testing"

	"github.com/mochi-mqtt/server/v2/packets"

	"wayguard/tracker"
)

func TestWillsElsewhereAreRefused(t *testing.T) {
	h := open(t, []tracker.DeviceID{van, bike}, nil)
	topics := []string{
		"wg/1/bert:bike2/down", "wg/1/bert:bike2/online", "owntracks/bert/bike2", "owntracks/bert/bike2/cmd",
		"wg/1/anna:van7/down", "wg/1/anna:van7/up", "owntracks/anna/van7/cmd", "$SYS/broker/version", "home", "#",
	}
	for _, topic := range topics {
		for _, version := range versions {
			r := h.tryConnect(version, van, withWill(topic, "x"))
			if want := map[byte]byte{4: notAllowed, 5: 0x87}[version]; r.connack.ReasonCode != want {
				t.Errorf("MQTT %d, %s: CONNACK %#x, want %#x", version, topic, r.connack.ReasonCode, want)
			}
			r.wantClosed()
		}
	}
	h.wantMetric(`connects_refused_total{reason="bad_will"}`, float64(2*len(topics)))
	r := h.tryConnect(4, van, withWill(vanTopic, string(make([]byte, maxWill+1))))
	if r.connack.ReasonCode != notAllowed {
		t.Errorf("a will too long: CONNACK %#x", r.connack.ReasonCode)
	}
}

func TestWillGoesThroughItsDoor(t *testing.T) {
	h := open(t, []tracker.DeviceID{van}, nil)
	retained := func(payload string) func(*packets.Packet) {
		return func(pk *packets.Packet) {
			withWill(vanTopic, payload)(pk)
			pk.Connect.WillRetain = true
			pk.Connect.WillQos = 1
		}
	}
	lost := h.connect(4, van, retained(string(location(3))))
	_ = lost.conn.Close()
	h.wantMetric(`publishes_total{outcome="acknowledged"}`, 1)
	h.wantStored(van, 3)

	broken := h.connect(4, van, retained("{"))
	_ = broken.conn.Close()
	h.wantMetric(`publishes_total{outcome="quarantined"}`, 1)

	polite := h.connect(4, van, retained(string(location(4))))
	polite.send(packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Disconnect}})
	polite.wantClosed()
	h.wantMetric(`disconnects_total{reason="client"}`, 1)
	h.wantStored(van, 3)
}

// DISCONNECT with reason 4 asks for the will.
func TestWillOnRequest(t *testing.T) {
	h := open(t, []tracker.DeviceID{van}, nil)
	r := h.connect(5, van, withWill("wg/1/anna:van7/online", "0"))
	r.send(packets.Packet{
		FixedHeader: packets.FixedHeader{Type: packets.Disconnect},
		ReasonCode:  packets.CodeDisconnectWillMessage.Code,
		Properties:  packets.Properties{ReasonString: "going"},
	})
	r.wantClosed()
	h.wantMetric(`publishes_total{outcome="online"}`, 1)
}
