package tracker

import (
	"cmp"
	"fmt"
	"slices"
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
// log has no more.
func (f *Fleet) Events(after uint64, limit int, filter EventFilter) (events []Event, next uint64, err error) {
	entries, err := f.store.Events(after, filter.Subject, limit)
	if err != nil {
		return nil, after, fmt.Errorf("read events after %d: %w", after, err)
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

// blockPage is how many blocks are read at a time.
const blockPage = 64

// Track calls fn with the stored fixes of [from, to) in order of device time,
// those of the same time in order of arrival, until fn returns false. fn may be
// slow: nothing is locked meanwhile.
func (f *Fleet) Track(id DeviceID, from, to time.Time, fn func(TrackPoint) bool) error {
	first, last := geofence.MillisOf(from), geofence.MillisOf(to)
	tail, oldest := f.tail(id)
	m := &merger{pending: tail, first: first, last: last, fn: fn}
	after, more := BlockKey{}, true
	for more && !m.stopped {
		page, err := f.store.Blocks(id, first-geofence.Millis(blockSpan.Milliseconds()), last, after, blockPage)
		if err != nil {
			return fmt.Errorf("track of %s: %w", id, err)
		}
		for _, block := range page {
			if block.Through >= oldest {
				continue
			}
			if err := m.add(block); err != nil {
				return fmt.Errorf("track of %s: %w", id, err)
			}
		}
		if more = len(page) == blockPage; more {
			after = page[len(page)-1].BlockKey
		}
	}
	m.emit(last)
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
	oldest = ^uint64(0)
	t := s.tracks[id]
	if t == nil || len(t.tail) == 0 {
		return nil, oldest
	}
	for _, p := range t.tail {
		if p.seq <= committed {
			fixes = append(fixes, p)
		}
	}
	return fixes, t.tail[0].seq
}

// merger puts blocks, which come in order of their first fix, and the tail
// into order of time.
type merger struct {
	// pending are fixes and the journal entries, or ends of blocks, that tell
	// which of the same time came first.
	pending     []tailFix
	first, last geofence.Millis
	fn          func(TrackPoint) bool
	stopped     bool
}

// add takes the next block and gives out what nothing that follows precedes.
func (m *merger) add(block Block) error {
	m.emit(block.First)
	fixes, err := unpackBlock(block.Value)
	if err != nil {
		return err
	}
	for _, p := range fixes {
		m.pending = append(m.pending, tailFix{TrackPoint: p, seq: block.Through})
	}
	return nil
}

// emit gives out the pending fixes before a time.
func (m *merger) emit(before geofence.Millis) {
	slices.SortStableFunc(m.pending, func(a, b tailFix) int {
		return cmp.Or(cmp.Compare(a.Fix.Time, b.Fix.Time), cmp.Compare(a.seq, b.seq))
	})
	n := 0
	for ; n < len(m.pending) && m.pending[n].Fix.Time < before; n++ {
		p := m.pending[n].TrackPoint
		if m.stopped || p.Fix.Time < m.first || p.Fix.Time >= m.last {
			continue
		}
		m.stopped = !m.fn(p)
	}
	m.pending = m.pending[n:]
}
