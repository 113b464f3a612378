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
	upgrader websocket.Upgrader
	sockets  *sockets[*liveClient]
}

func newLive(f *feed, limits Limits, m *metrics) *live {
	return &live{
		feed:    f,
		metrics: m,
		sockets: newSockets[*liveClient](room{limits.LiveTotal, limits.LivePerClient, "You have too many live feeds open: close some."}, m.liveOpen),
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
	s.live.sockets.attach(c, conn)
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

func (l *live) join(c *liveClient) error {
	if err := l.sockets.join(c, c.owner); err != nil {
		return err
	}
	l.feed.join()
	return nil
}

func (l *live) leave(c *liveClient) {
	l.feed.leave()
	l.sockets.leave(c)
}

// end closes the feeds of those who may no longer have one.
func (l *live) end(whose func(principal) bool) {
	l.sockets.end(func(c *liveClient) bool { return whose(c.who) }, sessionEnded())
}

func sessionEnded() closing {
	return closing{closeSessionEnded, "the session has ended, sign in again", "session"}
}
