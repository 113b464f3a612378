package main

import (
	"context"
	"time"

	"wayguard/tracker"
)

// demoStride is how much of the day passes between two looks at it while it
// passes fast; a second passes where it does not.
const demoStride = 10 * time.Second

// demoFastest is how fast it may pass. A machine that cannot keep up is waited
// for: the clock stands while reports are on their way, so that nothing looks
// late or silent that is not.
const demoFastest = 6000

// demoPace lets a clock come to its end at a moment.
type demoPace struct {
	clock *tracker.Clock
	until time.Time
	// standing is how long the clock stood in each of the last strides.
	standing time.Duration
}

// set chooses the speed at which what is left of the day fits.
func (p *demoPace) set(left time.Duration) {
	strides := max(1, left/demoStride)
	speed := float64(demoFastest)
	if real := time.Until(p.until) - strides*p.standing; real > 0 {
		speed = min(speed, float64(left)/float64(real))
	}
	p.clock.SetSpeed(max(1, speed))
}

// stand stops the clock while do works.
func (p *demoPace) stand(do func() error) error {
	began := time.Now()
	p.clock.Pause()
	err := do()
	p.clock.Resume()
	p.standing += (time.Since(began) - p.standing) / 8
	return err
}

// demoWaitUntil is false if ctx ended before the clock showed t.
func demoWaitUntil(ctx context.Context, clock *tracker.Clock, t time.Time) bool {
	for {
		left := clock.Until(t)
		if left <= 0 || ctx.Err() != nil {
			return ctx.Err() == nil
		}
		select {
		case <-time.After(clock.Real(left)):
		case <-ctx.Done():
			return false
		}
	}
}

// rush passes the day fast, as long as more says so, at the latest until the
// last round is over.
func (d *demoDay) rush(ctx context.Context, p *demoPace, end time.Duration, more func() bool) error {
	d.clock.Resume()
	for due := d.fleet.now + demoStride; more() && !d.over(); due += demoStride {
		p.set(max(demoStride, end-due))
		if !demoWaitUntil(ctx, d.clock, d.begun.Add(due)) {
			return nil
		}
		if err := p.stand(func() error { return d.pass(ctx, due, true) }); err != nil {
			return interrupted(ctx, err)
		}
	}
	return nil
}

// stroll passes the day as fast as it does, until its last round is over or ctx
// ends.
func (d *demoDay) stroll(ctx context.Context) error {
	d.clock.SetSpeed(1)
	d.fleet.every(simMoving, simStanding)
	for due := d.fleet.now + time.Second; !d.over(); due += time.Second {
		if !demoWaitUntil(ctx, d.clock, d.begun.Add(due)) {
			return nil
		}
		if err := d.pass(ctx, due, false); err != nil {
			return interrupted(ctx, err)
		}
	}
	return nil
}

// goOn lets one day follow the other until ctx ends.
func (d *demoDay) goOn(ctx context.Context) error {
	for {
		if err := d.stroll(ctx); err != nil || ctx.Err() != nil {
			return err
		}
		d = d.next()
		if err := d.open(ctx); err != nil {
			return interrupted(ctx, err)
		}
	}
}
