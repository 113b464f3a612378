package notify

import (
	"context"
	"sync"
	"time"
)

const (
	// sendTimeout is how long a carrier may take for a message.
	sendTimeout = 30 * time.Second
	// sendGrace is how long messages under way are waited for at the end.
	sendGrace = 10 * time.Second
	// laneIdle is when a lane with nothing to do looks again.
	laneIdle = time.Second
)

// Limit bounds what a carrier is given; zero fields stand for its channel's
// defaults.
type Limit struct {
	// Concurrent is how many messages are sent at once.
	Concurrent int
	// PerSecond is how many are sent a second, with bursts of as many.
	PerSecond float64
}

// defaultLimits are what any paid account takes: a mail server with a few
// connections, an SMS service that queues by itself.
var defaultLimits = map[Channel]Limit{
	Email: {Concurrent: 8, PerSecond: 50},
	SMS:   {Concurrent: 8, PerSecond: 20},
	Push:  {Concurrent: 16, PerSecond: 100},
}

func (l Limit) withDefaults(c Channel) Limit {
	if l.Concurrent == 0 {
		l.Concurrent = defaultLimits[c].Concurrent
	}
	if l.PerSecond == 0 {
		l.PerSecond = defaultLimits[c].PerSecond
	}
	return l
}

// serve sends the messages of a lane until ctx ends, then waits for those under
// way. Messages that have no time left are dealt with even when the carrier
// answers to nothing.
func (n *Notifier) serve(ctx context.Context, l *lane) {
	// What a carrier has begun it may end, so that no message is sent again only
	// because the server was stopped.
	sendCtx, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var sending sync.WaitGroup
	slots := make(chan struct{}, l.limit.Concurrent)
	for ctx.Err() == nil {
		if n.outbox.fleet.Ready() != nil {
			// What is sent now could not be noted, and would be sent again.
			pause(ctx, storeRetry)
			continue
		}
		if err := l.fill(n.now()); err != nil {
			n.trouble("read the outbox", err)
			pause(ctx, storeRetry)
		}
		full := len(slots) == cap(slots) || l.open(n.now()).After(n.now())
		it := l.take(n.now(), full)
		switch {
		case it == nil:
			n.rest(ctx, l)
		case full:
			n.deal(sendCtx, l, it)
		case l.limiter.Wait(ctx) != nil:
		case l.open(n.now()).After(n.now()): // since it waited
			l.giveBack(it)
		default:
			slots <- struct{}{} // there is room: nobody else fills it
			sending.Go(func() {
				n.deal(sendCtx, l, it)
				<-slots
				l.rouse()
			})
		}
	}
	defer time.AfterFunc(sendGrace, stop).Stop()
	sending.Wait()
}

// rest waits until the lane may have something to do.
func (n *Notifier) rest(ctx context.Context, l *lane) {
	clock := n.outbox.fleet.Clock()
	timer := time.NewTimer(min(laneIdle, max(time.Millisecond, clock.Real(clock.Until(l.next(n.now()))))))
	defer timer.Stop()
	select {
	case <-l.wake:
	case <-timer.C:
	case <-ctx.Done():
	}
}

// deal does what is to be done about a message, and has it written down.
func (n *Notifier) deal(ctx context.Context, l *lane, it *laneItem) {
	c, err := n.attempt(ctx, l, it)
	if err != nil {
		n.trouble("send a message", err)
		pause(ctx, storeRetry)
	}
	if c == nil {
		l.done(it)
		return
	}
	c.settled = func() { l.done(it) }
	n.recorder.changes <- c
}
