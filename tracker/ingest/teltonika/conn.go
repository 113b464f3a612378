package teltonika

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"wayguard/tracker"
)

// ending is why a connection is over, as metrics name it.
type ending string

func (e ending) Error() string { return string(e) }

// What the server ends connections for.
const (
	endStopping    ending = "stopping"
	endRevoked     ending = "revoked"
	endReplaced    ending = "replaced"
	endUnavailable ending = "unavailable"
	endRefused     ending = "refused"
	endUnknown     ending = "unknown_device"
	endHandshake   ending = "bad_handshake"
	endCrowded     ending = "too_many_connections"
	endForeign     ending = "foreign_network"
)

// The other ways for a connection to end.
const (
	endClient  ending = "client"
	endTimeout ending = "timeout"
	endBroken  ending = "closed"
)

// conn is one connection. Its goroutine reads and writes; others stop or end it.
type conn struct {
	net.Conn
	wire   net.Conn // below TLS
	in     *bufio.Reader
	from   netip.Addr
	limits Limits
	device tracker.DeviceID // empty before the handshake

	mu   sync.Mutex
	why  ending        // set by who stops or ends it
	over chan struct{} // closed with why
}

// readBuffer is what each connection reads into. Longer packets are read past
// it.
const readBuffer = 512

func newConn(stream, wire net.Conn, from netip.Addr, l Limits) *conn {
	return &conn{
		Conn: stream, wire: wire, in: bufio.NewReaderSize(stream, readBuffer),
		from: from, limits: l, over: make(chan struct{}),
	}
}

// end closes c; a commit that is under way goes unacknowledged. It does not
// wait, as a farewell of TLS could.
func (c *conn) end(why ending) {
	c.blame(why)
	_ = c.wire.Close()
}

// stop has c read nothing more; a commit that is under way is acknowledged.
func (c *conn) stop() { c.blame(endStopping) }

// blame notes the first cause and wakes c's goroutine from reading or pausing.
func (c *conn) blame(why ending) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.why == "" {
		c.why = why
		close(c.over)
	}
	_ = c.SetReadDeadline(time.Unix(1, 0))
}

// readFor gives what is read next a deadline, unless c is over.
func (c *conn) readFor(d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.why != "" {
		return c.why
	}
	return c.SetReadDeadline(time.Now().Add(d))
}

// write answers within the write time.
func (c *conn) write(b ...byte) error {
	if err := c.SetWriteDeadline(time.Now().Add(c.limits.WriteTime)); err != nil {
		return err
	}
	_, err := c.Write(b)
	return err
}

// pause waits until a channel is closed, or c is over.
func (c *conn) pause(until <-chan struct{}) {
	select {
	case <-until:
	case <-c.over:
	}
}

// endOf classifies how the conversation ended.
func (c *conn) endOf(err error) ending {
	c.mu.Lock()
	defer c.mu.Unlock()
	var e ending
	switch {
	case c.why != "":
		return c.why
	case errors.As(err, &e):
		return e
	case errors.Is(err, os.ErrDeadlineExceeded):
		return endTimeout
	case errors.Is(err, io.EOF):
		return endClient
	}
	return endBroken
}
