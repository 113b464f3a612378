package tracker

import (
	"context"
	"fmt"
	"time"

	"wayguard/geofence"
)

// dropTrack drops what is too old of a device's track. How old a fix is, is
// told by its time. Where that cannot be believed its receipt tells: a device
// that takes it to be 1970, or 2038, keeps its track as long as others.
func (f *Fleet) dropTrack(ctx context.Context, c *chunk, id DeviceID, now time.Time) error {
	cutoff := geofence.MillisOf(now.Add(-f.retention.keep.Tracks))
	if err := f.dropBlocks(ctx, c, id, firstMillis, cutoff, cutoff); err != nil {
		return err
	}
	ahead := geofence.MillisOf(now.Add(MaxBlockSpan))
	return f.dropBlocks(ctx, c, id, ahead, lastMillis, cutoff)
}

// dropBlocks drops those blocks that begin in [from, to) and are too old.
func (f *Fleet) dropBlocks(ctx context.Context, c *chunk, id DeviceID, from, to, cutoff geofence.Millis) error {
	for limit := blockPage; ; {
		page, err := f.store.Blocks(id, from, to, limit)
		if err != nil {
			return err
		}
		cut := 0
		for i := range page {
			old, err := page[i].older(cutoff)
			if err != nil {
				return err
			}
			if !old {
				continue
			}
			cut++
			if err := c.drop(ctx, BlockCut{Device: id, BlockKey: page[i].BlockKey}, cutoff); err != nil {
				return err
			}
		}
		switch {
		case len(page) < limit:
			return nil
		case cut == 0:
			limit *= 2 // Those that stay are in front.
		default:
			if err := c.flush(ctx); err != nil {
				return err
			}
		}
	}
}

// drop drops a block, and says so first: who reads now must not take what is
// left for all.
func (c *chunk) drop(ctx context.Context, cut BlockCut, cutoff geofence.Millis) error {
	if tracks := &c.fleet.retention.tracks; int64(cutoff) > tracks.Load() {
		tracks.Store(int64(cutoff))
		c.records = append(c.records, tracksRecord(cutoff))
	}
	c.tidy.BlockCuts = append(c.tidy.BlockCuts, cut)
	c.cut++
	return c.flushFull(ctx)
}

// older reports whether all fixes of a block are from before a time.
func (b *Block) older(cutoff geofence.Millis) (bool, error) {
	if b.First >= earliest && b.First < cutoff && b.Last < cutoff {
		return true, nil
	}
	fixes, err := unpackBlock(b.Value)
	if err != nil {
		return false, err
	}
	for _, p := range fixes {
		at := p.Fix.Time
		if !believed(at, p.Received) {
			at = geofence.MillisOf(p.Received)
		}
		if at >= cutoff {
			return false, nil
		}
	}
	return true, nil
}

// dropRefusals drops what is too old of the quarantine: it holds positions.
func (f *Fleet) dropRefusals(ctx context.Context, now time.Time) error {
	cutoff := now.Add(-f.retention.keep.Tracks)
	e := edit{}
	err := eachRefused(f.store, func(key string, s *Refused) {
		if s.Received.Before(cutoff) && len(e.records) < tidyRecords {
			e.records = append(e.records, BucketRecord{Bucket: quarantineBucket, Record: Record{Key: key}})
		}
	})
	if err != nil {
		return fmt.Errorf("quarantine: %w", err)
	}
	if len(e.records) == 0 {
		return nil
	}
	return f.tidyUp(ctx, e)
}

// forgetDeleted drops the state of devices that were deleted and have no track
// left. It is not in the journal: after a kill it is done again.
func (s *shard) forgetDeleted(tx *Transaction, registered func(DeviceID) bool, before geofence.Millis) {
	for id, t := range s.tracks {
		if registered(id) || len(t.tail)+len(t.readings.tail) > 0 || t.history.review != nil {
			continue
		}
		if heard := max(t.history.heard, geofence.MillisOf(t.last.Received), t.newest); heard >= before {
			continue
		}
		delete(s.tracks, id)
		s.beside = true
		tx.SnapshotCuts = append(tx.SnapshotCuts, SnapshotCut{Device: id, Before: firstMillis, After: firstMillis})
	}
}
