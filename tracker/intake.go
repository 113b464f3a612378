package tracker

import (
	"context"
	"fmt"

	"wayguard/geofence"
)

// queueLength is how many submissions wait for the stepping goroutine; behind
// it, Enqueue blocks, which slows the devices down.
const queueLength = 4096

// submission is something to be committed.
type submission struct {
	// reports, edit or rerun is set.
	reports []Report
	edit    *edit
	rerun   *rerun
	// done is called once with the outcome.
	done func(error)
}

// edit is a change made by a person or a part of the server.
type edit struct {
	records []BucketRecord
	// events are appended to the log, in the same transaction.
	events []Event
	// handoffs are told to the engine.
	handoffs []*journaledHandoff
	// world replaces the engine's; nil leaves it.
	world *geofence.World
	// tidy has the blocks and events that tidying drops and merges.
	tidy Transaction
	// apply is called after the commit, before done; nil for nothing.
	apply func()
}

// Enqueue hands over one report. It returns at once unless the queue is full,
// then it waits for room. If it returns an error, the report was refused and
// done is never called; else done is called once: with nil when the report is
// durable, or with why it was not stored. done is called by the goroutines of
// Run and must not block.
//
// Errors wrap ErrUnknownDevice, ErrBadReport, ErrUnavailable or ctx's.
func (f *Fleet) Enqueue(ctx context.Context, r Report, done func(error)) error {
	var s Sheaf
	if err := f.Gather(&s, r); err != nil {
		return err
	}
	return f.submit(ctx, submission{reports: s.reports, done: done})
}

// Accept is Enqueue that waits for the outcome: nil means r is durable. If ctx
// ends first, r may yet be stored.
func (f *Fleet) Accept(ctx context.Context, r Report) error {
	return await(ctx, func(done func(error)) error { return f.Enqueue(ctx, r, done) })
}

// change submits an edit and waits for its outcome.
func (f *Fleet) change(ctx context.Context, e edit) error {
	settled, err := f.receiptFor(ctx, &e)
	if err != nil {
		return err
	}
	return await(ctx, func(done func(error)) error {
		err := f.submit(ctx, submission{edit: &e, done: func(err error) { settled(err); done(err) }})
		if err != nil {
			settled(err)
		}
		return err
	})
}

func await(ctx context.Context, start func(done func(error)) error) error {
	outcome := make(chan error, 1)
	if err := start(func(err error) { outcome <- err }); err != nil {
		return err
	}
	select {
	case err := <-outcome:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (f *Fleet) submit(ctx context.Context, s submission) error {
	if err := f.Ready(); err != nil {
		return err
	}
	f.intake.mu.RLock()
	defer f.intake.mu.RUnlock()
	select {
	case <-f.intake.stopped:
		return errStopping
	default:
	}
	// There nearly always is room, and waiting for three things at once costs
	// more than all the rest of a submission.
	select {
	case f.intake.queue <- s:
		return nil
	default:
	}
	select {
	case f.intake.queue <- s:
		return nil
	case <-f.intake.stopped:
		return errStopping
	case <-ctx.Done():
		return ctx.Err()
	}
}

var errStopping = fmt.Errorf("%w: the server is stopping", ErrUnavailable)

// close lets nothing more in and refuses what waits.
func (in *intake) close() {
	close(in.stopped)
	in.mu.Lock()
	defer in.mu.Unlock()
	for {
		select {
		case s := <-in.queue:
			s.done(errStopping)
		default:
			return
		}
	}
}

// maxBatchFixes bounds the work between two commits.
const maxBatchFixes = 8192

// gather adds to items what waits, without waiting for more, until the batch
// is full or an edit of the world must go by itself; that one is returned.
func (in *intake) gather(items []submission) ([]submission, *submission) {
	reports, fixes := 0, 0
	for i := range items {
		reports, fixes = items[i].count(reports, fixes)
	}
	for len(items) < queueLength && reports < queueLength && fixes < maxBatchFixes {
		select {
		case s := <-in.queue:
			if s.edit != nil && s.edit.world != nil {
				alone := s // s itself shall stay on the stack
				return items, &alone
			}
			reports, fixes = s.count(reports, fixes)
			items = append(items, s)
		default:
			return items, nil
		}
	}
	return items, nil
}

// count adds the reports of s and what they hold.
func (s *submission) count(reports, fixes int) (int, int) {
	for i := range s.reports {
		fixes += len(s.reports[i].Fixes) + len(s.reports[i].Readings)
	}
	return reports + len(s.reports), fixes
}
