package tracker

import (
	"context"
	"fmt"
)

// Sheaf is reports that came together and are handed over together, which costs
// much less than one by one: they wait in the queue as one, and are durable at
// once or not at all. The zero value is empty.
type Sheaf struct {
	reports []Report
	// before is how many reports it held before, which are likely to come again.
	before int
}

// Len is the number of reports.
func (s *Sheaf) Len() int { return len(s.reports) }

// Gather adds a report to s. If it returns an error, s is as before; errors wrap
// ErrUnknownDevice or ErrBadReport.
func (f *Fleet) Gather(s *Sheaf, r Report) error {
	if err := r.check(f.clock); err != nil {
		return err
	}
	if len(s.reports) == 0 || s.reports[len(s.reports)-1].Device != r.Device {
		if !f.registry.has(r.Device) {
			return fmt.Errorf("%w: %q", ErrUnknownDevice, r.Device)
		}
	}
	f.recall(&r)
	if s.reports == nil {
		s.reports = make([]Report, 0, max(1, s.before))
	}
	s.reports = append(s.reports, r)
	return nil
}

// EnqueueAll is Enqueue for what was gathered. s is empty afterwards, whatever
// comes of it, and its reports are the fleet's. Errors wrap ErrUnavailable or
// ctx's.
func (f *Fleet) EnqueueAll(ctx context.Context, s *Sheaf, done func(error)) error {
	reports := s.reports
	s.reports, s.before = nil, len(reports)
	if len(reports) == 0 {
		done(nil)
		return nil
	}
	return f.submit(ctx, submission{reports: reports, done: done})
}
