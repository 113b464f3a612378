package sms

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"

	"github.com/prometheus/client_golang/prometheus"

	"wayguard/notify"
	"wayguard/tracker"
)

// Options configure a Carrier. Account, a sender, Fleet and Suppressed are
// required.
type Options struct {
	Account Account
	// From is a number of E.164, a short code or an alphanumeric sender id.
	From string
	// Service is the SID of a messaging service, which chooses among its numbers.
	// Either From or Service is given.
	Service string
	// PublicURL is where Twilio finds the callbacks; nil for none.
	PublicURL *url.URL
	Caps      Caps
	// Fleet keeps what was spent.
	Fleet      *tracker.Fleet
	Suppressed *notify.Suppressed
	// Report hears what became of messages later; nil for nobody.
	Report StatusFunc
	Outside
}

// Outside is what a carrier works with.
type Outside struct {
	// Transport sends the requests; nil for one like http.DefaultTransport.
	Transport http.RoundTripper
	Clock     *tracker.Clock
	// Metrics receives the carrier's collectors; nil for none.
	Metrics prometheus.Registerer
}

// Account is one at Twilio.
type Account struct {
	// SID begins with AC. Token is the account's auth token, which also signs the
	// callbacks.
	SID, Token string
	// Region is where data is processed, such as ie1; empty for Twilio's default.
	Region string
}

// Caps are the most segments of a day (UTC); 0 for no limit.
type Caps struct {
	Daily, PerRecipient int
}

// StatusFunc hears what became of a message that Send has given this receipt
// for: failed is nil once it has reached the phone. Twilio's callback is answered
// once it returns; an error that wraps tracker.ErrNotFound is none.
type StatusFunc func(ctx context.Context, receipt string, failed *notify.SendError) error

// ErrOptions is wrapped by errors about options that can never be right.
var ErrOptions = errors.New("bad options")

// Patterns of Twilio's published description of its API.
var (
	accountPattern = regexp.MustCompile(`^AC[0-9a-fA-F]{32}$`)
	servicePattern = regexp.MustCompile(`^MG[0-9a-fA-F]{32}$`)
	tokenPattern   = regexp.MustCompile(`^[0-9a-zA-Z]{16,}$`)
	regionPattern  = regexp.MustCompile(`^[a-z0-9]{0,16}$`)
	// A number, a short code, or letters with at least one among them.
	senderPattern = regexp.MustCompile(`^(\+[1-9][0-9]{6,14}|[0-9]{3,8}|[0-9A-Za-z &+_-]{0,10}[A-Za-z][0-9A-Za-z &+_-]{0,10})$`)
)

func (o Options) validate() error {
	switch {
	case !accountPattern.MatchString(o.Account.SID):
		return fmt.Errorf("%w: the account must be its SID: AC and 32 hexadecimal digits", ErrOptions)
	case !tokenPattern.MatchString(o.Account.Token):
		return fmt.Errorf("%w: the auth token must be letters and digits, as Twilio's console shows it", ErrOptions)
	case !regionPattern.MatchString(o.Account.Region):
		return fmt.Errorf("%w: the region must be a name such as ie1", ErrOptions)
	case (o.From == "") == (o.Service == ""):
		return fmt.Errorf("%w: give a sender or a messaging service, not both", ErrOptions)
	case o.From != "" && (!senderPattern.MatchString(o.From) || o.From[0] != '+' && len(o.From) > 11):
		return fmt.Errorf("%w: the sender must be a number such as +4915112345678, a short code, or up to 11 letters and digits", ErrOptions)
	case o.Service != "" && !servicePattern.MatchString(o.Service):
		return fmt.Errorf("%w: the messaging service must be its SID: MG and 32 hexadecimal digits", ErrOptions)
	case o.Caps.Daily < 0 || o.Caps.PerRecipient < 0:
		return fmt.Errorf("%w: a cap must not be negative", ErrOptions)
	case o.Fleet == nil || o.Suppressed == nil:
		return fmt.Errorf("%w: a fleet and the suppressed addresses are required", ErrOptions)
	}
	return nil
}
