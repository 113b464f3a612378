package web

import (
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"github.com/prometheus/client_golang/prometheus"
)

// stopWithin is how long feeds have to take their leave.
const stopWithin = 5 * time.Second

// feedOf is a pointer to something that sends over a socket.
type feedOf interface {
	comparable
	base() *socket
}

func (c *socket) base() *socket { return c }

// room is how many feeds there may be.
type room struct {
	total, each int
	// crowded is what an owner of each feeds is told.
	crowded string
}

// sockets are the open feeds of one kind, counted by whose they are.
type sockets[F feedOf] struct {
	room  room
	gauge prometheus.Gauge

	mu       sync.Mutex
	open     map[F]string // by owner
	perOwner map[string]int
	closed   bool
	running  sync.WaitGroup
}

func newSockets[F feedOf](r room, open prometheus.Gauge) *sockets[F] {
	return &sockets[F]{room: r, gauge: open, open: make(map[F]string), perOwner: make(map[string]int)}
}

// join counts a new feed, or says why there can be no more.
func (s *sockets[F]) join(f F, owner string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return &problem{status: http.StatusServiceUnavailable, detail: "The server is stopping.", retryAfter: storeRetry}
	case len(s.open) >= s.room.total:
		return &problem{status: http.StatusServiceUnavailable, detail: "The server has as many live feeds as it can take. Try again later.", retryAfter: time.Minute}
	case s.perOwner[owner] >= s.room.each:
		return tooMany(s.room.crowded, time.Minute)
	}
	s.open[f] = owner
	s.perOwner[owner]++
	s.running.Add(1)
	s.gauge.Inc()
	return nil
}

func (s *sockets[F]) leave(f F) {
	s.mu.Lock()
	defer s.mu.Unlock()
	owner := s.open[f]
	delete(s.open, f)
	if s.perOwner[owner]--; s.perOwner[owner] == 0 {
		delete(s.perOwner, owner)
	}
	s.gauge.Dec()
	s.running.Done()
}

// attach gives a feed that has joined its connection.
func (s *sockets[F]) attach(f F, conn *websocket.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f.base().conn = conn
}

// end closes some of the feeds.
func (s *sockets[F]) end(which func(F) bool, how closing) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for f := range s.open {
		if which(f) {
			f.base().end(how)
		}
	}
}

// close ends all feeds with 1001, lets in no more and waits until they are
// gone. Those that do not take their leave within stopWithin are cut off.
func (s *sockets[F]) close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.end(func(F) bool { return true }, closing{websocket.CloseGoingAway, "the server is stopping", "server"})
	late := time.AfterFunc(stopWithin, s.cutOff)
	defer late.Stop()
	s.running.Wait()
}

func (s *sockets[F]) cutOff() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for f := range s.open {
		if conn := f.base().conn; conn != nil {
			// What fails to close is closed.
			_ = conn.Close()
		}
	}
}
