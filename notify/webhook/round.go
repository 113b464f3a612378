package webhook

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"wayguard/notify"
	"wayguard/tracker"
)

const (
	// inFlight is how many posts one address gets at a time.
	inFlight = 16
	// pageSize is how many events a round takes of the log, and overdueSize of
	// those that failed before.
	pageSize    = 32
	overdueSize = 8
	// scan is how much of the log a round reads to find them.
	scan = 1024
)

// post is one event to be posted, and what came of that.
type post struct {
	event tracker.Event
	tried bool
	err   error
}

func (p *post) ok() bool     { return p.tried && p.err == nil }
func (p *post) failed() bool { return p.tried && p.err != nil }

// lane is a stretch of the log that is worked through.
type lane struct {
	posts []*post
	// next is the last event that the posts were chosen from.
	next uint64
}

// batch is what one round posts.
type batch struct {
	main, replay lane
	overdue      []*post
}

// worker posts the events of one webhook.
type worker struct {
	*Sender
	// settled are events behind the cursor that need nothing more, of the log and
	// of the replay.
	settled, replayed map[uint64]bool
	// seen is how far the log was read without anything to post.
	seen uint64
}

// round posts what there is to post, and records what came of it.
func (w *worker) round(ctx context.Context, h *notify.Hook) (rest, error) {
	p := w.hooks.Progress(h.ID)
	if h.Paused || p.Gone {
		return rest{}, nil
	}
	if wait := p.LastFailure.Add(delay(p.Tries)).Sub(w.now()); !p.FailingSince.IsZero() && p.Tries > 0 && wait > 0 {
		return rest{wait: wait}, nil
	}
	b, err := w.plan(h, &p)
	if err != nil {
		return rest{}, err
	}
	if b.empty() && b.main.next < p.After+scan && !b.replays(&p) {
		w.seen = max(w.seen, b.main.next)
		return w.idle(&p), nil
	}
	w.postAll(ctx, h, b)
	if ctx.Err() != nil {
		return rest{}, nil
	}
	return rest{none: true}, w.hooks.Advance(ctx, h.ID, func(p *notify.HookProgress) error {
		w.settle(b, p)
		return nil
	})
}

// idle waits for the log to grow, or for what is overdue.
func (w *worker) idle(p *notify.HookProgress) rest {
	r := rest{log: true}
	for _, o := range p.Overdue {
		wait := max(o.Next.Sub(w.now()), time.Millisecond)
		if r.wait == 0 || wait < r.wait {
			r.wait = wait
		}
	}
	return r
}

func (b *batch) empty() bool { return len(b.main.posts)+len(b.replay.posts)+len(b.overdue) == 0 }

// replays tells whether there is a replay to go on with.
func (b *batch) replays(p *notify.HookProgress) bool {
	return len(p.Replays) > 0 && p.FailingSince.IsZero()
}

// plan chooses what to post. An address that takes nothing is tried with one or
// two events only, of which the newest shows whether it is just the oldest that
// it does not like.
func (w *worker) plan(h *notify.Hook, p *notify.HookProgress) (b *batch, err error) {
	b = new(batch)
	if b.main, err = w.read(h, p, max(p.After, w.seen), w.fleet.LastSeq(), w.settled); err != nil {
		return nil, err
	}
	if !p.FailingSince.IsZero() {
		if n := len(b.main.posts); n > 2 {
			b.main.posts, b.main.next = []*post{b.main.posts[0], b.main.posts[n-1]}, p.After
		}
		return b, nil
	}
	if len(p.Replays) > 0 {
		if b.replay, err = w.read(h, p, p.Replays[0].After, p.Replays[0].Through, w.replayed); err != nil {
			return nil, err
		}
	}
	b.overdue, err = w.due(p)
	return b, err
}

// read finds the next events that h wants.
func (w *worker) read(h *notify.Hook, p *notify.HookProgress, after, through uint64, settled map[uint64]bool) (l lane, err error) {
	const page = 128
	late := make(map[uint64]bool)
	for _, o := range p.Overdue {
		late[o.Seq] = true
	}
	l.next = after
	for start := after; l.next < min(through, start+scan) && len(l.posts) < pageSize; {
		events, next, err := w.fleet.Events(l.next, page, tracker.EventFilter{})
		if errors.Is(err, tracker.ErrGone) {
			w.log.Error("events that a webhook wants have been dropped for their age", "webhook", h.ID)
			next, err = w.fleet.FirstSeq()-1, nil
			start = next
		}
		if err != nil {
			return lane{}, fmt.Errorf("read the event log: %w", err)
		}
		if next == l.next {
			break
		}
		l.next = min(next, through)
		for i := range events {
			e := &events[i]
			if e.Seq > through || settled[e.Seq] || late[e.Seq] || !w.wants(h, e) {
				continue
			}
			l.posts = append(l.posts, &post{event: *e})
			if len(l.posts) == pageSize {
				l.next = e.Seq
				break
			}
		}
	}
	return l, nil
}

// due are the overdue events whose time has come.
func (w *worker) due(p *notify.HookProgress) (posts []*post, err error) {
	now := w.now()
	for _, o := range p.Overdue {
		if now.Before(o.Next) || len(posts) == overdueSize {
			continue
		}
		events, _, err := w.fleet.Events(o.Seq-1, 1, tracker.EventFilter{})
		if err != nil && !errors.Is(err, tracker.ErrGone) {
			return nil, fmt.Errorf("read the event log: %w", err)
		}
		if len(events) == 0 {
			events = []tracker.Event{{Seq: o.Seq}} // Dropped for its age.
		}
		posts = append(posts, &post{event: events[0]})
	}
	return posts, nil
}

// wants tells whether an event is h's, and no test.
func (w *worker) wants(h *notify.Hook, e *tracker.Event) bool {
	if !h.Wants(e.Type) {
		return false
	}
	d, ok := w.fleet.DeliveryOf(e)
	if ok && d.Test {
		return false
	}
	return h.Partner == "" || ok && d.Partner == h.Partner
}

// postAll posts side by side.
func (w *worker) postAll(ctx context.Context, h *notify.Hook, b *batch) {
	var g errgroup.Group
	g.SetLimit(inFlight)
	for _, posts := range [][]*post{b.main.posts, b.replay.posts, b.overdue} {
		for _, p := range posts {
			g.Go(func() error {
				p.tried = true
				if p.event.ID != "" {
					p.err = w.post(ctx, h, &p.event)
				}
				w.metrics.posted(p.err)
				return nil
			})
		}
	}
	_ = g.Wait() // Each post has its own error.
}
