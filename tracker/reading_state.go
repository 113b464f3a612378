package tracker

import (
	"encoding/binary"
	"encoding/json"
	"time"

	"github.com/paulmach/orb"

	firmware "wayguard/firmware-protocol"
	"wayguard/geofence"
)

// readingKinds is how many kinds there are.
const readingKinds = int(firmware.Scan-firmware.Battery) + 1

// senses is what is known of a device besides where it is. All of it follows
// from the journal.
type senses struct {
	// newest reading of each kind, its Kind 0 before the first.
	newest   [readingKinds]firmware.Reading
	battery  batteryWatch
	seal     sealWatch
	standing standing
}

// of is the newest reading of a kind, zero before the first.
func (s *senses) of(kind firmware.Kind) *firmware.Reading { return &s.newest[kind-firmware.Battery] }

// take takes one reading; those of a report come in order of time. What follows
// from it goes to o.
func (s *senses) take(x *firmware.Reading, at place, o *outcome) {
	before := s.of(x.Kind)
	late := before.Kind != 0 && x.Time < before.Time
	switch x.Kind {
	case firmware.Battery:
		if !late {
			s.battery.take(x, at, o)
		}
	case firmware.Seal, firmware.Light:
		s.seal.take(x, s, late, at, o)
	}
	if !late {
		*before = *x
	}
}

// place is the device that a reading is of, where that was last known to be, and
// when the server came to know.
type place struct {
	device DeviceID
	placed bool
	point  orb.Point
	known  time.Time
}

func (t *track) place(r *Report) place {
	return place{device: r.Device, placed: !t.last.Received.IsZero(), point: t.last.Fix.Point, known: r.Received}
}

// event makes a log entry, yet without Seq, about the device itself.
func (p place) event(typ string, episode uint64, at firmware.Millis, detail map[string]any) Event {
	detail["episode"] = episode
	text, _ := json.Marshal(detail) // numbers and words always can be written
	e := Event{
		ID: EventID(p.device, typ, string(p.device), episode), Type: typ,
		Time: geofence.Millis(at).Time(), KnownAt: p.known.UTC(),
		Device: p.device, Subject: string(p.device), Detail: text,
	}
	if p.placed {
		e.Point = &p.point
	}
	return e
}

// The type of event that a discharged battery gives.
const lowBattery = "device.low_battery"

// lowPercent is the charge below which a battery is low, and fullPercent the one
// from which on it is no longer, so that a gauge that wavers tells once a
// discharge.
const (
	lowPercent  = 15
	fullPercent = 25
)

// batteryWatch tells once of each discharge.
type batteryWatch struct {
	low bool
	// episodes is how many discharges were told.
	episodes uint64
}

func (w *batteryWatch) take(x *firmware.Reading, at place, o *outcome) {
	switch {
	case x.Value >= fullPercent:
		w.low = false
	case x.Value < lowPercent && !w.low:
		w.low = true
		w.episodes++
		o.sensed = append(o.sensed, at.event(lowBattery, w.episodes, x.Time, map[string]any{"battery_percent": x.Value}))
	}
}

// sensesVersion is the first byte of what append writes where there is anything;
// 0 stands for nothing.
const sensesVersion = 1

// append writes: byte 0 if s is nil, or 1 and
//
//	uvarint number of kinds of which a reading is known, then the newest of each
//	        as readingCodec writes it
//	byte    1 if the battery is low
//	uvarint discharges told
//	        the seal, as sealWatch.append writes it
//	        what the device answered, as standing.append writes it
func (s *senses) append(b []byte) []byte {
	if s == nil {
		return append(b, 0)
	}
	var known []*firmware.Reading
	for i := range s.newest {
		if s.newest[i].Kind != 0 {
			known = append(known, &s.newest[i])
		}
	}
	b = binary.AppendUvarint(append(b, sensesVersion), uint64(len(known)))
	var codec readingCodec
	for _, x := range known {
		b = codec.append(b, x)
	}
	b = binary.AppendUvarint(append(b, bit(s.battery.low)), s.battery.episodes)
	return s.standing.append(s.seal.append(b))
}

// readSenses reads what append wrote.
func readSenses(r *reader) *senses {
	switch version := r.byte(); version {
	case 0:
		return nil
	case sensesVersion:
	default:
		r.fail()
		return nil
	}
	s := new(senses)
	var codec readingCodec
	for n := r.count(); n > 0 && r.err == nil; n-- {
		if x := codec.next(r); r.err == nil {
			*s.of(x.Kind) = x
		}
	}
	s.battery = batteryWatch{low: r.byte() == 1, episodes: r.uvarint()}
	s.seal.read(r)
	s.standing.read(r)
	return s
}

func bit(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// Sensed is what a device's sensors last said, and what it said of itself.
type Sensed struct {
	// Readings are the newest of each kind, in order of kind.
	Readings []firmware.Reading
	// Firmware is the version that it said it runs, empty if it did not.
	Firmware string
}

// Sensed returns what a device last said besides positions.
func (f *Fleet) Sensed(id DeviceID) (said Sensed) {
	f.withSenses(id, func(s *senses) {
		for _, x := range s.newest {
			if x.Kind != 0 {
				said.Readings = append(said.Readings, x)
			}
		}
		said.Firmware = s.standing.firmware
	})
	return said
}

// withSenses calls fn with a device's senses, if it has any. They must be
// neither changed nor kept.
func (f *Fleet) withSenses(id DeviceID, fn func(*senses)) {
	s := f.pipeline.shards[shardOf(id)]
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.tracks[id]; t != nil && t.senses != nil {
		fn(t.senses)
	}
}
