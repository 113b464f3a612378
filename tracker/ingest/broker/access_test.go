package broker

import (
	"testing"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"

	"wayguard/tracker"
)

func TestWhoMayConnect(t *testing.T) {
	h := open(t, []tracker.DeviceID{van, "parcel9"}, nil)
	for _, c := range []struct {
		name         string
		user, secret string
		v3, v5       byte
		reason       string
	}{
		{"right secret", "anna:van7", h.secrets[van], 0, 0, ""},
		{"right secret under the user's name", "anna", h.secrets[van], 0, 0, ""},
		{"wrong secret", "anna:van7", "guess", 4, 0x86, "wrong_secret"},
		{"wrong secret under the user's name", "anna", "guess", 4, 0x86, "wrong_secret"},
		{"other device's secret", "parcel9", h.secrets[van], 4, 0x86, "wrong_secret"},
		{"unknown device", "nobody", h.secrets[van], 4, 0x86, "unknown_device"},
		{"no name", "", h.secrets[van], 4, 0x86, "unknown_device"},
	} {
		before := h.metric(`connects_refused_total{reason="` + c.reason + `"}`)
		for _, version := range versions {
			r := h.tryConnect(version, van, func(pk *packets.Packet) {
				pk.Connect.Username, pk.Connect.Password = []byte(c.user), []byte(c.secret)
			})
			if want := map[byte]byte{4: c.v3, 5: c.v5}[version]; r.connack.ReasonCode != want {
				t.Errorf("%s, MQTT %d: CONNACK %#x, want %#x", c.name, version, r.connack.ReasonCode, want)
			}
			if c.reason != "" {
				r.wantClosed()
			}
		}
		if c.reason != "" {
			h.wantMetric(`connects_refused_total{reason="`+c.reason+`"}`, before+2)
		}
	}
}

func TestAnonymousIsRefused(t *testing.T) {
	h := open(t, []tracker.DeviceID{van}, nil)
	r := h.tryConnect(4, van, func(pk *packets.Packet) {
		pk.Connect.UsernameFlag, pk.Connect.Username = false, nil
		pk.Connect.PasswordFlag, pk.Connect.Password = false, nil
	})
	if r.connack.ReasonCode != badCredentials {
		t.Errorf("CONNACK %#x", r.connack.ReasonCode)
	}
}

func TestGuessingIsSlow(t *testing.T) {
	h := open(t, []tracker.DeviceID{van, bike}, nil)
	guess := func(pk *packets.Packet) { pk.Connect.Password = []byte("guess") }
	for i := range failuresOfName + 3 {
		want := badCredentials
		if i >= failuresOfName {
			want = notNow
		}
		if r := h.tryConnect(4, van, guess); r.connack.ReasonCode != want {
			t.Fatalf("guess %d: CONNACK %#x, want %#x", i+1, r.connack.ReasonCode, want)
		}
	}
	if r := h.tryConnect(5, van, nil); r.connack.ReasonCode != packets.ErrConnectionRateExceeded.Code {
		t.Errorf("even the right secret is not looked at: CONNACK %#x", r.connack.ReasonCode)
	}
	h.wantMetric(`connects_refused_total{reason="rate_limited"}`, 4)
	h.connect(4, bike, nil)
}

func TestSubscriptions(t *testing.T) {
	h := open(t, []tracker.DeviceID{van, bike}, nil)
	refusedFilters := 0
	for _, c := range []struct {
		filter string
		ok     bool
	}{
		{"wg/1/anna:van7/down", true},
		{"owntracks/anna/van7/cmd", true},
		{"#", false}, {"+/+/+", false}, {"+/+/+/+", false}, {"owntracks/#", false}, {"owntracks/+/+", false},
		{"$SYS/#", false}, {"$SYS/broker/version", false}, {"$share/g/#", false},
		{"$share/g/wg/1/anna:van7/down", false}, {"$share/g/owntracks/bert/bike2", false},
		{"owntracks/bert/bike2", false}, {"owntracks/bert/bike2/cmd", false}, {"owntracks/anna/van7", false},
		{"wg/1/bert:bike2/down", false}, {"wg/1/+/down", false}, {"wg/1/anna:van7/#", false},
		{"wg/1/anna:van7/online", false}, {"wg/1/anna:van7/up", false},
	} {
		for _, version := range versions {
			r := h.connect(version, van, nil)
			code := r.subscribe(c.filter)
			if c.ok != (code < 0x80) {
				t.Errorf("MQTT %d, %s: SUBACK %#x", version, c.filter, code)
			}
			if !c.ok {
				refusedFilters++
			}
			_ = r.conn.Close()
		}
	}
	h.wantMetric("subscribes_refused_total", float64(refusedFilters))
}

// A listener asks for all that it could want, and hears nothing, whatever
// another device publishes, retains and wills.
func TestNothingReachesAnotherDevice(t *testing.T) {
	h := open(t, []tracker.DeviceID{van, bike}, nil)
	var listeners []*raw
	for _, version := range versions {
		r := h.connect(version, bike, func(pk *packets.Packet) { pk.Connect.ClientIdentifier += string('0' + version) })
		for _, filter := range []string{
			"#", "+/+/+", "$SYS/#", "$share/g/#", "owntracks/+/+", "owntracks/anna/van7", "wg/1/anna:van7/online",
			"wg/1/anna:van7/up", "wg/1/anna:van7/down", "wg/1/bert:bike2/down", "owntracks/bert/bike2/cmd",
		} {
			r.subscribe(filter)
		}
		listeners = append(listeners, r)
	}
	topics := []string{
		vanTopic, vanTopic + "/event", "wg/1/anna:van7/online", "wg/1/anna:van7/up",
		"wg/1/bert:bike2/down", "owntracks/bert/bike2/cmd", "owntracks/bert/bike2", "home",
	}
	for _, version := range versions {
		for _, topic := range []string{vanTopic, "wg/1/anna:van7/online"} {
			r := h.connect(version, van, withWill(topic, `{"_type":"lwt","tst":1}`))
			for i, topic := range topics {
				for _, qos := range []byte{0, 1, 2} {
					pk := publication(qos, uint16(qos)*(uint16(i)+1), topic, location(i))
					pk.FixedHeader.Retain = true
					r.send(pk)
					r.acknowledged(qos, pk.PacketID)
				}
			}
			_ = r.conn.Close()
		}
	}
	// Four wills, of which two go through the door.
	h.wantMetric(`publishes_total{outcome="ignored"}`, 2)
	for _, r := range listeners {
		r.wantNothing(200 * time.Millisecond)
	}
	late := h.connect(5, bike, func(pk *packets.Packet) { pk.Connect.ClientIdentifier = "late" })
	for _, topic := range topics {
		late.subscribe(topic)
	}
	late.wantNothing(200 * time.Millisecond)
	if n := h.broker.server.Topics.Retained.Len(); n > 20 {
		t.Errorf("%d retained messages", n)
	}
	for topic := range h.broker.server.Topics.Retained.GetAll() {
		if topic[0] != '$' {
			t.Errorf("retained: %s", topic)
		}
	}
}
