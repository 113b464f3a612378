package main

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	netmail "net/mail"
	"os"

	"wayguard/notify/email"
	"wayguard/web"
)

// mailing is the server that takes mails.
type mailing struct {
	Host         string     `name:"smtp-host" placeholder:"HOST" help:"Mail server that takes the mails to customers, drivers and dispatch; without one they go to the mailbox of the page."`
	Port         int        `name:"smtp-port" help:"Its port; 587 unless given, 465 with --smtp-tls tls, 25 with none."`
	TLS          string     `name:"smtp-tls" enum:"starttls,tls,none" default:"starttls" help:"How the connection to it is encrypted: ${enum}. None is for this machine or a network that is trusted."`
	CA           string     `name:"smtp-ca" placeholder:"FILE" help:"Certificates (PEM) of the authority that signed its certificate; the system's unless given."`
	User         string     `name:"smtp-user" help:"User name for it."`
	PasswordFile string     `name:"smtp-password-file" placeholder:"FILE" help:"File that holds the password for it. The variable WAYGUARD_SMTP_PASSWORD can hold the password itself."`
	From         string     `name:"mail-from" placeholder:"ADDRESS" help:"Sender of the mails, such as \"Deliveries <deliveries@example.com>\"; mails that bounce later come back to it, unless --mail-bounces is given."`
	ReplyTo      string     `name:"mail-reply-to" placeholder:"ADDRESS" help:"Where answers to the mails go; to the sender unless given."`
	Unsubscribe  string     `name:"mail-unsubscribe" placeholder:"ADDRESS" help:"Mailbox that somebody reads for mails of customers who want no more; with --public-url they have a link, too."`
	Bounces      mailReturn `embed:"" prefix:"mail-"`
	DKIM         dkimSigner `embed:"" prefix:"dkim-"`
}

// mailReturn says how mails that bounce later come back.
type mailReturn struct {
	Address   string `name:"bounces" placeholder:"ADDRESS" help:"Address that mails come back to that bounce later, with + and a name of each mail's before the @; that of the sender unless given."`
	TokenFile string `name:"bounce-token-file" placeholder:"FILE" help:"File that holds the token with which the mail server posts them to /in/mail/bounces. The variable WAYGUARD_MAIL_BOUNCE_TOKEN can hold the token itself."`
}

// bounceTokenVariable holds the token itself.
const bounceTokenVariable = "WAYGUARD_MAIL_BOUNCE_TOKEN"

func (m mailReturn) options(o outside, out *outgoing) (b email.Bounces, err error) {
	b = email.Bounces{Address: m.Address, Report: out.bounced}
	b.Token, err = secret("--mail-bounce-token-file", m.TokenFile, bounceTokenVariable)
	if err == nil && b.Token == "" && m.Address != "" {
		o.log.Warn("without a token nobody can post the mails that bounce; give --mail-bounce-token-file")
	}
	return b, err
}

// dkimSigner says how mails are signed.
type dkimSigner struct {
	Domain   string `name:"domain" help:"Domain that signs the mails (DKIM), that of the sender."`
	Selector string `name:"selector" help:"Name of the key in DNS, under SELECTOR._domainkey.DOMAIN."`
	Key      string `name:"key" placeholder:"FILE" help:"Private key (PEM), RSA or Ed25519; the log says at the start what to publish in DNS."`
}

// smtpPasswordVariable holds the password itself.
const smtpPasswordVariable = "WAYGUARD_SMTP_PASSWORD"

// open adds the carrier to out where a server is given.
func (m mailing) open(o outside, out *outgoing, stop email.Unsubscribe) error {
	if m.Host == "" {
		if m != (mailing{TLS: m.TLS}) {
			return &inputError{errors.New("the flags of mails mean nothing without a server: give --smtp-host HOST")}
		}
		return nil
	}
	options, err := m.options(o)
	if err != nil {
		return err
	}
	options.Unsubscribe = stop
	if options.Bounces, err = m.Bounces.options(o, out); err != nil {
		return err
	}
	c, err := email.New(options)
	if err != nil {
		return fmt.Errorf("the flags of mails: %w", err)
	}
	out.carriers, out.close = append(out.carriers, c), c.Close
	if options.Bounces.Token != "" {
		out.mounts = append(out.mounts, web.Mount{Pattern: http.MethodPost + " " + email.BouncesPath, Handler: c.Bounces(), Body: email.MaxBounce})
	}
	return nil
}

func (m mailing) options(o outside) (e email.Options, err error) {
	e = email.Options{
		Server:  email.Server{Host: m.Host, Port: m.Port, Encryption: email.Encryption(m.TLS), User: m.User},
		Clock:   o.fleet.Clock(),
		Metrics: o.metrics, Fingerprint: o.fleet.Fingerprint,
	}
	from, err := mailAddress("--mail-from", m.From)
	if err != nil {
		return e, err
	}
	e.From = *from
	if m.ReplyTo != "" {
		if e.ReplyTo, err = mailAddress("--mail-reply-to", m.ReplyTo); err != nil {
			return e, err
		}
	}
	if m.User != "" || m.PasswordFile != "" { // A password in the environment alone may be for later.
		if e.Server.Password, err = secret("--smtp-password-file", m.PasswordFile, smtpPasswordVariable); err != nil {
			return e, err
		}
	}
	if e.Server.Roots, err = m.roots(); err != nil {
		return e, err
	}
	e.Key, err = m.DKIM.load(o)
	return e, err
}

func mailAddress(flag, text string) (*netmail.Address, error) {
	a, err := netmail.ParseAddress(text)
	if err != nil {
		return nil, &inputError{fmt.Errorf(`%s must be an email address, such as "Deliveries <deliveries@example.com>"`, flag)}
	}
	return a, nil
}

// address is the bare one of the sender, empty for none.
func (m mailing) address() string {
	a, err := netmail.ParseAddress(m.From)
	if err != nil {
		return ""
	}
	return a.Address
}

// roots are nil for the system's.
func (m mailing) roots() (*x509.CertPool, error) {
	if m.CA == "" {
		return nil, nil
	}
	text, err := os.ReadFile(m.CA)
	if err != nil {
		return nil, &inputError{fmt.Errorf("--smtp-ca: %w", err)}
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, &inputError{fmt.Errorf("--smtp-ca %s: the file holds no certificate in PEM form", m.CA)}
	}
	return pool, nil
}

// load is nil where no key is given.
func (d dkimSigner) load(o outside) (*email.SigningKey, error) {
	if d == (dkimSigner{}) {
		return nil, nil
	}
	if d.Domain == "" || d.Selector == "" || d.Key == "" {
		return nil, &inputError{errors.New("--dkim-domain, --dkim-selector and --dkim-key go together: give all or none")}
	}
	text, err := os.ReadFile(d.Key)
	if err != nil {
		return nil, &inputError{fmt.Errorf("--dkim-key: %w", err)}
	}
	key, err := email.ParseSigningKey(d.Domain, d.Selector, text)
	if err != nil {
		return nil, &inputError{fmt.Errorf("--dkim-key %s: %w", d.Key, err)}
	}
	name, record, err := key.Record()
	if err != nil {
		return nil, err
	}
	o.log.Info("mails are signed; this TXT record must be in DNS", "name", name, "text", record)
	return key, nil
}
