package email

import (
	"context"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"wayguard/notify"
)

// Carrier hands mails to a server. Its methods may be called from any goroutine.
type Carrier struct {
	opts Options
	pool *pool
	// bounces is zero where those have no address of their own.
	from, bounces address
	outcomes      *prometheus.CounterVec
	// returned counts mails that came back.
	returned *prometheus.CounterVec
	strain   strain
}

var _ notify.Carrier = (*Carrier)(nil)

// New prepares a carrier without connecting to anything. Errors about the
// options wrap ErrOptions.
func New(o Options) (*Carrier, error) {
	o.Server = o.Server.withDefaults()
	if err := o.validate(); err != nil {
		return nil, fmt.Errorf("email: %w", err)
	}
	from, err := parseAddress(o.From.Address)
	if err != nil {
		return nil, fmt.Errorf("email: %w", err)
	}
	c := &Carrier{opts: o, from: from, outcomes: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "wayguard_email_messages_total",
		Help: "Attempts to hand a mail over by what became of them: sent, temporary, permanent, dead or unsure.",
	}, []string{"outcome"}), returned: newReturned()}
	if o.Bounces.Address != "" {
		if c.bounces, err = parseAddress(o.Bounces.Address); err != nil {
			return nil, fmt.Errorf("email: %w", err)
		}
	}
	c.pool = newPool(dialer{server: o.Server, name: from.domain})
	if o.Metrics == nil {
		return c, nil
	}
	for _, collector := range []prometheus.Collector{c.outcomes, c.returned, c.pool.opened} {
		if err := o.Metrics.Register(collector); err != nil {
			return nil, fmt.Errorf("email: register metrics: %w", err)
		}
	}
	return c, nil
}

// Channel is notify.Email.
func (c *Carrier) Channel() notify.Channel { return notify.Email }

// Close closes connections that wait for the next mail.
func (c *Carrier) Close() { c.pool.close() }

// Send hands a message over; the receipt is its Message-ID.
func (c *Carrier) Send(ctx context.Context, m *notify.Message) (receipt string, err error) {
	defer func() { c.outcomes.WithLabelValues(notify.Outcome(err)).Inc() }()
	to, err := parseAddress(m.Address)
	if err != nil {
		return "", badAddress(err)
	}
	name := c.nameOf(m)
	text, err := c.compose(m, name, to)
	if err != nil {
		return "", &notify.SendError{Reason: "the mail could not be written", Permanent: true, Err: err}
	}
	if err := c.deliver(ctx, c.sender(name, to), to, text); err != nil {
		return "", err
	}
	return c.messageID(name), nil
}

func (c *Carrier) deliver(ctx context.Context, from, to address, text []byte) error {
	s, err := c.pool.get(ctx)
	if err != nil {
		return err
	}
	err = s.transfer(ctx, from, to, text)
	c.pool.put(s)
	c.strain.judge(to, err)
	return err
}
