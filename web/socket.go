package web

import (
	"context"
	"io"
	"time"

	"github.com/gorilla/websocket"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"
)

const (
	pingEvery = 30 * time.Second
	// pongWithin lets two pings go unanswered.
	pongWithin = 100 * time.Second

	// slowAfter is how long one frame may take before its reader is told that
	// it is too slow; writeWithin is when it is given up without a word.
	slowAfter   = 10 * time.Second
	writeWithin = 30 * time.Second
	// closeWithin bounds each half of the closing handshake.
	closeWithin = 2 * time.Second

	// Clients need send nothing; what they send is read slowly and dropped.
	maxIncoming       = 4096
	incomingPerSecond = 10
)

// closing is how a feed ends: what its client is told, and what the metrics
// are. Code 0 tells nothing.
type closing struct {
	code   int
	text   string
	reason string
}

// socket is a WebSocket that says and does not listen. talk's goroutine is the
// only one that writes.
type socket struct {
	conn  *websocket.Conn
	ended chan closing  // capacity 1
	gone  chan struct{} // closed when nothing more can be read
}

func newSocket() socket {
	return socket{ended: make(chan closing, 1), gone: make(chan struct{})}
}

// talk sends until the feed ends, for whatever reason, which it counts, and
// closes the connection.
func (c *socket) talk(send func() closing, ended *prometheus.CounterVec) {
	ctx, cancel := context.WithCancel(context.Background())
	go c.read(ctx)
	how := send()
	ended.WithLabelValues(how.reason).Inc()
	cancel()
	if how.code != 0 {
		c.sayGoodbye(how)
	}
	// What fails to close is closed.
	_ = c.conn.Close()
	<-c.gone
}

// end makes talk return. Only the first call counts.
func (c *socket) end(how closing) {
	select {
	case c.ended <- how:
	default:
	}
}

// sayGoodbye waits for the client's answer: data that it sent and that nobody
// read would make the kernel drop the close frame.
func (c *socket) sayGoodbye(how closing) {
	message := websocket.FormatCloseMessage(how.code, how.text)
	if c.conn.WriteControl(websocket.CloseMessage, message, time.Now().Add(closeWithin)) != nil {
		return
	}
	select {
	case <-c.gone:
	case <-time.After(closeWithin):
	}
}

// read takes pongs and the end of the connection, and drops all else.
func (c *socket) read(ctx context.Context) {
	defer close(c.gone)
	c.conn.SetReadLimit(maxIncoming)
	patience := func(string) error { return c.conn.SetReadDeadline(time.Now().Add(pongWithin)) }
	c.conn.SetPongHandler(patience)
	if patience("") != nil {
		return
	}
	slowly := rate.NewLimiter(incomingPerSecond, incomingPerSecond)
	for {
		_, message, err := c.conn.NextReader()
		if err != nil {
			return
		}
		// Read to its end, or a message in many pieces escapes the limit.
		if _, err := io.Copy(io.Discard, message); err != nil {
			return
		}
		// After cancel it goes on at once, to the client's close frame.
		_ = slowly.Wait(ctx)
	}
}

func (c *socket) write(kind int, frame []byte) error {
	started := time.Now()
	if err := c.conn.SetWriteDeadline(started.Add(writeWithin)); err != nil {
		return err
	}
	if err := c.conn.WriteMessage(kind, frame); err != nil {
		return err
	}
	if time.Since(started) > slowAfter {
		return errTooSlow
	}
	return nil
}
