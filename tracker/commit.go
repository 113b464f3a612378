package tracker

import (
	"context"
	"fmt"
	"time"
)

const (
	firstRetry = 50 * time.Millisecond
	lastRetry  = 2 * time.Second
)

// commitAll commits batches in order until there are no more.
func (f *Fleet) commitAll(ctx context.Context) {
	for b := range f.pipeline.batches {
		if err := f.commit(b); err != nil {
			f.outage(ctx, b, err)
		}
	}
}

// commit makes b durable, then tells everyone who waits for it.
func (f *Fleet) commit(b *batch) error {
	if !b.tx.Empty() {
		start := time.Now()
		if err := f.store.Commit(&b.tx); err != nil {
			return err
		}
		f.metrics.committed(b, time.Since(start))
	}
	f.settle(b)
	for _, apply := range b.applies {
		apply()
	}
	f.metrics.counted(b)
	// Before the acknowledgements, so that whoever has one finds its position.
	f.live.publish(b.positions, b.eventSeq, b.world, f.AlertsVersion())
	for _, done := range b.reports {
		done(nil)
	}
	for _, done := range b.edits {
		done(nil)
	}
	return nil
}

// settle notes what has become durable.
func (f *Fleet) settle(b *batch) {
	p := f.pipeline
	p.committed.Store(b.journalSeq)
	if p.logged.Swap(b.eventSeq) != b.eventSeq {
		f.desk.notify()
	}
	for _, packed := range b.packed {
		s := p.shards[shardOf(packed.device)]
		s.mu.Lock()
		s.track(packed.device).forget(packed.through)
		s.mu.Unlock()
	}
	for _, k := range b.kept {
		k.shard.mu.Lock()
		k.shard.keep = k.keep
		k.shard.mu.Unlock()
	}
}

// refuse tells those who reported that their reports are not durable yet.
// They send them again; what is then in the journal after all is a duplicate.
func (b *batch) refuse(err error) {
	for _, done := range b.reports {
		done(err)
	}
	b.reports = nil
}

// outage holds what has been stepped until the store takes it again: the
// engine's states are ahead of the store and must not lose their batches.
// Meanwhile it refuses all that comes.
func (f *Fleet) outage(ctx context.Context, b *batch, cause error) {
	pending := []*batch{b}
	wait := firstRetry
	for {
		refusal := fmt.Errorf("%w: %w", ErrUnavailable, cause)
		f.pipeline.failure.Store(&refusal)
		f.metrics.failures.Inc()
		f.log.Error("the store does not take writes; devices are told to keep their reports", "error", cause, "retry_in", wait)
		pending = f.refuseFor(ctx, wait, pending, refusal)
		if pending, cause = f.commitPending(pending); len(pending) == 0 {
			break
		}
		if ctx.Err() != nil {
			f.giveUp(pending)
			return
		}
		wait = min(2*wait, lastRetry)
	}
	f.pipeline.failure.Store(nil)
	f.log.Info("the store takes writes again")
}

// refuseFor refuses what comes for a while and keeps what was stepped.
func (f *Fleet) refuseFor(ctx context.Context, wait time.Duration, pending []*batch, refusal error) []*batch {
	for _, b := range pending {
		b.refuse(refusal)
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	batches := f.pipeline.batches
	for {
		select {
		case s := <-f.intake.queue:
			s.done(refusal)
		case b, ok := <-batches:
			if !ok {
				batches = nil
				continue
			}
			b.refuse(refusal)
			pending = append(pending, b)
		case <-timer.C:
			return pending
		case <-ctx.Done():
			return f.drain(pending, batches, refusal)
		}
	}
}

// drain takes the batches that the stepping goroutine still has to hand over
// when it stops.
func (f *Fleet) drain(pending []*batch, batches <-chan *batch, refusal error) []*batch {
	if batches == nil {
		return pending
	}
	for b := range batches {
		b.refuse(refusal)
		pending = append(pending, b)
	}
	return pending
}

// commitPending commits in order as far as the store lets it.
func (f *Fleet) commitPending(pending []*batch) ([]*batch, error) {
	for len(pending) > 0 {
		if err := f.commit(pending[0]); err != nil {
			return pending, err
		}
		pending = pending[1:]
	}
	return nil, nil
}

func (f *Fleet) giveUp(pending []*batch) {
	for _, b := range pending {
		for _, done := range b.edits {
			done(errStopping)
		}
	}
}
