package teltonika

import (
	"bytes"
	"encoding/binary"
	"io"

	"wayguard/tracker"
)

// imeiLength is how many digits an IMEI has.
const imeiLength = 15

// readIMEI reads what a box says first: two bytes of length and the digits. The
// id is empty if that is something else.
func (c *conn) readIMEI() (tracker.DeviceID, error) {
	var b [2 + imeiLength]byte
	if _, err := io.ReadFull(c.in, b[:2]); err != nil {
		return "", err
	}
	if binary.BigEndian.Uint16(b[:]) != imeiLength {
		return "", nil
	}
	digits := b[2:]
	if _, err := io.ReadFull(c.in, digits); err != nil {
		return "", err
	}
	if bytes.ContainsFunc(digits, func(r rune) bool { return r < '0' || r > '9' }) {
		return "", nil
	}
	return tracker.DeviceID(digits), nil
}

// keepAlive is what boxes send now and then while they have nothing to say.
const keepAlive = 0xFF

// readPacket reads the next packet, from its preamble to its CRC. With a
// *tracker.Refusal nothing can follow; then it returns what was read so far.
func (c *conn) readPacket() ([]byte, error) {
	if err := c.awaitPacket(); err != nil {
		return nil, err
	}
	if err := c.readFor(c.limits.PacketTime); err != nil {
		return nil, err
	}
	head := make([]byte, headBytes)
	if _, err := io.ReadFull(c.in, head); err != nil {
		return nil, err
	}
	if binary.BigEndian.Uint32(head) != 0 {
		return head, tracker.Refuse(ReasonFrame, "the packet does not begin with four zero bytes")
	}
	length := uint64(binary.BigEndian.Uint32(head[4:]))
	whole := headBytes + length + crcBytes
	if whole > uint64(c.limits.PacketBytes) {
		return head, tracker.Refuse(ReasonTooLarge, "the packet has %d bytes, and only %d are taken", whole, c.limits.PacketBytes)
	}
	packet := append(make([]byte, 0, whole), head...)[:whole]
	if _, err := io.ReadFull(c.in, packet[headBytes:]); err != nil {
		return nil, err
	}
	return packet, nil
}

// awaitPacket returns before the first byte of a packet.
func (c *conn) awaitPacket() error {
	for {
		if err := c.readFor(c.limits.IdleTime); err != nil {
			return err
		}
		b, err := c.in.Peek(1)
		if err != nil {
			return err
		}
		if b[0] != keepAlive {
			return nil
		}
		if _, err := c.in.Discard(1); err != nil {
			return err
		}
	}
}
