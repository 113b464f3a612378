package web

import (
	"errors"
	"os"
	"time"

	"github.com/gorilla/websocket"
)

// liveClient is one live feed. serve's goroutine is the only one that writes.
type liveClient struct {
	live  *live
	owner string
	who   principal
	// after is where the client asked to resume; nil for the newest event.
	after *uint64
	// alerts: it asked to be told of their changes.
	alerts bool

	socket
	sent cursors
}

func newLiveClient(l *live, owner string, who principal) *liveClient {
	return &liveClient{
		live:   l,
		owner:  owner,
		who:    who,
		socket: newSocket(),
	}
}

// serve sends until the feed ends, for whatever reason, and closes the
// connection.
func (c *liveClient) serve() {
	c.talk(c.send, c.live.metrics.liveEnded)
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
