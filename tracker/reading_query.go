package tracker

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	firmware "wayguard/firmware-protocol"
	"wayguard/geofence"
)

// Readings calls fn with what a device's sensors said in [from, to), in order of
// time, until fn returns false. A kind of 0 stands for all. fn may be slow:
// nothing is locked meanwhile.
func (f *Fleet) Readings(id DeviceID, kind firmware.Kind, from, to time.Time, fn func(firmware.Reading) bool) error {
	pending, oldest := f.readingTail(id)
	m := &readingMerger{pending: pending, first: geofence.MillisOf(from), last: geofence.MillisOf(to), kind: kind, fn: fn}
	err := f.readingBlocks(id, m.first, func(begin firmware.Millis, through uint64, value []byte) error {
		m.emit(geofence.Millis(begin))
		if m.stopped || geofence.Millis(begin) >= m.last {
			return errEnough
		}
		if through >= oldest {
			return nil
		}
		readings, err := unpackReadings(value)
		m.pending = append(m.pending, readings...)
		return err
	})
	if err != nil {
		return fmt.Errorf("readings of %s: %w", id, err)
	}
	m.emit(m.last)
	return nil
}

// readingMerger puts blocks, which come in order of their first reading, and the
// tail into order of time.
type readingMerger struct {
	pending     []firmware.Reading
	first, last geofence.Millis
	kind        firmware.Kind
	fn          func(firmware.Reading) bool
	stopped     bool
}

// emit gives out what is pending before a time.
func (m *readingMerger) emit(before geofence.Millis) {
	slices.SortStableFunc(m.pending, func(a, b firmware.Reading) int { return cmp.Compare(a.Time, b.Time) })
	n := 0
	for ; n < len(m.pending) && geofence.Millis(m.pending[n].Time) < before; n++ {
		x := m.pending[n]
		at := geofence.Millis(x.Time)
		if m.stopped || at < m.first || at >= m.last || m.kind != 0 && x.Kind != m.kind {
			continue
		}
		m.stopped = !m.fn(x)
	}
	m.pending = m.pending[n:]
}

// errEnough ends a walk over records.
var errEnough = errors.New("enough")

// readingBlocks calls each with the blocks that may hold something from first
// on, in order, until it returns errEnough.
func (f *Fleet) readingBlocks(id DeviceID, first geofence.Millis, each func(begin firmware.Millis, through uint64, value []byte) error) error {
	begin := firmware.Millis(max(0, first-geofence.Millis(blockSpan.Milliseconds())))
	after := readingKey(id, begin, 0)
	for {
		page, err := f.store.Records(readingBucket, readingPrefix(id), after, blockPage)
		if err != nil {
			return err
		}
		for _, record := range page {
			begin, through, err := parseReadingKey(id, record.Key)
			if err == nil {
				err = each(begin, through, record.Value)
			}
			if errors.Is(err, errEnough) {
				return nil
			}
			if err != nil {
				return err
			}
			after = record.Key
		}
		if len(page) < blockPage {
			return nil
		}
	}
}

// readingTail copies a device's durable readings that no durable block holds,
// and tells the first journal entry of those: blocks through it or later hold
// what is in the copy.
func (f *Fleet) readingTail(id DeviceID) (readings []firmware.Reading, oldest uint64) {
	s := f.pipeline.shards[shardOf(id)]
	committed := f.pipeline.committed.Load()
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tracks[id]
	if t == nil || len(t.readings.tail) == 0 {
		return nil, math.MaxUint64
	}
	for _, x := range t.readings.tail {
		if x.seq <= committed {
			readings = append(readings, x.Reading)
		}
	}
	return readings, t.readings.tail[0].seq
}
