package tracker

import (
	"encoding/binary"
	"fmt"
	"time"
	"unicode/utf8"

	firmware "wayguard/firmware-protocol"
	"wayguard/geofence"
)

// Answer is what a device says of itself that can be sent a desired state.
type Answer struct {
	// Time is when the device made the report, by its own clock; one that cannot
	// be right counts as the receipt.
	Time geofence.Millis
	// Applied is what became of the newest desired state that it has received,
	// zero if there was none.
	Applied firmware.Applied
	// Firmware is the version that runs, empty if not said.
	Firmware string
	// JSON: the device speaks the JSON form of the protocol.
	JSON bool
	// Sealed is the epoch of the SealKey that the report was sealed with, 0 if it
	// was not.
	Sealed uint64

	// Enqueue adds what the server knows: what the applied version said of the
	// seal, and since when.
	order firmware.SealCommand
	since geofence.Millis
}

func (a *Answer) check(received time.Time) error {
	switch {
	case a == nil:
		return nil
	case a.Applied.Outcome > firmware.Failed || a.Applied.Version == 0 && a.Applied.Outcome != 0:
		return fmt.Errorf("%w: what was applied", ErrBadReport)
	case len(a.Firmware) > firmware.MaxText || !utf8.ValidString(a.Firmware):
		return fmt.Errorf("%w: the firmware's version", ErrBadReport)
	}
	if !believed(a.Time, received) {
		a.Time = geofence.Millis(receiptOf(received))
	}
	return nil
}

// What there is of an Answer.
const (
	answerJSON = 1 << iota
	answerSealed
	answerApplied
	answerFirmware
)

// append writes: a byte of the bits above, varint time less the receipt; sealed,
// uvarint epoch; applied, uvarint version, byte outcome, byte order of the seal,
// varint since less the time; firmware as a string.
func (a *Answer) append(b []byte, received geofence.Millis) []byte {
	bits := byte(0)
	set := func(mask byte, there bool) {
		if there {
			bits |= mask
		}
	}
	set(answerJSON, a.JSON)
	set(answerSealed, a.Sealed != 0)
	set(answerApplied, a.Applied.Version != 0)
	set(answerFirmware, a.Firmware != "")
	b = binary.AppendVarint(append(b, bits), int64(a.Time-received))
	if a.Sealed != 0 {
		b = binary.AppendUvarint(b, a.Sealed)
	}
	if a.Applied.Version != 0 {
		b = binary.AppendUvarint(b, uint64(a.Applied.Version))
		b = append(b, byte(a.Applied.Outcome), byte(a.order))
		b = binary.AppendVarint(b, int64(a.since-a.Time))
	}
	if a.Firmware != "" {
		b = appendString(b, a.Firmware)
	}
	return b
}

func readAnswer(r *reader, received geofence.Millis) *Answer {
	bits := r.byte()
	a := &Answer{JSON: bits&answerJSON != 0, Time: received + geofence.Millis(r.varint())}
	if bits&answerSealed != 0 {
		a.Sealed = r.uvarint()
	}
	if bits&answerApplied != 0 {
		a.Applied = firmware.Applied{Version: uint32(r.uvarint()), Outcome: firmware.Outcome(r.byte())}
		a.order = firmware.SealCommand(r.byte())
		a.since = a.Time + geofence.Millis(r.varint())
	}
	if bits&answerFirmware != 0 {
		a.Firmware = r.string()
	}
	return a
}

// standing is what a device last said of itself.
type standing struct {
	// at is the time of the newest Answer, which says the form and the firmware.
	at       geofence.Millis
	json     bool
	firmware string
	// sealed is the epoch of the newest secret that the device has sent sealed
	// reports with, 0 for none.
	sealed uint64
	// applied is what became of the newest desired state, said first at
	// appliedAt and received then.
	applied             firmware.Applied
	appliedAt, received geofence.Millis
}

// take reports whether the server has something to do about a.
func (s *standing) take(a *Answer, received time.Time) (news bool) {
	if a.Time >= s.at {
		news = s.json != a.JSON
		s.at, s.json = a.Time, a.JSON
		if a.Firmware != "" {
			s.firmware = a.Firmware
		}
	}
	if a.Sealed > s.sealed {
		s.sealed, news = a.Sealed, true
	}
	old := s.applied
	if a.Applied.Version > old.Version || a.Applied.Version == old.Version && a.Applied != old && a.Time >= s.appliedAt {
		s.applied, s.appliedAt, s.received = a.Applied, a.Time, geofence.MillisOf(received)
		news = true
	}
	return news
}

// append writes: varint at, byte 1 for JSON, the firmware, uvarint epoch of the
// seal, uvarint version applied, byte outcome, varint when, varint
// received.
func (s *standing) append(b []byte) []byte {
	b = append(binary.AppendVarint(b, int64(s.at)), bit(s.json))
	b = binary.AppendUvarint(appendString(b, s.firmware), s.sealed)
	b = binary.AppendUvarint(b, uint64(s.applied.Version))
	b = append(b, byte(s.applied.Outcome))
	return binary.AppendVarint(binary.AppendVarint(b, int64(s.appliedAt)), int64(s.received))
}

func (s *standing) read(r *reader) {
	s.at, s.json, s.firmware = geofence.Millis(r.varint()), r.byte() == 1, r.string()
	s.sealed = r.uvarint()
	s.applied = firmware.Applied{Version: uint32(r.uvarint()), Outcome: firmware.Outcome(r.byte())}
	s.appliedAt, s.received = geofence.Millis(r.varint()), geofence.Millis(r.varint())
}
