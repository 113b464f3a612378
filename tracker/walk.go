package tracker

import (
	"cmp"
	"math"
	"slices"

	"wayguard/geofence"
)

// blockPage is how many blocks are read at a time.
const blockPage = 64

// noEntry is behind every journal entry.
const noEntry = uint64(math.MaxUint64)

// walk goes through a device's fixes of [from, to) in order of time, stretch by
// stretch. Each stretch is read anew by time, in one short look at the store,
// so that between two of them blocks may be merged or dropped.
type walk struct {
	id       DeviceID
	from, to geofence.Millis
	// tail returns the fixes that are in no block before the journal entry
	// oldest.
	tail func() (fixes []tailFix, oldest uint64)
}

func noTail() ([]tailFix, uint64) { return nil, noEntry }

// next returns the fixes of the next stretch, which may be none, and moves from
// behind it. Those of the same time are in order of arrival.
func (w *walk) next(store Store) ([]tailFix, error) {
	for limit := blockPage; ; limit *= 2 {
		fixes, oldest := w.tail()
		page, err := store.Blocks(w.id, w.from, w.to, limit)
		if err != nil {
			return nil, err
		}
		end := w.to
		if len(page) == limit {
			end = page[limit-1].First
		}
		if end <= w.from {
			continue // They all begin before: more are needed to get on.
		}
		// What was in the tail may have gone into blocks and been merged with
		// older ones since.
		if _, now := w.tail(); now != oldest {
			limit /= 2
			continue
		}
		if fixes, err = w.gather(fixes, oldest, page, end); err != nil {
			return nil, err
		}
		w.from = end
		return fixes, nil
	}
}

// gather puts the fixes before end into order.
func (w *walk) gather(tail []tailFix, oldest uint64, page []Block, end geofence.Millis) ([]tailFix, error) {
	var fixes []tailFix
	add := func(p tailFix) {
		if p.Fix.Time >= w.from && p.Fix.Time < end {
			fixes = append(fixes, p)
		}
	}
	for _, p := range tail {
		add(p)
	}
	for _, block := range page {
		if block.Through >= oldest || block.Last < w.from || block.First >= end {
			continue
		}
		points, err := unpackBlock(block.Value)
		if err != nil {
			return nil, err
		}
		for _, p := range points {
			add(tailFix{TrackPoint: p, seq: block.Through})
		}
	}
	slices.SortStableFunc(fixes, arrival)
	return fixes, nil
}

// arrival orders fixes by time and then as they came. Blocks that have been
// merged no longer tell from which journal entry a fix is, hence the receipt.
func arrival(a, b tailFix) int {
	return cmp.Or(cmp.Compare(a.Fix.Time, b.Fix.Time), a.Received.Compare(b.Received), cmp.Compare(a.seq, b.seq))
}
