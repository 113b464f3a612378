package broker

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"os"
	"runtime/debug"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"
)

// accept takes connections until ctx ends and the listener is closed. Running
// out of file descriptors passes, so it tries again.
func (b *Broker) accept(ctx context.Context) {
	letters := &courier{epoch: time.Now(), sent: b.metrics.acknowledged}
	var pause time.Duration
	for {
		raw, err := b.listener.Accept()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				_ = raw.Close()
			}
			return
		case err != nil:
			pause = min(max(5*time.Millisecond, 2*pause), time.Second)
			b.options.Log.Warn("cannot accept an MQTT connection", "error", err, "retry_in", pause)
			sleep(ctx, pause)
		default:
			pause = 0
			b.admit(raw, letters)
		}
	}
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// writeBuffer bounds what the kernel holds for a device that does not read;
// left alone it would take megabytes.
const writeBuffer = 64 << 10

// admit starts serving a connection that is within the limits.
func (b *Broker) admit(raw net.Conn, letters *courier) {
	from := remoteAddress(raw)
	if !b.roster.room(from) {
		b.metrics.connectsRefused.WithLabelValues("too_many_connections").Inc()
		_ = raw.Close()
		return
	}
	if tcp, ok := raw.(*net.TCPConn); ok {
		_ = tcp.SetWriteBuffer(writeBuffer)
	}
	// Each later write sets a deadline of its own, but those of a TLS handshake
	// happen underneath.
	_ = raw.SetDeadline(time.Now().Add(b.options.Limits.ConnectTime))
	if b.options.TLS != nil {
		raw = tls.Server(raw, b.options.TLS)
	}
	c := newConn(raw, from, b.options.Limits, letters)
	b.roster.add(c)
	b.serving.Go(func() { b.serve(c) })
}

func remoteAddress(c net.Conn) netip.Addr {
	if tcp, ok := c.RemoteAddr().(*net.TCPAddr); ok {
		return addressOf(tcp.AddrPort().Addr())
	}
	return netip.Addr{}
}

// serve returns when the connection has ended, with all that belongs to it.
func (b *Broker) serve(c *conn) {
	err := b.establish(c)
	_ = c.Close()
	c.acks.wait()
	b.roster.remove(c)
	b.ended(c, err)
}

// errPanic stands for a panic that was recovered and logged.
var errPanic = errors.New("panic")

// establish hands c to mochi. A panic there costs the one connection; a
// SUBSCRIBE of MQTT 5 that ends after its filter is enough for one in v2.7.9.
func (b *Broker) establish(c *conn) (err error) {
	defer func() {
		if p := recover(); p != nil {
			b.options.Log.Error("panic while serving an MQTT connection", "panic", p, "stack", string(debug.Stack()))
			b.forget(c)
			err = errPanic
		}
	}()
	return b.server.EstablishConnection("mqtt", c)
}

// forget does what mochi does at the regular end of a connection.
func (b *Broker) forget(c *conn) {
	if cl := c.session.client; cl != nil {
		b.server.UnsubscribeClient(cl)
		b.server.Clients.Delete(cl.ID)
	}
}

// ended counts why a connection is over.
func (b *Broker) ended(c *conn, err error) {
	reason := reasonOf(err)
	if c.session.device == "" && !c.session.lab {
		if c.session.refusal != "" {
			reason = c.session.refusal
		}
		b.metrics.connectsRefused.WithLabelValues(reason).Inc()
		return
	}
	if reason == tooLarge {
		b.metrics.publishes[refused].Inc()
		b.metrics.refusals.WithLabelValues(noDoor, tooLarge).Inc()
		b.options.Log.Warn("a device sent too large a packet; it will try again until it is configured otherwise",
			"device", c.session.device, "limit_bytes", b.options.Limits.PacketBytes)
	}
	// What ended the reading counts, unless that was the server's own closing.
	if why := cause(c.cause.Load()); (reason == closed || reason == timeout) && why != causeNone {
		reason = why.String()
	}
	b.metrics.disconnects.WithLabelValues(reason).Inc()
}

// Some of the reasons why reading ends.
const (
	tooLarge = "too_large"
	timeout  = "timeout"
	closed   = "closed"
)

// reasonOf classifies how mochi's reading ended.
func reasonOf(err error) string {
	var code packets.Code
	var certificate *tls.CertificateVerificationError
	switch {
	case err == nil:
		return "client"
	case errors.As(err, &certificate):
		return "bad_certificate"
	case errors.Is(err, errPanic):
		return "panic"
	case errors.Is(err, packets.ErrPacketTooLarge):
		return tooLarge
	case errors.Is(err, os.ErrDeadlineExceeded):
		return timeout
	case errors.As(err, &code) && code.Code < packets.ErrUnspecifiedError.Code:
		return "client"
	case errors.As(err, &code):
		return "protocol"
	}
	return closed
}

// Bounds of the end.
const (
	// flushTime is for commits under way and for their acknowledgements.
	flushTime = 3 * time.Second
	// partTime is for telling a device why its connection ends.
	partTime = time.Second
)

// disconnectAll lets every connection take the acknowledgements it is owed,
// within a bound, and closes it.
func (b *Broker) disconnectAll() {
	ctx, cancel := context.WithTimeout(context.Background(), flushTime)
	defer cancel()
	for _, c := range b.roster.all() {
		c.acks.flush(ctx)
		c.disconnect(causeStopping)
	}
	b.serving.Wait()
}
