package tracker

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// dropEvents drops events that became known too long ago, from the first on.
// One that a clock that was ahead put into the future goes with those behind it.
func (f *Fleet) dropEvents(ctx context.Context, now time.Time) error {
	cutoff := now.Add(-f.retention.keep.Events)
	for {
		// The newest stays: it holds the place of the sequence.
		old, err := f.oldEvents(cutoff, f.LastSeq())
		if err != nil || len(old) == 0 {
			return err
		}
		for len(old) > 0 {
			n := min(tidyEvents, len(old))
			f.retention.events.Store(old[n-1].Seq + 1)
			if err := f.tidyUp(ctx, edit{tidy: Transaction{EventCuts: old[:n]}}); err != nil {
				return err
			}
			f.metrics.dropped.WithLabelValues("event").Add(float64(n))
			old = old[n:]
		}
	}
}

// oldEvents returns the first entries of the log up to the last of a page that
// is older than cutoff, and before the event newest.
func (f *Fleet) oldEvents(cutoff time.Time, newest uint64) ([]LogEntry, error) {
	page, err := f.store.Events(0, "", pageSize)
	if err != nil {
		return nil, err
	}
	old := 0
	for i := range page {
		var e Event
		if err := json.Unmarshal(page[i].Value, &e); err != nil {
			return nil, fmt.Errorf("event %d: %w", page[i].Seq, err)
		}
		page[i] = LogEntry{Seq: page[i].Seq, Subject: e.Subject, Device: e.Device}
		if e.KnownAt.Before(cutoff) && e.Seq < newest {
			old = i + 1
		}
	}
	return page[:old], nil
}
