package tracker

import "fmt"

// fixesBehind are the stored fixes behind r's start in order of time, and those
// of the same time in order of arrival, without those that are never evaluated.
func (f *Fleet) fixesBehind(r *rerun, k known) ([]tailFix, error) {
	oldest := k.through + 1
	if len(k.tail) > 0 {
		oldest = k.tail[0].seq
	}
	tail := func() ([]tailFix, uint64) { return k.tail, oldest }
	var fixes []tailFix
	for w := (walk{id: r.device, from: r.from, to: k.newest + 1, tail: tail}); w.from < w.to; {
		next, err := w.next(f.store)
		if err != nil {
			return nil, fmt.Errorf("track: %w", err)
		}
		for _, p := range next {
			if r.wants(&p.TrackPoint, k) {
				fixes = append(fixes, p)
			}
		}
		if len(fixes) > maxRerun {
			return nil, errTooLong
		}
	}
	return fixes, nil
}

// wants reports whether a stored fix is to be run. One that is newer than the
// newest is of a clock that was ahead.
func (r *rerun) wants(p *TrackPoint, k known) bool {
	return p.Fix.Time > r.from && p.Fix.Time <= k.newest && p.Marks&(MarkClock|MarkUnevaluated) == 0
}
