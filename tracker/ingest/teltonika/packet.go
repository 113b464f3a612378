package teltonika

import (
	"encoding/binary"

	"wayguard/tracker"
)

// Codec is the layout of a packet's records.
type Codec uint8

// The codecs that boxes send positions in.
const (
	Codec8         Codec = 0x08
	Codec8Extended Codec = 0x8E
	Codec16        Codec = 0x10
)

// Packet is one AVL packet.
type Packet struct {
	Codec   Codec
	Records []Record
}

// Record is what a box noted at one time.
type Record struct {
	// Time is in milliseconds since 1970-01-01T00:00:00Z.
	Time uint64
	// Priority is 0 for low, 1 for high, 2 for panic.
	Priority uint8
	GPS      GPS
	// Event is the id of the element that made the box note this, 0 for none.
	Event uint16
	// Generation is why it did, from 0 to 7, in Codec 16 only.
	Generation uint8
	// Total is how many elements the box says there are. Nothing depends on it.
	Total    uint16
	Elements []Element
}

// GPS is the receiver's part of a record.
type GPS struct {
	// Lon and Lat are in 1e-7 degrees.
	Lon, Lat int32
	// Altitude is in metres, Angle in degrees clockwise from true north.
	Altitude int16
	Angle    uint16
	// Satellites is how many are seen, 0 without a fix.
	Satellites uint8
	// Speed is in km/h.
	Speed uint16
}

// Element is one value of a sensor.
type Element struct {
	ID uint16
	// Variable: Value is of the kind that carries its own length, and otherwise
	// a big-endian number of 1, 2, 4 or 8 bytes.
	Variable bool
	// Value is a part of the bytes that were parsed.
	Value []byte
}

// Layout of a packet: four zero bytes, the length of the data, the data, its
// CRC, all big-endian. The data is the codec, the number of records, the
// records and the number once more.
const (
	headBytes = 8
	crcBytes  = 4
	// leastData is a data field without records.
	leastData = 3
)

// layout is how a codec writes the elements of a record.
type layout struct {
	idBytes, countBytes  int
	generation, variable bool
}

var layouts = map[Codec]layout{
	Codec8:         {idBytes: 1, countBytes: 1},
	Codec8Extended: {idBytes: 2, countBytes: 2, variable: true},
	Codec16:        {idBytes: 2, countBytes: 1, generation: true},
}

// ParsePacket reads one packet, from its preamble to its CRC. An error is
// always a *tracker.Refusal; then there is no packet.
func ParsePacket(b []byte) (Packet, error) {
	if len(b) < headBytes+leastData+crcBytes {
		return Packet{}, tracker.Refuse(ReasonFrame, "the packet is cut short")
	}
	data, sum := b[headBytes:len(b)-crcBytes], b[len(b)-crcBytes:]
	if binary.BigEndian.Uint32(b) != 0 || uint64(binary.BigEndian.Uint32(b[4:])) != uint64(len(data)) {
		return Packet{}, tracker.Refuse(ReasonFrame, "the packet does not begin with four zero bytes and its length")
	}
	if binary.BigEndian.Uint32(sum) != uint32(checksum(data)) {
		return Packet{}, tracker.Refuse(ReasonCRC, "the packet does not match its CRC")
	}
	shape, ok := layouts[Codec(data[0])]
	if !ok {
		return Packet{}, tracker.Refuse(ReasonCodec, "codec 0x%02X is none of 0x08, 0x8E and 0x10: set the box to one of them", data[0])
	}
	n, again := data[1], data[len(data)-1]
	if n == 0 || n != again {
		return Packet{}, tracker.Refuse(ReasonFrame, "the packet says that it has %d records, and at its end %d", n, again)
	}
	records, err := parseRecords(data[2:len(data)-1], int(n), shape)
	if err != nil {
		return Packet{}, err
	}
	return Packet{Codec(data[0]), records}, nil
}

func parseRecords(b []byte, n int, shape layout) ([]Record, error) {
	c := cursor{rest: b}
	records := make([]Record, 0, n)
	for range n {
		records = append(records, c.record(shape))
	}
	if c.short {
		return nil, tracker.Refuse(ReasonFrame, "the packet ends within its records")
	}
	if len(c.rest) > 0 {
		return nil, tracker.Refuse(ReasonFrame, "%d bytes follow the last record", len(c.rest))
	}
	return records, nil
}

// crcTable has the CRC of each byte: polynomial 0x8005 with the lowest bit
// first, which is 0xA001.
var crcTable = func() (table [256]uint16) {
	for i := range table {
		v := uint16(i)
		for range 8 {
			v = v>>1 ^ 0xA001*(v&1)
		}
		table[i] = v
	}
	return table
}()

// checksum is CRC-16/IBM, also known as CRC-16/ARC: from 0, not inverted.
func checksum(b []byte) uint16 {
	var v uint16
	for _, x := range b {
		v = v>>8 ^ crcTable[byte(v)^x]
	}
	return v
}
