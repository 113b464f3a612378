package tracker

import (
	"context"
	"fmt"
	"strings"
	"time"

	firmware "wayguard/firmware-protocol"
	"wayguard/geofence"
)

// afterReadings sorts behind every key of a device's readings.
const afterReadings = "~"

// dropReadings drops readings when the fixes of their time are too old.
func (f *Fleet) dropReadings(ctx context.Context, now time.Time) error {
	// A block is of an hour at most.
	cutoff := geofence.MillisOf(now.Add(-f.retention.keep.Tracks - blockSpan))
	c := chunk{fleet: f}
	for after := ""; ; {
		next, err := f.store.Records(readingBucket, "", after, 1)
		if err != nil {
			return fmt.Errorf("readings: %w", err)
		}
		if len(next) == 0 {
			return c.flush(ctx)
		}
		id, _, ok := strings.Cut(next[0].Key, "/")
		if !ok {
			return fmt.Errorf("readings under %q: %w", next[0].Key, errDamaged)
		}
		if err := f.dropReadingsOf(ctx, &c, DeviceID(id), firmware.Millis(max(0, cutoff))); err != nil {
			return err
		}
		after = readingPrefix(DeviceID(id)) + afterReadings
	}
}

func (f *Fleet) dropReadingsOf(ctx context.Context, c *chunk, id DeviceID, cutoff firmware.Millis) error {
	for after := ""; ; {
		page, err := f.store.Records(readingBucket, readingPrefix(id), after, blockPage)
		if err != nil {
			return fmt.Errorf("readings: %w", err)
		}
		for _, r := range page {
			first, _, err := parseReadingKey(id, r.Key)
			if err != nil || first >= cutoff {
				return err
			}
			c.records = append(c.records, BucketRecord{Bucket: readingBucket, Record: Record{Key: r.Key}})
			if err := c.flushFull(ctx); err != nil {
				return err
			}
		}
		if len(page) < blockPage {
			return nil
		}
		after = page[len(page)-1].Key
	}
}
