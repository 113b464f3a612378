package tracker

import (
	"context"
	"time"
)

// chunk gathers what is to be done to the tracks of many devices.
type chunk struct {
	fleet *Fleet
	edit
	cut, merged int
}

// flushFull commits the chunk if there is enough of it.
func (c *chunk) flushFull(ctx context.Context) error {
	if len(c.tidy.BlockCuts)+len(c.tidy.Blocks)+len(c.records) < tidyBlocks {
		return nil
	}
	return c.flush(ctx)
}

func (c *chunk) flush(ctx context.Context) error {
	e, cut, merged := c.edit, c.cut, c.merged
	*c = chunk{fleet: c.fleet}
	if e.tidy.Empty() && len(e.records) == 0 {
		return nil
	}
	if err := c.fleet.tidyUp(ctx, e); err != nil {
		return err
	}
	c.fleet.metrics.dropped.WithLabelValues("block").Add(float64(cut))
	c.fleet.metrics.dropped.WithLabelValues("merged").Add(float64(merged))
	return nil
}

// tidyUp commits a chunk and pauses.
func (f *Fleet) tidyUp(ctx context.Context, e edit) error {
	if err := f.change(ctx, e); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(tidyPause):
		return nil
	}
}
