package tracker

import (
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
	handoffs       []*journaledHandoff
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
	p.vigil.watch(now, f.Ready() == nil)
	reports, reruns, err := f.sort(b, items)
	if err != nil {
		return nil, err
	}
	e := entry{seq: p.journalSeq + 1, world: p.world.Load().Version(), reports: p.scratch.journaled}
	defer func() { p.scratch.release(reports, e.reports) }()
	for _, r := range reruns {
		if err := f.install(b, &e, r, now); err != nil {
			return nil, err
		}
	}
	if err := f.addReports(b, &e, reports, now); err != nil {
		return nil, err
	}
	for _, h := range b.handoffs {
		if err := f.addHandoff(b, &e, h, now); err != nil {
			return nil, err
		}
	}
	i, due := p.turns.due(now)
	if due {
		if err := f.tend(b, &e, p.shards[i], now); err != nil {
			return nil, err
		}
	}
	if !e.empty() {
		p.journalSeq = e.seq
		b.tx.Entry = &JournalEntry{Seq: e.seq, Value: p.scratch.encode(&e)}
		b.packed = e.packed
	}
	if f.clock != nil {
		// However fast the day passes, the disk does not.
		i, due = p.saves.due(time.Now())
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

// sort notes in b who waits for what, takes the edits over, and returns the
// rest.
func (f *Fleet) sort(b *batch, items []submission) (reports []*Report, reruns []*rerun, err error) {
	reports = f.pipeline.scratch.reports
	b.reports = make([]func(error), 0, len(items))
	for _, s := range items {
		switch {
		case s.reports != nil:
			for i := range s.reports {
				reports = append(reports, &s.reports[i])
			}
			b.reports = append(b.reports, s.done)
		case s.rerun != nil:
			reruns = append(reruns, s.rerun)
			b.edits = append(b.edits, s.done)
		default:
			if err := f.addEdit(b, s); err != nil {
				return nil, nil, err
			}
		}
	}
	return reports, reruns, nil
}

func (f *Fleet) addEdit(b *batch, s submission) error {
	b.edits = append(b.edits, s.done)
	for _, ev := range s.edit.events {
		if err := f.addNews(b, ev); err != nil {
			return err
		}
	}
	b.tx.Records = append(b.tx.Records, s.edit.records...)
	if s.edit.world != nil {
		p := f.pipeline
		p.world.Store(s.edit.world)
		b.tx.Records = append(b.tx.Records, p.recent.add(s.edit.world, p.recent.received+1)...)
	}
	b.tx.BlockCuts = append(b.tx.BlockCuts, s.edit.tidy.BlockCuts...)
	b.tx.Blocks = append(b.tx.Blocks, s.edit.tidy.Blocks...)
	b.tx.EventCuts = append(b.tx.EventCuts, s.edit.tidy.EventCuts...)
	if s.edit.apply != nil {
		b.applies = append(b.applies, s.edit.apply)
	}
	b.handoffs = append(b.handoffs, s.edit.handoffs...)
	return nil
}

// addReports steps the reports and adds what came of them, in their order.
func (f *Fleet) addReports(b *batch, e *entry, reports []*Report, now time.Time) error {
	outcomes, rides := f.step(reports, e.seq)
	f.pipeline.recent.heed(reports)
	b.tx.Records = append(b.tx.Records, f.pipeline.recent.follow()...)
	for i, r := range reports {
		o := &outcomes[i]
		b.counts.add(o)
		if o.unread != nil {
			f.log.Error("it is not known whether late fixes of a device were stored before; they are stored", "device", r.Device, "error", o.unread)
		}
		if o.duplicate {
			continue
		}
		r.Fixes = o.stored
		e.reports = append(e.reports, journaled{Report: *r, marks: o.marks})
		if o.late() {
			f.reviews.add(r.Device, now)
		}
		b.counts.readings += len(r.Readings)
		if o.answered {
			device := r.Device
			b.applies = append(b.applies, func() { f.answered(device) })
		}
		if err := f.addSensed(b, e, o); err != nil {
			return err
		}
		if len(o.events) == 0 {
			continue
		}
		s := f.pipeline.shards[shardOf(r.Device)]
		s.mu.Lock()
		err := f.addFound(b, e, s.track(r.Device), r.Device, o, r.Received)
		s.mu.Unlock()
		if err != nil {
			return err
		}
	}
	if err := f.addRides(b, e, rides, now); err != nil {
		return err
	}
	return f.addPacked(b, e)
}

// addSensed adds what readings gave. It is no finding of the engine, and no
// review asks for it.
func (f *Fleet) addSensed(b *batch, e *entry, o *outcome) error {
	for _, ev := range o.sensed {
		if err := f.addEvent(b, ev, 0); err != nil {
			return err
		}
		b.tx.Events[len(b.tx.Events)-1].Device = ""
		e.events++
	}
	return nil
}

// addFound adds what the engine found of a device, whose track is t.
func (f *Fleet) addFound(b *batch, e *entry, t *track, device DeviceID, o *outcome, knownAt time.Time) error {
	for i := range o.events {
		found := &o.events[i]
		ev := GeofenceEvent(device, *found, knownAt)
		if revived := o.notes[i].revived; revived != nil {
			ev = Revision(device, found, revived.time, knownAt)
		}
		if err := f.addEvent(b, ev, o.notes[i].at); err != nil {
			return err
		}
		e.events++
		if v := t.history.review; v != nil {
			v.tell(found, f.pipeline.eventSeq, o.notes[i].at)
		}
	}
	return nil
}

// addEvent adds an event of the engine, found by a fix made at the time at. A
// correction has its id by its place in the log.
func (f *Fleet) addEvent(b *batch, ev Event, at geofence.Millis) error {
	f.nameParcel(&ev)
	if err := f.addNews(b, ev); err != nil {
		return err
	}
	found := &b.tx.Events[len(b.tx.Events)-1]
	found.Device, found.At = ev.Device, at
	return nil
}

// addNews adds an event that the engine did not find.
func (f *Fleet) addNews(b *batch, ev Event) error {
	f.pipeline.eventSeq++
	ev.Seq = f.pipeline.eventSeq
	if d, ok := f.Delivery(deliveryOf(&ev)); ok {
		ev.Customer = d.Customer
	} else if d, ok := f.ledger.deliveryOfParcel(nil, &ev); ok {
		ev.Customer = d.Customer
	}
	if ev.ID == "" {
		ev.ID = EventID(ev.Device, ev.Type, ev.Subject, ev.Seq)
	}
	value, err := f.ledger.keys.encodeEvent(&ev)
	if err != nil {
		return fmt.Errorf("encode event %d: %w", ev.Seq, err)
	}
	b.tx.Events = append(b.tx.Events, LogEntry{Seq: ev.Seq, Subject: ev.Subject, Value: value})
	b.counts.event(ev.Type)
	return nil
}

// step runs the reports through the engine: devices in parallel, the reports
// of one device in order. Those of devices that are carried come behind all
// others, with what their carriers reported; rides are what that gave beside.
func (f *Fleet) step(reports []*Report, seq uint64) (outcomes []outcome, rides []*ride) {
	outcomes = f.pipeline.scratch.outcomesOf(len(reports))
	if len(reports) == 0 {
		return outcomes, nil
	}
	w := f.pipeline.world.Load()
	c, carries := newConvoy(w), w.Carries()
	f.inParallel(len(reports), func(mine func(DeviceID) bool) {
		for i, r := range reports {
			if mine(r.Device) && !(carries && c.carried(r.Device)) {
				outcomes[i] = f.shard(r.Device).take(w, r, seq, f.storedFixes, nil)
			}
		}
	})
	if !carries {
		return outcomes, nil
	}
	for i, r := range reports {
		c.heed(r.Device, outcomes[i].stored, outcomes[i].marks)
	}
	f.inParallel(len(reports)+len(c.rides), func(mine func(DeviceID) bool) {
		for i, r := range reports {
			if mine(r.Device) && c.carried(r.Device) {
				outcomes[i] = f.shard(r.Device).takeAlong(c, r, seq, f.storedFixes)
			}
		}
		for _, x := range c.rides {
			if mine(x.device) {
				f.shard(x.device).ride(w, x, seq)
			}
		}
	})
	return outcomes, c.rides
}

// inParallel calls do in each of some goroutines, as many as so many things are
// worth, with what tells whether a device is its own.
func (f *Fleet) inParallel(things int, do func(mine func(DeviceID) bool)) {
	if things < parallelFrom {
		do(func(DeviceID) bool { return true })
		return
	}
	workers := min(runtime.GOMAXPROCS(0), shardCount)
	var wg sync.WaitGroup
	for worker := range workers {
		wg.Go(func() { do(func(id DeviceID) bool { return shardOf(id)%workers == worker }) })
	}
	wg.Wait()
}

func (f *Fleet) shard(id DeviceID) *shard { return f.pipeline.shards[shardOf(id)] }

func (s *shard) take(w *geofence.World, r *Report, seq uint64, read storedFixes, carrier []geofence.Fix) outcome {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.track(r.Device).take(w, r, seq, read, carrier)
	if !o.duplicate {
		s.stepped = seq
	}
	return o
}
