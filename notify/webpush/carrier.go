package webpush

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	push "github.com/SherClockHolmes/webpush-go"

	"wayguard/notify"
	"wayguard/tracker"
)

// Options configure a Carrier. Browsers and Contact are required.
type Options struct {
	Browsers *notify.Browsers
	// Contact is where push services reach whoever runs the server: an address of
	// https or of email.
	Contact string
	// Transport connects to push services; nil for one that connects to public
	// addresses only.
	Transport http.RoundTripper
	Clock     *tracker.Clock
	// Metrics receives the carrier's collectors; nil for none.
	Metrics prometheus.Registerer
}

// Carrier sends push messages. Its methods may be called from any goroutine.
type Carrier struct {
	opts     Options
	client   *http.Client
	outcomes *prometheus.CounterVec
	paused   paused
}

var _ notify.Carrier = (*Carrier)(nil)

const (
	// postTimeout is for one browser.
	postTimeout = 15 * time.Second
	dialTimeout = 10 * time.Second
	// maxTTL is the longest that push services in use keep a message.
	maxTTL = 28 * 24 * time.Hour
	// urgentLife: what is worth nothing within it must not wait until a phone
	// wakes up by itself.
	urgentLife = 2 * time.Hour
)

// ErrOptions is wrapped by errors about options that can never be right.
var ErrOptions = errors.New("bad options")

// New prepares a carrier without connecting to anything.
func New(o Options) (*Carrier, error) {
	if o.Browsers == nil || o.Contact == "" {
		return nil, fmt.Errorf("webpush: %w: the browsers and a contact are required", ErrOptions)
	}
	c := &Carrier{opts: o, paused: paused{clock: o.Clock, until: make(map[string]time.Time)}, outcomes: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "wayguard_push_posts_total",
		Help: "Push messages to browsers by what became of them: sent, gone, temporary or permanent.",
	}, []string{"outcome"})}
	transport := o.Transport
	if transport == nil {
		transport = publicTransport()
	}
	c.client = &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	if o.Metrics != nil {
		if err := o.Metrics.Register(c.outcomes); err != nil {
			return nil, fmt.Errorf("webpush: register metrics: %w", err)
		}
	}
	return c, nil
}

// publicTransport uses no proxy: through one it would not see what is connected
// to.
func publicTransport() *http.Transport {
	dialer := &net.Dialer{Timeout: dialTimeout, Control: notify.PublicOnly}
	return &http.Transport{
		DialContext: dialer.DialContext, TLSHandshakeTimeout: dialTimeout, ForceAttemptHTTP2: true,
		MaxIdleConns: 20, MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 32 << 10,
	}
}

// Channel is notify.Push.
func (c *Carrier) Channel() notify.Channel { return notify.Push }

// Send sends a message to every browser of its recipient. There is no receipt.
func (c *Carrier) Send(ctx context.Context, m *notify.Message) (receipt string, err error) {
	browsers := c.opts.Browsers.Of(m.To, m.Delivery)
	if len(browsers) == 0 {
		return "", &notify.SendError{Code: "none", Reason: "no browser of the recipient shows push messages", Permanent: true}
	}
	payload, err := payload(m)
	if err != nil {
		return "", err
	}
	options := c.options(m)
	var worst *notify.SendError
	sent := false
	for id, b := range browsers {
		failed := c.paused.left(b.Endpoint)
		if failed == nil {
			failed = c.post(ctx, payload, b, options)
			c.paused.heed(b.Endpoint, failed)
		}
		c.outcomes.WithLabelValues(outcome(failed)).Inc()
		switch {
		case failed == nil:
			sent = true
		case failed.Dead:
			if err := c.opts.Browsers.Remove(ctx, m.To, id); err != nil {
				failed.Err = err // It is tried again with the next message.
			}
		}
		worst = better(worst, failed)
	}
	if sent {
		return "", nil
	}
	// Whose browsers are all gone may have another one tomorrow.
	worst.Permanent, worst.Dead = worst.Permanent || worst.Dead, false
	return "", worst
}

// better is the failure that leaves more hope.
func better(a, b *notify.SendError) *notify.SendError {
	if a == nil || b != nil && a.Permanent && !b.Permanent {
		return b
	}
	return a
}

// post sends to one browser.
func (c *Carrier) post(ctx context.Context, payload []byte, b notify.Browser, o push.Options) *notify.SendError {
	ctx, cancel := context.WithTimeout(ctx, postTimeout)
	defer cancel()
	answer, err := push.SendNotificationWithContext(ctx, payload, &push.Subscription{
		Endpoint: b.Endpoint, Keys: push.Keys{P256dh: b.P256DH, Auth: b.Auth},
	}, &o)
	if err != nil {
		return unsent(err)
	}
	defer answer.Body.Close()
	return verdict(answer)
}

// options are those of a message for all browsers.
func (c *Carrier) options(m *notify.Message) push.Options {
	ttl := maxTTL
	if !m.Expires.IsZero() {
		ttl = min(max(c.opts.Clock.Until(m.Expires), 0), maxTTL)
	}
	urgency := push.UrgencyNormal
	if ttl <= urgentLife || m.To.Audience == notify.ToDispatch || m.To.Audience == notify.ToDriver {
		urgency = push.UrgencyHigh
	}
	return push.Options{
		HTTPClient: c.client, Subscriber: c.opts.Contact, Topic: topic(m), TTL: int(ttl.Seconds()), Urgency: urgency,
		VAPIDPublicKey: c.opts.Browsers.PublicKey(), VAPIDPrivateKey: c.opts.Browsers.PrivateKey(),
	}
}
