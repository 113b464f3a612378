package notify

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"wayguard/tracker"
)

// channels are those that messages go over.
var channels = []Channel{Email, SMS, Push}

// Options configure a Notifier. Fleet, Keys, Suppressed and Judge are required.
type Options struct {
	Fleet *tracker.Fleet
	// Keys seal what messages say.
	Keys       *tracker.Keyring
	Suppressed *Suppressed
	// Judge is what NewRules makes.
	Judge judge
	// Carriers are at most one a channel; the messages of the others go to the
	// mailbox.
	Carriers []Carrier
	// Limits are the carriers'; those of the mailbox are not bounded.
	Limits map[Channel]Limit
	// Metrics receives the collectors; nil for none.
	Metrics prometheus.Registerer
	// Log defaults to slog.Default.
	Log *slog.Logger
}

// Notifier makes messages of events and sends them. Its methods may be called
// from any goroutine.
type Notifier struct {
	outbox     *outbox
	suppressed *Suppressed
	judge      judge
	lanes      map[Channel]*lane
	reader     *reader
	recorder   *recorder
	metrics    *metrics
	log        *slog.Logger
	// repeating keeps two from repeating a message, or taking it back, at once.
	repeating sync.Mutex
}

// Open reads what was stored; Run does the rest.
func Open(opts Options) (*Notifier, error) {
	if opts.Log == nil {
		opts.Log = slog.Default()
	}
	n := &Notifier{
		suppressed: opts.Suppressed, judge: opts.Judge, lanes: make(map[Channel]*lane), log: opts.Log,
	}
	var err error
	if n.outbox, err = openOutbox(opts.Fleet, opts.Keys); err != nil {
		return nil, err
	}
	box, err := openMailbox(opts.Fleet, opts.Carriers)
	if err != nil {
		return nil, err
	}
	for _, c := range opts.Carriers {
		if !slices.Contains(channels, c.Channel()) || n.lanes[c.Channel()] != nil {
			return nil, fmt.Errorf("the channel %q has two carriers, or is none", c.Channel())
		}
		n.lanes[c.Channel()] = newLane(c, opts.Limits[c.Channel()], n.outbox)
	}
	for _, c := range box.carriers() {
		n.lanes[c.Channel()] = newLane(c, Limit{Concurrent: 4, PerSecond: 1e6}, n.outbox)
	}
	n.reader = &reader{outbox: n.outbox, judge: opts.Judge, made: n.made, joined: n.joined}
	if err := n.reader.resume(); err != nil {
		return nil, err
	}
	n.recorder = &recorder{
		outbox: n.outbox, mailbox: box, changes: make(chan *change, recordTogether),
		durable: n.durable, failed: func(err error) { n.trouble("write down what has become of messages", err) },
	}
	n.metrics, err = newMetrics(n, opts.Metrics)
	return n, err
}

func (n *Notifier) now() time.Time { return n.outbox.now() }

// Run reads events and sends messages until ctx ends. Then it waits for those
// under way, so the fleet must run longer.
func (n *Notifier) Run(ctx context.Context) error {
	var recording, parts sync.WaitGroup
	recordCtx, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	recording.Go(func() { n.recorder.run(recordCtx) })
	parts.Go(func() { n.reader.run(ctx, func(err error) { n.trouble("read events", err) }) })
	parts.Go(func() { n.tidyAll(ctx) })
	for _, l := range n.lanes {
		parts.Go(func() { n.serve(ctx, l) })
	}
	parts.Wait()
	close(n.recorder.changes)
	defer time.AfterFunc(sendGrace, stop).Stop()
	recording.Wait()
	return nil
}

// trouble is what keeps messages from going on for the moment; it is tried
// again.
func (n *Notifier) trouble(what string, err error) {
	n.metrics.trouble.Inc()
	n.log.Error("messages are held up; it will be tried again", "at", what, "error", err)
}

func (n *Notifier) made(e *Entry) {
	n.metrics.made.Inc()
	n.lanes[e.Channel].add(e)
}

func (n *Notifier) joined(e *Entry) {
	n.metrics.joined.Inc()
	n.lanes[e.Channel].move(e)
}

// durable goes on once what has become of a message is durable.
func (n *Notifier) durable(c *change) {
	n.metrics.settled(c)
	if c.settled != nil {
		c.settled()
	}
	if !c.entry.State.Over() {
		n.lanes[c.entry.Channel].add(c.entry)
	}
}

// Carries tells whether messages over a channel leave the server; those of the
// others end in the mailbox.
func (n *Notifier) Carries(c Channel) bool { return !n.recorder.mailbox.serves(c) }

// Counts are the messages sent since the start, the mailbox's included.
func (n *Notifier) Counts() map[Channel]int {
	counts := make(map[Channel]int)
	for c, sent := range n.metrics.sentBy {
		counts[c] = int(sent.Load())
	}
	return counts
}

// counters has one for each channel.
func counters() map[Channel]*atomic.Int64 {
	all := make(map[Channel]*atomic.Int64)
	for _, c := range channels {
		all[c] = new(atomic.Int64)
	}
	return all
}
