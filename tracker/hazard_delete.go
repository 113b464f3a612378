package tracker

import (
	"context"
	"fmt"
)

// DeleteHazard takes a hazard back. seen is the version that the caller knows, or
// AnyVersion. Errors wrap ErrNotFound, ErrStale, ErrUnavailable or ctx's.
func (f *Fleet) DeleteHazard(ctx context.Context, id HazardID, seen uint64) error {
	l := f.ledger
	err := l.hold(ctx, func(ctx context.Context) error {
		h, ok := l.hazards.get(string(id))
		switch {
		case !ok:
			return fmt.Errorf("hazard %q: %w", id, ErrNotFound)
		case seen != AnyVersion && seen != h.Version:
			return fmt.Errorf("hazard %q: %w", id, ErrStale)
		}
		b := l.edit()
		b.dropHazard(l, string(id))
		return f.commitLedger(ctx, b)
	}, hazardBucket)
	if err != nil {
		return err
	}
	return f.placeHazards(ctx, f.clock.Now())
}
