package web

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"github.com/gorilla/websocket"
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

// liveClient is one live feed. serve's goroutine is the only one that writes.
type liveClient struct {
	live  *live
	owner string
	who   principal
	// after is where the client asked to resume; nil for the newest event.
	after *uint64

	conn *websocket.Conn
	sent cursors

	ended chan closing  // capacity 1
	gone  chan struct{} // closed when nothing more can be read
}

func newLiveClient(l *live, owner string, who principal) *liveClient {
	return &liveClient{
		live:  l,
		owner: owner,
		who:   who,
		ended: make(chan closing, 1),
		gone:  make(chan struct{}),
	}
}

// end makes serve return. Only the first call counts.
func (c *liveClient) end(how closing) {
	select {
	case c.ended <- how:
	default:
	}
}

// serve sends until the feed ends, for whatever reason, and closes the
// connection.
func (c *liveClient) serve() {
	ctx, cancel := context.WithCancel(context.Background())
	go c.read(ctx)
	how := c.send()
	c.live.metrics.liveEnded.WithLabelValues(how.reason).Inc()
	cancel()
	if how.code != 0 {
		c.sayGoodbye(how)
	}
	// What fails to close is closed.
	_ = c.conn.Close()
	<-c.gone
}

// sayGoodbye waits for the client's answer: data that it sent and that nobody
// read would make the kernel drop the close frame.
func (c *liveClient) sayGoodbye(how closing) {
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
func (c *liveClient) read(ctx context.Context) {
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

// send writes frames until the feed ends.
func (c *liveClient) send() closing {
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	var expiry <-chan time.Time
	if c.who.session != "" {
		expiry = time.After(time.Until(c.who.expires))
	}
	if err := c.sendHello(); err != nil {
		return closingOf(err)
	}
	for {
		wake := c.live.feed.wake()
		more, err := c.sendSome()
		if err != nil {
			return closingOf(err)
		}
		if more {
			wake = c.live.feed.always
		}
		select {
		case <-wake:
		case <-ping.C:
			if err := c.write(websocket.PingMessage, nil); err != nil {
				return closingOf(err)
			}
		case <-expiry:
			return sessionEnded()
		case how := <-c.ended:
			return how
		case <-c.gone:
			return closing{reason: "client"}
		}
	}
}

var (
	errTooSlow = errors.New("the reader is too slow")
	errNoLog   = errors.New("the event log cannot be read")
)

func (c *liveClient) write(kind int, frame []byte) error {
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

// closingOf is what to tell a client when sending has failed. After a failed
// write nothing can be told: half a frame may be on its way.
func closingOf(err error) closing {
	switch {
	case errors.Is(err, errTooSlow):
		return closing{closeTooSlow, "too slow, resume with after=", "slow"}
	case errors.Is(err, errNoLog):
		return closing{websocket.CloseInternalServerErr, "the event log cannot be read now, resume with after=", "error"}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return closing{reason: "slow"}
	default:
		return closing{reason: "client"}
	}
}
