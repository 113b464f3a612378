package teltonika

import (
	"encoding/binary"
	"math/bits"
)

// start is the time of the first record of packetOf.
const start = 1_767_225_600_000

// packetOf is a packet with n records, ten seconds apart, of a box that drives
// east; each has elements of all sizes.
func packetOf(codec Codec, n int) Packet { return packetFrom(codec, 0, n) }

// packetFrom is the same from a later record on.
func packetFrom(codec Codec, first, n int) Packet {
	p := Packet{Codec: codec}
	for i := first; i < first+n; i++ {
		r := Record{
			Time: start + 10_000*uint64(i), Priority: uint8(i % 3), Event: 239, Total: 4,
			GPS: GPS{Lon: -86_254_000 + int32(i)*1500, Lat: 526_634_000, Altitude: 12, Angle: 90, Satellites: 9, Speed: 36},
		}
		for size := range 4 {
			r.Elements = append(r.Elements, Element{ID: uint16(i + size), Value: make([]byte, 1<<size)})
		}
		if codec == Codec8Extended {
			r.Elements = append(r.Elements, Element{ID: 0x2C35, Variable: true, Value: []byte("beacons")})
			r.Total++
		}
		if codec == Codec16 {
			r.Generation = 5
		}
		p.Records = append(p.Records, r)
	}
	return p
}

// appendPacket encodes p, whose elements must be in order of their sizes.
func appendPacket(b []byte, p Packet) []byte {
	data := []byte{byte(p.Codec), byte(len(p.Records))}
	for i := range p.Records {
		data = appendRecord(data, &p.Records[i], layouts[p.Codec])
	}
	return append(b, sealed(append(data, byte(len(p.Records))))...)
}

// sealed puts a data field between its head and its CRC.
func sealed(data []byte) []byte {
	b := binary.BigEndian.AppendUint64(nil, uint64(len(data)))
	b = append(b, data...)
	return binary.BigEndian.AppendUint32(b, uint32(slowChecksum(data)))
}

// slowChecksum divides bit by bit, the highest first, as the polynomial
// x^16 + x^15 + x^2 + 1 is written.
func slowChecksum(data []byte) uint16 {
	var v uint16
	for _, x := range data {
		v ^= uint16(bits.Reverse8(x)) << 8
		for range 8 {
			if v&0x8000 != 0 {
				v = v<<1 ^ 0x8005
			} else {
				v <<= 1
			}
		}
	}
	return bits.Reverse16(v)
}

func appendNumber(b []byte, v uint64, n int) []byte {
	return append(b, binary.BigEndian.AppendUint64(nil, v)[8-n:]...)
}

func appendRecord(b []byte, r *Record, l layout) []byte {
	g := &r.GPS
	b = append(appendNumber(b, r.Time, 8), r.Priority)
	b = appendNumber(appendNumber(b, uint64(g.Lon), 4), uint64(g.Lat), 4)
	b = appendNumber(appendNumber(b, uint64(g.Altitude), 2), uint64(g.Angle), 2)
	b = appendNumber(append(b, g.Satellites), uint64(g.Speed), 2)
	b = appendNumber(b, uint64(r.Event), l.idBytes)
	if l.generation {
		b = append(b, r.Generation)
	}
	b = appendNumber(b, uint64(r.Total), l.countBytes)
	for _, size := range []int{1, 2, 4, 8} {
		b = appendElements(b, r.Elements, l, func(e Element) bool { return !e.Variable && len(e.Value) == size })
	}
	if l.variable {
		b = appendElements(b, r.Elements, l, func(e Element) bool { return e.Variable })
	}
	return b
}

func appendElements(b []byte, all []Element, l layout, in func(Element) bool) []byte {
	var group []Element
	for _, e := range all {
		if in(e) {
			group = append(group, e)
		}
	}
	b = appendNumber(b, uint64(len(group)), l.countBytes)
	for _, e := range group {
		b = appendNumber(b, uint64(e.ID), l.idBytes)
		if e.Variable {
			b = appendNumber(b, uint64(len(e.Value)), 2)
		}
		b = append(b, e.Value...)
	}
	return b
}
