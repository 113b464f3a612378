package teltonika

import (
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"slices"
	"time"
)

// accept takes connections until ctx ends and the listener is closed. Running
// out of file descriptors passes, so it tries again. What is read is committed
// until work ends.
func (s *Server) accept(ctx, work context.Context) {
	var pause time.Duration
	for {
		raw, err := s.listener.Accept()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				_ = raw.Close()
			}
			return
		case err != nil:
			pause = min(max(5*time.Millisecond, 2*pause), time.Second)
			s.options.Log.Warn("cannot accept a connection of a Teltonika box", "error", err, "retry_in", pause)
			sleep(ctx, pause)
		default:
			pause = 0
			s.admit(work, raw)
		}
	}
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// admit starts serving a connection that comes from where it may and is within
// the limits.
func (s *Server) admit(work context.Context, raw net.Conn) {
	caller := callerOf(raw)
	if !s.welcome(caller) {
		s.turnAway(raw, endForeign)
		return
	}
	stream := raw
	if s.options.TLS != nil {
		stream = tls.Server(raw, s.options.TLS)
	}
	c := newConn(stream, raw, addressOf(caller), s.options.Limits)
	if !s.roster.add(c) {
		s.turnAway(raw, endCrowded)
		return
	}
	s.serving.Go(func() {
		err := s.converse(work, c)
		_ = c.Close()
		s.roster.remove(c)
		s.ended(c, c.endOf(err))
	})
}

func callerOf(c net.Conn) netip.Addr {
	if tcp, ok := c.RemoteAddr().(*net.TCPAddr); ok {
		return tcp.AddrPort().Addr().Unmap().WithZone("")
	}
	return netip.Addr{}
}

func (s *Server) welcome(caller netip.Addr) bool {
	networks := s.options.Networks
	return len(networks) == 0 || slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(caller) })
}

// turnAway closes without a word.
func (s *Server) turnAway(raw net.Conn, why ending) {
	s.metrics.connectsRefused.WithLabelValues(string(why)).Inc()
	_ = raw.Close()
}

func (s *Server) ended(c *conn, why ending) {
	if c.device == "" {
		s.metrics.connectsRefused.WithLabelValues(string(why)).Inc()
		return
	}
	s.metrics.disconnects.WithLabelValues(string(why)).Inc()
}

// The answers to an IMEI.
const (
	imeiRefused  = 0
	imeiAccepted = 1
)

// converse returns when the conversation is over, always with an error.
func (s *Server) converse(work context.Context, c *conn) error {
	if err := s.shakeHands(c); err != nil {
		return err
	}
	for refusals := 0; ; {
		packet, broken := c.readPacket()
		received := time.Now()
		denied, err := s.answer(work, c, packet, received, broken)
		if err != nil {
			return err
		}
		if refusals++; !denied {
			refusals = 0
		}
		// What follows a broken packet cannot be told apart.
		if broken != nil || refusals == maxRefusals {
			return endRefused
		}
	}
}

// maxRefusals is how many packets in a row may be refused on a connection.
const maxRefusals = 3

// shakeHands finds out which box it is and answers.
func (s *Server) shakeHands(c *conn) error {
	if err := c.readFor(c.limits.HandshakeTime); err != nil {
		return err
	}
	// The TLS handshake writes, too.
	if err := c.SetWriteDeadline(time.Now().Add(c.limits.HandshakeTime)); err != nil {
		return err
	}
	id, err := c.readIMEI()
	if err != nil {
		return err
	}
	if _, ok := s.options.Fleet.Device(id); !ok {
		return s.sendAway(c, id == "")
	}
	c.device = id
	if before := s.roster.claim(c); before != nil {
		before.end(endReplaced)
	}
	// It may have been revoked before the roster knew of c.
	if _, ok := s.options.Fleet.Device(id); !ok {
		return endRevoked
	}
	s.metrics.connects.Inc()
	return c.write(imeiAccepted)
}

// sendAway answers who is not known. The log has the address, for whoever keeps
// strangers out, and no IMEI, which can be a person's.
func (s *Server) sendAway(c *conn, malformed bool) error {
	why := endUnknown
	if malformed {
		why = endHandshake
	}
	s.options.Log.Info("connection of a Teltonika box refused", "reason", string(why), "from", c.from)
	later := make(chan struct{})
	timer := time.AfterFunc(c.limits.RefusalTime, func() { close(later) })
	defer timer.Stop()
	c.pause(later)
	if err := c.write(imeiRefused); err != nil {
		return err
	}
	return why
}
