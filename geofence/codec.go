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
//	flags            1 byte: bit 0 seen, bit 1 fog, bit 2 trail, bit 3 held,
//	                 bit 4 marked
//	world version
//	episodes
//	parts            1 byte: a bit for each part below that is there
//	last fix         if seen: time, lon, lat, known and flags (4 bits each of 1
//	                 byte, known the lower ones), then the known float32s
//	trail            if there is one: the fix before the last, as that
//	relations        if seen: their count, then of each, in order of fence:
//	  fence          length and bytes
//	  shape          8 bytes
//	  kind           1 byte: bits 0 and 1 side, bit 2 turning, bit 3 likely,
//	                 bit 4 dwelt, or through if not inside, bits 5 to 7 changes
//	  episode        if inside
//	  since          if inside: time of the last fix less it
//	  turn           if turning: time (less that of the last fix), lon, lat,
//	                 uncertainty
//	  from, depth    if turning from outside: as turn; metres
//	  place, vague   if there were changes: lon, lat; metres
//	  mean           if there were two or more
//	parts            guard, silence, motion, tour, progress, forecast, escort,
//	                 lookout, as each of them says
//
// Each State has exactly one form.
const stateVersion = 2

const (
	flagSeen    = 1 << 0
	flagFog     = 1 << 1
	flagTrail   = 1 << 2
	flagHeld    = 1 << 3
	flagMarked  = 1 << 4
	sideMask    = 1<<2 - 1
	flagTurning = 1 << 2
	flagLikely  = 1 << 3
	flagDwelt   = 1 << 4
	flagThrough = 1 << 4

	knownMask    = 1<<4 - 1
	flagShift    = 4
	changesShift = 5
)

// AppendBinary appends the binary form of s to b. Equal states give equal
// bytes. The error is always nil.
func (s *State) AppendBinary(b []byte) ([]byte, error) {
	b = append(b, stateVersion)
	b = append(b, s.flags())
	b = binary.AppendUvarint(b, s.version)
	b = binary.AppendUvarint(b, s.episodes)
	parts := s.parts()
	present := byte(0)
	for i, p := range parts {
		if !p.empty() {
			present |= 1 << i
		}
	}
	b = append(b, present)
	if s.seen {
		b = appendFix(b, s.last)
		if s.trail.known {
			b = appendFix(b, s.trail.before)
		}
		b = binary.AppendUvarint(b, uint64(len(s.relations)))
		for i := range s.relations {
			b = s.relations[i].append(b, s.last.Time)
		}
	}
	for _, p := range parts {
		if !p.empty() {
			b = p.append(b, s)
		}
	}
	return b, nil
}

func (s *State) flags() byte {
	var flags byte
	if !s.seen {
		return flags
	}
	flags = flagSeen
	if s.fog {
		flags |= flagFog
	}
	if s.trail.known {
		flags |= flagTrail
		if s.trail.held {
			flags |= flagHeld
			if s.trail.marked {
				flags |= flagMarked
			}
		}
	}
	return flags
}

// part is one part of a State.
type part interface {
	// empty: there is nothing to write, and the zero value says the same.
	empty() bool
	// append writes the part, which is not empty. Times are best written as
	// differences from that of the last fix of s, which is written before.
	append(b []byte, s *State) []byte
}

func (s *State) parts() [8]part {
	return [8]part{&s.guard, &s.silence, &s.motion, &s.tour, &s.progress, &s.forecast, &s.escort, &s.lookout}
}

func appendFix(b []byte, f Fix) []byte {
	b = binary.AppendVarint(b, int64(f.Time))
	b = appendPoint(b, f.Point)
	b = append(b, byte(f.Known)&knownMask|byte(f.Flags)<<flagShift)
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
	kind := byte(r.side) | r.changes<<changesShift
	if r.turning {
		kind |= flagTurning
		if r.likely {
			kind |= flagLikely
		}
	}
	if r.dwelt {
		kind |= flagDwelt
	}
	if r.through && r.side != sideInside {
		kind |= flagThrough
	}
	b = append(b, kind)
	if r.side == sideInside {
		b = binary.AppendUvarint(b, r.episode)
		b = binary.AppendUvarint(b, uint64(last-r.since))
	}
	if r.turning {
		b = r.turn.append(b, last)
		if r.side == sideOutside {
			b = appendFloat(r.from.append(b, last), r.depth)
		}
	}
	if r.changes > 0 {
		b = r.place.append(b, last)
	}
	if r.wary() {
		b = appendFloat(b, r.mean)
	}
	return b
}

func (m *mark) append(b []byte, last Millis) []byte {
	b = binary.AppendVarint(b, int64(m.time-last))
	return appendFloat(appendPoint(b, m.point), m.uncertainty)
}

// UnmarshalBinary sets s to the State that AppendBinary wrote as b, here or in
// an earlier release. It keeps nothing of b, and whose State it is stays as it
// was. On an error, which wraps ErrState, s is a device never seen.
func (s *State) UnmarshalBinary(b []byte) error {
	d := decoder{rest: b}
	made := d.state()
	if len(d.rest) > 0 {
		d.fail("there are bytes after the end")
	}
	if d.err == nil && b[0] == stateVersion {
		// What a lenient reading lets pass, such as a number in more bytes
		// than it needs, shows when it is written again.
		if again, _ := made.AppendBinary(nil); !bytes.Equal(again, b) {
			d.fail("it is not in its only form")
		}
	}
	if d.err != nil {
		*s = State{device: s.device}
		return fmt.Errorf("decoding: %w", d.err)
	}
	made.device = s.device
	*s = made
	return nil
}
