package bridge

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"

	"github.com/eclipse/paho.mqtt.golang/packets"
)

func publishPacket(t testing.TB, id uint16, payload int) []byte {
	t.Helper()
	p := packets.NewControlPacket(packets.Publish).(*packets.PublishPacket)
	p.TopicName, p.MessageID, p.Payload = vanTopic, id, bytes.Repeat([]byte{byte(id)}, payload)
	p.Qos = byte(id % 3)
	var b bytes.Buffer
	must(t, p.Write(&b))
	return b.Bytes()
}

// Whatever the lengths and however the stream is read, every packet comes
// through, those that are too long with the beginning of their payload.
func TestCapped(t *testing.T) {
	const seed, n = 9, 200
	rng := rand.New(rand.NewPCG(seed, seed))
	var stream bytes.Buffer
	lengths := []int{0, 1, 100, 127, 128, 16_300, 16_384, maxPayload - 30, maxPayload - 1, maxPayload, maxPayload + 1, maxPayload + 2, 3 * maxPayload}
	var sent []int
	for i := range n {
		length := lengths[rng.IntN(len(lengths))]
		sent = append(sent, length)
		stream.Write(publishPacket(t, uint16(i), length))
		if rng.IntN(2) == 0 {
			must(t, packets.NewControlPacket(packets.Pingresp).Write(&stream))
		}
	}
	whole := stream.Bytes()
	for _, in := range []io.Reader{bytes.NewReader(whole), iotest.OneByteReader(bytes.NewReader(whole)), iotest.HalfReader(bytes.NewReader(whole))} {
		read := &capped{in: bufio.NewReader(in)}
		for id := 0; id < n; {
			packet, err := packets.ReadPacket(read)
			must(t, err)
			p, ok := packet.(*packets.PublishPacket)
			if !ok {
				continue
			}
			want := bytes.Repeat([]byte{byte(id)}, min(sent[id], maxPayload+1))
			if p.TopicName != vanTopic || p.Qos > 0 && int(p.MessageID) != id || !bytes.Equal(p.Payload, want) {
				t.Fatalf("seed %d: packet %d of %d bytes came as %d of %d bytes", seed, id, sent[id], p.MessageID, len(p.Payload))
			}
			id++
		}
	}
}

func TestCappedRefuses(t *testing.T) {
	for name, stream := range map[string][]byte{
		"a long packet that is no publish": {packets.Suback << 4, 0x80, 0x80, 0x80, 0x01},
		"a length of five bytes":           {packets.Publish << 4, 0x80, 0x80, 0x80, 0x80, 0x01},
	} {
		c := &capped{in: bufio.NewReader(bytes.NewReader(stream))}
		if _, err := io.ReadAll(c); !errors.Is(err, errPacket) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzCapped: what comes out is never longer than what went in, and no packet
// in it longer than it may be.
func FuzzCapped(f *testing.F) {
	f.Add(publishPacket(f, 1, 10))
	f.Add(publishPacket(f, 2, 2*maxPayload)[:200])
	f.Add([]byte{packets.Publish<<4 | 2, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF})
	f.Add([]byte{packets.Pingresp << 4, 0})
	f.Fuzz(func(t *testing.T, stream []byte) {
		out, _ := io.ReadAll(&capped{in: bufio.NewReader(bytes.NewReader(stream))})
		if len(out) > len(stream) {
			// A shorter packet can take no longer length.
			t.Fatalf("%d bytes became %d", len(stream), len(out))
		}
		c := &capped{in: bufio.NewReader(bytes.NewReader(out))}
		for len(out) > 0 {
			if c.next() != nil {
				return
			}
			if c.skip > 0 {
				t.Fatalf("a packet is %d bytes too long", c.skip)
			}
			if _, err := io.CopyN(io.Discard, c.in, c.rest); err != nil {
				return
			}
		}
	})
}
