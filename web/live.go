package web

import (
	"math"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Sizes of the buffers of a live feed. A frame of ten positions has about two
// kilobytes; clients send next to nothing.
const (
	liveReadBuffer   = 512
	liveWriteBuffer  = 4096
	handshakeTimeout = 10 * time.Second
	stopWithin       = 5 * time.Second
)

// Close codes of the live feed, besides 1001 when the server stops
// (RFC 6455, 7.4.2: 4000 to 4999 are for private use).
const (
	closeSessionEnded = 4001
	closeTooSlow      = 4008
)

// live is the open live feeds.
type live struct {
	feed     *feed
	metrics  *metrics
	limits   Limits
	upgrader websocket.Upgrader

	mu        sync.Mutex
	clients   map[*liveClient]struct{}
	perClient map[string]int
	closed    bool
	running   sync.WaitGroup
}

func newLive(f *feed, limits Limits, m *metrics) *live {
	return &live{
		feed:    f,
		metrics: m,
		limits:  limits,
		upgrader: websocket.Upgrader{
			HandshakeTimeout: handshakeTimeout,
			ReadBufferSize:   liveReadBuffer,
			WriteBufferSize:  liveWriteBuffer,
			WriteBufferPool:  &sync.Pool{},
			// The origin was checked before, by rules that know the public URL.
			CheckOrigin: func(*http.Request) bool { return true },
			Error: func(w http.ResponseWriter, _ *http.Request, status int, _ error) {
				(&problem{status: status, detail: "The WebSocket handshake is not right (RFC 6455, section 4)."}).write(w)
			},
		},
		clients:   make(map[*liveClient]struct{}),
		perClient: make(map[string]int),
	}
}

// openLive turns the request into a live feed, which outlives it.
func (s *Server) openLive(w http.ResponseWriter, r *http.Request, who principal) error {
	q := queryOf(r)
	first := s.fleet.FirstSeq()
	after, err := q.count("after", 0, math.MaxInt64, first-1)
	if err == nil {
		err = keptAfter(after, first)
	}
	if err != nil {
		return err
	}
	if !websocket.IsWebSocketUpgrade(r) {
		return &problem{
			status: http.StatusUpgradeRequired,
			detail: "This address speaks WebSocket only.",
			header: map[string]string{"Upgrade": "websocket"},
		}
	}
	c := newLiveClient(s.live, s.clientKey(r, who), who)
	if c.alerts, err = q.flag("alerts", false); err != nil {
		return err
	}
	if q.has("after") {
		c.after = &after
	}
	if err := s.live.join(c); err != nil {
		return err
	}
	conn, err := s.live.upgrader.Upgrade(w, r, nil)
	if err != nil {
		// Upgrade has answered.
		s.live.leave(c)
		return nil
	}
	s.live.attach(c, conn)
	go func() {
		defer s.live.leave(c)
		c.serve()
	}()
	s.closeIfEnded(c, who)
	return nil
}

// closeIfEnded is for one whose session, key or role was ended after it had been
// checked and before its feed had joined the others.
func (s *Server) closeIfEnded(c *liveClient, who principal) {
	if !s.stands(who) {
		c.end(sessionEnded())
	}
}

// join counts a new feed, or says why there can be no more.
func (l *live) join(c *liveClient) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closed:
		return &problem{status: http.StatusServiceUnavailable, detail: "The server is stopping.", retryAfter: storeRetry}
	case len(l.clients) >= l.limits.LiveTotal:
		return &problem{status: http.StatusServiceUnavailable, detail: "The server has as many live feeds as it can take. Try again later.", retryAfter: time.Minute}
	case l.perClient[c.owner] >= l.limits.LivePerClient:
		return tooMany("You have too many live feeds open: close some.", time.Minute)
	}
	l.clients[c] = struct{}{}
	l.perClient[c.owner]++
	l.running.Add(1)
	l.metrics.liveOpen.Inc()
	l.feed.join()
	return nil
}

func (l *live) leave(c *liveClient) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.clients, c)
	if l.perClient[c.owner]--; l.perClient[c.owner] == 0 {
		delete(l.perClient, c.owner)
	}
	l.metrics.liveOpen.Dec()
	l.feed.leave()
	l.running.Done()
}

// end closes the feeds of those who may no longer have one.
func (l *live) end(whose func(principal) bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.clients {
		if whose(c.who) {
			c.end(sessionEnded())
		}
	}
}

// attach gives a feed that has joined its connection.
func (l *live) attach(c *liveClient, conn *websocket.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c.conn = conn
}

// close ends all feeds with 1001, lets in no more and waits until they are
// gone. Those that do not take their leave within stopWithin are cut off.
func (l *live) close() {
	l.mu.Lock()
	l.closed = true
	for c := range l.clients {
		c.end(closing{websocket.CloseGoingAway, "the server is stopping", "server"})
	}
	l.mu.Unlock()
	gone := make(chan struct{})
	go func() {
		l.running.Wait()
		close(gone)
	}()
	select {
	case <-gone:
	case <-time.After(stopWithin):
		l.cutOff()
		<-gone
	}
}

func (l *live) cutOff() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.clients {
		if c.conn != nil {
			// What fails to close is closed.
			_ = c.conn.Close()
		}
	}
}

func sessionEnded() closing {
	return closing{closeSessionEnded, "the session has ended, sign in again", "session"}
}
