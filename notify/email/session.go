package email

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/wneessen/go-mail/smtp"
)

// How long the server may take: shorter than RFC 5321, section 4.5.3.2, asks for,
// but at the end of a mail, since a mail that was taken over must not be sent
// again. A message that has to wait for longer is better tried anew.
const (
	dialTimeout    = 20 * time.Second
	commandTimeout = 30 * time.Second
	textTimeout    = time.Minute
	endTimeout     = 5 * time.Minute
	quitTimeout    = 2 * time.Second
	// resetTimeout is short: a new connection is as good.
	resetTimeout = 5 * time.Second
)

// dialer opens sessions.
type dialer struct {
	server Server
	// name is how the client calls itself.
	name string
}

// session is one connection, used by one goroutine at a time.
type session struct {
	conn   net.Conn
	client *smtp.Client
	// broken: a mail may be half said, or nobody listens.
	broken bool
	mails  int
	expiry *time.Timer
}

// open connects, encrypts and signs in. Errors are those of Carrier.Send.
func (d dialer) open(ctx context.Context) (*session, error) {
	dialing, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	conn, err := d.connect(dialing)
	if err != nil {
		return nil, unreachable(err)
	}
	s := &session{conn: conn}
	defer s.until(ctx)()
	if err := d.introduce(s); err != nil {
		s.broken = true
		s.close()
		return nil, serverTrouble(err)
	}
	return s, nil
}

func (d dialer) connect(ctx context.Context) (net.Conn, error) {
	if d.server.Encryption == ImplicitTLS {
		return (&tls.Dialer{Config: d.server.tls()}).DialContext(ctx, "tcp", d.server.address())
	}
	return new(net.Dialer).DialContext(ctx, "tcp", d.server.address())
}

func (d dialer) introduce(s *session) (err error) {
	s.within(commandTimeout)
	if s.client, err = smtp.NewClient(s.conn, d.server.Host); err != nil {
		return err
	}
	if err := s.client.Hello(d.name); err != nil {
		return err
	}
	if d.server.Encryption == StartTLS {
		if offered, _ := s.client.Extension("STARTTLS"); !offered {
			return errNoTLS
		}
		s.within(commandTimeout)
		if err := s.client.StartTLS(d.server.tls()); err != nil {
			return err
		}
	}
	return d.signIn(s)
}

// Errors of introduce.
var (
	errNoTLS       = errors.New("the server offers no STARTTLS")
	errNoMechanism = errors.New("the server offers no way to sign in that is known")
	errSignIn      = errors.New("the server refuses the user or the password")
)

// signIn uses the first mechanism that the server offers. Within TLS a password
// in plain text is as safe as any, and the only thing that works with every
// server.
func (d dialer) signIn(s *session) error {
	if d.server.User == "" {
		return nil
	}
	_, offered := s.client.Extension("AUTH")
	mechanisms := strings.Fields(strings.ToUpper(offered))
	user, password, host := d.server.User, d.server.Password, d.server.Host
	var how smtp.Auth
	switch {
	case slices.Contains(mechanisms, "PLAIN"):
		how = smtp.PlainAuth("", user, password, host, d.server.local())
	case slices.Contains(mechanisms, "LOGIN"):
		how = smtp.LoginAuth(user, password, host, d.server.local())
	case slices.Contains(mechanisms, "SCRAM-SHA-256"):
		how = smtp.ScramSHA256Auth(user, password)
	case slices.Contains(mechanisms, "CRAM-MD5"):
		how = smtp.CRAMMD5Auth(user, password)
	default:
		return errNoMechanism
	}
	s.within(commandTimeout)
	err := s.client.Auth(how)
	if code(err) >= 500 {
		return errSignIn
	}
	return err
}

// transfer hands one mail over. Errors are those of Carrier.Send.
func (s *session) transfer(ctx context.Context, from, to address, text []byte) error {
	defer s.until(ctx)()
	if to.wide || from.wide {
		if offered, _ := s.client.Extension("SMTPUTF8"); !offered {
			return wideAddress()
		}
	}
	s.mails++
	s.client.SkipSMTPUTF8(!to.wide && !from.wide)
	s.within(commandTimeout)
	if err := s.client.Mail(from.envelope()); err != nil {
		return s.refused(err)
	}
	s.within(commandTimeout)
	if err := s.client.Rcpt(to.envelope()); err != nil {
		return s.refused(err)
	}
	s.within(commandTimeout)
	w, err := s.client.Data()
	if err != nil {
		return s.refused(err)
	}
	s.within(textTimeout)
	if _, err := w.Write(text); err != nil {
		return s.refused(err)
	}
	// What still waits here must be gone before the end is, else a connection
	// that was lost long ago would look like one that was lost at the end.
	if err := s.client.Text.W.Flush(); err != nil {
		return s.refused(err)
	}
	s.within(endTimeout)
	if err := w.Close(); err != nil {
		return s.refusedAtEnd(err)
	}
	return nil
}

// reset makes sure that the server still listens.
func (s *session) reset(ctx context.Context) error {
	defer s.until(ctx)()
	s.within(resetTimeout)
	err := s.client.Reset()
	s.broken = s.broken || err != nil
	return err
}

// until cuts the connection off when ctx ends before the returned function is
// called.
func (s *session) until(ctx context.Context) func() {
	stop := context.AfterFunc(ctx, func() { _ = s.conn.Close() })
	return func() {
		if !stop() {
			s.broken = true
		}
	}
}

func (s *session) within(d time.Duration) { _ = s.conn.SetDeadline(time.Now().Add(d)) }

// close says goodbye where somebody listens.
func (s *session) close() {
	if s.client != nil && !s.broken {
		s.within(quitTimeout)
		_ = s.client.Quit()
	}
	_ = s.conn.Close()
}
