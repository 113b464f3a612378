package broker

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"

	"wayguard/tracker"
)

// raw is an MQTT client that sends and receives what it is told to, right or
// wrong.
type raw struct {
	t       testing.TB
	conn    net.Conn
	in      *bufio.Reader
	version byte
	connack packets.Packet
}

// dial opens a connection and sends nothing.
func (h *house) dial(version byte) *raw {
	h.t.Helper()
	conn, err := net.Dial("tcp", h.broker.Addr().String())
	must(h.t, err)
	h.t.Cleanup(func() { conn.Close() })
	return &raw{t: h.t, conn: conn, in: bufio.NewReader(conn), version: version}
}

// connect is a client that has been accepted as a device.
func (h *house) connect(version byte, id tracker.DeviceID, mend func(*packets.Packet)) *raw {
	h.t.Helper()
	r := h.tryConnect(version, id, mend)
	if r.connack.ReasonCode != 0 {
		h.t.Fatalf("CONNACK %#x", r.connack.ReasonCode)
	}
	return r
}

// tryConnect is a client that has been accepted or refused.
func (h *house) tryConnect(version byte, id tracker.DeviceID, mend func(*packets.Packet)) *raw {
	h.t.Helper()
	r := h.dial(version)
	pk := packets.Packet{
		FixedHeader: packets.FixedHeader{Type: packets.Connect},
		Connect: packets.ConnectParams{
			ProtocolName: []byte("MQTT"), Clean: true, Keepalive: 60, ClientIdentifier: "raw-" + string(id),
			UsernameFlag: true, Username: []byte(id), PasswordFlag: true, Password: []byte(h.secrets[id]),
		},
	}
	if mend != nil {
		mend(&pk)
	}
	r.send(pk)
	r.connack = r.read()
	if r.connack.FixedHeader.Type != packets.Connack {
		h.t.Fatalf("packet type %d, want CONNACK", r.connack.FixedHeader.Type)
	}
	return r
}

// withWill adds a last will to a CONNECT.
func withWill(topic, payload string) func(*packets.Packet) {
	return func(pk *packets.Packet) {
		pk.Connect.WillFlag, pk.Connect.WillTopic, pk.Connect.WillPayload = true, topic, []byte(payload)
	}
}

func (r *raw) encode(pk packets.Packet) []byte {
	r.t.Helper()
	pk.ProtocolVersion = r.version
	var buf bytes.Buffer
	encode := map[byte]func(*bytes.Buffer) error{
		packets.Connect: pk.ConnectEncode, packets.Publish: pk.PublishEncode, packets.Pubrel: pk.PubrelEncode,
		packets.Puback: pk.PubackEncode, packets.Pubrec: pk.PubrecEncode, packets.Pubcomp: pk.PubcompEncode,
		packets.Unsubscribe: pk.UnsubscribeEncode,
		packets.Subscribe:   pk.SubscribeEncode, packets.Pingreq: pk.PingreqEncode, packets.Disconnect: pk.DisconnectEncode,
	}[pk.FixedHeader.Type]
	must(r.t, encode(&buf))
	return buf.Bytes()
}

func (r *raw) send(pk packets.Packet) {
	r.t.Helper()
	_, err := r.conn.Write(r.encode(pk))
	must(r.t, err)
}

func publication(qos byte, id uint16, topic string, payload []byte) packets.Packet {
	return packets.Packet{
		FixedHeader: packets.FixedHeader{Type: packets.Publish, Qos: qos},
		PacketID:    id, TopicName: topic, Payload: payload,
	}
}

func (r *raw) publish(qos byte, id uint16, topic string, payload []byte) {
	r.t.Helper()
	r.send(publication(qos, id, topic, payload))
}

// read returns the next packet.
func (r *raw) read() packets.Packet {
	r.t.Helper()
	pk, err := r.tryRead(10 * time.Second)
	must(r.t, err)
	return pk
}

func (r *raw) tryRead(wait time.Duration) (packets.Packet, error) {
	_ = r.conn.SetReadDeadline(time.Now().Add(wait))
	pk := packets.Packet{ProtocolVersion: r.version}
	b, err := r.in.ReadByte()
	if err != nil {
		return pk, err
	}
	if err := pk.FixedHeader.Decode(b); err != nil {
		return pk, err
	}
	if pk.FixedHeader.Remaining, _, err = packets.DecodeLength(r.in); err != nil {
		return pk, err
	}
	body := make([]byte, pk.FixedHeader.Remaining)
	if _, err := io.ReadFull(r.in, body); err != nil {
		return pk, err
	}
	decode := map[byte]func([]byte) error{
		packets.Connack: pk.ConnackDecode, packets.Puback: pk.PubackDecode, packets.Pubrec: pk.PubrecDecode,
		packets.Pubrel: pk.PubrelDecode, packets.Unsuback: pk.UnsubackDecode,
		packets.Pubcomp: pk.PubcompDecode, packets.Suback: pk.SubackDecode, packets.Pingresp: pk.PingrespDecode,
		packets.Publish: pk.PublishDecode, packets.Disconnect: pk.DisconnectDecode,
	}[pk.FixedHeader.Type]
	return pk, decode(body)
}

// want reads a packet of a type and returns it.
func (r *raw) want(kind byte, id uint16) packets.Packet {
	r.t.Helper()
	pk := r.read()
	if pk.FixedHeader.Type != kind || pk.PacketID != id {
		r.t.Fatalf("packet type %d id %d reason %#x, want type %d id %d", pk.FixedHeader.Type, pk.PacketID, pk.ReasonCode, kind, id)
	}
	return pk
}

// wantNothing fails if a packet comes within a while.
func (r *raw) wantNothing(wait time.Duration) {
	r.t.Helper()
	if pk, err := r.tryRead(wait); !errors.Is(err, os.ErrDeadlineExceeded) {
		r.t.Fatalf("packet type %d id %d, error %v, want silence", pk.FixedHeader.Type, pk.PacketID, err)
	}
}

// wantClosed reads until the server closes the connection, past a DISCONNECT
// of MQTT 5, whose reason it returns.
func (r *raw) wantClosed() (reason byte) {
	r.t.Helper()
	for {
		pk, err := r.tryRead(10 * time.Second)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			r.t.Fatal("the connection stays open")
		}
		if err != nil {
			return reason
		}
		if pk.FixedHeader.Type != packets.Disconnect || r.version != 5 {
			r.t.Fatalf("packet type %d id %d, want the end", pk.FixedHeader.Type, pk.PacketID)
		}
		reason = pk.ReasonCode
	}
}

// subscribe returns the reason code for one filter.
func (r *raw) subscribe(filter string) byte {
	r.t.Helper()
	r.send(packets.Packet{
		FixedHeader: packets.FixedHeader{Type: packets.Subscribe, Qos: 1},
		PacketID:    9, Filters: packets.Subscriptions{{Filter: filter, Qos: 1}},
	})
	return r.want(packets.Suback, 9).ReasonCodes[0]
}
