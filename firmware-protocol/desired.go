package firmware

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"
)

// Desired is the state that the server wants a device to be in.
type Desired struct {
	// Version grows with each change, from 1, Issue each time that a version is
	// written anew, as for another Time: no two frames may share both.
	Version, Issue uint32
	// Time is the server's time, 0 if not said.
	Time Millis
	// Moving and Resting are how often a fix is wanted on the move and at
	// rest, in whole seconds; zero says nothing, a Resting of zero the same as
	// Moving.
	Moving, Resting time.Duration
	// Report asks for a report at once, each time it changes; 0 never.
	Report uint32
	// Seal says what to do with the seal.
	Seal SealCommand
	// Update announces firmware, nil for none.
	Update *Update
}

// SealCommand is what a device is to do with its seal.
type SealCommand uint8

// The commands. The zero value says nothing.
const (
	SealAsItIs SealCommand = iota
	SealRelease
	SealArm
)

// Update announces a firmware image.
type Update struct {
	SHA256  [sha256.Size]byte
	Size    uint32 // bytes
	Version string
	URL     string // at most MaxURL bytes
}

// MaxURL is the most bytes of the address of a firmware image.
const MaxURL = 512

// The fields of a desired state besides the time.
const (
	fieldInterval = 32
	fieldNow      = 33
	fieldSeal     = 34
	fieldUpdate   = 35
)

// maxInterval is the longest time between fixes: a week.
const maxInterval = 7 * 24 * time.Hour

// Append appends d as one frame to b. Errors: ErrValue.
func (d *Desired) Append(b []byte, key *Key, p Protection) ([]byte, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	frame := appendHead(nil, kindDesired, Header{Boot: d.Issue, Sequence: d.Version, Protection: p})
	if d.Time != 0 {
		frame = appendField(frame, fieldTime, binary.AppendUvarint(nil, zigzag(int64(d.Time))))
	}
	if d.Moving != 0 {
		content := binary.AppendUvarint(nil, uint64(d.Moving/time.Second))
		frame = appendField(frame, fieldInterval, binary.AppendUvarint(content, uint64(d.Resting/time.Second)))
	}
	if d.Report != 0 {
		frame = appendField(frame, fieldNow, binary.AppendUvarint(nil, uint64(d.Report)))
	}
	if d.Seal != SealAsItIs {
		frame = appendField(frame, fieldSeal, []byte{byte(d.Seal - SealRelease)})
	}
	if d.Update != nil {
		frame = appendField(frame, fieldUpdate, d.Update.append(nil))
	}
	frame, err := key.seal(frame, p)
	if err != nil {
		return nil, err
	}
	return append(b, frame...), nil
}

func (d *Desired) check() error {
	switch {
	case d.Version == 0:
		return fmt.Errorf("%w: versions begin at 1", ErrValue)
	case !d.Time.valid():
		return fmt.Errorf("%w: the state's time", ErrValue)
	case d.Seal > SealArm:
		return fmt.Errorf("%w: there is no seal command %d", ErrValue, d.Seal)
	case d.Moving == 0 && d.Resting != 0:
		return fmt.Errorf("%w: an interval at rest needs one on the move", ErrValue)
	}
	for _, interval := range []time.Duration{d.Moving, d.Resting} {
		if interval < 0 || interval > maxInterval || interval%time.Second != 0 {
			return fmt.Errorf("%w: an interval must be whole seconds up to %s, not %s", ErrValue, maxInterval, interval)
		}
	}
	if d.Update == nil {
		return nil
	}
	return errors.Join(checkText("firmware version", d.Update.Version, MaxText), checkText("firmware's address", d.Update.URL, MaxURL))
}

func (u *Update) append(b []byte) []byte {
	b = append(b, u.SHA256[:]...)
	b = binary.AppendUvarint(b, uint64(u.Size))
	b = binary.AppendUvarint(b, uint64(len(u.Version)))
	b = append(b, u.Version...)
	b = binary.AppendUvarint(b, uint64(len(u.URL)))
	return append(b, u.URL...)
}

// ParseDesired reads a frame that Append wrote, with a key sealed ones only, with
// nil plain ones only. Fields of later versions are skipped. Errors: ErrVersion,
// ErrFrame, ErrTag.
func ParseDesired(frame []byte, key *Key) (Desired, error) {
	h, body, err := openFrame(frame, kindDesired, key)
	if err != nil {
		return Desired{}, err
	}
	d := Desired{Version: h.Sequence, Issue: h.Boot}
	whole := fields(body, func(number uint64, field *reader) bool {
		d.field(number, field)
		return !field.bad
	})
	if !whole || d.check() != nil {
		return Desired{}, fmt.Errorf("%w: its fields are cut short, out of order or out of range", ErrFrame)
	}
	return d, nil
}

func (d *Desired) field(number uint64, field *reader) {
	switch number {
	case fieldTime:
		d.Time = field.time(0)
		field.never(d.Time == 0)
	case fieldInterval:
		const most = uint64(maxInterval / time.Second)
		d.Moving = time.Duration(field.upTo(most)) * time.Second
		d.Resting = time.Duration(field.upTo(most)) * time.Second
		field.never(d.Moving == 0)
	case fieldNow:
		d.Report = uint32(field.upTo(math.MaxUint32))
		field.never(d.Report == 0)
	case fieldSeal:
		d.Seal = SealRelease + SealCommand(field.upTo(1))
	case fieldUpdate:
		d.Update = field.update()
	}
}

func (r *reader) update() *Update {
	u := &Update{}
	copy(u.SHA256[:], r.bytes(sha256.Size))
	u.Size = uint32(r.upTo(math.MaxUint32))
	u.Version = r.text(r.uvarint(), MaxText)
	u.URL = r.text(r.uvarint(), MaxURL)
	return u
}
