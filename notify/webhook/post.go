package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"syscall"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"wayguard/notify"
	"wayguard/tracker"
)

const (
	// postTime is what one post may take, as Standard Webhooks advises 15 to 30 s.
	postTime = 15 * time.Second
	dialTime = 5 * time.Second
	// readAnswer is how much of an answer is read, so that the connection can be
	// used again.
	readAnswer = 16 << 10
)

// errNoTLS: an address without encryption is no private one.
var errNoTLS = errors.New("addresses without encryption are not posted to: use https")

// failure is why a post was not taken.
type failure struct {
	// problem is for people, without anything secret.
	problem string
	// gone: the address wants nothing any more.
	gone bool
	// after is how long to wait at least.
	after time.Duration
}

func (f *failure) Error() string { return f.problem }

// newClient posts to public addresses and those allowed.
func newClient(allowed []netip.Prefix) *http.Client {
	dialer := &net.Dialer{Timeout: dialTime, Control: func(network, address string, c syscall.RawConn) error {
		if isAllowed(allowed, address) {
			return nil
		}
		return notify.PublicOnly(network, address, c)
	}}
	plain := &net.Dialer{Timeout: dialTime, Control: func(_, address string, _ syscall.RawConn) error {
		if isAllowed(allowed, address) {
			return nil
		}
		return errNoTLS
	}}
	return &http.Client{
		Timeout:       postTime,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &schemes{
			https: &http.Transport{DialContext: dialer.DialContext, TLSHandshakeTimeout: dialTime, MaxIdleConnsPerHost: inFlight, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true},
			http:  &http.Transport{DialContext: plain.DialContext, MaxIdleConnsPerHost: inFlight, IdleConnTimeout: time.Minute},
		},
	}
}

// schemes keeps the rules for each scheme apart. Neither asks a proxy, which
// would dial for us.
type schemes struct{ https, http *http.Transport }

func (s *schemes) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme == "http" {
		return s.http.RoundTrip(r)
	}
	return s.https.RoundTrip(r)
}

func isAllowed(allowed []netip.Prefix, address string) bool {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return false
	}
	for _, p := range allowed {
		if p.Contains(at.Addr().Unmap()) {
			return true
		}
	}
	return false
}

// payload is the body of a post.
type payload struct {
	Type      string          `json:"type"`
	Timestamp time.Time       `json:"timestamp"`
	Data      json.RawMessage `json:"data"`
}

// body is what is posted of an event to h's owner.
func body(h *notify.Hook, e tracker.Event) ([]byte, error) {
	if h.Partner != "" {
		e = e.Shared()
	}
	data, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("encode event %d: %w", e.Seq, err)
	}
	return json.Marshal(payload{Type: e.Type, Timestamp: e.Time.UTC(), Data: data})
}

// post hands one event over. Errors are a *failure, or about the event itself.
func (s *Sender) post(ctx context.Context, h *notify.Hook, e *tracker.Event) error {
	text, err := body(h, *e)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, h.URL, bytes.NewReader(text))
	if err != nil {
		return &failure{problem: "the address is not right"}
	}
	if err := sign(r.Header, h.Signing(s.now()), e.ID, s.now(), text); err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "Wayguard")
	resp, err := s.client.Do(r)
	if err != nil {
		return &failure{problem: unreachable(err)}
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, readAnswer)
	return judgeAnswer(resp)
}

// sign adds the headers of Standard Webhooks.
func sign(header http.Header, secrets []string, id string, now time.Time, text []byte) error {
	var signatures []string
	for _, secret := range secrets {
		w, err := standardwebhooks.NewWebhook(secret)
		if err != nil {
			return errors.New("a webhook's secret is damaged: rotate it")
		}
		signature, err := w.Sign(id, now, text)
		if err != nil {
			return fmt.Errorf("sign: %w", err)
		}
		signatures = append(signatures, signature)
	}
	header[standardwebhooks.HeaderWebhookID] = []string{id}
	header[standardwebhooks.HeaderWebhookTimestamp] = []string{strconv.FormatInt(now.Unix(), 10)}
	header[standardwebhooks.HeaderWebhookSignature] = []string{strings.Join(signatures, " ")}
	return nil
}

func judgeAnswer(resp *http.Response) error {
	switch {
	case resp.StatusCode >= 200 && resp.StatusCode < 300:
		return nil
	case resp.StatusCode == http.StatusGone:
		return &failure{problem: "it answers 410: it wants nothing any more", gone: true}
	case resp.StatusCode >= 300 && resp.StatusCode < 400:
		return &failure{problem: fmt.Sprintf("it answers %d: redirects are not followed", resp.StatusCode)}
	}
	return &failure{problem: fmt.Sprintf("it answers %d", resp.StatusCode), after: min(notify.RetryAfter(resp.Header.Get("Retry-After")), maxDelay)}
}

// unreachable says what went wrong without the address, which may be a secret.
func unreachable(err error) string {
	var dns *net.DNSError
	var timeout net.Error
	switch {
	case errors.Is(err, errNoTLS):
		return errNoTLS.Error()
	case errors.Is(err, notify.ErrPrivate):
		return "its address is a private one, which is not allowed"
	case errors.As(err, &dns):
		return "its name cannot be resolved"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "it does not answer in time"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "it refuses connections"
	}
	return "it cannot be reached, or its certificate is not valid"
}
