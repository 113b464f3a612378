package tracker

import (
	"hash/fnv"
	"slices"
	"sync"
	"time"

	"wayguard/geofence"
)

// shardCount is how many parts the devices' states are checkpointed in.
const shardCount = 64

func shardOf(id DeviceID) int {
	h := fnv.New32a()
	h.Write([]byte(id))
	return int(h.Sum32() % shardCount)
}

// shard holds the tracks of one part of the devices. The stepping goroutine
// changes it, the committing one drops what has become durable elsewhere,
// queries read it.
type shard struct {
	mu     sync.Mutex
	tracks map[DeviceID]*track
	// stepped is the newest journal entry that changed a track, saved the one
	// that the newest built checkpoint covers.
	stepped, saved uint64
	// keep is the last journal entry that the newest durable checkpoint can do
	// without.
	keep uint64
	// beside says that a track was changed by what is not in the journal.
	beside bool
	// promised is keep once all that was built is durable.
	promised uint64
}

func (s *shard) track(id DeviceID) *track {
	t := s.tracks[id]
	if t == nil {
		t = &track{engine: geofence.NewState(geofence.DeviceID(id))}
		s.tracks[id] = t
	}
	return t
}

// track is what the pipeline knows of one device.
type track struct {
	// newest is the time of the newest fix that was believed.
	newest geofence.Millis
	// last is the newest position that the engine trusts, without Device; zero
	// Received before it.
	last   Position
	engine geofence.State
	// reports are the keys of those seen, recall the fixes of some hours; nil
	// while nothing comes late.
	reports reportKeys
	recall  *recall
	// tail are the fixes in order of arrival that are in the journal but in no
	// durable block; the first packing of them are in blocks on their way to
	// the store. packed is the entry up to which fixes are in either.
	tail    []waitingFix
	packing int
	packed  uint64
	// tidied is the time before which there are no small blocks left.
	tidied  geofence.Millis
	history history
	// senses is nil before the device has said anything but positions; readings
	// are to what sensors say what tail is to fixes.
	senses   *senses
	readings readingLog
}

// waitingFix is a fix of a tail and the journal entry that holds it. There are
// many, so it holds no pointer for the collector of garbage to follow.
type waitingFix struct {
	Fix      geofence.Fix
	received geofence.Millis
	seq      uint64
	marks    Marks
}

func (p *waitingFix) point() TrackPoint {
	return TrackPoint{Fix: p.Fix, Received: p.received.Time(), Marks: p.marks}
}

func (p *waitingFix) tailFix() tailFix { return tailFix{TrackPoint: p.point(), seq: p.seq} }

// tailFixes are those of a tail, as queries take them.
func tailFixes(tail []waitingFix) []tailFix {
	fixes := make([]tailFix, len(tail))
	for i := range tail {
		fixes[i] = tail[i].tailFix()
	}
	return fixes
}

// tailFix is a stored fix and the journal entry that holds it or held it.
type tailFix struct {
	TrackPoint
	seq uint64
}

// outcome is what became of a report.
type outcome struct {
	duplicate bool
	events    []geofence.Event
	notes     []note // of each event
	// sensed are events that readings gave, yet without Seq; answered says that
	// the device answered something new.
	sensed   []Event
	answered bool
	// stored are the fixes that were not seen before, marks what was said of
	// each.
	stored []geofence.Fix
	marks  []Marks
	again  int
	// carrier are the fixes of the carrier's that are yet to be taken, in order of
	// time.
	carrier []geofence.Fix
	// outrun: a fix came too late for the device to be compared with its carrier,
	// or for a hand-off that was judged without it.
	outrun bool
	// unread is why it could not be looked up whether fixes are stored already:
	// they are stored, perhaps again.
	unread error
}

// note is what the event log needs to know of an event.
type note struct {
	// at is the time of the fix that it was found by.
	at geofence.Millis
	// revived is set where the event was retracted and is now true after all.
	revived *withdrawal
}

// late reports whether a review is needed.
func (o *outcome) late() bool { return o.outrun || slices.ContainsFunc(o.marks, Marks.reviewed) }

// reviewed reports whether a fix waits for a review.
func (m Marks) reviewed() bool { return m&(MarkLate|MarkUnevaluated) == MarkLate }

// take runs a report through the device's state: duplicates are dropped, what
// is new and in order goes through the engine, and everything new joins the
// tail under the journal entry seq. read is nil for a report of the journal,
// which has nothing twice. Of carrier, the fixes of the device that carries this
// one, those are taken that are not later than the report's; the outcome has the
// rest.
func (t *track) take(w *geofence.World, r *Report, seq uint64, read storedFixes, carrier []geofence.Fix) outcome {
	o := outcome{carrier: carrier}
	if read != nil && t.seen(r) {
		o.duplicate = true
		return o
	}
	if r.keyed() {
		t.reports.add(uint64(r.Key))
	}
	restarted := t.restart(r.Received)
	o.stored = r.Fixes[:0]
	// As the device says it, the battery is as old as the newest fix.
	charged := len(r.Fixes) == 0
	for _, f := range r.Fixes {
		t.takeFix(w, r, f, seq, read, &o)
		charged = charged || f.Time == t.newest
	}
	charged = charged && t.charge(r.Battery)
	o.duplicate = read != nil && !r.keyed() && len(o.stored) == 0 && !restarted && !charged
	if o.duplicate {
		return o
	}
	t.history.heard = max(t.history.heard, geofence.MillisOf(r.Received))
	t.sense(r, seq, &o)
	return o
}

// charge notes the battery and reports whether that was not known.
func (t *track) charge(battery *uint8) bool {
	if battery == nil || t.last.Battery != nil && *t.last.Battery == *battery {
		return false
	}
	t.last.Battery = battery
	return true
}

// seen looks the report's key up. A report with a believed fix that is newer
// than every other cannot have been seen.
func (t *track) seen(r *Report) bool {
	for _, f := range r.Fixes {
		if f.Time > t.newest && believed(f.Time, r.Received) {
			return false
		}
	}
	return r.keyed() && t.reports.has(uint64(r.Key))
}

// believed reports whether a device's clock can be right.
func believed(t geofence.Millis, received time.Time) bool {
	return t >= earliest && t <= geofence.MillisOf(received.Add(MaxAhead))
}

// maxLead is how far ahead of a receipt the newest fix may be. It is farther
// only if that fix was believed while the server's clock was ahead, for so long
// that waiting for the device to catch up is no way out.
const maxLead = 24 * time.Hour

// restart forgets where the device was, if nothing that it reports now could be
// newer for a long time.
func (t *track) restart(received time.Time) bool {
	if t.newest <= geofence.MillisOf(received.Add(maxLead)) {
		return false
	}
	t.newest = 0
	t.engine.Restart()
	t.history.restart()
	return true
}

func (t *track) takeFix(w *geofence.World, r *Report, f geofence.Fix, seq uint64, read storedFixes, o *outcome) {
	marks := t.classify(f.Time, r.Received)
	if marks != 0 && read != nil {
		again, err := t.stored(r.Device, &f, read)
		if err != nil {
			o.unread = err
		}
		if again {
			o.again++
			return
		}
	}
	switch {
	case marks == 0:
		marks = t.step(w, r, f, o)
	case marks.reviewed() && f.Time < t.newest:
		t.history.miss(f.Time)
	}
	if t.recall != nil {
		t.recall.add(&f)
	}
	t.tail = append(t.tail, waitingFix{Fix: f, received: geofence.MillisOf(r.Received), seq: seq, marks: marks})
	o.stored = append(o.stored, f)
	o.marks = append(o.marks, marks)
}

// classify says why a fix is not to be stepped, 0 if it is.
func (t *track) classify(at geofence.Millis, received time.Time) Marks {
	switch {
	case !believed(at, received):
		return MarkClock
	case at > t.newest:
		return 0
	case at < geofence.MillisOf(received.Add(-MaxLate)):
		return MarkLate | MarkUnevaluated
	}
	return MarkLate
}

// step runs a fix that is in order through the engine. One that the engine does
// not trust leaves the position where it was.
func (t *track) step(w *geofence.World, r *Report, f geofence.Fix, o *outcome) Marks {
	t.accompany(w, r.Device, f.Time, o)
	if t.engine.Outrun(w, f.Time, false) {
		t.outrun(f.Time, o)
	}
	before := len(o.events)
	o.events = geofence.Step(w, &t.engine, f, o.events)
	t.newest = f.Time
	t.reach(w, r.Device, f.Time, o)
	t.note(r.Device, o, before, f.Time)
	if v := t.history.review; v != nil {
		v.missed = append(v.missed, missedInput{world: w, fix: f})
	}
	if t.engine.Doubted() {
		return MarkImplausible
	}
	t.last.Fix, t.last.Received = f, r.Received
	return 0
}

// note notes of the events of o from one on that a fix of the time at gave them.
func (t *track) note(device DeviceID, o *outcome, from int, at geofence.Millis) {
	for i := range o.events[from:] {
		e := &o.events[from+i]
		o.notes = append(o.notes, t.history.note(e, subjectOf(device, e), at))
	}
}

// pack adds blocks of what is new in the tails to tx. The tails themselves stay
// until forget, so that a query finds what they hold at any moment.
func (t *track) pack(tx *Transaction, device DeviceID) packedDevice {
	fresh := t.tail[t.packing:]
	fixes := make([]TrackPoint, len(fresh))
	for i := range fresh {
		fixes[i] = fresh[i].point()
	}
	t.packing = len(t.tail)
	if n := len(fresh); n > 0 {
		t.packed = fresh[n-1].seq
	}
	if waiting := t.readings.waiting(); len(waiting) > 0 {
		t.packed = max(t.packed, waiting[len(waiting)-1].seq)
	}
	blocks := packBlocks(device, t.packed, fixes)
	for i := range blocks {
		if b := &blocks[i]; b.First >= earliest && b.First < t.tidied && blockCount(b.Value) < smallBlock {
			t.tidied = b.First
		}
	}
	tx.Blocks = append(tx.Blocks, blocks...)
	tx.Records = append(tx.Records, t.readings.pack(device, t.packed)...)
	return packedDevice{device: device, through: t.packed}
}

// waiting is how many fixes and readings are on their way into no block yet.
func (t *track) waiting() int { return len(t.tail) - t.packing + len(t.readings.waiting()) }

// waitsSince is the journal entry and the receipt of what has been waiting for
// the longest; something is.
func (t *track) waitsSince() (seq uint64, received time.Time) {
	readings := t.readings.waiting()
	if t.packing < len(t.tail) {
		if first := t.tail[t.packing]; len(readings) == 0 || first.seq <= readings[0].seq {
			return first.seq, first.received.Time()
		}
	}
	return readings[0].seq, readings[0].received.Time()
}

// forget drops the fixes that are in durable blocks from the tail.
func (t *track) forget(through uint64) {
	n := 0
	for n < len(t.tail) && t.tail[n].seq <= through {
		n++
	}
	rest := t.tail[n:]
	if cap(t.tail) > 4*blockFixes {
		t.tail = append([]waitingFix(nil), rest...)
	} else {
		t.tail = append(t.tail[:0], rest...)
	}
	t.packing = max(0, t.packing-n)
	t.packed = max(t.packed, through)
	t.readings.forget(through)
}
