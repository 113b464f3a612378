package geofence

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/paulmach/orb"
)

// ErrState is wrapped by errors about bytes that are not a State.
var ErrState = errors.New("bad engine state")

// stateVersion is the first byte of a State's binary form. After it come, with
// numbers as varints (signed ones zigzag) and floats as 8 or 4 bytes, all
// little-endian:
//
//	flags            1 byte: bit 0 seen, bit 1 fog; a device never seen ends here
//	last fix         time, lon, lat, known (1 byte), then the known float32s
//	world version
//	episodes
//	relations        their count, then of each, in order of fence:
//	  fence          length and bytes
//	  shape          8 bytes
//	  kind           1 byte: bits 0 and 1 side, bit 2 turning, bit 3 likely,
//	                 bit 4 dwelt
//	  episode        if inside
//	  since          if inside: time of the last fix less it
//	  turn           if turning: time (less that of the last fix), lon, lat,
//	                 uncertainty
//
// Each State has exactly one form.
const stateVersion = 1

const (
	flagSeen    = 1 << 0
	flagFog     = 1 << 1
	sideMask    = 1<<2 - 1
	flagTurning = 1 << 2
	flagLikely  = 1 << 3
	flagDwelt   = 1 << 4
)

// AppendBinary appends the binary form of s to b. Equal states give equal
// bytes. The error is always nil.
func (s *State) AppendBinary(b []byte) ([]byte, error) {
	b = append(b, stateVersion)
	if !s.seen {
		return append(b, 0), nil
	}
	flags := byte(flagSeen)
	if s.fog {
		flags |= flagFog
	}
	b = appendFix(append(b, flags), s.last)
	b = binary.AppendUvarint(b, s.version)
	b = binary.AppendUvarint(b, s.episodes)
	b = binary.AppendUvarint(b, uint64(len(s.relations)))
	for i := range s.relations {
		b = s.relations[i].append(b, s.last.Time)
	}
	return b, nil
}

func appendFix(b []byte, f Fix) []byte {
	b = binary.AppendVarint(b, int64(f.Time))
	b = appendPoint(b, f.Point)
	b = append(b, byte(f.Known))
	for _, field := range f.optional() {
		if f.Known&field.known != 0 {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(*field.value))
		}
	}
	return b
}

// optionalField is a field of a Fix that a device may leave out.
type optionalField struct {
	known Known
	value *float32
}

func (f *Fix) optional() [4]optionalField {
	return [4]optionalField{
		{KnownAccuracy, &f.AccuracyMeters},
		{KnownSpeed, &f.SpeedMPS},
		{KnownHeading, &f.HeadingDegrees},
		{KnownAltitude, &f.AltitudeMeters},
	}
}

func appendPoint(b []byte, p orb.Point) []byte {
	return appendFloat(appendFloat(b, p[0]), p[1])
}

func appendFloat(b []byte, x float64) []byte {
	return binary.LittleEndian.AppendUint64(b, math.Float64bits(x))
}

func (r *relation) append(b []byte, last Millis) []byte {
	b = binary.AppendUvarint(b, uint64(len(r.fence)))
	b = append(b, r.fence...)
	b = binary.LittleEndian.AppendUint64(b, r.shape)
	kind := byte(r.side)
	if r.turning {
		kind |= flagTurning
		if r.likely {
			kind |= flagLikely
		}
	}
	if r.dwelt {
		kind |= flagDwelt
	}
	b = append(b, kind)
	if r.side == sideInside {
		b = binary.AppendUvarint(b, r.episode)
		b = binary.AppendUvarint(b, uint64(last-r.since))
	}
	if r.turning {
		b = binary.AppendVarint(b, int64(r.turn.time-last))
		b = appendFloat(appendPoint(b, r.turn.point), r.turn.uncertainty)
	}
	return b
}

// UnmarshalBinary sets s to the State that AppendBinary wrote as b, of which
// it keeps nothing. On an error, which wraps ErrState, s is a device never
// seen.
func (s *State) UnmarshalBinary(b []byte) error {
	d := decoder{rest: b}
	made := d.state()
	if len(d.rest) > 0 {
		d.fail("there are bytes after the end")
	}
	if d.err == nil {
		// What a lenient reading lets pass, such as a number in more bytes
		// than it needs, shows when it is written again.
		if again, _ := made.AppendBinary(nil); !bytes.Equal(again, b) {
			d.fail("it is not in its only form")
		}
	}
	if d.err != nil {
		*s = State{}
		return fmt.Errorf("decoding: %w", d.err)
	}
	*s = made
	return nil
}
