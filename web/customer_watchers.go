package web

import (
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"wayguard/tracker"
)

// Limits of the live feeds of customers. A household looks with some devices at
// once, and what hangs is noticed after a while only.
const (
	maxWatchers            = 10_000
	maxWatchersPerDelivery = 20
)

// watchers are the open live feeds of customers.
type watchers struct {
	metrics *customerMetrics

	mu          sync.Mutex
	open        map[*watcher]struct{}
	perDelivery map[tracker.DeliveryID]int
	closed      bool
	running     sync.WaitGroup
}

func newWatchers(m *customerMetrics) *watchers {
	return &watchers{metrics: m, open: make(map[*watcher]struct{}), perDelivery: make(map[tracker.DeliveryID]int)}
}

// join counts a new feed, or says why there can be no more.
func (h *watchers) join(c *watcher) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.closed:
		return &problem{status: http.StatusServiceUnavailable, detail: "The server is stopping.", retryAfter: storeRetry}
	case len(h.open) >= maxWatchers:
		return &problem{status: http.StatusServiceUnavailable, detail: "The server has as many live feeds as it can take. Try again later.", retryAfter: time.Minute}
	case h.perDelivery[c.delivery] >= maxWatchersPerDelivery:
		return tooMany("This link is open too many times: close some.", time.Minute)
	}
	h.open[c] = struct{}{}
	h.perDelivery[c.delivery]++
	h.running.Add(1)
	h.metrics.watching.Inc()
	return nil
}

func (h *watchers) leave(c *watcher) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.open, c)
	if h.perDelivery[c.delivery]--; h.perDelivery[c.delivery] == 0 {
		delete(h.perDelivery, c.delivery)
	}
	h.metrics.watching.Dec()
	h.running.Done()
}

// attach gives a feed that has joined its connection.
func (h *watchers) attach(c *watcher, conn *websocket.Conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c.conn = conn
}

// close ends all feeds with 1001, lets in no more and waits until they are gone.
// Those that do not take their leave within stopWithin are cut off.
func (h *watchers) close() {
	h.mu.Lock()
	h.closed = true
	for c := range h.open {
		c.end(closing{websocket.CloseGoingAway, "the server is stopping", "server"})
	}
	h.mu.Unlock()
	late := time.AfterFunc(stopWithin, h.cutOff)
	defer late.Stop()
	h.running.Wait()
}

func (h *watchers) cutOff() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.open {
		if c.conn != nil {
			// What fails to close is closed.
			_ = c.conn.Close()
		}
	}
}
