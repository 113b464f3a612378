package tracker

import (
	"encoding/json"
	"fmt"
	"runtime"
	"sync"
	"time"

	"wayguard/geofence"
)

// batch is a transaction and what is to be done once it is durable.
type batch struct {
	tx Transaction
	// reports and edits are the callbacks of who waits. Reports can be refused
	// before they are durable, edits only wait.
	reports, edits []func(error)
	applies        []func()
	positions      []Position
	packed         []packedDevice
	kept           []keptShard
	counts         counts
	// journalSeq, eventSeq and world are those in force behind the batch.
	journalSeq, eventSeq, world uint64
}

// keptShard says what of the journal a shard no longer needs.
type keptShard struct {
	shard *shard
	keep  uint64
}

// idle reports whether nobody waits for b and nothing is to be written.
func (b *batch) idle() bool {
	return b.tx.Empty() && len(b.reports)+len(b.edits)+len(b.kept) == 0
}

// parallelFrom is how many reports make it worth to wake other goroutines.
const parallelFrom = 64

// build steps the engine over the items and makes one transaction of them.
func (f *Fleet) build(items []submission, now time.Time) (*batch, error) {
	p := f.pipeline
	b := &batch{}
	var reports []*Report
	for _, s := range items {
		switch {
		case s.report != nil:
			reports = append(reports, s.report)
			b.reports = append(b.reports, s.done)
		default:
			f.addEdit(b, s)
		}
	}
	e := entry{seq: p.journalSeq + 1, world: p.world.Load().Version()}
	if err := f.addReports(b, &e, reports); err != nil {
		return nil, err
	}
	i, due := p.cadence.due(now)
	if due {
		f.addOld(b, &e, p.shards[i], now)
	}
	if len(e.reports)+len(e.packed) > 0 {
		p.journalSeq = e.seq
		b.tx.Entry = &JournalEntry{Seq: e.seq, Value: e.append(nil)}
		b.packed = e.packed
	}
	if due {
		if err := f.addCheckpoint(b, i, p.shards[i]); err != nil {
			return nil, err
		}
		p.trim = f.trimmable()
	}
	b.tx.TrimJournal = p.trim
	b.journalSeq, b.eventSeq, b.world = p.journalSeq, p.eventSeq, p.world.Load().Version()
	return b, nil
}

func (f *Fleet) addEdit(b *batch, s submission) {
	b.edits = append(b.edits, s.done)
	b.tx.Records = append(b.tx.Records, s.edit.records...)
	if s.edit.world != nil {
		f.pipeline.world.Store(s.edit.world)
	}
	if s.edit.apply != nil {
		b.applies = append(b.applies, s.edit.apply)
	}
}

// addReports steps the reports and adds what came of them, in their order.
func (f *Fleet) addReports(b *batch, e *entry, reports []*Report) error {
	outcomes := f.step(reports, e.seq)
	for i, r := range reports {
		o := &outcomes[i]
		b.counts.add(o)
		if o.duplicate {
			continue
		}
		r.Fixes = o.stored
		e.reports = append(e.reports, journaled{Report: *r, marks: o.marks})
		for _, found := range o.events {
			if err := f.addEvent(b, GeofenceEvent(r.Device, found, r.Received)); err != nil {
				return err
			}
		}
	}
	e.events = len(b.tx.Events)
	f.addPacked(b, e)
	return nil
}

func (f *Fleet) addEvent(b *batch, ev Event) error {
	f.pipeline.eventSeq++
	ev.Seq = f.pipeline.eventSeq
	value, err := json.Marshal(ev)
	if err != nil {
		return fmt.Errorf("encode event %d: %w", ev.Seq, err)
	}
	b.tx.Events = append(b.tx.Events, LogEntry{Seq: ev.Seq, Subject: ev.Subject, Value: value})
	b.counts.event(ev.Type)
	return nil
}

// step runs the reports through the engine: devices in parallel, the reports
// of one device in order.
func (f *Fleet) step(reports []*Report, seq uint64) []outcome {
	outcomes := make([]outcome, len(reports))
	if len(reports) == 0 {
		return outcomes
	}
	w := f.pipeline.world.Load()
	workers := 1
	if len(reports) >= parallelFrom {
		workers = min(runtime.GOMAXPROCS(0), shardCount)
	}
	var wg sync.WaitGroup
	for worker := range workers {
		wg.Go(func() {
			for i, r := range reports {
				if n := shardOf(r.Device); n%workers == worker {
					outcomes[i] = f.pipeline.shards[n].take(w, r, seq)
				}
			}
		})
	}
	wg.Wait()
	return outcomes
}

func (s *shard) take(w *geofence.World, r *Report, seq uint64) outcome {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.track(r.Device).take(w, r, seq)
	if !o.duplicate {
		s.stepped = seq
	}
	return o
}

// addPacked packs the tracks of e's devices that have enough for a block and
// notes the positions to publish.
func (f *Fleet) addPacked(b *batch, e *entry) {
	seen := make(map[DeviceID]bool, len(e.reports))
	for _, r := range e.reports {
		if seen[r.Device] {
			continue
		}
		seen[r.Device] = true
		s := f.pipeline.shards[shardOf(r.Device)]
		s.mu.Lock()
		t := s.track(r.Device)
		if t.waiting() >= blockFixes {
			blocks, packed := t.pack(r.Device)
			b.tx.Blocks = append(b.tx.Blocks, blocks...)
			e.packed = append(e.packed, packed)
		}
		if position := t.last; !position.Received.IsZero() {
			position.Device = r.Device
			b.positions = append(b.positions, position)
		}
		s.mu.Unlock()
	}
}

// addOld packs what has waited too long in one shard.
func (f *Fleet) addOld(b *batch, e *entry, s *shard, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	blocks, packed := s.packOld(now)
	if len(packed) > 0 {
		b.tx.Blocks = append(b.tx.Blocks, blocks...)
		e.packed = append(e.packed, packed...)
		s.stepped = e.seq
	}
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
	if s.stepped <= s.saved {
		return nil
	}
	value, err := s.checkpoint(seq)
	if err != nil {
		return err
	}
	s.saved = seq
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
