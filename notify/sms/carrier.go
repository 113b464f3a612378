package sms

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"time"

	"github.com/twilio/twilio-go/client"
	api "github.com/twilio/twilio-go/rest/api/v2010"

	"wayguard/notify"
)

// Carrier gives messages to Twilio. Its methods may be called from any goroutine.
type Carrier struct {
	opts    Options
	base    http.RoundTripper
	spent   *spent
	metrics *metrics
}

var _ notify.Carrier = (*Carrier)(nil)

const (
	// sendTimeout is for one request.
	sendTimeout = 30 * time.Second
	// maxBody is the longest text that Twilio takes, in characters.
	maxBody = 1600
	// Twilio takes 1 to 36,000 seconds, and says that under 5 may be too short.
	minValidity, maxValidity = 10 * time.Second, 10 * time.Hour
)

// New prepares a carrier and reads what was spent today, without connecting to
// anything. Errors about the options wrap ErrOptions.
func New(o Options) (*Carrier, error) {
	if err := o.validate(); err != nil {
		return nil, fmt.Errorf("sms: %w", err)
	}
	s, err := openSpent(o)
	if err != nil {
		return nil, fmt.Errorf("sms: %w", err)
	}
	c := &Carrier{opts: o, base: o.Transport, spent: s, metrics: newMetrics()}
	if c.base == nil {
		c.base = http.DefaultTransport.(*http.Transport).Clone()
	}
	if err := c.metrics.register(o.Metrics); err != nil {
		return nil, fmt.Errorf("sms: %w", err)
	}
	return c, nil
}

// Channel is notify.SMS.
func (c *Carrier) Channel() notify.Channel { return notify.SMS }

// Send gives a message to Twilio; the receipt is its SID there.
func (c *Carrier) Send(ctx context.Context, m *notify.Message) (receipt string, err error) {
	receipt, err = c.send(ctx, m)
	c.metrics.sent.WithLabelValues(outcome(err)).Inc()
	return receipt, err
}

func (c *Carrier) send(ctx context.Context, m *notify.Message) (string, error) {
	text := Plain(m.Text)
	if n := len([]rune(text)); n == 0 || n > maxBody {
		return "", &notify.SendError{Code: "21617", Reason: "the text is empty or longer than 1,600 characters", Permanent: true}
	}
	cost := Count(text).Count
	refund, err := c.spent.reserve(ctx, m.Address, cost, m.Expires)
	if err != nil {
		return "", err
	}
	receipt, failed := c.create(ctx, m, text)
	if failed == nil {
		c.metrics.segments.Add(float64(cost))
		return receipt, nil
	}
	if !failed.Unsure {
		refund()
	}
	if err := c.heed(ctx, m.Address, failed); err != nil {
		return "", err
	}
	return "", failed
}

// create is Twilio's request of that name.
func (c *Carrier) create(ctx context.Context, m *notify.Message, text string) (string, *notify.SendError) {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	x := &exchange{ctx: ctx, base: c.base}
	answer, err := c.service(x).CreateMessage(c.params(m, text))
	if failed := x.verdict(err); failed != nil {
		return "", failed
	}
	if answer.ErrorCode != nil && *answer.ErrorCode != 0 {
		return "", judge(*answer.ErrorCode)
	}
	if answer.Sid == nil {
		return "", nil
	}
	return *answer.Sid, nil
}

func (c *Carrier) params(m *notify.Message, text string) *api.CreateMessageParams {
	p := new(api.CreateMessageParams).SetTo(m.Address).SetBody(text)
	if c.opts.Service != "" {
		p.SetMessagingServiceSid(c.opts.Service)
	} else {
		p.SetFrom(c.opts.From)
	}
	if c.opts.PublicURL != nil {
		p.SetStatusCallback(c.callbackURL(StatusPath))
	}
	if !m.Expires.IsZero() {
		left := min(max(c.opts.Clock.Until(m.Expires), minValidity), maxValidity)
		p.SetValidityPeriod(int(math.Ceil(left.Seconds())))
	}
	return p
}

// service is Twilio's client over one exchange: it has no place for a context.
func (c *Carrier) service(x *exchange) *api.ApiService {
	account := c.opts.Account
	twilio := &client.Client{
		Credentials: client.NewCredentials(account.SID, account.Token),
		HTTPClient: &http.Client{Transport: x, CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse // Nobody else gets the credentials.
		}},
	}
	twilio.SetAccountSid(account.SID)
	return api.NewApiService(&client.RequestHandler{Client: twilio, Region: account.Region})
}

// heed notes that the owner of an address wants no messages, where Twilio says
// so. A code that marks an address as dead is noted by whoever sends.
func (c *Carrier) heed(ctx context.Context, address string, failed *notify.SendError) error {
	if failed.Code != codeStopped {
		return nil
	}
	return c.opts.Suppressed.Add(ctx, notify.SMS, address, notify.Suppression{Reason: "replied STOP", Since: c.opts.Clock.Now().UTC(), Asked: true})
}
