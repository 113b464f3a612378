package sms

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/twilio/twilio-go/client"

	"wayguard/notify"
	"wayguard/tracker"
)

// Where the callbacks must be mounted, for POST. The status is sent with each
// message; the address of replies is set in Twilio's console.
const (
	StatusPath  = "/hooks/twilio/status"
	InboundPath = "/hooks/twilio/inbound"
)

// MaxCallback is the longest body of a callback in bytes.
const MaxCallback = 64 << 10

// storeTimeout is how long a callback may wait for the store.
const storeTimeout = 10 * time.Second

func (c *Carrier) callbackURL(path string) string {
	if c.opts.PublicURL == nil {
		return ""
	}
	return c.opts.PublicURL.JoinPath(path).String()
}

// Status answers Twilio's reports of what became of messages.
func (c *Carrier) Status() http.Handler { return c.callback(StatusPath, c.status) }

// Inbound answers Twilio's reports of replies. Twilio itself replies to STOP,
// START and HELP, in the recipient's language if told so.
func (c *Carrier) Inbound() http.Handler { return c.callback(InboundPath, c.inbound) }

// callback lets through what Twilio has signed. What do returns is for metrics.
func (c *Carrier) callback(path string, do func(context.Context, url.Values) (string, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		form, ok := c.verified(path, w, r)
		if !ok {
			c.metrics.callbacks.WithLabelValues("refused").Inc()
			http.Error(w, "The signature is not Twilio's, or --public-url is not the address that Twilio was given.", http.StatusForbidden)
			return
		}
		// Twilio may hang up; what it has told is noted all the same.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), storeTimeout)
		defer cancel()
		outcome, err := do(ctx, form)
		if err != nil {
			w.Header().Set("Retry-After", "60")
			http.Error(w, "This cannot be stored now.", http.StatusServiceUnavailable)
			outcome = "unavailable"
		} else {
			w.Header().Set("Content-Type", "text/xml")
			_, _ = io.WriteString(w, "<Response/>")
		}
		c.metrics.callbacks.WithLabelValues(outcome).Inc()
	})
}

// verified returns the form of a request that Twilio has signed for this address.
func (c *Carrier) verified(path string, w http.ResponseWriter, r *http.Request) (url.Values, bool) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxCallback))
	if err != nil || c.opts.PublicURL == nil {
		return nil, false
	}
	validator := client.NewRequestValidator(c.opts.Account.Token)
	if !validator.ValidateBody(c.callbackURL(path), body, r.Header.Get("X-Twilio-Signature")) {
		return nil, false
	}
	form, err := url.ParseQuery(string(body))
	return form, err == nil
}

// status notes what is final.
func (c *Carrier) status(ctx context.Context, form url.Values) (string, error) {
	receipt := form.Get("MessageSid")
	switch form.Get("MessageStatus") {
	case "delivered":
		return "delivered", c.report(ctx, receipt, nil)
	case "undelivered", "failed":
	default:
		return "under_way", nil
	}
	code, err := strconv.Atoi(form.Get("ErrorCode"))
	if err != nil {
		code = 30008 // Twilio's own for an unknown error.
	}
	failed := judge(code)
	if err := c.heed(ctx, form.Get("To"), failed); err != nil {
		return "", err
	}
	if failed.Dead {
		why := notify.Suppression{Reason: "bounced (" + failed.Code + ")", Since: c.opts.Clock.Now().UTC()}
		if err := c.opts.Suppressed.Add(ctx, notify.SMS, form.Get("To"), why); err != nil {
			return "", err
		}
	}
	return "failed", c.report(ctx, receipt, failed)
}

func (c *Carrier) report(ctx context.Context, receipt string, failed *notify.SendError) error {
	if c.opts.Report == nil || receipt == "" {
		return nil
	}
	err := c.opts.Report(ctx, receipt, failed)
	if errors.Is(err, tracker.ErrNotFound) {
		return nil // Somebody else sends with the account, too.
	}
	return err
}

// The words that Twilio takes for STOP and START, and some that are STOP in the
// languages of the messages. They count only alone.
var (
	stopWords  = words("STOP STOPALL UNSUBSCRIBE CANCEL END QUIT REVOKE OPTOUT STOPP ABMELDEN ARRET ARRÊT BAJA")
	startWords = words("START YES UNSTOP")
)

func words(list string) map[string]bool {
	set := make(map[string]bool)
	for _, w := range strings.Fields(list) {
		set[w] = true
	}
	return set
}

// inbound heeds STOP and START. OptOutType is Twilio's own judgement, where a
// messaging service has words of its own.
func (c *Carrier) inbound(ctx context.Context, form url.Values) (string, error) {
	wish, word := form.Get("OptOutType"), strings.ToUpper(strings.Trim(form.Get("Body"), " \t\r\n.!\""))
	switch {
	case wish == "STOP" || wish == "" && stopWords[word]:
		return "stop", c.opts.Suppressed.Add(ctx, notify.SMS, form.Get("From"), notify.Suppression{
			Reason: "replied STOP", Since: c.opts.Clock.Now().UTC(), Asked: true,
		})
	case wish == "START" || wish == "" && startWords[word]:
		return "start", c.opts.Suppressed.Remove(ctx, notify.SMS, form.Get("From"))
	}
	return "other", nil
}
