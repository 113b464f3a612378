package tracker

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	firmware "wayguard/firmware-protocol"
	"wayguard/geofence"
)

// MaxReadings is the most readings of sensors one report may hold.
const MaxReadings = 4096

// batteryEvery is how often a charge is noted that stays as it is: phones send
// it with every position.
const batteryEvery = geofence.Millis(time.Hour / time.Millisecond)

func checkReadings(readings []firmware.Reading) error {
	if len(readings) > MaxReadings {
		return fmt.Errorf("%w: %d readings, at most %d fit into one report", ErrBadReport, len(readings), MaxReadings)
	}
	for i := range readings {
		if err := readings[i].Check(); err != nil {
			return fmt.Errorf("%w: reading %d: %w", ErrBadReport, i+1, err)
		}
	}
	return nil
}

// sense takes what r says besides positions. Readings whose time cannot be right
// count as of their receipt.
func (t *track) sense(r *Report, seq uint64, o *outcome) {
	if t.senses == nil {
		if len(r.Readings) == 0 && r.Battery == nil && r.Answer == nil {
			return
		}
		t.senses = new(senses)
	}
	s := t.senses
	if a := r.Answer; a != nil {
		o.answered = s.standing.take(a, r.Received)
		s.seal.obey(a)
	}
	s.addBattery(r)
	for i := range r.Readings {
		if x := &r.Readings[i]; !believed(geofence.Millis(x.Time), r.Received) {
			x.Time = receiptOf(r.Received)
		}
	}
	slices.SortStableFunc(r.Readings, func(a, b firmware.Reading) int { return cmp.Compare(a.Time, b.Time) })
	for i := range r.Readings {
		s.take(&r.Readings[i], t.place(r), o)
	}
	t.readings.add(r, seq)
}

// receiptOf is a receipt as a time that a reading can have.
func receiptOf(received time.Time) firmware.Millis {
	return firmware.Millis(min(max(0, received.UnixMilli()), int64(firmware.MaxTime)))
}

// addBattery makes a reading of the charge that a report names beside its
// positions, if that says anything new.
func (s *senses) addBattery(r *Report) {
	isBattery := func(x firmware.Reading) bool { return x.Kind == firmware.Battery }
	if r.Battery == nil || slices.ContainsFunc(r.Readings, isBattery) {
		return
	}
	at := receiptOf(r.Received)
	if n := len(r.Fixes); n > 0 && believed(r.Fixes[n-1].Time, r.Received) {
		at = firmware.Millis(r.Fixes[n-1].Time)
	}
	last := s.of(firmware.Battery)
	if last.Kind != 0 && last.Value == int64(*r.Battery) && geofence.Millis(at-last.Time) < batteryEvery {
		return
	}
	r.Readings = append(r.Readings, firmware.Reading{Time: at, Kind: firmware.Battery, Value: int64(*r.Battery)})
}

// newestBattery is the charge by the newest reading, nil if there is none.
func newestBattery(readings []firmware.Reading) *uint8 {
	var newest *firmware.Reading
	for i := range readings {
		if x := &readings[i]; x.Kind == firmware.Battery && (newest == nil || x.Time >= newest.Time) {
			newest = x
		}
	}
	if newest == nil {
		return nil
	}
	return new(uint8(newest.Value))
}

// readingCodec codes readings with their times as differences to the one before.
// The zero value starts a stretch; both sides must start alike.
type readingCodec struct{ last firmware.Millis }

// append adds a byte for the kind, a varint for the time, and then a varint, two
// of them of a battery, or of a scan its text.
func (c *readingCodec) append(b []byte, x *firmware.Reading) []byte {
	b = binary.AppendVarint(append(b, byte(x.Kind)), int64(x.Time-c.last))
	c.last = x.Time
	switch x.Kind {
	case firmware.Scan:
		return appendString(b, x.Text)
	case firmware.Battery:
		b = binary.AppendVarint(b, x.More)
	}
	return binary.AppendVarint(b, x.Value)
}

// next reads what append wrote.
func (c *readingCodec) next(r *reader) firmware.Reading {
	x := firmware.Reading{Kind: firmware.Kind(r.byte())}
	c.last += firmware.Millis(r.varint())
	x.Time = c.last
	switch x.Kind {
	case firmware.Scan:
		x.Text = r.string()
	case firmware.Battery:
		x.More = r.varint()
		x.Value = r.varint()
	default:
		x.Value = r.varint()
	}
	if r.err == nil && x.Check() != nil {
		r.fail()
	}
	return x
}
