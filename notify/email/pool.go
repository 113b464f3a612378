package email

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	// maxIdle is how many connections wait for the next mail.
	maxIdle = 4
	// idleTimeout is below that of common servers, of which the shortest is
	// a minute.
	idleTimeout = 30 * time.Second
	// maxMails over one connection: some servers take a hundred.
	maxMails = 50
)

// pool keeps connections for the next mail.
type pool struct {
	dial   dialer
	opened prometheus.Counter

	mu   sync.Mutex
	idle []*session // the one used last at the end
	// closed: connections that come back are closed.
	closed bool
}

func newPool(d dialer) *pool {
	return &pool{dial: d, opened: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "wayguard_email_connections_total",
		Help: "Connections opened to the mail server.",
	})}
}

// get returns a connection that works, a new one where none waits. The caller
// must put it back. Errors are those of Carrier.Send.
func (p *pool) get(ctx context.Context) (*session, error) {
	for s := p.take(); s != nil; s = p.take() {
		if s.reset(ctx) == nil {
			return s, nil
		}
		s.close()
	}
	p.opened.Inc()
	return p.dial.open(ctx)
}

func (p *pool) take() *session {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.idle)
	if n == 0 {
		return nil
	}
	s := p.idle[n-1]
	p.idle = p.idle[:n-1]
	s.expiry.Stop()
	return s
}

// put takes a connection back, and closes one that is of no more use.
func (p *pool) put(s *session) {
	p.mu.Lock()
	keep := !p.closed && !s.broken && s.mails < maxMails && len(p.idle) < maxIdle
	if keep {
		p.idle = append(p.idle, s)
		s.expiry = time.AfterFunc(idleTimeout, func() { p.expire(s) })
	}
	p.mu.Unlock()
	if !keep {
		s.close()
	}
}

// expire closes s if it still waits.
func (p *pool) expire(s *session) {
	p.mu.Lock()
	waiting := false
	for i, other := range p.idle {
		if other == s {
			p.idle = append(p.idle[:i], p.idle[i+1:]...)
			waiting = true
			break
		}
	}
	p.mu.Unlock()
	if waiting {
		s.close()
	}
}

func (p *pool) close() {
	p.mu.Lock()
	idle := p.idle
	p.idle, p.closed = nil, true
	p.mu.Unlock()
	for _, s := range idle {
		s.expiry.Stop()
		s.close()
	}
}
