package broker

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"
)

// peer is a client of a lab that answers what it is sent.
type peer struct {
	*raw
	last uint16
	// pending is how many publishes of it are not acknowledged.
	pending int
}

func openLab(t testing.TB) *house {
	return open(t, nil, func(o *Options, _ *gate) { o.Lab = true })
}

// anyone connects under a client id, without credentials.
func (h *house) anyone(version byte, clientID string, mend func(*packets.Packet)) *peer {
	h.t.Helper()
	p := &peer{raw: h.connect(version, "", func(pk *packets.Packet) {
		pk.Connect.UsernameFlag, pk.Connect.PasswordFlag = false, false
		pk.Connect.ClientIdentifier = clientID
		if mend != nil {
			mend(pk)
		}
	})}
	return p
}

// lasting asks for a session that outlives the connection.
func lasting(pk *packets.Packet) {
	pk.Connect.Clean = false
	pk.Properties.SessionExpiryInterval, pk.Properties.SessionExpiryIntervalFlag = 3600, true
}

func (p *peer) next() uint16 {
	p.last++
	return p.last
}

// subscribe returns the answer.
func (p *peer) subscribe(qos byte, filter string) byte {
	p.t.Helper()
	id := p.next()
	p.send(packets.Packet{
		FixedHeader: packets.FixedHeader{Type: packets.Subscribe, Qos: 1},
		PacketID:    id, Filters: packets.Subscriptions{{Filter: filter, Qos: qos}},
	})
	return p.want(packets.Suback, id).ReasonCodes[0]
}

func (p *peer) unsubscribe(filter string) {
	p.t.Helper()
	id := p.next()
	p.send(packets.Packet{
		FixedHeader: packets.FixedHeader{Type: packets.Unsubscribe, Qos: 1},
		PacketID:    id, Filters: packets.Subscriptions{{Filter: filter}},
	})
	p.want(packets.Unsuback, id)
}

func (p *peer) put(qos byte, topic, payload string, retain bool) {
	p.t.Helper()
	pk := publication(qos, 0, topic, []byte(payload))
	if pk.FixedHeader.Retain = retain; qos > 0 {
		pk.PacketID = p.next()
		p.pending++
	}
	p.send(pk)
}

// quiet is after how long nothing more is expected.
const quiet = 150 * time.Millisecond

// received answers all that comes, until nothing does any more, nothing is
// pending and there are so many messages, which it returns.
func (p *peer) received(atLeast int) []string {
	p.t.Helper()
	var messages []string
	for deadline := time.Now().Add(30 * time.Second); ; {
		pk, err := p.tryRead(quiet)
		if err != nil {
			if p.pending == 0 && len(messages) >= atLeast || time.Now().After(deadline) || !errors.Is(err, os.ErrDeadlineExceeded) {
				return messages
			}
			continue
		}
		answer := packets.Packet{PacketID: pk.PacketID}
		switch pk.FixedHeader.Type {
		case packets.Publish:
			messages = append(messages, fmt.Sprintf("%s=%s qos %d retained %t", pk.TopicName, pk.Payload, pk.FixedHeader.Qos, pk.FixedHeader.Retain))
			if pk.FixedHeader.Qos == 0 {
				continue
			}
			answer.FixedHeader.Type = packets.Puback + (pk.FixedHeader.Qos - 1)
		case packets.Pubrec:
			answer.FixedHeader = packets.FixedHeader{Type: packets.Pubrel, Qos: 1}
		case packets.Pubrel:
			answer.FixedHeader.Type = packets.Pubcomp
		case packets.Puback, packets.Pubcomp:
			p.pending--
			continue
		default:
			continue
		}
		p.send(answer)
	}
}

func (p *peer) wantMessages(want ...string) {
	p.t.Helper()
	got := p.received(len(want))
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		p.t.Errorf("received %q, want %q", got, want)
	}
}

func (p *peer) leave() {
	p.t.Helper()
	p.send(packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Disconnect}})
	_ = p.conn.Close()
}

// TestLabIsABroker looks at what a general broker must do, in both versions.
func TestLabIsABroker(t *testing.T) {
	for name, check := range map[string]func(*testing.T, *house, byte){
		"every QoS": labQoS, "retained": labRetained, "wildcards": labWildcards, "will": labWill, "takeover": labTakeover,
		"keep-alive": labKeepAlive, "offline": labOffline, "redelivery": labRedelivery, "overlapping": labOverlapping,
		"no client id": labNoClientID, "refused filter": labRefusedFilter, "unsubscribe": labUnsubscribe, "protocol": labProtocol,
	} {
		for _, version := range []byte{4, 5} {
			t.Run(fmt.Sprintf("%s/%d", name, version), func(t *testing.T) {
				t.Parallel()
				check(t, openLab(t), version)
			})
		}
	}
}

func labQoS(_ *testing.T, h *house, version byte) {
	p := h.anyone(version, "p", nil)
	p.subscribe(2, "a/b")
	for qos := range byte(3) {
		p.put(qos, "a/b", fmt.Sprint(qos), false)
	}
	p.wantMessages("a/b=0 qos 0 retained false", "a/b=1 qos 1 retained false", "a/b=2 qos 2 retained false")
	low := h.anyone(version, "low", nil)
	low.subscribe(0, "a/b")
	p.put(2, "a/b", "x", false)
	low.wantMessages("a/b=x qos 0 retained false")
}

func labRetained(_ *testing.T, h *house, version byte) {
	p := h.anyone(version, "p", nil)
	for qos := range byte(3) {
		p.put(qos, fmt.Sprintf("kept/%d", qos), "x", true)
	}
	p.received(0)
	late := h.anyone(version, "late", nil)
	late.subscribe(2, "+/+")
	late.wantMessages("kept/0=x qos 0 retained true", "kept/1=x qos 1 retained true", "kept/2=x qos 2 retained true")
	for qos := range byte(3) {
		p.put(qos, fmt.Sprintf("kept/%d", qos), "", true)
	}
	p.received(0)
	later := h.anyone(version, "later", nil)
	later.subscribe(2, "#")
	later.wantMessages()
}

func labWildcards(_ *testing.T, h *house, version byte) {
	p := h.anyone(version, "p", nil)
	for filter, want := range map[string][]string{
		"a/+":    {"a/b", "a/"},
		"a/#":    {"a", "a/", "a/b", "a/b/c"},
		"+/b":    {"a/b", "/b"},
		"+":      {"a"},
		"#":      {"a", "a/", "a/b", "a/b/c", "/b"},
		"$own/+": {"$own/b"},
	} {
		p.subscribe(0, filter)
		for _, topic := range []string{"a", "a/", "a/b", "a/b/c", "/b", "$own/b"} {
			p.put(0, topic, filter, false)
		}
		var messages []string
		for _, topic := range want {
			messages = append(messages, fmt.Sprintf("%s=%s qos 0 retained false", topic, filter))
		}
		p.wantMessages(messages...)
		p.unsubscribe(filter)
	}
}

func labWill(_ *testing.T, h *house, version byte) {
	watcher := h.anyone(version, "watcher", nil)
	watcher.subscribe(1, "gone")
	will := func(pk *packets.Packet) {
		withWill("gone", "bye")(pk)
		pk.Connect.WillQos = 1
	}
	h.anyone(version, "polite", will).leave()
	watcher.wantMessages()
	_ = h.anyone(version, "dead", will).conn.Close()
	watcher.wantMessages("gone=bye qos 1 retained false")
}

func labTakeover(t *testing.T, h *house, version byte) {
	first := h.anyone(version, "same", nil)
	second := h.anyone(version, "same", nil)
	if reason := first.wantClosed(); version == 5 && reason != packets.ErrSessionTakenOver.Code {
		t.Errorf("reason %#x", reason)
	}
	second.subscribe(0, "a")
	second.put(0, "a", "x", false)
	second.wantMessages("a=x qos 0 retained false")
}

func labKeepAlive(t *testing.T, h *house, version byte) {
	silent := h.anyone(version, "silent", func(pk *packets.Packet) { pk.Connect.Keepalive = 2 })
	lively := h.anyone(version, "lively", func(pk *packets.Packet) { pk.Connect.Keepalive = 0 })
	begun := time.Now()
	silent.wantClosed()
	if took := time.Since(begun); took < 1900*time.Millisecond || took > 5*time.Second {
		t.Errorf("closed after %v, want one and a half times 2 s", took)
	}
	lively.put(1, "a", "x", false)
	lively.want(packets.Puback, 1)
}

func labOffline(t *testing.T, h *house, version byte) {
	away := h.anyone(version, "away", lasting)
	if away.connack.SessionPresent {
		t.Error("a session before there was one")
	}
	away.subscribe(2, "a/+")
	away.leave()
	p := h.anyone(version, "p", nil)
	p.put(1, "a/1", "x", false)
	p.put(2, "a/2", "x", false)
	p.received(0)
	back := h.anyone(version, "away", lasting)
	if !back.connack.SessionPresent {
		t.Error("the session is lost")
	}
	back.wantMessages("a/1=x qos 1 retained false", "a/2=x qos 2 retained false")
	back.leave()
	if fresh := h.anyone(version, "away", nil); fresh.connack.SessionPresent {
		t.Error("a clean start with an old session")
	}
}

func labRedelivery(t *testing.T, h *house, version byte) {
	deaf := h.anyone(version, "deaf", lasting)
	deaf.subscribe(2, "a/+")
	p := h.anyone(version, "p", nil)
	p.put(1, "a/1", "x", false)
	p.put(2, "a/2", "x", false)
	p.received(0)
	for range 2 { // It reads both and answers neither.
		if pk := deaf.read(); pk.FixedHeader.Type != packets.Publish || pk.FixedHeader.Dup {
			t.Fatalf("packet type %d, sent before %t", pk.FixedHeader.Type, pk.FixedHeader.Dup)
		}
	}
	_ = deaf.conn.Close()
	h.anyone(version, "deaf", lasting).wantMessages("a/1=x qos 1 retained false", "a/2=x qos 2 retained false")
}

func labOverlapping(t *testing.T, h *house, version byte) {
	p := h.anyone(version, "p", nil)
	p.subscribe(2, "a/#")
	p.subscribe(1, "a/+")
	p.put(2, "a/b", "x", false)
	got := p.received(1)
	slices.Sort(got)
	one, two := "a/b=x qos 1 retained false", "a/b=x qos 2 retained false"
	if !slices.Equal(got, []string{two}) && !slices.Equal(got, []string{one, two}) {
		t.Errorf("received %q", got)
	}
}

func labNoClientID(t *testing.T, h *house, version byte) {
	named := h.anyone(version, "", nil)
	if version == 5 && named.connack.Properties.AssignedClientID == "" {
		t.Error("the broker tells no client id")
	}
	if version == 4 {
		r := h.tryConnect(4, "", func(pk *packets.Packet) {
			pk.Connect.ClientIdentifier, pk.Connect.Clean = "", false
			pk.Connect.UsernameFlag, pk.Connect.PasswordFlag = false, false
		})
		if r.connack.ReasonCode != badIdentifier {
			t.Errorf("a lasting session without a name: CONNACK %d", r.connack.ReasonCode)
		}
	}
	named.put(1, "a", "x", false)
	named.want(packets.Puback, 1)
}

func labRefusedFilter(t *testing.T, h *house, version byte) {
	p := h.anyone(version, "p", nil)
	if code := p.subscribe(2, "test/nosubscribe"); code < 0x80 || version == 4 && code != 0x80 {
		t.Errorf("answer %#x", code)
	}
	if code := p.subscribe(2, "test/subscribe"); code != 2 {
		t.Errorf("answer %#x to another filter", code)
	}
}

func labUnsubscribe(_ *testing.T, h *house, version byte) {
	p := h.anyone(version, "p", nil)
	p.subscribe(1, "a")
	p.subscribe(1, "b")
	p.unsubscribe("a")
	p.put(1, "a", "x", false)
	p.put(1, "b", "x", false)
	p.wantMessages("b=x qos 1 retained false")
}

func labProtocol(t *testing.T, h *house, version byte) {
	p := h.anyone(version, "p", nil)
	p.send(packets.Packet{
		FixedHeader: packets.FixedHeader{Type: packets.Connect},
		Connect:     packets.ConnectParams{ProtocolName: []byte("MQTT"), Clean: true, ClientIdentifier: "p"},
	})
	p.wantClosed()
	stranger := h.dial(version)
	stranger.send(packets.Packet{
		FixedHeader: packets.FixedHeader{Type: packets.Connect},
		Connect:     packets.ConnectParams{ProtocolName: []byte("hj"), Clean: true, ClientIdentifier: "p"},
	})
	pk, err := stranger.tryRead(5 * time.Second)
	if err == nil && (pk.FixedHeader.Type != packets.Connack || pk.ReasonCode == 0) {
		t.Errorf("another protocol is answered with packet type %d, reason %#x", pk.FixedHeader.Type, pk.ReasonCode)
	}
}

func TestLabIsForLoopback(t *testing.T) {
	h := openLab(t)
	for _, address := range []string{"0.0.0.0:0", "[::]:0", ":0"} {
		_, err := New(Options{Address: address, Fleet: h.fleet, Lab: true})
		if !errors.Is(err, ErrNotLoopback) || !strings.Contains(err.Error(), "127.0.0.1") {
			t.Errorf("%s: %v", address, err)
		}
	}
}
