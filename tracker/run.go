package tracker

import (
	"context"
	"sync"
	"time"
)

const (
	// checkpointEvery is the longest a changed shard waits for its checkpoint,
	// which bounds what a start has to replay.
	checkpointEvery = 10 * time.Second
	// packAfter is the longest a fix waits for its block, which bounds how
	// much journal is kept for devices that report rarely.
	packAfter = time.Hour
)

// cadence spreads what is done to every shard over checkpointEvery.
type cadence struct {
	shard int
	last  time.Time
}

// due returns the next shard once its turn has come.
func (c *cadence) due(now time.Time) (int, bool) {
	if now.Sub(c.last) < checkpointEvery/shardCount {
		return 0, false
	}
	// In step with the clock, or the delays of the ticks would add up.
	c.last = c.last.Add(checkpointEvery / shardCount)
	if now.Sub(c.last) > checkpointEvery/shardCount {
		c.last = now
	}
	c.shard = (c.shard + 1) % shardCount
	return c.shard, true
}

// Run steps and commits what is handed over until ctx ends. Then it refuses
// what still waits, commits what was stepped and a checkpoint of every shard,
// and returns. It is called once.
func (f *Fleet) Run(ctx context.Context) error {
	committing := make(chan struct{})
	go func() {
		defer close(committing)
		f.commitAll(ctx)
	}()
	besideCtx, stopBeside := context.WithCancel(ctx)
	var beside sync.WaitGroup
	for _, part := range []func(context.Context){f.reviewAll, f.attend, f.judgeAll, f.retireAll, f.tendHazards, f.tendAlerts, f.tidyAll, f.planRounds, f.tendRounds, f.completeEvents} {
		beside.Go(func() { part(besideCtx) })
	}
	err := f.stepAll(ctx)
	stopBeside()
	f.intake.close()
	beside.Wait()
	if err == nil {
		err = f.stepLast()
	}
	close(f.pipeline.batches)
	<-committing
	f.pipeline.failure.Store(&errStopping)
	return err
}

// stepAll turns what is submitted into batches until ctx ends.
func (f *Fleet) stepAll(ctx context.Context) error {
	tick := time.NewTicker(f.clock.Real(checkpointEvery / shardCount))
	defer tick.Stop()
	var held *submission
	var items []submission
	for {
		items = items[:0]
		if held != nil {
			items, held = append(items, *held), nil
		} else {
			select {
			case <-ctx.Done():
				return nil
			case <-tick.C:
				if f.clock != nil {
					tick.Reset(f.clock.Real(checkpointEvery / shardCount))
				}
			case s := <-f.intake.queue:
				items = append(items, s)
			}
			if len(items) == 0 || items[0].edit == nil || items[0].edit.world == nil {
				items, held = f.intake.gather(items)
			}
		}
		b, err := f.build(items, f.clock.Now())
		if err != nil {
			return err
		}
		if b.idle() {
			continue
		}
		f.pipeline.batches <- b
	}
}

// stepLast checkpoints every shard that changed, so that the next start has
// nothing to replay.
func (f *Fleet) stepLast() error {
	p := f.pipeline
	b := &batch{journalSeq: p.journalSeq, eventSeq: p.eventSeq, world: p.world.Load().Version()}
	b.tx.TrimJournal = p.trim
	for i, s := range p.shards {
		if err := f.addCheckpoint(b, i, s); err != nil {
			return err
		}
	}
	p.batches <- b
	return nil
}
