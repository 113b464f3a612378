package geofence

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// ErrSpeeds is wrapped by errors about bytes that are not a SpeedModel.
var ErrSpeeds = errors.New("bad speed model")

// speedsVersion is the first byte of a SpeedModel's binary form. After it come
// the number of cells and of each, in order of key: the key less that of the
// one before, as varints; count, mean and squares, as float32, little-endian.
const speedsVersion = 1

// AppendBinary appends the binary form of m to b. Equal models give equal
// bytes. The error is always nil.
func (m *SpeedModel) AppendBinary(b []byte) ([]byte, error) {
	b = append(b, speedsVersion)
	b = binary.AppendUvarint(b, uint64(m.Len()))
	if m == nil {
		return b, nil
	}
	before := paceKey(0)
	for _, c := range m.cells {
		b = binary.AppendUvarint(b, uint64(c.key-before))
		before = c.key
		for _, x := range [3]float32{c.count, c.mean, c.squares} {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
		}
	}
	return b, nil
}

// NewSpeedModel reads what AppendBinary wrote. Errors: ErrSpeeds.
func NewSpeedModel(b []byte) (*SpeedModel, error) {
	d := decoder{rest: b}
	if v := d.byte(); v != speedsVersion {
		return nil, fmt.Errorf("%w: its version is %d, not %d", ErrSpeeds, v, speedsVersion)
	}
	m := &SpeedModel{}
	key := paceKey(0)
	for n := d.uvarint(); n > 0 && d.err == nil; n-- {
		key += paceKey(d.uvarint())
		c := paceCell{key, d.float32(), d.float32(), d.float32()}
		if i := len(m.cells); i > 0 && m.cells[i-1].key >= key {
			d.fail("streets are not in order")
		}
		if !c.sound() || len(m.cells) == maxPaceCells {
			d.fail("a street is none that there is, or too many")
		}
		m.cells = append(m.cells, c)
	}
	if len(d.rest) > 0 {
		d.fail("there are bytes after the end")
	}
	if d.err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSpeeds, d.err)
	}
	if again, _ := m.AppendBinary(nil); !bytes.Equal(again, b) {
		return nil, fmt.Errorf("%w: it is not in its only form", ErrSpeeds)
	}
	m.summarise()
	return m, nil
}

// sound tells whether c can be made of traversals, whose log paces lie between
// -4.1 and 3.
func (c *paceCell) sound() bool {
	const most = mostOfAll + 2*maxTraversalMeters/stretchMeters
	return c.key.street() <= maxStreet && c.key.hour() < 48 &&
		c.count > 0 && c.count <= most && c.mean >= -5 && c.mean <= 5 && c.squares >= 0 && c.squares <= 16*c.count
}
