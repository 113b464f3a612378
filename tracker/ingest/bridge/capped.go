package bridge

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// maxPayload is the longest payload that is looked at, in bytes: as much as a
// packet to this server's own broker may have.
const maxPayload = 64 << 10

// capped is a connection to a broker on which no packet is much longer than
// maxPayload. What is longer of a PUBLISH is cut off, so that it can be refused
// and acknowledged: MQTT 3.1.1 has no way to tell a broker a limit, and one that
// closed the connection would be sent the same again. A packet of another type
// that long is an error.
type capped struct {
	net.Conn
	in *bufio.Reader
	// head is still to be handed out of the current packet, and then rest bytes
	// that have not been read; skip bytes are to be dropped after that.
	head       []byte
	rest, skip int64
}

func newCapped(c net.Conn) *capped { return &capped{Conn: c, in: bufio.NewReader(c)} }

// Write ends when the broker does not read for some time; paho sets a deadline
// for publishes only.
func (c *capped) Write(b []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(writeTime)); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}

func (c *capped) Read(b []byte) (int, error) {
	if len(c.head) == 0 && c.rest == 0 {
		if err := c.next(); err != nil {
			return 0, err
		}
	}
	if len(c.head) > 0 {
		n := copy(b, c.head)
		c.head = c.head[n:]
		return n, nil
	}
	n, err := c.in.Read(b[:min(int64(len(b)), c.rest)])
	c.rest -= int64(n)
	return n, err
}

// The first byte of a PUBLISH (MQTT 3.1.1, 3.3.1).
const (
	typeMask    = 0xF0
	typePublish = 0x30
	qosMask     = 0x06
)

var errPacket = errors.New("the broker sent a packet that is malformed or too long")

// next reads the beginning of a packet.
func (c *capped) next() error {
	if _, err := io.CopyN(io.Discard, c.in, c.skip); err != nil {
		return err
	}
	c.skip = 0
	first, err := c.in.ReadByte()
	if err != nil {
		return err
	}
	length, err := c.length()
	if err != nil {
		return err
	}
	if length <= maxPayload {
		c.head, c.rest = appendHead(nil, first, length), length
		return nil
	}
	if first&typeMask != typePublish {
		return fmt.Errorf("%w: type %d, %d bytes", errPacket, first>>4, length)
	}
	return c.cut(first, length)
}

// cut reads topic and packet id of a PUBLISH and decides how much follows.
func (c *capped) cut(first byte, length int64) error {
	variable := make([]byte, 2)
	if _, err := io.ReadFull(c.in, variable); err != nil {
		return err
	}
	more := int64(binary.BigEndian.Uint16(variable))
	if first&qosMask != 0 {
		more += 2
	}
	if 2+more > length {
		return errPacket
	}
	variable = append(variable, make([]byte, more)...)
	if _, err := io.ReadFull(c.in, variable[2:]); err != nil {
		return err
	}
	payload := length - 2 - more
	c.rest = min(payload, maxPayload+1)
	c.skip = payload - c.rest
	c.head = append(appendHead(nil, first, length-c.skip), variable...)
	return nil
}

// length reads a remaining length (MQTT 3.1.1, 2.2.3): up to four bytes of seven
// bits, the lowest first.
func (c *capped) length() (n int64, err error) {
	for shift := 0; shift < 28; shift += 7 {
		b, err := c.in.ReadByte()
		if err != nil {
			return 0, err
		}
		n |= int64(b&0x7F) << shift
		if b&0x80 == 0 {
			return n, nil
		}
	}
	return 0, errPacket
}

func appendHead(b []byte, first byte, length int64) []byte {
	b = append(b, first)
	for ; length >= 0x80; length >>= 7 {
		b = append(b, byte(length)|0x80)
	}
	return append(b, byte(length))
}
