package firmware

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// The fields of a report that are no readings.
const (
	fieldTime     = 1
	fieldFixes    = 2
	fieldApplied  = 3
	fieldFirmware = 4
)

// Resolution is how finely coordinates are written.
type Resolution int64

// The resolutions, in units of 1e-7 degrees.
const (
	// Decimetre: 1e-6 degrees, 11 cm: finer than satellite positions without
	// corrections.
	Decimetre Resolution = 10
	// Centimetre: 1e-7 degrees, for receivers with corrections.
	Centimetre Resolution = 1
)

// Append appends r as one frame to b, sealed with key, which may be nil where
// p is Plain. Errors: ErrValue.
func (r *Report) Append(b []byte, key *Key, p Protection, resolution Resolution) ([]byte, error) {
	if resolution != Decimetre && resolution != Centimetre {
		return nil, fmt.Errorf("%w: a resolution of %d", ErrValue, resolution)
	}
	if err := r.check(); err != nil {
		return nil, err
	}
	frame := appendHead(nil, kindReport, Header{Boot: r.Boot, Sequence: r.Sequence, Protection: p})
	if r.Time != 0 {
		frame = appendField(frame, fieldTime, binary.AppendUvarint(nil, zigzag(int64(r.Time))))
	}
	if len(r.Fixes) > 0 {
		frame = appendField(frame, fieldFixes, appendBatch(nil, r.Fixes, r.Time, int64(resolution)))
	}
	if r.Applied != (Applied{}) {
		content := binary.AppendUvarint(nil, uint64(r.Applied.Version))
		frame = appendField(frame, fieldApplied, binary.AppendUvarint(content, uint64(r.Applied.Outcome)))
	}
	if r.Firmware != "" {
		frame = appendField(frame, fieldFirmware, []byte(r.Firmware))
	}
	for _, reading := range r.Readings {
		frame = appendField(frame, uint64(reading.Kind), reading.append(nil, r.Time))
	}
	frame, err := key.seal(frame, p)
	if err != nil {
		return nil, err
	}
	if len(frame) > MaxFrame {
		return nil, fmt.Errorf("%w: a report of %d bytes, at most %d fit into a frame", ErrValue, len(frame), MaxFrame)
	}
	return append(b, frame...), nil
}

func (r *Report) check() error {
	switch {
	case r.Sequence == 0:
		return fmt.Errorf("%w: reports are numbered from 1", ErrValue)
	case !r.Time.valid():
		return fmt.Errorf("%w: the report's time", ErrValue)
	case r.Applied.Outcome > Failed || r.Applied.Version == 0 && r.Applied.Outcome != 0:
		return fmt.Errorf("%w: what was applied", ErrValue)
	case len(r.Fixes) > MaxFixes || len(r.Readings) > MaxReadings:
		return fmt.Errorf("%w: %d fixes and %d readings, at most %d and %d", ErrValue, len(r.Fixes), len(r.Readings), MaxFixes, MaxReadings)
	}
	if r.Firmware != "" {
		if err := checkText("firmware version", r.Firmware, MaxText); err != nil {
			return err
		}
	}
	return errors.Join(r.checkFixes(), r.checkReadings())
}

func (t Millis) valid() bool { return t >= 0 && t <= MaxTime }

func (r *Report) checkFixes() error {
	for i := range r.Fixes {
		if err := r.Fixes[i].check(); err != nil {
			return fmt.Errorf("fix %d: %w", i+1, err)
		}
		if i > 0 && r.Fixes[i].Time < r.Fixes[i-1].Time {
			return fmt.Errorf("%w: fix %d is older than the one before", ErrValue, i+1)
		}
	}
	return nil
}

func (r *Report) checkReadings() error {
	for i := range r.Readings {
		if err := r.Readings[i].Check(); err != nil {
			return fmt.Errorf("reading %d: %w", i+1, err)
		}
		if i > 0 && r.Readings[i].Kind < r.Readings[i-1].Kind {
			return fmt.Errorf("%w: readings are not in order of kind", ErrValue)
		}
	}
	return nil
}

// most are the largest values of the kinds that are numbers from 0.
func (k Kind) most() int64 {
	switch k {
	case Battery:
		return 100
	case Seal:
		return SealCut
	case Ignition:
		return 1
	}
	return math.MaxInt32
}

// Check refuses what the format has no room for. Errors: ErrValue.
func (r *Reading) Check() error {
	least := int64(0)
	switch {
	case !r.Time.valid():
		return fmt.Errorf("%w: a reading's time", ErrValue)
	case r.Kind < Battery || r.Kind > Scan:
		return fmt.Errorf("%w: there is no kind %d", ErrValue, r.Kind)
	case r.Kind == Scan:
		if r.Value != 0 || r.More != 0 {
			return fmt.Errorf("%w: a scan has a text and nothing else", ErrValue)
		}
		return checkText("code", r.Text, MaxText)
	case r.Kind == Temperature:
		least = math.MinInt32
	case r.Kind == Button:
		least = 1
	}
	if r.Value < least || r.Value > r.Kind.most() || r.Text != "" ||
		r.More < 0 || r.More > math.MaxInt32 || r.More > 0 && r.Kind != Battery {
		return fmt.Errorf("%w: kind %d cannot be %d, %d", ErrValue, r.Kind, r.Value, r.More)
	}
	return nil
}

func (r *Reading) append(b []byte, base Millis) []byte {
	b = binary.AppendUvarint(b, zigzag(int64(r.Time-base)))
	switch r.Kind {
	case Scan:
		return append(b, r.Text...)
	case Temperature:
		return binary.AppendUvarint(b, zigzag(r.Value))
	case Battery:
		return binary.AppendUvarint(binary.AppendUvarint(b, uint64(r.Value)), uint64(r.More))
	}
	return binary.AppendUvarint(b, uint64(r.Value))
}
