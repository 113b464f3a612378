package firmware

import (
	"fmt"
	"math"
)

// ParseReport reads a frame that Append, or a device, wrote. With a key it takes
// sealed frames only, with nil plain ones only: otherwise a sealed frame could be
// passed off as a plain one. Fields of later versions are skipped. Errors:
// ErrVersion, ErrFrame, ErrTag.
func ParseReport(frame []byte, key *Key) (Report, error) {
	h, body, err := openFrame(frame, kindReport, key)
	if err != nil {
		return Report{}, err
	}
	r := Report{Boot: h.Boot, Sequence: h.Sequence}
	if r.Sequence == 0 {
		return Report{}, fmt.Errorf("%w: reports are numbered from 1", ErrFrame)
	}
	bad := uint64(0)
	whole := fields(body, func(number uint64, field *reader) bool {
		if r.field(number, field); field.bad {
			bad = number
		}
		return !field.bad
	})
	switch {
	case bad != 0:
		return Report{}, fmt.Errorf("%w: field %d", ErrFrame, bad)
	case !whole:
		return Report{}, fmt.Errorf("%w: its fields are cut short or out of order", ErrFrame)
	}
	return r, nil
}

func (r *Report) field(number uint64, field *reader) {
	switch {
	case number == fieldTime:
		r.Time = field.time(0)
		field.never(r.Time == 0)
	case number == fieldFixes:
		r.Fixes = field.batch(r.Time)
	case number == fieldApplied:
		r.Applied.Version = uint32(field.upTo(math.MaxUint32))
		r.Applied.Outcome = Outcome(field.upTo(uint64(Failed)))
		field.never(r.Applied.Version == 0)
	case number == fieldFirmware:
		r.Firmware = field.text(uint64(len(field.rest)), MaxText)
	case number >= uint64(Battery) && number <= uint64(Scan):
		r.Readings = append(r.Readings, field.reading(Kind(number), r.Time))
		field.never(len(r.Readings) > MaxReadings)
	}
}

func (r *reader) reading(kind Kind, base Millis) Reading {
	made := Reading{Kind: kind, Time: r.time(base)}
	switch kind {
	case Scan:
		made.Text = r.text(uint64(len(r.rest)), MaxText)
	case Temperature:
		made.Value = r.zigzag()
	case Battery:
		made.Value, made.More = int64(r.upTo(100)), int64(r.upTo(math.MaxInt32))
	default:
		made.Value = int64(r.upTo(math.MaxInt32))
	}
	if made.Check() != nil {
		r.fail()
	}
	return made
}
