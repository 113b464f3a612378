package tracker

import (
	"fmt"
	"time"

	"wayguard/geofence"
)

// EventFilter selects from the event log; zero fields select all.
type EventFilter struct {
	Device  DeviceID
	Type    string
	Subject string
}

func (q EventFilter) matches(e *Event) bool {
	return (q.Device == "" || q.Device == e.Device) &&
		(q.Type == "" || q.Type == e.Type) &&
		(q.Subject == "" || q.Subject == e.Subject)
}

// Events returns the events with sequence numbers above after that match the
// filter, in order: at most limit of them, from at most limit entries of the
// log. next is the sequence number to go on after; it equals after when the
// log has no more. The error wraps ErrGone where events that would follow have
// been dropped for their age: then FirstSeq tells which is the first.
func (f *Fleet) Events(after uint64, limit int, filter EventFilter) (events []Event, next uint64, err error) {
	entries, err := f.store.Events(after, filter.Subject, limit)
	if err != nil {
		return nil, after, fmt.Errorf("read events after %d: %w", after, err)
	}
	if after+1 < f.FirstSeq() {
		return nil, after, fmt.Errorf("read events after %d: %w", after, ErrGone)
	}
	next = after
	events = make([]Event, 0, len(entries))
	for _, entry := range entries {
		e, err := f.ledger.keys.decodeEvent(entry.Value)
		if err != nil {
			return nil, after, fmt.Errorf("event %d: %w", entry.Seq, err)
		}
		if filter.matches(&e) {
			events = append(events, e)
		}
		next = entry.Seq
	}
	return events, next, nil
}

// Track calls fn with the stored fixes of [from, to) in order of device time,
// those of the same time in order of arrival, until fn returns false. fn may be
// slow: nothing is locked meanwhile. The error wraps ErrGone where fixes that
// were yet to be given out have been dropped for their age.
func (f *Fleet) Track(id DeviceID, from, to time.Time, fn func(TrackPoint) bool) error {
	since := f.retention.tracks.Load()
	w := walk{id: id, from: geofence.MillisOf(from), to: geofence.MillisOf(to), tail: func() ([]tailFix, uint64) { return f.tail(id) }}
	for w.from < w.to {
		begin := w.from
		fixes, err := w.next(f.store)
		if err != nil {
			return fmt.Errorf("track of %s: %w", id, err)
		}
		if now := f.retention.tracks.Load(); now != since && int64(begin) < now {
			return fmt.Errorf("track of %s: %w", id, ErrGone)
		}
		for i := range fixes {
			if !fn(fixes[i].TrackPoint) {
				return nil
			}
		}
	}
	return nil
}

// storedFixes calls fn with the fixes of [from, to) that are in durable blocks,
// until fn returns false.
func (f *Fleet) storedFixes(id DeviceID, from, to geofence.Millis, fn func(TrackPoint) bool) error {
	w := walk{id: id, from: from, to: to, tail: noTail}
	for w.from < w.to {
		fixes, err := w.next(f.store)
		if err != nil {
			return fmt.Errorf("track of %s: %w", id, err)
		}
		for i := range fixes {
			if !fn(fixes[i].TrackPoint) {
				return nil
			}
		}
	}
	return nil
}

// tail copies a device's durable fixes that no durable block holds, and tells
// the first journal entry of those: blocks through it or later hold what is in
// the copy.
func (f *Fleet) tail(id DeviceID) (fixes []tailFix, oldest uint64) {
	s := f.pipeline.shards[shardOf(id)]
	committed := f.pipeline.committed.Load()
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tracks[id]
	if t == nil || len(t.tail) == 0 {
		return nil, noEntry
	}
	for i := range t.tail {
		if p := &t.tail[i]; p.seq <= committed {
			fixes = append(fixes, p.tailFix())
		}
	}
	return fixes, t.tail[0].seq
}
