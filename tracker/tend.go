package tracker

import (
	"time"

	"wayguard/geofence"
)

// addPacked packs the tracks of e's devices that have enough for a block and
// notes the positions to publish.
func (f *Fleet) addPacked(b *batch, e *entry) error {
	seen := f.pipeline.scratch.none()
	for i := range e.reports {
		r := &e.reports[i]
		if seen[r.Device] {
			continue
		}
		seen[r.Device] = true
		s := f.pipeline.shards[shardOf(r.Device)]
		if err := f.addPackedOf(b, e, r.Device, s); err != nil {
			return err
		}
	}
	return nil
}

func (f *Fleet) addPackedOf(b *batch, e *entry, id DeviceID, s *shard) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.track(id)
	if t.waiting() >= blockFixes {
		e.packed = append(e.packed, t.pack(&b.tx, id))
		if err := t.snapshot(&b.tx, id, f.pipeline.eventSeq); err != nil {
			return err
		}
	}
	if position := t.last; !position.Received.IsZero() {
		position.Device = id
		b.positions = append(b.positions, position)
	}
	return nil
}

// tend packs what has waited too long in one shard, notes which devices have
// fallen silent, and drops what is not needed any more.
func (f *Fleet) tend(b *batch, e *entry, s *shard, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := f.addTicks(b, e, s, now); err != nil {
		return err
	}
	packed, err := s.packOld(&b.tx, now, f.pipeline.eventSeq)
	if err != nil {
		return err
	}
	e.packed = append(e.packed, packed...)
	if len(packed) > 0 {
		s.stepped = e.seq
	}
	s.sweep(&b.tx, now)
	s.forgetDeleted(&b.tx, f.registry.has, geofence.MillisOf(now.Add(-f.retention.keep.Tracks)))
	b.tx.Records = append(b.tx.Records, f.pipeline.recent.expire()...)
	return nil
}

// addCheckpoint adds the shard's checkpoint if it changed since its last one.
func (f *Fleet) addCheckpoint(b *batch, i int, s *shard) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	seq := f.pipeline.journalSeq
	if keep := s.oldest(seq); keep != s.promised {
		s.promised = keep
		b.kept = append(b.kept, keptShard{shard: s, keep: keep})
	}
	if s.stepped <= s.saved && !s.beside {
		return nil
	}
	value, err := s.checkpoint(seq)
	if err != nil {
		return err
	}
	s.saved, s.beside = seq, false
	b.tx.Checkpoints = append(b.tx.Checkpoints, Checkpoint{Shard: i, Value: value})
	return nil
}

// trimmable is the last journal entry that no shard needs.
func (f *Fleet) trimmable() uint64 {
	seq := f.pipeline.committed.Load()
	for _, s := range f.pipeline.shards {
		s.mu.Lock()
		if len(s.tracks) > 0 {
			seq = min(seq, s.keep)
		}
		s.mu.Unlock()
	}
	return seq
}
