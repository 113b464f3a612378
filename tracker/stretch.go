package tracker

import (
	"cmp"
	"fmt"
	"slices"

	"wayguard/geofence"
)

// fixesBehind are the stored fixes behind r's start in order of time, and those
// of the same time in order of arrival, without those that are never evaluated.
func (f *Fleet) fixesBehind(r *rerun, k known) ([]tailFix, error) {
	oldest := k.through + 1
	if len(k.tail) > 0 {
		oldest = k.tail[0].seq
	}
	fixes := slices.DeleteFunc(k.tail, func(p tailFix) bool { return !r.wants(&p.TrackPoint, k) })
	from, after := r.from, BlockKey{}
	if !r.fresh {
		from -= geofence.Millis(blockSpan.Milliseconds())
	}
	for more := true; more; {
		page, err := f.store.Blocks(r.device, from, k.newest+1, after, blockPage)
		if err != nil {
			return nil, fmt.Errorf("track: %w", err)
		}
		for _, block := range page {
			if block.Through >= oldest {
				continue
			}
			if fixes, err = r.add(fixes, block, k); err != nil {
				return nil, err
			}
		}
		if len(fixes) > maxRerun {
			return nil, errTooLong
		}
		if more = len(page) == blockPage; more {
			after = page[len(page)-1].BlockKey
		}
	}
	slices.SortStableFunc(fixes, func(a, b tailFix) int {
		return cmp.Or(cmp.Compare(a.Fix.Time, b.Fix.Time), cmp.Compare(a.seq, b.seq))
	})
	return fixes, nil
}

// add appends the fixes of a block that are to be run.
func (r *rerun) add(fixes []tailFix, block Block, k known) ([]tailFix, error) {
	points, err := unpackBlock(block.Value)
	if err != nil {
		return nil, fmt.Errorf("track: %w", err)
	}
	for _, p := range points {
		if r.wants(&p, k) {
			fixes = append(fixes, tailFix{TrackPoint: p, seq: block.Through})
		}
	}
	return fixes, nil
}

// wants reports whether a stored fix is to be run. One that is newer than the
// newest is of a clock that was ahead.
func (r *rerun) wants(p *TrackPoint, k known) bool {
	return p.Fix.Time > r.from && p.Fix.Time <= k.newest && p.Marks&(MarkClock|MarkUnevaluated) == 0
}
