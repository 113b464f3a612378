package tracker

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"time"

	"wayguard/geofence"
)

// A checkpoint of a shard, version 5:
//
//	byte    5
//	uvarint geofence.EngineVersion of the release that wrote it
//	uvarint journal entry that it covers
//	uvarint number of devices, then each:
//	        device (uvarint length, bytes)
//	        varint  newest believed time, ms
//	        byte    1 if a last position follows: the fix as fixCodec writes it
//	        byte    battery in percent, 255 for none
//	        uvarint length, engine state
//	        report keys, as reportKeys.append writes them
//	        uvarint journal entry up to which its fixes are in blocks
//	        what reviews need, as history.append writes it
//	        what sensors said, as senses.append writes it
//	        varint  time before which it has no small blocks left, ms
//	        uvarint number of hand-offs whose fixes are yet to come, then of
//	                each: varint time, ms, stop
//
// Version 4 ends before those hand-offs. Version 3 ends before that time, and
// has other keys: uvarint number, 8 bytes each, once of reports and once of
// fixes. Version 2 has nothing of sensors either, version 1 nothing for reviews.
const checkpointVersion = 5

// checkpoint packs the shard as it is after the journal entry seq.
func (s *shard) checkpoint(seq uint64) ([]byte, error) {
	b := []byte{checkpointVersion}
	b = binary.AppendUvarint(b, geofence.EngineVersion)
	b = binary.AppendUvarint(b, seq)
	b = binary.AppendUvarint(b, uint64(len(s.tracks)))
	var err error
	for _, id := range slices.Sorted(maps.Keys(s.tracks)) {
		b = appendString(b, string(id))
		if b, err = s.tracks[id].append(b); err != nil {
			return nil, fmt.Errorf("checkpoint of %s: %w", id, err)
		}
	}
	return b, nil
}

func (t *track) append(b []byte) ([]byte, error) {
	b = binary.AppendVarint(b, int64(t.newest))
	if t.last.Received.IsZero() {
		b = append(b, 0)
	} else {
		var codec fixCodec
		b = codec.append(append(b, 1), TrackPoint{Fix: t.last.Fix, Received: t.last.Received})
	}
	battery := byte(noBattery)
	if t.last.Battery != nil {
		battery = *t.last.Battery
	}
	b = append(b, battery)
	engine, err := t.engine.AppendBinary(nil)
	if err != nil {
		return nil, err
	}
	b = appendString(b, string(engine))
	b = t.reports.append(b)
	b = t.history.append(binary.AppendUvarint(b, t.packed))
	b = t.senses.append(b)
	b = binary.AppendVarint(b, int64(t.tidied))
	return appendAwaited(b, t.history.awaited), nil
}

// restore replaces the shard by a checkpoint.
func (s *shard) restore(value []byte) error {
	r := &reader{b: value}
	version := r.byte()
	if version == 0 || version > checkpointVersion {
		return fmt.Errorf("checkpoint has version %d, want %d: %w", version, checkpointVersion, errDamaged)
	}
	if v := r.uvarint(); v > geofence.EngineVersion {
		return fmt.Errorf("checkpoint was written by a newer engine, version %d; this release has %d: start the newer release", v, geofence.EngineVersion)
	}
	s.saved = r.uvarint()
	s.stepped = s.saved
	for range r.count() {
		id := DeviceID(r.string())
		if err := s.track(id).read(r, version); err != nil {
			return fmt.Errorf("checkpoint of %q: %w", id, err)
		}
	}
	return r.end()
}

func (t *track) read(r *reader, version byte) error {
	t.newest = geofence.Millis(r.varint())
	if r.byte() == 1 {
		var codec fixCodec
		p := codec.next(r)
		t.last.Fix, t.last.Received = p.Fix, p.Received
	}
	if battery := r.byte(); battery != noBattery {
		t.last.Battery = &battery
	}
	engine := r.take(r.uvarint())
	if version > 3 {
		t.reports.read(r)
	} else {
		t.reports.readPlain(r)
		skipKeys(r)
	}
	t.packed = r.uvarint()
	if version > 1 {
		t.history.read(r)
	} else {
		t.history.partial = true
	}
	if version > 2 {
		t.senses = readSenses(r)
	}
	if version > 3 {
		t.tidied = geofence.Millis(r.varint())
	}
	if version > 4 {
		t.history.awaited = readAwaited(r)
	}
	if r.err != nil {
		return r.err
	}
	return t.engine.UnmarshalBinary(engine)
}

// oldest is the last journal entry that nothing in the shard needs, once a
// checkpoint at seq is durable.
func (s *shard) oldest(seq uint64) uint64 {
	for _, t := range s.tracks {
		if t.waiting() > 0 {
			first, _ := t.waitsSince()
			seq = min(seq, first-1)
		}
	}
	return seq
}

// packOld packs the tracks whose waiting fixes began packAfter ago, or in a
// future that a wrong clock made up. seq is the newest event.
func (s *shard) packOld(tx *Transaction, now time.Time, seq uint64) (packed []packedDevice, err error) {
	for _, id := range slices.Sorted(maps.Keys(s.tracks)) {
		t := s.tracks[id]
		t.rest()
		if t.waiting() == 0 {
			continue
		}
		if _, since := t.waitsSince(); now.Sub(since).Abs() < packAfter {
			continue
		}
		packed = append(packed, t.pack(tx, id))
		if err := t.snapshot(tx, id, seq); err != nil {
			return nil, err
		}
	}
	return packed, nil
}
