package tracker

import (
	"fmt"
	"slices"

	"wayguard/geofence"
)

// replay restores the checkpoints and runs the journal behind them. The
// journal's events are in the log already, so what the engine says is only
// counted, as a check.
func (f *Fleet) replay() error {
	if err := f.restoreShards(); err != nil {
		return err
	}
	journal, events, err := f.store.Last()
	if err != nil {
		return fmt.Errorf("read the journal's end: %w", err)
	}
	recent := &f.pipeline.recent
	recent.received = f.newestReceipt()
	worlds := f.fences.history(recent.received, f.ledger.takeDuties(), f.ledger.takeErrands())
	replayed := 0
	err = f.store.Journal(func(seq uint64, value []byte) error {
		e, err := parseEntry(seq, value)
		if err != nil {
			return err
		}
		w, err := worlds.at(e.world)
		if err != nil {
			return fmt.Errorf("journal entry %d: %w", seq, err)
		}
		n, err := f.replayEntry(w, &e)
		replayed += n
		return err
	})
	if err != nil {
		return fmt.Errorf("replay the journal: %w", err)
	}
	return f.resume(worlds, journal, events, replayed)
}

func (f *Fleet) restoreShards() error {
	checkpoints, err := f.store.Checkpoints()
	if err != nil {
		return fmt.Errorf("read the checkpoints: %w", err)
	}
	for i, value := range checkpoints {
		if i < 0 || i >= shardCount {
			return fmt.Errorf("checkpoint of shard %d of %d: %w", i, shardCount, errDamaged)
		}
		if err := f.pipeline.shards[i].restore(value); err != nil {
			return fmt.Errorf("shard %d: %w", i, err)
		}
	}
	return nil
}

// newestReceipt is that of the newest position of all devices.
func (f *Fleet) newestReceipt() (newest geofence.Millis) {
	for _, s := range f.pipeline.shards {
		for _, t := range s.tracks {
			if !t.last.Received.IsZero() {
				newest = max(newest, geofence.MillisOf(t.last.Received))
			}
		}
	}
	return newest
}

// replayEntry runs one journal entry and returns how many of its reports were
// behind a checkpoint. Reviews come first, as in the run that wrote it.
func (f *Fleet) replayEntry(w *geofence.World, e *entry) (replayed int, err error) {
	recent := &f.pipeline.recent
	events, whole := 0, true
	c := newConvoy(w)
	for i := range e.reviews {
		if err := f.replayReview(&e.reviews[i], e.seq); err != nil {
			return 0, err
		}
	}
	for i := range e.reports {
		r := &e.reports[i]
		recent.received = max(recent.received, geofence.MillisOf(r.Received))
		c.heed(r.Device, r.Fixes, r.marks)
		s := f.pipeline.shards[shardOf(r.Device)]
		if e.seq <= s.saved {
			s.track(r.Device).refill(r, e.seq)
			whole = false
			continue
		}
		if c.carried(r.Device) {
			continue
		}
		o := s.take(w, &r.Report, e.seq, nil, nil)
		events += len(o.events) + len(o.sensed)
		replayed++
	}
	along, found := f.replayAlong(c, e)
	replayed += along
	events += found
	for i := range e.handoffs {
		h := &e.handoffs[i]
		if s := f.pipeline.shards[shardOf(h.device)]; e.seq > s.saved {
			o, _ := s.handOff(w, h, e.seq)
			events += len(o.events)
		} else {
			whole = false
		}
	}
	for _, t := range e.ticks {
		if s := f.pipeline.shards[shardOf(t.device)]; e.seq > s.saved {
			events += len(s.tick(w, t, e.seq).events)
		} else {
			whole = false
		}
	}
	for _, p := range e.packed {
		s := f.pipeline.shards[shardOf(p.device)]
		s.track(p.device).forget(p.through)
		if e.seq > s.saved {
			s.stepped = e.seq
		}
	}
	if whole && events != e.events {
		f.log.Warn("a replayed journal entry gives another number of events than are logged; the log stands",
			"entry", e.seq, "logged", e.events, "replayed", events)
	}
	return replayed, nil
}

// replayReview puts the state that a review ended with in place.
func (f *Fleet) replayReview(r *journaledReview, seq uint64) error {
	s := f.pipeline.shards[shardOf(r.device)]
	if seq <= s.saved {
		return nil
	}
	s.stepped = seq
	if err := s.track(r.device).restoreReview(r); err != nil {
		return fmt.Errorf("journal entry %d: review of %s: %w", seq, r.device, err)
	}
	return nil
}

// refill puts fixes that a checkpoint covers, but no block holds, back into
// the tail.
func (t *track) refill(r *journaled, seq uint64) {
	if seq <= t.packed {
		return
	}
	for i, f := range r.Fixes {
		t.tail = append(t.tail, waitingFix{Fix: f, received: geofence.MillisOf(r.Received), seq: seq, marks: r.marks[i]})
	}
	t.readings.add(&r.Report, seq)
}

// resume sets the pipeline to go on behind the journal's end.
func (f *Fleet) resume(worlds *worldHistory, journal, events uint64, replayed int) error {
	p := f.pipeline
	w, err := worlds.at(f.fences.version)
	if err != nil {
		return err
	}
	for chunk := range slices.Chunk(worlds.obsolete, editChunk) {
		if err := f.store.Commit(&Transaction{Records: chunk}); err != nil {
			return fmt.Errorf("drop old versions of fences: %w", err)
		}
	}
	p.world.Store(w)
	if len(worlds.made) == 0 {
		worlds.made = []worldSince{{since: firstMillis, world: w}}
	}
	p.recent.list.Store(&worlds.made)
	p.journalSeq, p.eventSeq = journal, events
	p.committed.Store(journal)
	p.logged.Store(events)
	var positions []Position
	for _, s := range p.shards {
		s.keep = s.oldest(s.saved)
		s.promised = s.keep
		for id, t := range s.tracks {
			if t.senses != nil {
				f.desires.seal(id, &t.senses.standing)
			}
			if t.history.late != 0 {
				f.reviews.add(id, f.clock.Now())
			}
			if _, known := f.registry.get(id); known && !t.last.Received.IsZero() {
				position := t.last
				position.Device = id
				positions = append(positions, position)
			}
		}
	}
	f.live.publish(positions, events, w.Version(), f.AlertsVersion())
	if replayed > 0 {
		f.log.Info("replayed the journal", "reports", replayed)
	}
	return nil
}
