package email

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"wayguard/notify"
	"wayguard/tracker"
)

// Options configure a Carrier. Server.Host, From and Fingerprint are required.
type Options struct {
	Server Server
	// From is what recipients see, and where bounces go that have no address of
	// their own.
	From mail.Address
	// ReplyTo is where answers go; nil for From.
	ReplyTo *mail.Address
	// Key signs the mails; nil for none.
	Key *SigningKey
	// Unsubscribe is how customers stop the mails.
	Unsubscribe Unsubscribe
	Bounces     Bounces
	// Fingerprint is a keyed hash, by which nobody else can name a mail that we
	// sent: that of tracker.Fleet.
	Fingerprint func(purpose string, text []byte) [32]byte
	// Clock is that of the Date header.
	Clock *tracker.Clock
	// Metrics receives the carrier's collectors; nil for none.
	Metrics prometheus.Registerer
}

// Unsubscribe says where customers stop the mails; the zero value offers nothing.
type Unsubscribe struct {
	// PublicURL is where the links of Unsubscriber are mounted; it must be https
	// for one click. Nil for no link. It needs Suppressed.
	PublicURL  *url.URL
	Suppressed *notify.Suppressed
	// Mailbox is one that somebody reads; empty for none.
	Mailbox string
	// Clock is nil for the system's.
	Clock *tracker.Clock
}

// Bounces says how mails that come back after the server took them are known; see
// Carrier.Bounces.
type Bounces struct {
	// Address is where they come back to, with "+" and a name of each mail's behind
	// its mailbox; empty for the sender's.
	Address string
	// Token proves who posts them; empty where nobody does.
	Token string
	// Report hears of them. It is required where there is a token.
	Report BounceFunc
}

// Encryption is how a connection to the server is encrypted.
type Encryption string

// The ways to encrypt. With STARTTLS a server that does not offer it is refused.
const (
	StartTLS    Encryption = "starttls"
	ImplicitTLS Encryption = "tls"
	// Plain is for a server on this machine or in a network that is trusted.
	// Credentials are sent over it to this machine only.
	Plain Encryption = "none"
)

// ports are those of RFC 6409, RFC 8314 and RFC 5321.
var ports = map[Encryption]int{StartTLS: 587, ImplicitTLS: 465, Plain: 25}

// Server is the one that takes the mails.
type Server struct {
	Host string
	// Port is 587 for StartTLS, 465 for ImplicitTLS and 25 for Plain where it is 0.
	Port int
	// Encryption is StartTLS where it is empty.
	Encryption Encryption
	// Roots are the authorities whose certificates are believed; nil for the
	// system's.
	Roots *x509.CertPool
	// User and Password sign in; empty for no authentication.
	User, Password string
}

// ErrOptions is wrapped by errors about options that can never be right.
var ErrOptions = errors.New("bad options")

func (s Server) withDefaults() Server {
	if s.Encryption == "" {
		s.Encryption = StartTLS
	}
	if s.Port == 0 {
		s.Port = ports[s.Encryption]
	}
	return s
}

func (s Server) validate() error {
	if s.Host == "" || strings.ContainsAny(s.Host, " /@\r\n\t") {
		return fmt.Errorf("%w: the host must be a name or an address, such as mail.example.com", ErrOptions)
	}
	if s.Port < 0 || s.Port > 65535 {
		return fmt.Errorf("%w: the port must be between 1 and 65535", ErrOptions)
	}
	if _, ok := ports[s.Encryption]; !ok {
		return fmt.Errorf("%w: the encryption must be starttls, tls or none", ErrOptions)
	}
	if (s.User == "") != (s.Password == "") {
		return fmt.Errorf("%w: the user and the password go together: give both or neither", ErrOptions)
	}
	if s.User != "" && s.Encryption == Plain && !s.local() {
		return fmt.Errorf("%w: without encryption the password could be read on its way: use starttls or tls", ErrOptions)
	}
	return nil
}

// local tells whether the server is on this machine.
func (s Server) local() bool {
	a, err := netip.ParseAddr(s.Host)
	return s.Host == "localhost" || err == nil && a.IsLoopback()
}

func (s Server) address() string { return net.JoinHostPort(s.Host, strconv.Itoa(s.Port)) }

func (s Server) tls() *tls.Config {
	return &tls.Config{ServerName: s.Host, RootCAs: s.Roots, MinVersion: tls.VersionTLS12}
}

func (o Options) validate() error {
	if err := o.Server.validate(); err != nil {
		return err
	}
	if _, err := parseAddress(o.From.Address); err != nil {
		return fmt.Errorf("%w: the sender must be an email address, such as Deliveries <deliveries@example.com>", ErrOptions)
	}
	if o.ReplyTo != nil {
		if _, err := parseAddress(o.ReplyTo.Address); err != nil {
			return fmt.Errorf("%w: the address for answers must be an email address", ErrOptions)
		}
	}
	if o.Unsubscribe.Mailbox != "" {
		if _, err := parseAddress(o.Unsubscribe.Mailbox); err != nil {
			return fmt.Errorf("%w: the mailbox for cancellations must be an email address", ErrOptions)
		}
	}
	if o.Unsubscribe.PublicURL != nil && o.Unsubscribe.Suppressed == nil {
		return fmt.Errorf("%w: links that stop the mails need a place to note it", ErrOptions)
	}
	if o.Fingerprint == nil {
		return fmt.Errorf("%w: a keyed hash that names the mails is required", ErrOptions)
	}
	return o.Bounces.validate()
}

// minToken is that of 128 bits in base64.
const minToken = 22

func (b Bounces) validate() error {
	if b.Address != "" {
		if a, err := parseAddress(b.Address); err != nil || a.wide || len(a.local) > maxLocal-markLength {
			return fmt.Errorf("%w: the address for bounces must be an email address with at most %d characters before the @, such as bounces@example.com", ErrOptions, maxLocal-markLength)
		}
	}
	switch {
	case b.Token == "":
	case len(b.Token) < minToken || strings.ContainsFunc(b.Token, func(r rune) bool { return r <= ' ' || r > '~' }):
		return fmt.Errorf("%w: the token for bounces must be at least %d letters and digits; make one with: openssl rand -hex 16", ErrOptions, minToken)
	case b.Report == nil:
		return fmt.Errorf("%w: bounces that are posted need somebody to hear of them", ErrOptions)
	}
	return nil
}
