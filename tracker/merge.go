package tracker

import (
	"context"
	"slices"
	"time"

	"wayguard/geofence"
)

// Of a device that reports rarely, what it said in an hour makes a block of a
// fix or two, each as large as ten. They are merged later on.
const (
	// smallBlock: a block of fewer fixes is small.
	smallBlock = 96
	// mergeFrom is how many small blocks in a row are merged if together they
	// are small still; so a fix is written again a few times at most.
	mergeFrom = 8
)

// mergeTrack merges the small blocks of a device that follow one another.
func (f *Fleet) mergeTrack(ctx context.Context, c *chunk, id DeviceID, now time.Time) error {
	from, oldest, ok := f.untidied(id)
	if !ok {
		return nil
	}
	// What is dropped, or dated far ahead, is left alone.
	from = max(from, earliest, geofence.MillisOf(now.Add(-f.retention.keep.Tracks)))
	to := geofence.MillisOf(now)
	for limit, last := blockPage, false; !last; {
		page, err := f.store.Blocks(id, from, to, limit)
		if err != nil {
			return err
		}
		last = len(page) < limit
		var m merging
		for i := range page {
			if b := &page[i]; b.First >= from && b.Through < oldest {
				m.add(b)
			}
		}
		next := m.end(from, page)
		if err := c.merge(ctx, m.runs); err != nil {
			return err
		}
		f.tidied(id, next)
		limit = blockPage
		switch {
		case next > from:
		case len(m.runs) == 0:
			limit = 2 * len(page) // Too much of it reaches back behind from.
		default:
			err = c.flush(ctx) // Now there are fewer.
		}
		if err != nil {
			return err
		}
		from = next
	}
	return nil
}

// untidied tells where the track of a device begins to be untidy, and the first
// journal entry whose fixes may be in the tail as well as in blocks. ok is false
// while blocks must stay as they are.
func (f *Fleet) untidied(id DeviceID) (from geofence.Millis, oldest uint64, ok bool) {
	s := f.pipeline.shards[shardOf(id)]
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tracks[id]
	if t == nil || t.history.review != nil {
		return 0, 0, false
	}
	oldest = noEntry
	if len(t.tail) > 0 {
		oldest = t.tail[0].seq
	}
	return t.tidied, oldest, true
}

// tidied notes up to where the track is tidy, unless it has become untidy
// before that meanwhile.
func (f *Fleet) tidied(id DeviceID, at geofence.Millis) {
	s := f.pipeline.shards[shardOf(id)]
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.tracks[id]; t != nil && at > t.tidied {
		t.tidied = at
		s.beside = true
	}
}

// merging finds runs of small blocks.
type merging struct {
	runs [][]Block
	// open is the run that may go on, with so many fixes.
	open  []Block
	fixes int
}

// add takes the next block.
func (m *merging) add(b *Block) {
	n := blockCount(b.Value)
	if n >= smallBlock {
		m.close()
		return
	}
	if len(m.open) > 0 && (m.fixes+n > blockFixes || b.Last-m.open[0].First >= geofence.Millis(MaxBlockSpan.Milliseconds())) {
		m.close()
	}
	if len(m.open) == 0 {
		m.fixes = 0
	}
	m.open = append(m.open, *b)
	m.fixes += n
}

// close ends a run that cannot go on.
func (m *merging) close() {
	if len(m.open) > 1 {
		m.runs = append(m.runs, m.open)
	}
	m.open = nil
}

// end looks at the run that the page ends with, and returns where to go on
// another time.
func (m *merging) end(from geofence.Millis, page []Block) (next geofence.Millis) {
	if len(m.open) >= mergeFrom {
		m.runs = append(m.runs, m.open)
	}
	switch {
	case len(m.open) > 0:
		return m.open[0].First
	case len(page) > 0:
		return max(from, page[len(page)-1].First)
	}
	return from
}

// merge merges runs of blocks.
func (c *chunk) merge(ctx context.Context, runs [][]Block) error {
	for _, run := range runs {
		tx, err := mergeBlocks(run)
		if err != nil {
			return err
		}
		c.tidy.BlockCuts = append(c.tidy.BlockCuts, tx.BlockCuts...)
		c.tidy.Blocks = append(c.tidy.Blocks, tx.Blocks...)
		c.merged += len(run)
		if err := c.flushFull(ctx); err != nil {
			return err
		}
	}
	return nil
}

// mergeBlocks makes one block of blocks that follow one another in order of
// their keys. The key that it has is that of one of them, or of none.
func mergeBlocks(run []Block) (tx Transaction, err error) {
	merged := Block{Device: run[0].Device, BlockKey: run[0].BlockKey}
	var fixes []tailFix
	for i := range run {
		b := &run[i]
		tx.BlockCuts = append(tx.BlockCuts, BlockCut{Device: b.Device, BlockKey: b.BlockKey})
		merged.Through = max(merged.Through, b.Through)
		points, err := unpackBlock(b.Value)
		if err != nil {
			return tx, err
		}
		for _, p := range points {
			fixes = append(fixes, tailFix{TrackPoint: p, seq: b.Through})
		}
	}
	slices.SortStableFunc(fixes, arrival)
	points := make([]TrackPoint, len(fixes))
	for i := range fixes {
		points[i] = fixes[i].TrackPoint
	}
	merged.Last, merged.Value = points[len(points)-1].Fix.Time, packBlock(points)
	tx.Blocks = []Block{merged}
	return tx, nil
}
