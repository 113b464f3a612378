package broker

import (
	"bytes"
	"slices"
	"testing"

	"github.com/mochi-mqtt/server/v2/packets"

	"wayguard/tracker"
)

// Whatever a device sends that can never be right is acknowledged, once it is
// in the quarantine, and counted; nothing else is stored.
func TestBadPublishesGoToQuarantine(t *testing.T) {
	const (
		badPayload = 0x99
		badTopic   = 0x90
		notAllowed = 0x87
	)
	cases := []struct {
		name, topic, payload, kept string
		code                       byte
	}{
		{"broken JSON", vanTopic, `{"_type":"location",`, "owntracks bad_json", badPayload},
		{"tst 0", vanTopic, `{"_type":"location","tst":0,"lat":1,"lon":2}`, "owntracks bad_time", badPayload},
		{"latitude out of range", vanTopic, `{"_type":"location","tst":1700000000,"lat":91,"lon":2}`, "owntracks bad_position", badPayload},
		{"longitude NaN", vanTopic, `{"_type":"location","tst":1700000000,"lat":1,"lon":NaN}`, "owntracks bad_json", badPayload},
		{"longitude infinite", vanTopic, `{"_type":"location","tst":1700000000,"lat":1,"lon":1e999}`, "owntracks bad_position", badPayload},
		{"empty payload", vanTopic, ``, "owntracks bad_json", badPayload},
		{"unknown type", vanTopic, `{"_type":"teleport"}`, "owntracks unknown_type", badPayload},
		{"other device's topic", "owntracks/bert/bike2", string(location(1)), "none foreign_topic", notAllowed},
		{"own command topic", vanTopic + "/cmd", string(location(1)), "none foreign_topic", notAllowed},
		{"any topic", "home/door", string(location(1)), "none foreign_topic", notAllowed},
		{"native up without a door", "wg/1/anna:van7/up", "frame", "native no_door", badTopic},
		{"other device's native up", "wg/1/bert:bike2/up", "frame", "none foreign_topic", notAllowed},
		{"own native down", "wg/1/anna:van7/down", "frame", "none foreign_topic", notAllowed},
	}
	for _, version := range versions {
		for _, qos := range []byte{0, 1, 2} {
			h := open(t, []tracker.DeviceID{van, bike}, nil)
			r := h.connect(version, van, nil)
			var want []string
			for i, c := range cases {
				id := uint16(i) + 1
				if qos == 0 {
					id = 0
				}
				r.publish(qos, id, c.topic, []byte(c.payload))
				if code := r.acknowledged(qos, id); version == 5 && qos > 0 && code != c.code {
					t.Errorf("%s: reason %#x, want %#x", c.name, code, c.code)
				}
				want = append(want, c.kept)
			}
			h.wantMetric(`publishes_total{outcome="quarantined"}`, float64(len(cases)))
			if got := h.quarantined(); !slices.Equal(got, want) {
				t.Errorf("MQTT %d QoS %d: quarantine %q, want %q", version, qos, got, want)
			}
			h.wantMetric(`refusals_total{door="owntracks",reason="bad_json"}`, 3)
			h.wantMetric(`refusals_total{door="owntracks",reason="bad_time"}`, 1)
			h.wantMetric(`refusals_total{door="owntracks",reason="bad_position"}`, 2)
			h.wantMetric(`refusals_total{door="none",reason="foreign_topic"}`, 5)
			h.wantMetric(`refusals_total{door="native",reason="no_door"}`, 1)
			h.wantStored(van)
			h.wantStored(bike)
			r.publish(1, 100, vanTopic, location(1))
			r.want(packets.Puback, 100)
			h.stop()
		}
	}
}

// acknowledged goes through the exchange that a QoS asks for and returns the
// reason code.
func (r *raw) acknowledged(qos byte, id uint16) byte {
	r.t.Helper()
	switch qos {
	case 1:
		return r.want(packets.Puback, id).ReasonCode
	case 2:
		rec := r.want(packets.Pubrec, id)
		if rec.ReasonCode < 0x80 {
			r.send(packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Pubrel, Qos: 1}, PacketID: id})
			r.want(packets.Pubcomp, id)
		}
		return rec.ReasonCode
	}
	return 0
}

func TestQuarantineKeepsThePayload(t *testing.T) {
	h := open(t, []tracker.DeviceID{van}, nil)
	r := h.connect(4, van, nil)
	r.publish(1, 1, vanTopic, []byte(`{"_type":`))
	r.want(packets.Puback, 1)
	kept, err := h.fleet.Quarantined()
	must(t, err)
	if len(kept) != 1 || kept[0].Device != van || string(kept[0].Payload) != `{"_type":` || kept[0].Detail == "" || kept[0].Received.IsZero() {
		t.Errorf("%+v", kept)
	}
}

func TestIgnoredMessagesAreAcknowledgedAndForgotten(t *testing.T) {
	h := open(t, []tracker.DeviceID{van}, nil)
	for _, version := range versions {
		r := h.connect(version, van, nil)
		for i, topic := range []string{vanTopic, vanTopic + "/event", "wg/1/anna:van7/online"} {
			r.publish(1, uint16(i)+1, topic, []byte(`{"_type":"transition","event":"enter"}`))
			if code := r.want(packets.Puback, uint16(i)+1).ReasonCode; code != 0 {
				t.Errorf("%s: reason %#x", topic, code)
			}
		}
	}
	h.wantMetric(`publishes_total{outcome="ignored"}`, 4)
	h.wantMetric(`publishes_total{outcome="online"}`, 2)
	h.wantStored(van)
	if kept := h.quarantined(); len(kept) != 0 {
		t.Errorf("quarantine %q", kept)
	}
}

func TestTenMegabytesCloseTheConnection(t *testing.T) {
	h := open(t, []tracker.DeviceID{van}, nil)
	for _, version := range versions {
		r := h.connect(version, van, nil)
		if version == 5 && r.connack.Properties.MaximumPacketSize != 64<<10 {
			t.Errorf("maximum packet size %d in CONNACK", r.connack.Properties.MaximumPacketSize)
		}
		// The server hangs up before all is sent, which may fail the write.
		_, _ = r.conn.Write(r.encode(publication(1, 1, vanTopic, bytes.Repeat([]byte(" "), 10<<20))))
		r.wantClosed()
	}
	h.wantMetric(`refusals_total{door="none",reason="too_large"}`, 2)
	h.wantMetric(`publishes_total{outcome="refused"}`, 2)
	h.wantMetric(`disconnects_total{reason="too_large"}`, 2)
	h.wantStored(van)
	if kept := h.quarantined(); len(kept) != 0 {
		t.Errorf("quarantine %q", kept)
	}
}

func TestLargestPacketIsRead(t *testing.T) {
	h := open(t, []tracker.DeviceID{van}, nil)
	r := h.connect(4, van, nil)
	const header = 1 + 3 + 2 + 2 // type, remaining length, topic length, packet id
	payload := location(1)
	payload = append(payload, bytes.Repeat([]byte(" "), 64<<10-header-len(vanTopic)-len(payload))...)
	r.publish(1, 1, vanTopic, payload)
	r.want(packets.Puback, 1)
	h.wantStored(van, 1)
}

// mochi drops publishes to $ topics silently; left unacknowledged, the device
// would wait for ever.
func TestSystemTopicsCloseTheConnection(t *testing.T) {
	h := open(t, []tracker.DeviceID{van}, nil)
	for _, topic := range []string{"$SYS/broker/version", "$share/g"} {
		for _, version := range versions {
			r := h.connect(version, van, nil)
			r.publish(1, 1, topic, []byte("x"))
			if reason := r.wantClosed(); version == 5 && reason != packets.ErrTopicNameInvalid.Code {
				t.Errorf("%s: reason %#x", topic, reason)
			}
		}
	}
	h.wantMetric(`refusals_total{door="none",reason="invalid_topic"}`, 4)
}
