package webhook

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"wayguard/notify"
)

const (
	// firstDelay is before the second attempt; each further one is twice as long,
	// to maxDelay.
	firstDelay = 5 * time.Second
	maxDelay   = time.Hour
	// GiveUp is for how long an event that others overtook is posted again.
	giveUp = 24 * time.Hour
	// maxOverdue is how many may wait; with more, an address counts as failing.
	maxOverdue = 1000
)

// delay is how long to wait after a number of failures.
func delay(tries int) time.Duration {
	if tries <= 0 {
		return 0
	}
	return min(time.Duration(float64(firstDelay)*math.Pow(2, float64(min(tries, 32)-1))), maxDelay)
}

// jittered spreads what would otherwise come all at once.
func jittered(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.8 + 0.4*rand.Float64()))
}

// settle notes in p what came of a batch.
func (w *worker) settle(b *batch, p *notify.HookProgress) {
	now := w.now().UTC().Truncate(time.Millisecond)
	first := slices.Concat(b.main.posts, b.replay.posts)
	any := slices.ContainsFunc(first, (*post).ok)
	for _, o := range slices.Concat(first, b.overdue) {
		noteHealth(o, &p.HookHealth, now)
	}
	w.settleOverdue(b.overdue, p, now)
	healthy := any && len(p.Overdue)+len(first) <= maxOverdue
	w.settled = settleLane(b.main.posts, w.settled, p, healthy, now)
	w.replayed = settleLane(b.replay.posts, w.replayed, p, healthy, now)
	switch {
	case healthy:
		p.FailingSince, p.Tries = time.Time{}, 0
	case len(first) > 0:
		if p.FailingSince.IsZero() {
			p.FailingSince = now
			w.log.Warn("a webhook's address takes nothing: its events wait", "problem", p.Problem)
		}
		p.Tries++
	}
	w.settled, p.After = advance(b.main, w.settled, p.After)
	if len(p.Replays) > 0 && b.replay.next > 0 {
		w.replayed, p.Replays[0].After = advance(b.replay, w.replayed, p.Replays[0].After)
		if p.Replays[0].After >= p.Replays[0].Through {
			p.Replays, w.replayed = p.Replays[1:], nil
		}
	}
}

func noteHealth(o *post, health *notify.HookHealth, now time.Time) {
	switch {
	case o.ok():
		health.Posted++
		health.LastSuccess = now
	case o.failed():
		health.LastFailure = now
		health.Problem = o.err.Error()
		var f *failure
		health.Gone = health.Gone || errors.As(o.err, &f) && f.gone
	}
}

// settleLane notes what was taken and, where the address is healthy, keeps what
// failed for later.
func settleLane(posts []*post, settled map[uint64]bool, p *notify.HookProgress, healthy bool, now time.Time) map[uint64]bool {
	if settled == nil {
		settled = make(map[uint64]bool)
	}
	for _, o := range posts {
		if !o.ok() && !healthy {
			continue
		}
		settled[o.event.Seq] = true
		if o.failed() {
			late := notify.OverdueEvent{Seq: o.event.Seq, Since: now, Tries: 1}
			late.Next = now.Add(o.pause(late.Tries))
			p.Overdue = append(p.Overdue, late)
		}
	}
	return settled
}

// pause is how long to wait before the next attempt.
func (o *post) pause(tries int) time.Duration {
	pause := jittered(delay(tries))
	var f *failure
	if errors.As(o.err, &f) {
		pause = max(pause, f.after)
	}
	return pause
}

// settleOverdue drops what was taken, and what never will be.
func (w *worker) settleOverdue(posts []*post, p *notify.HookProgress, now time.Time) {
	for _, o := range posts {
		i := slices.IndexFunc(p.Overdue, func(late notify.OverdueEvent) bool { return late.Seq == o.event.Seq })
		if i < 0 {
			continue
		}
		late := &p.Overdue[i]
		late.Tries++
		late.Next = now.Add(o.pause(late.Tries))
		switch {
		case o.ok():
		case now.Sub(late.Since) >= giveUp:
			p.GivenUp++
			w.metrics.givenUp.Inc()
		default:
			continue
		}
		p.Overdue = slices.Delete(p.Overdue, i, i+1)
	}
}

// advance moves a cursor behind all that is settled.
func advance(l lane, settled map[uint64]bool, after uint64) (map[uint64]bool, uint64) {
	next := max(l.next, after)
	for _, o := range l.posts {
		if !settled[o.event.Seq] {
			next = min(next, o.event.Seq-1)
		}
	}
	for seq := range settled {
		if seq <= next {
			delete(settled, seq)
		}
	}
	return settled, max(next, after)
}
