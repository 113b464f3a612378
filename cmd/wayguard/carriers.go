package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"wayguard/notify"
	"wayguard/notify/email"
	"wayguard/notify/sms"
	"wayguard/notify/webpush"
	"wayguard/tracker"
	"wayguard/web"
)

// carriers say how messages leave the server. Without any of it they go to the
// mailbox.
type carriers struct {
	Mail mailing `embed:""`
	Text texting `embed:""`
}

// outgoing is what brings messages.
type outgoing struct {
	suppressed *notify.Suppressed
	browsers   *notify.Browsers
	carriers   []notify.Carrier
	// mounts are the carriers' callbacks and links.
	mounts []web.Mount
	// report hears what became of text messages, returned of mails that came back;
	// nil for nobody. They are set before the server runs.
	report   sms.StatusFunc
	returned email.BounceFunc
	close    func()
}

// outside is what carriers need to know of the server.
type outside struct {
	fleet     *tracker.Fleet
	keys      *tracker.Keyring
	publicURL *url.URL
	encrypted bool // HTTP is, without a proxy
	metrics   prometheus.Registerer
	log       *slog.Logger
}

// open checks the flags and prepares what they ask for. Nothing is connected yet.
func (c carriers) open(o outside) (out *outgoing, err error) {
	out = &outgoing{close: func() {}}
	if out.suppressed, err = notify.OpenSuppressed(o.fleet); err != nil {
		return nil, err
	}
	if out.browsers, err = notify.OpenBrowsers(o.fleet, o.keys); err != nil {
		return nil, err
	}
	stop := email.Unsubscribe{PublicURL: o.publicURL, Suppressed: out.suppressed, Mailbox: c.Mail.Unsubscribe, Clock: o.fleet.Clock()}
	// Links of mails work for as long as somebody has the mail.
	out.mounts = []web.Mount{
		{Pattern: "GET " + email.UnsubscribePath + "{token}", Handler: stop},
		{Pattern: "POST " + email.UnsubscribePath + "{token}", Handler: stop, Body: maxUnsubscribe},
	}
	if err := c.Mail.open(o, out, stop); err != nil {
		return nil, badOptions(err, email.ErrOptions)
	}
	if err := c.Text.open(o, out); err != nil {
		return nil, badOptions(err, sms.ErrOptions)
	}
	return out, c.openPush(o, out)
}

// maxUnsubscribe is the longest body that a mail program sends to stop mails.
const maxUnsubscribe = 4 << 10

// openPush is there wherever browsers can be told of, which takes HTTPS, or other
// messages leave the server: else those for browsers would end in the mailbox
// instead of going on to the next channel.
func (c carriers) openPush(o outside, out *outgoing) error {
	secure := o.publicURL != nil && o.publicURL.Scheme == "https"
	if !secure && !o.encrypted && len(out.carriers) == 0 {
		return nil
	}
	contact := c.Mail.address()
	if secure {
		contact = (&url.URL{Scheme: "https", Host: o.publicURL.Host}).String()
	}
	p, err := webpush.New(webpush.Options{Browsers: out.browsers, Contact: cmp.Or(contact, "https://localhost"), Clock: o.fleet.Clock(), Metrics: o.metrics})
	if err != nil {
		return err
	}
	out.carriers = append(out.carriers, p)
	return nil
}

// reported passes on what became of a text message.
func (out *outgoing) reported(ctx context.Context, receipt string, failed *notify.SendError) error {
	if out.report == nil {
		return nil
	}
	return out.report(ctx, receipt, failed)
}

// bounced passes on what became of a mail.
func (out *outgoing) bounced(ctx context.Context, receipt string, of func(address string) (*notify.SendError, bool)) error {
	if out.returned == nil {
		return tracker.ErrNotFound
	}
	return out.returned(ctx, receipt, of)
}

// badOptions makes what an operator has to mend an inputError.
func badOptions(err, options error) error {
	if errors.Is(err, options) {
		return &inputError{err}
	}
	return err
}

// secret is that of a file or, where none is given, of a variable.
func secret(flag, file, variable string) (string, error) {
	if file == "" {
		return os.Getenv(variable), nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return "", &inputError{fmt.Errorf("%s: %w", flag, err)}
	}
	text := strings.TrimSpace(string(data))
	if text == "" {
		return "", &inputError{fmt.Errorf("%s %s: the file is empty", flag, file)}
	}
	return text, nil
}
