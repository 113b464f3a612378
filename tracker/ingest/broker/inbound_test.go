package broker

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"
	"github.com/mochi-mqtt/server/v2/system"

	"wayguard/tracker"
)

// packet is one of a stream; report tells that it is to be taken.
type packet struct {
	bytes  []byte
	report bool
}

// newPacket frames a body.
func newPacket(head byte, body []byte, report bool) packet {
	b := binary.AppendUvarint([]byte{head}, uint64(len(body)))
	return packet{append(b, body...), report}
}

// randomPacket is right or wrong, of any type, short or longer than the buffer.
func randomPacket(random *rand.Rand) packet {
	payload := make([]byte, random.IntN(100))
	if random.IntN(8) == 0 {
		payload = make([]byte, random.IntN(3*readBuffer))
	}
	for i := range payload {
		payload[i] = byte(random.Uint32())
	}
	publish := func(head byte, topic string, id uint16) packet {
		body := binary.BigEndian.AppendUint16(nil, uint16(len(topic)))
		body = binary.BigEndian.AppendUint16(append(body, topic...), id)
		p := newPacket(head, append(body, payload...), false)
		p.report = topic == "mine" && id != 0 && head&^9 == 0x32 && len(p.bytes) <= readBuffer
		return p
	}
	switch random.IntN(8) {
	case 0:
		return newPacket(byte(random.Uint32()&^0x30), payload, false)
	case 1:
		return publish(0x32, "other", 1)
	case 2:
		return publish(0x32, "mine", 0)
	case 3:
		return publish(byte(0x30|random.Uint32()&0xd), "mine", 7)
	case 4:
		return newPacket(0x32, payload[:min(len(payload), 3)], false)
	}
	return publish(byte(0x32|random.Uint32()&9), "mine", uint16(1+random.Uint32()%9))
}

// takeMine takes reports to one topic into taken.
func takeMine(taken *[][]byte) taker {
	return func(topic, payload []byte, id uint16) (bool, error) {
		if string(topic) != "mine" {
			return false, nil
		}
		*taken = append(*taken, binary.BigEndian.AppendUint16(bytes.Clone(payload), id))
		return true, nil
	}
}

// Whatever a device sends, cut anywhere: the reports are taken, and all else
// reaches mochi, in its order and before any later report is taken.
func TestInboundSplitsTheStream(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	for round := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, round))
		var stream, left []byte
		var reports, passedBefore []int
		for range 30 {
			p := randomPacket(random)
			stream = append(stream, p.bytes...)
			if p.report {
				reports, passedBefore = append(reports, len(p.bytes)), append(passedBefore, len(left))
			} else {
				left = append(left, p.bytes...)
			}
		}
		var passed []byte
		n := 0
		var taken [][]byte
		mine := takeMine(&taken)
		in := inbound{info: new(system.Info), take: func(topic, payload []byte, id uint16) (bool, error) {
			ok, err := mine(topic, payload, id)
			if ok {
				if n >= len(reports) || len(passed) != passedBefore[n] {
					t.Fatalf("round %d: report %d is taken after %d bytes", round, n, len(passed))
				}
				n++
			}
			return ok, err
		}}
		passed = drain(t, &in, stream, random, &passed)
		if n != len(reports) || !bytes.Equal(passed, left) || in.info.PacketsReceived != int64(n) {
			t.Fatalf("round %d: %d of %d reports taken, %d of %d bytes passed on", round, n, len(reports), len(passed), len(left))
		}
	}
}

// drain sends a stream in pieces and reads it in pieces until the end.
func drain(t *testing.T, in *inbound, stream []byte, random *rand.Rand, passed *[]byte) []byte {
	device, server := net.Pipe()
	defer server.Close()
	go func() {
		defer device.Close()
		for piece := range slices.Chunk(stream, 1+random.IntN(700)) {
			if _, err := device.Write(piece); err != nil {
				return
			}
		}
	}()
	p := make([]byte, 64)
	for {
		n, err := in.read(server, p, func(time.Time) error { return nil })
		*passed = append(*passed, p[:n]...)
		if errors.Is(err, io.EOF) {
			return *passed
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func FuzzInbound(f *testing.F) {
	f.Add([]byte("\x10\x02ab\x32\x08\x00\x04mine\x00\x01\xc0\x00"))
	f.Add([]byte("\x32\xff\xff\xff\xff\xff\x01"))
	f.Add([]byte("\x32\x80\x80\x80"))
	f.Add([]byte("\x3b\x02\xff\xff\x32\x04\x00\x00\x00\x01"))
	f.Fuzz(func(t *testing.T, stream []byte) {
		var taken [][]byte
		in := inbound{info: new(system.Info), take: takeMine(&taken)}
		var passed []byte
		drain(t, &in, stream, rand.New(rand.NewPCG(1, 1)), &passed)
		if got := int64(len(passed)) + in.info.BytesReceived; got > int64(len(stream)) || int(in.info.PacketsReceived) != len(taken) {
			t.Errorf("%d bytes passed on and %d taken of %d", len(passed), in.info.BytesReceived, len(stream))
		}
	})
}

// A device that sends reports only, which mochi never sees, is not taken for
// silent; one that then is silent is.
func TestReportsKeepAConnectionAlive(t *testing.T) {
	t.Parallel()
	const keepAlive = 2 // seconds
	h := open(t, []tracker.DeviceID{"ann:van"}, func(o *Options, _ *gate) { o.Limits.MinKeepAlive = keepAlive * time.Second })
	r := h.connect(4, "ann:van", func(pk *packets.Packet) { pk.Connect.Keepalive = keepAlive })
	for n := range 10 {
		r.send(publication(1, uint16(n+1), "owntracks/ann/van", location(n)))
		if ack := r.read(); ack.FixedHeader.Type != packets.Puback {
			t.Fatalf("after %d reports: packet type %d", n, ack.FixedHeader.Type)
		}
		time.Sleep(keepAlive * time.Second / 4)
	}
	silent := time.Now()
	_ = r.conn.SetReadDeadline(silent.Add(10 * time.Second))
	if _, err := r.conn.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("read: %v, want the end", err)
	}
	if took := time.Since(silent); took > 2*keepAlive*time.Second {
		t.Errorf("closed after %s of silence", took)
	}
}

// A payload that is kept must not be what was read over it later.
func TestQuarantineKeepsWhatWasSent(t *testing.T) {
	h := open(t, []tracker.DeviceID{"ann:van"}, nil)
	r := h.connect(4, "ann:van", nil)
	const bad = `{"_type":"location","tst":"yesterday"}`
	sent := r.encode(publication(1, 1, "owntracks/ann/van", []byte(bad)))
	for n := range 99 {
		sent = append(sent, r.encode(publication(1, uint16(n+2), "owntracks/ann/van", location(n)))...)
	}
	if _, err := r.conn.Write(sent); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		r.read()
	}
	kept, err := h.fleet.Quarantined()
	must(t, err)
	if len(kept) != 1 || string(kept[0].Payload) != bad {
		t.Errorf("kept %+v", kept)
	}
}
