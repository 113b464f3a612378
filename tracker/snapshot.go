package tracker

import (
	"encoding/binary"
	"fmt"
	"time"

	"wayguard/geofence"
)

// A snapshot of a device's engine, version 1: byte 1, uvarint sequence number
// of the newest event then, then the engine's state. Every later event of the
// device, or its newest correction, has a higher number if it was found by a
// fix behind the snapshot's.
const snapshotVersion = 1

// Snapshots are made with the blocks of a track, in the same transaction, but
// not more often than every snapshotEvery: a review then has a few hundred
// fixes, or an hour's, to run before it comes to the late ones, and a day of
// snapshots takes less room than a day of fixes. They are kept for a little
// longer than a fix may be late; the newest of those that are older stays, for
// what is behind it.
const (
	snapshotEvery = 5 * time.Minute
	keepSnapshots = MaxLate + time.Hour
	// cutEvery is how often old snapshots of a device are dropped.
	cutEvery = time.Hour
)

// snapshot adds the state of the engine to tx, where seq is the newest event
// that follows from it.
func (t *track) snapshot(tx *Transaction, id DeviceID, seq uint64) error {
	last, seen := t.engine.Last()
	if len(t.history.awaited) > 0 {
		return nil // A review of those hand-offs must not begin with their verdicts.
	}
	if !seen || last.Time-t.history.snapped < geofence.Millis(snapshotEvery/time.Millisecond) {
		return nil
	}
	s, err := newSnapshot(id, &t.engine, seq)
	if err != nil {
		return err
	}
	t.history.snapped, t.history.swept = last.Time, false
	tx.Snapshots = append(tx.Snapshots, s)
	if last.Time-t.history.cut < geofence.Millis(cutEvery/time.Millisecond) {
		return nil
	}
	t.history.cut = last.Time
	before := last.Time - geofence.Millis(keepSnapshots/time.Millisecond)
	// Later ones can only be of a clock that was ahead.
	tx.SnapshotCuts = append(tx.SnapshotCuts, SnapshotCut{Device: id, Before: before, After: last.Time})
	return nil
}

func newSnapshot(id DeviceID, s *geofence.State, seq uint64) (Snapshot, error) {
	last, _ := s.Last()
	b := binary.AppendUvarint([]byte{snapshotVersion}, seq)
	b, err := s.AppendBinary(b)
	if err != nil {
		return Snapshot{}, fmt.Errorf("snapshot of %s: %w", id, err)
	}
	return Snapshot{Device: id, Time: last.Time, Value: b}, nil
}

// parseSnapshot reads what newSnapshot wrote.
func parseSnapshot(s *Snapshot) (state geofence.State, seq uint64, err error) {
	r := &reader{b: s.Value}
	v := r.byte()
	seq = r.uvarint()
	state = geofence.NewState(geofence.DeviceID(s.Device))
	if r.err == nil && v != snapshotVersion {
		r.fail()
	}
	if r.err == nil {
		err = state.UnmarshalBinary(r.b)
	}
	if r.err != nil {
		err = r.err
	}
	if err != nil {
		return geofence.State{}, 0, fmt.Errorf("snapshot of %s: %w", s.Device, err)
	}
	return state, seq, nil
}

// maxSwept bounds how many devices are swept at a time.
const maxSwept = 128

// sweep drops all but the newest snapshot of devices of a shard that have not
// reported for so long that no late fix needs more.
func (s *shard) sweep(tx *Transaction, now time.Time) {
	before := geofence.MillisOf(now.Add(-keepSnapshots))
	swept := 0
	for id, t := range s.tracks {
		h := &t.history
		if h.swept || max(h.heard, geofence.MillisOf(t.last.Received)) >= before {
			continue
		}
		h.swept = true
		tx.SnapshotCuts = append(tx.SnapshotCuts, SnapshotCut{Device: id, Before: lastMillis, After: lastMillis})
		if swept++; swept == maxSwept {
			return
		}
	}
}
