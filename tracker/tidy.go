package tracker

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

const (
	// tidyEvery is how often what is too old is dropped, and small blocks are
	// merged.
	tidyEvery = time.Hour
	// tidyFirst is when that is done first after the start, when there may be
	// most to drop and devices have caught up.
	tidyFirst = 2 * time.Minute
	// tidyPause is for how long other work is let through between two chunks.
	tidyPause = 20 * time.Millisecond
	// Chunks are of a size that the store takes in less than 5 ms: so many
	// blocks, perhaps each of another device, events, which stand in two indexes,
	// or small records.
	tidyBlocks  = 24
	tidyEvents  = 32
	tidyRecords = 128
)

// tidyAll drops what is too old and merges small blocks until ctx ends. Every
// chunk is a transaction: a kill leaves nothing half done.
func (f *Fleet) tidyAll(ctx context.Context) {
	wait := tidyFirst
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		wait = tidyEvery + rand.N(tidyEvery/60)
		if err := f.tidy(ctx, f.clock.Now()); err != nil && ctx.Err() == nil && !errors.Is(err, ErrUnavailable) {
			f.log.Error("what is too old could not be dropped, or small blocks merged; it will be tried again", "error", err, "again_in", wait)
		}
	}
}

// tidy does one round.
func (f *Fleet) tidy(ctx context.Context, now time.Time) error {
	err := errors.Join(f.dropEvents(ctx, now), f.dropRefusals(ctx, now), f.dropReadings(ctx, now), f.dropWorlds(ctx))
	return errors.Join(err, f.tidyTracks(ctx, now))
}

// tidyTracks tidies the track of each device. What is wrong with one does not
// keep others from it.
func (f *Fleet) tidyTracks(ctx context.Context, now time.Time) error {
	var failed error
	chunk := chunk{fleet: f}
	for after := DeviceID(""); ; {
		page, err := f.store.TrackDevices(after, pageSize)
		if err != nil {
			return errors.Join(failed, fmt.Errorf("tracks: %w", err))
		}
		for _, id := range page {
			err := f.dropTrack(ctx, &chunk, id, now)
			if err == nil {
				err = f.mergeTrack(ctx, &chunk, id, now)
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil && failed == nil {
				failed = fmt.Errorf("track of %s: %w", id, err)
			}
		}
		if len(page) < pageSize {
			return errors.Join(failed, chunk.flush(ctx))
		}
		after = page[len(page)-1]
	}
}
