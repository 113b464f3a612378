package email

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"wayguard/notify"
	"wayguard/tracker"
)

// BouncesPath is where the handler of bounces must be mounted, for POST.
const BouncesPath = "/in/mail/bounces"

// MaxBounce is the longest mail that is taken back in bytes: servers return the
// headers, or some 100 KB.
const MaxBounce = 1 << 20

// BounceFunc hears of a mail, for which Send gave this receipt, that came back; of
// is as of notify.Notifier.Bounced. An error that wraps tracker.ErrNotFound or
// notify.ErrStranger means that nothing is known of such a message to such an
// address; any other, that the mail is to be posted again.
type BounceFunc func(ctx context.Context, receipt string, of func(address string) (*notify.SendError, bool)) error

func newReturned() *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "wayguard_email_bounces_total",
		Help: "Mails that were posted as bounces by what became of them: failed, dead (no such mailbox), delayed, delivered, unproven (about no mail of ours to that recipient), other (no bounce), unreadable, too_large, refused (not let in) or unavailable.",
	}, []string{"outcome"})
}

// answer is what whoever posts a bounce is told, and what metrics call it.
type answer struct {
	status        int
	outcome, text string
}

// Bounces takes whole mails from a mail server that were sent to the address for
// bounces: with the token as a bearer token, or as the password of Basic
// credentials with any name. A mail that was taken is answered 200 whatever it
// is, so that the mail server is done with it.
func (c *Carrier) Bounces() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a := c.takeBounce(w, r)
		c.returned.WithLabelValues(a.outcome).Inc()
		switch a.status {
		case http.StatusUnauthorized:
			w.Header().Set("WWW-Authenticate", `Basic realm="wayguard", charset="UTF-8"`)
		case http.StatusServiceUnavailable:
			w.Header().Set("Retry-After", "60")
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(a.status)
		_, _ = io.WriteString(w, a.text+"\n") // Whoever asked may be gone.
	})
}

func (c *Carrier) takeBounce(w http.ResponseWriter, r *http.Request) answer {
	if !c.lets(r) {
		return answer{http.StatusUnauthorized, "refused", "Send the token for bounces as a bearer token, or as the password of Basic credentials."}
	}
	mail, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBounce))
	if large := new(http.MaxBytesError); errors.As(err, &large) {
		return answer{http.StatusRequestEntityTooLarge, "too_large", "The mail is longer than 1 MiB: have the mail server return the headers only."}
	}
	var n *notification
	if err == nil {
		n, err = parseNotification(bytes.NewReader(mail))
	}
	switch {
	case errors.Is(err, errNoNotification):
		return answer{http.StatusOK, "other", "This is no delivery status notification (RFC 3464); nothing was changed."}
	case err != nil:
		return answer{http.StatusBadRequest, "unreadable", "This cannot be read as a mail: post the whole mail as it came, with its headers first."}
	}
	// The mail server may hang up; what it has told is noted all the same.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), storeTimeout)
	defer cancel()
	return c.heed(ctx, n)
}

// lets tells whether r proves itself.
func (c *Carrier) lets(r *http.Request) bool {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if _, password, ok := r.BasicAuth(); ok {
		token = password
	} else if !strings.EqualFold(scheme, "Bearer") {
		return false
	}
	given, want := sha256.Sum256([]byte(strings.TrimSpace(token))), sha256.Sum256([]byte(c.opts.Bounces.Token))
	return c.opts.Bounces.Token != "" && subtle.ConstantTimeCompare(given[:], want[:]) == 1
}

// heed does what follows from a notification that proves itself.
func (c *Carrier) heed(ctx context.Context, n *notification) answer {
	outcome := ""
	err := c.opts.Bounces.Report(ctx, c.receipt(n), func(to string) (*notify.SendError, bool) {
		a, err := parseAddress(to)
		if err != nil {
			return nil, false
		}
		f, ok := n.of(a)
		if !ok {
			return nil, false
		}
		failed := f.verdict()
		outcome = bounced(failed)
		return failed, true
	})
	switch {
	case errors.Is(err, tracker.ErrNotFound), errors.Is(err, notify.ErrStranger):
		return answer{http.StatusOK, "unproven", "This is about no mail that was sent from here to that recipient; nothing was changed."}
	case err != nil:
		return answer{http.StatusServiceUnavailable, "unavailable", "This cannot be stored now: post it again in a minute."}
	}
	return answer{http.StatusOK, outcome, "Noted."}
}

// receipt is that of the mail that n is about as far as n tells, empty where that
// can be none of ours.
func (c *Carrier) receipt(n *notification) string {
	for _, k := range n.marks {
		for _, f := range n.recipients {
			if slices.ContainsFunc(f.addresses, func(a address) bool { return c.marks(k, a) }) {
				return c.messageID(k.name)
			}
		}
	}
	name, _, _ := strings.Cut(n.messageID, "@")
	if len(name) != nameEncoding.EncodedLen(nameBytes) || n.messageID != c.messageID(name) {
		return ""
	}
	return n.messageID
}

// bounced is a label of metrics.
func bounced(failed *notify.SendError) string {
	switch {
	case failed == nil:
		return "delivered"
	case failed.Dead:
		return "dead"
	case failed.Permanent:
		return "failed"
	}
	return "delayed"
}
