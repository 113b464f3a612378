package tracker

import (
	"encoding/binary"
	"fmt"
	"time"

	firmware "wayguard/firmware-protocol"
	"wayguard/geofence"
)

// A journal entry, version 4:
//
//	byte    4
//	uvarint version of the World that the engine used
//	uvarint number of events that followed from the reports and ticks
//	uvarint number of reports, then each:
//	        device (uvarint length, bytes)
//	        varint  received, ms, less that of the report before
//	        8 bytes key, little-endian
//	        byte    battery in percent, 255 for none
//	        uvarint number of fixes, then each as fixCodec writes it
//	        uvarint twice the number of readings, and one more if there is an
//	                Answer; then each reading as readingCodec writes it, from
//	                the receipt, and the answer as Answer.append writes it
//	uvarint number of devices whose fixes went into blocks, then each:
//	        device
//	        uvarint journal entry up to which its fixes are in blocks
//	uvarint number of reviewed devices, then each as journaledReview.append
//	        writes it
//	uvarint number of ticks, then each:
//	        device
//	        varint  the server's time, ms
//	uvarint number of hand-offs, then each as journaledHandoff.append writes it
//
// Version 3 has no hand-offs, version 2 neither readings nor answers, version 1 ends before the reviews.
const entryVersion = 4

const noBattery = 255

// entry is a journal entry as replay reads it.
type entry struct {
	seq     uint64
	world   uint64
	events  int
	reports []journaled
	packed  []packedDevice
	reviews []journaledReview
	ticks   []tick
	// handoffs come behind the reports and before the ticks.
	handoffs []journaledHandoff
}

// empty reports whether there is nothing to write.
func (e *entry) empty() bool {
	return len(e.reports)+len(e.packed)+len(e.reviews)+len(e.ticks)+len(e.handoffs) == 0
}

// tick tells the engine that a device has not reported by a time.
type tick struct {
	device DeviceID
	now    geofence.Millis
}

// journaled is a report without what was seen before, and the marks of its
// fixes.
type journaled struct {
	Report
	marks []Marks
}

// packedDevice says that a device's fixes up to an entry are in blocks.
type packedDevice struct {
	device  DeviceID
	through uint64
}

func appendReport(b []byte, r *journaled, before time.Time) []byte {
	b = appendString(b, string(r.Device))
	received := r.Received.UnixMilli()
	b = binary.AppendVarint(b, received-before.UnixMilli())
	b = binary.LittleEndian.AppendUint64(b, uint64(r.Key))
	battery := byte(noBattery)
	if r.Battery != nil {
		battery = *r.Battery
	}
	b = append(b, battery)
	b = binary.AppendUvarint(b, uint64(len(r.Fixes)))
	codec := startAt(received)
	for i, f := range r.Fixes {
		b = codec.append(b, TrackPoint{Fix: f, Received: r.Received, Marks: r.marks[i]})
	}
	return appendSensed(b, &r.Report, received)
}

func appendSensed(b []byte, r *Report, received int64) []byte {
	if r.Answer == nil {
		b = binary.AppendUvarint(b, uint64(len(r.Readings))<<1)
	} else {
		b = binary.AppendUvarint(b, uint64(len(r.Readings))<<1|1)
	}
	codec := readingCodec{last: firmware.Millis(received)}
	for i := range r.Readings {
		b = codec.append(b, &r.Readings[i])
	}
	if r.Answer != nil {
		b = r.Answer.append(b, geofence.Millis(received))
	}
	return b
}

// startAt makes a codec whose first fix costs little if it is from about then.
func startAt(received int64) fixCodec {
	return fixCodec{last: steps{time: received, received: received}}
}

func (e *entry) append(b []byte) []byte {
	b = append(b, entryVersion)
	b = binary.AppendUvarint(b, e.world)
	b = binary.AppendUvarint(b, uint64(e.events))
	b = binary.AppendUvarint(b, uint64(len(e.reports)))
	before := time.UnixMilli(0)
	for i := range e.reports {
		b = appendReport(b, &e.reports[i], before)
		before = e.reports[i].Received
	}
	b = binary.AppendUvarint(b, uint64(len(e.packed)))
	for _, p := range e.packed {
		b = appendString(b, string(p.device))
		b = binary.AppendUvarint(b, p.through)
	}
	b = binary.AppendUvarint(b, uint64(len(e.reviews)))
	for i := range e.reviews {
		b = e.reviews[i].append(b)
	}
	b = binary.AppendUvarint(b, uint64(len(e.ticks)))
	for _, t := range e.ticks {
		b = binary.AppendVarint(appendString(b, string(t.device)), int64(t.now))
	}
	b = binary.AppendUvarint(b, uint64(len(e.handoffs)))
	for i := range e.handoffs {
		b = e.handoffs[i].append(b)
	}
	return b
}

// parseEntry reads what append wrote. The error names the entry.
func parseEntry(seq uint64, value []byte) (entry, error) {
	r := &reader{b: value}
	version := r.byte()
	if version == 0 || version > entryVersion {
		return entry{}, fmt.Errorf("journal entry %d has version %d, want %d: %w", seq, version, entryVersion, errDamaged)
	}
	e := entry{seq: seq, world: r.uvarint(), events: int(r.uvarint())}
	before := time.UnixMilli(0)
	e.reports = make([]journaled, r.count())
	for i := range e.reports {
		e.reports[i] = parseReport(r, before, version)
		before = e.reports[i].Received
	}
	e.packed = make([]packedDevice, r.count())
	for i := range e.packed {
		e.packed[i] = packedDevice{device: DeviceID(r.string()), through: r.uvarint()}
	}
	if version > 1 {
		e.readReviews(r)
	}
	if version > 3 {
		e.readHandoffs(r)
	}
	if err := r.end(); err != nil {
		return entry{}, fmt.Errorf("journal entry %d: %w", seq, err)
	}
	return e, nil
}

func (e *entry) readReviews(r *reader) {
	for n := r.count(); n > 0 && r.err == nil; n-- {
		e.reviews = append(e.reviews, readReview(r))
	}
	for n := r.count(); n > 0 && r.err == nil; n-- {
		e.ticks = append(e.ticks, tick{device: DeviceID(r.string()), now: geofence.Millis(r.varint())})
	}
}

func (e *entry) readHandoffs(r *reader) {
	for n := r.count(); n > 0 && r.err == nil; n-- {
		e.handoffs = append(e.handoffs, readHandoff(r))
	}
}

func parseReport(r *reader, before time.Time, version byte) journaled {
	rep := journaled{Report: Report{Device: DeviceID(r.string())}}
	received := before.UnixMilli() + r.varint()
	rep.Received = time.UnixMilli(received).UTC()
	rep.Key = ReportKey(r.uint64())
	if battery := r.byte(); battery != noBattery {
		rep.Battery = &battery
	}
	n := r.count()
	rep.Fixes, rep.marks = make([]geofence.Fix, n), make([]Marks, n)
	codec := startAt(received)
	for i := range rep.Fixes {
		p := codec.next(r)
		rep.Fixes[i], rep.marks[i] = p.Fix, p.Marks
	}
	if version > 2 {
		rep.readSensed(r, received)
	}
	return rep
}

func (j *journaled) readSensed(r *reader, received int64) {
	head := r.uvarint()
	codec := readingCodec{last: firmware.Millis(received)}
	for n := head >> 1; n > 0 && r.err == nil; n-- {
		j.Readings = append(j.Readings, codec.next(r))
	}
	if head&1 != 0 {
		j.Answer = readAnswer(r, geofence.Millis(received))
	}
}
