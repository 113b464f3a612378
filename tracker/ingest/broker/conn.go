package broker

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"

	"wayguard/tracker"
)

// conn is a device's connection as mochi sees it. It gives every write its own
// deadline, keeps the writes of mochi and of the acknowledgements whole, and
// holds what the broker knows of the connection.
type conn struct {
	net.Conn
	direct   syscall.RawConn // nil where writing takes more than the kernel, as TLS does
	from     netip.Addr
	writeFor time.Duration
	writing  sync.Mutex
	deadline time.Time // last given to SetDeadline, by mochi's reader only
	cause    atomic.Uint32
	gone     atomic.Bool // Close was called
	tab      tab         // mochi's reader only
	inbound  inbound
	acks     acks
	session  session
	down     hearing
}

// session is what the CONNECT said. It does not change after the CONNACK.
type session struct {
	device   tracker.DeviceID // empty unless the device is known
	lab      bool             // anyone, in a lab
	login    tracker.Login    // what device was proven by
	clientID string
	client   *mqtt.Client // nil unless the device is known
	v5       bool
	will     will
	refusal  string // why there is no device, if that was decided here
}

func newConn(raw net.Conn, from netip.Addr, l Limits, letters *courier) *conn {
	c := &conn{Conn: raw, from: from, writeFor: l.WriteTime}
	c.acks.init(c, l.Unacknowledged, letters)
	if tcp, ok := raw.(*net.TCPConn); ok {
		// Without it, writing takes a goroutine.
		c.direct, _ = tcp.SyscallConn()
	}
	return c
}

// Read gives mochi what is not a report, see inbound.
func (c *conn) Read(p []byte) (int, error) { return c.inbound.read(c.Conn, p, c.SetDeadline) }

// Write sends all of b within the write time or closes the connection: after
// a part of a packet nothing sensible can follow.
func (c *conn) Write(b []byte) (int, error) {
	c.writing.Lock()
	defer c.writing.Unlock()
	return c.send(b)
}

// send is Write with c.writing held.
func (c *conn) send(b []byte) (int, error) {
	if err := c.Conn.SetWriteDeadline(time.Now().Add(c.writeFor)); err != nil {
		return 0, err
	}
	n, err := c.Conn.Write(b)
	if err != nil {
		if errors.Is(err, os.ErrDeadlineExceeded) {
			c.blame(causeSlow)
		}
		_ = c.Close()
	} else if c.direct != nil {
		// Left to pass, it would fail what is written without waiting.
		err = c.Conn.SetWriteDeadline(time.Time{})
	}
	return n, err
}

// begin sends what can be sent of b without waiting and returns the rest. held
// tells that c.writing stays locked for it: finish must follow.
func (c *conn) begin(b []byte) (rest []byte, held bool) {
	if c.direct == nil || !c.writing.TryLock() {
		return b, false
	}
	n := 0
	// Its errors come again from finish.
	_ = c.direct.Write(func(fd uintptr) bool {
		n = writeNow(fd, b)
		return true
	})
	if n == len(b) {
		c.writing.Unlock()
		return nil, false
	}
	return b[n:], true
}

// finish sends the rest that begin has left.
func (c *conn) finish(rest []byte, held bool) error {
	if !held {
		c.writing.Lock()
	}
	defer c.writing.Unlock()
	_, err := c.send(rest)
	return err
}

// deadlineStep is how much later a deadline must be to be worth setting. It is
// small against the shortest keep-alive.
const deadlineStep = time.Second

// SetDeadline sets the read deadline alone. mochi calls it before every packet
// for reading and writing, which would keep a write to a device that sends but
// does not read from ever timing out.
func (c *conn) SetDeadline(t time.Time) error {
	if d := t.Sub(c.deadline); d >= 0 && d < deadlineStep {
		return nil
	}
	c.deadline = t
	return c.Conn.SetReadDeadline(t)
}

// Close closes the connection and ends the queue of acknowledgements. It does
// not wait.
func (c *conn) Close() error {
	c.gone.Store(true)
	err := c.Conn.Close()
	c.acks.close()
	return err
}

// disconnect closes the connection soon, after telling a device of MQTT 5 why.
// It does not wait, and neither do others for a device that takes nothing: its
// connection is closed after partTime. From now on nothing that it publishes is
// taken.
func (c *conn) disconnect(why cause) {
	c.blame(why)
	c.acks.end(why.code())
	time.AfterFunc(partTime, func() { _ = c.Close() })
}

// blame notes why the server closes the connection; the first cause stays.
func (c *conn) blame(why cause) { c.cause.CompareAndSwap(uint32(causeNone), uint32(why)) }

// ending reports whether the server is about to close the connection.
func (c *conn) ending() bool { return cause(c.cause.Load()) != causeNone }
