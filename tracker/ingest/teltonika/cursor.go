package teltonika

// cursor reads from the front of rest. After the end it reads zeros and stays
// short.
type cursor struct {
	rest  []byte
	short bool
}

func (c *cursor) take(n int) []byte {
	if n > len(c.rest) {
		c.rest, c.short = nil, true
		return nil
	}
	b := c.rest[:n:n]
	c.rest = c.rest[n:]
	return b
}

// number reads a big-endian one of n bytes.
func (c *cursor) number(n int) uint64 {
	var v uint64
	for _, x := range c.take(n) {
		v = v<<8 | uint64(x)
	}
	return v
}

func (c *cursor) record(shape layout) Record {
	r := Record{Time: c.number(8), Priority: uint8(c.number(1))}
	r.GPS = GPS{
		Lon: int32(c.number(4)), Lat: int32(c.number(4)),
		Altitude: int16(c.number(2)), Angle: uint16(c.number(2)),
		Satellites: uint8(c.number(1)), Speed: uint16(c.number(2)),
	}
	r.Event = uint16(c.number(shape.idBytes))
	if shape.generation {
		r.Generation = uint8(c.number(1))
	}
	r.Total = uint16(c.number(shape.countBytes))
	for _, size := range [...]int{1, 2, 4, 8} {
		for n := c.number(shape.countBytes); n > 0 && !c.short; n-- {
			r.Elements = append(r.Elements, Element{ID: uint16(c.number(shape.idBytes)), Value: c.take(size)})
		}
	}
	if shape.variable {
		for n := c.number(2); n > 0 && !c.short; n-- {
			r.Elements = append(r.Elements, Element{ID: uint16(c.number(2)), Variable: true, Value: c.take(int(c.number(2)))})
		}
	}
	return r
}
