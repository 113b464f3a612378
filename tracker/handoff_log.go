package tracker

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"time"

	"wayguard/geofence"
)

// handoffBucket holds the hand-offs of the last day that the engine was told of,
// for reviews: the key is the device, a slash, and the place of the hand-off in
// the order in which the engine took fixes, as 16 hexadecimal digits; a slash and
// the stop. The value is a journaledHandoff, whose point is nobody's home but
// where a driver stood, and a handoffPlace.
const handoffBucket = "handoffs"

// journaledHandoff is a hand-off that the engine was told of.
type journaledHandoff struct {
	device DeviceID
	geofence.Handoff
	// now: it is judged by what is known, since no review could do so.
	now bool
}

// append writes: device, varint time, stop, byte with bit 0 if a point follows,
// bit 1 if it is only noted and bit 2 if it is judged now, the point: 8 bytes
// longitude, 8 bytes latitude.
func (h *journaledHandoff) append(b []byte) []byte {
	b = binary.AppendVarint(appendString(b, string(h.device)), int64(h.Time))
	b = append(appendString(b, string(h.Stop)), bit(h.HasPoint)|bit(h.Noted)<<1|bit(h.now)<<2)
	if h.HasPoint {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(h.Point[0]))
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(h.Point[1]))
	}
	return b
}

func readHandoff(r *reader) (h journaledHandoff) {
	h.device, h.Time, h.Stop = DeviceID(r.string()), geofence.Millis(r.varint()), geofence.StopID(r.string())
	flags := r.byte()
	h.Noted, h.now = flags&2 != 0, flags&4 != 0
	if h.HasPoint = flags&1 != 0; h.HasPoint {
		h.Point[0] = math.Float64frombits(r.uint64())
		h.Point[1] = math.Float64frombits(r.uint64())
	}
	return h
}

// addHandoff tells the engine of a hand-off, behind the reports of the batch, or
// has a review do so.
func (f *Fleet) addHandoff(b *batch, e *entry, h *journaledHandoff, now time.Time) error {
	s := f.pipeline.shards[shardOf(h.device)]
	s.mu.Lock()
	defer s.mu.Unlock()
	o, p := s.handOff(f.pipeline.world.Load(), h, e.seq)
	if p.order == toldLate {
		f.reviews.add(h.device, now)
	}
	e.handoffs = append(e.handoffs, *h)
	b.tx.Records = append(b.tx.Records, BucketRecord{Bucket: handoffBucket, Record: Record{
		Key: handoffKey(h.device, p.at, h.Stop), Value: p.append(h.append(nil)),
	}})
	return f.addFound(b, e, s.track(h.device), h.device, &o, now)
}

// handOff takes a hand-off, and returns its place.
func (s *shard) handOff(w *geofence.World, h *journaledHandoff, seq uint64) (o outcome, p handoffPlace) {
	t := s.track(h.device)
	s.stepped = seq
	p = t.placeHandoff(w, h)
	switch p.order {
	case toldLate:
		t.history.miss(p.at)
		return o, p
	case toldEarly:
		t.history.await(p.at, h.Stop)
	}
	o.events = geofence.Deliver(w, &t.engine, h.Handoff, nil)
	for i := range o.events {
		e := &o.events[i]
		o.notes = append(o.notes, t.history.note(e, subjectOf(h.device, e), p.at))
	}
	if v := t.history.review; v != nil {
		v.missed = append(v.missed, missedInput{world: w, handoff: &h.Handoff, at: p.at})
	}
	return o, p
}

func handoffPrefix(device DeviceID) string { return string(device) + "/" }

func handoffKey(device DeviceID, at geofence.Millis, stop geofence.StopID) string {
	return fmt.Sprintf("%s%016x/%s", handoffPrefix(device), uint64(at), stop)
}

// pastHandoff is a hand-off at its place in the order of fixes.
type pastHandoff struct {
	geofence.Handoff
	handoffPlace
}

// handoffsBehind are those that r has to take again, in order.
func (f *Fleet) handoffsBehind(r *rerun, k known) (past []pastHandoff, err error) {
	prefix := handoffPrefix(r.device)
	err = eachRecord(f.store, handoffBucket, prefix, func(record Record) error {
		var at uint64
		if _, err := fmt.Sscanf(record.Key[len(prefix):], "%016x/", &at); err != nil {
			return fmt.Errorf("hand-off %q: %w", record.Key, errDamaged)
		}
		b := &reader{b: record.Value}
		p := pastHandoff{Handoff: readHandoff(b).Handoff}
		p.at, p.order, p.world = geofence.Millis(at), handoffOrder(b.byte()), b.uvarint()
		// What comes from now on is heard of as missed.
		known := p.at <= k.newest+1 || slices.Contains(k.awaited, awaited{p.Time, p.Stop})
		if p.at > r.from && known {
			past = append(past, p)
		}
		return nil
	})
	return past, err
}

// judgeUnreviewed has the engine judge the hand-offs of a device that wait for a
// review which could not be made.
func (f *Fleet) judgeUnreviewed(ctx context.Context, device DeviceID) error {
	var left []*journaledHandoff
	err := eachRecord(f.store, handoffBucket, handoffPrefix(device), func(record Record) error {
		b := &reader{b: record.Value}
		h := readHandoff(b)
		d, _ := f.Delivery(DeliveryID(h.Stop))
		waits := d.Handoff != nil && d.Handoff.Position == PositionPending && geofence.MillisOf(d.Handoff.Time) == h.Time
		if waits && !h.Noted && handoffOrder(b.byte()) == toldLate {
			h.now = true
			left = append(left, &h)
		}
		return nil
	})
	if err != nil || len(left) == 0 {
		return err
	}
	return f.change(ctx, edit{handoffs: left})
}

// forgetHandoffs drops those that no review can reach any more.
func (f *Fleet) forgetHandoffs(now time.Time) error {
	var old []BucketRecord
	limit := geofence.MillisOf(now.Add(-keepSnapshots))
	err := eachRecord(f.store, handoffBucket, "", func(record Record) error {
		if h := readHandoff(&reader{b: record.Value}); h.Time < limit {
			old = append(old, BucketRecord{Bucket: handoffBucket, Record: Record{Key: record.Key}})
		}
		return nil
	})
	for chunk := range slices.Chunk(old, editChunk) {
		if err == nil {
			err = f.store.Commit(&Transaction{Records: chunk})
		}
	}
	return err
}
