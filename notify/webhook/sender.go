package webhook

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"wayguard/notify"
	"wayguard/tracker"
)

// Options say what to post and where to.
type Options struct {
	Hooks *notify.Hooks
	Fleet *tracker.Fleet
	// Allowed are addresses that may be posted to although they are private, and
	// without encryption.
	Allowed []netip.Prefix
	Metrics prometheus.Registerer
	Log     *slog.Logger
}

// Sender posts events.
type Sender struct {
	hooks   *notify.Hooks
	fleet   *tracker.Fleet
	client  *http.Client
	metrics *metrics
	log     *slog.Logger
}

// New prepares a Sender; Run starts it.
func New(o Options) (*Sender, error) {
	m, err := newMetrics(o.Metrics)
	if err != nil {
		return nil, err
	}
	return &Sender{hooks: o.Hooks, fleet: o.Fleet, client: newClient(o.Allowed), metrics: m, log: o.Log}, nil
}

func (s *Sender) now() time.Time { return time.Now() }

// Run posts until ctx ends, each webhook by a goroutine of its own.
func (s *Sender) Run(ctx context.Context) error {
	crew := crew{news: newNews(), running: make(map[notify.HookID]bool)}
	crew.wait.Go(func() { crew.news.follow(ctx, s.fleet) })
	for ctx.Err() == nil {
		changed := s.hooks.Changed()
		for _, h := range s.hooks.List() {
			crew.start(h.ID, func() { s.work(ctx, h.ID, crew.news) })
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
	crew.wait.Wait()
	s.client.CloseIdleConnections()
	return nil
}

// crew are the goroutines that post.
type crew struct {
	news *news
	wait sync.WaitGroup

	mu      sync.Mutex
	running map[notify.HookID]bool
}

// start runs work, unless it runs already for that webhook.
func (c *crew) start(id notify.HookID, work func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.running[id] {
		return
	}
	c.running[id] = true
	c.wait.Go(func() {
		work()
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.running, id)
	})
}

// news tells many that the log has grown.
type news struct {
	mu      sync.Mutex
	changed chan struct{}
}

func newNews() *news { return &news{changed: make(chan struct{})} }

// next is closed when there is more than at the time of the call.
func (n *news) next() <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.changed
}

func (n *news) tell() {
	n.mu.Lock()
	defer n.mu.Unlock()
	close(n.changed)
	n.changed = make(chan struct{})
}

// gather is how long events may wait for others: what comes together is posted
// side by side.
const gather = 20 * time.Millisecond

func (n *news) follow(ctx context.Context, fleet *tracker.Fleet) {
	sub := fleet.Subscribe()
	defer sub.Close()
	var told uint64
	for {
		select {
		case <-sub.Ready():
		case <-ctx.Done():
			return
		}
		if _, seq, _ := sub.Take(); seq != told {
			told = seq
			n.tell()
		}
		select {
		case <-time.After(gather):
		case <-ctx.Done():
			return
		}
	}
}

// storeRetry is when to try again what the store did not take.
const storeRetry = 5 * time.Second

// work posts one webhook's events until ctx ends or it is deleted.
func (s *Sender) work(ctx context.Context, id notify.HookID, news *news) {
	w := worker{Sender: s}
	for ctx.Err() == nil {
		grown, changed := news.next(), s.hooks.Changed()
		h, ok := s.hooks.Hook(id)
		if !ok {
			return
		}
		next, err := w.round(ctx, &h)
		if err != nil && ctx.Err() == nil && !errors.Is(err, tracker.ErrNotFound) {
			s.log.Error("a webhook cannot go on for the moment", "webhook", id, "error", err)
			next = rest{wait: storeRetry}
		}
		next.sleep(ctx, grown, changed)
	}
}

// rest says what to wait for.
type rest struct {
	// wait is how long, 0 for ever.
	wait time.Duration
	// log: until it grows, too.
	log bool
	// none: not at all.
	none bool
}

func (r rest) sleep(ctx context.Context, grown, changed <-chan struct{}) {
	if r.none {
		return
	}
	var over <-chan time.Time
	if r.wait > 0 {
		timer := time.NewTimer(r.wait)
		defer timer.Stop()
		over = timer.C
	}
	if !r.log {
		grown = nil
	}
	select {
	case <-over:
	case <-grown:
	case <-changed:
	case <-ctx.Done():
	}
}
