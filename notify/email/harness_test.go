package email_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	netmail "net/mail"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"wayguard/notify"
	"wayguard/notify/email"
)

const (
	testUser     = "wayguard"
	testPassword = "a-password-of-the-tests"
)

// mailServer is a real SMTP server that does as the test says.
type mailServer struct {
	*smtp.Server
	t    testing.TB
	port int

	needsAuth bool

	mu       sync.Mutex
	got      []received
	sessions int
	script   script
}

// script is what happens at each step; nil for success.
type script struct {
	onMail, onRcpt func() error
	onData         func(c *smtp.Conn, r io.Reader) error
}

// follow replaces what the server does.
func (s *mailServer) follow(new script) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script = new
}

func (s *mailServer) steps() script {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.script
}

type received struct {
	from, to string
	utf8     bool
	text     string
}

// startMailServer listens on this machine, with TLS as encryption says.
func startMailServer(t testing.TB, encryption email.Encryption) *mailServer {
	t.Helper()
	s := &mailServer{t: t}
	s.Server = smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.sessions++
		return &mailSession{server: s, conn: c}, nil
	}))
	s.Domain = "mx.example.com"
	s.ErrorLog = quiet{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.port = l.Addr().(*net.TCPAddr).Port
	switch encryption {
	case email.Plain:
		s.AllowInsecureAuth = true
	case email.ImplicitTLS:
		l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{testCertificate(t).pair}})
	default:
		s.TLSConfig = &tls.Config{Certificates: []tls.Certificate{testCertificate(t).pair}}
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	t.Cleanup(func() {
		s.Close()
		l.Close() // for a server that had not begun
		<-served
	})
	return s
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

type mailSession struct {
	server *mailServer
	conn   *smtp.Conn
	signed bool
	mail   received
}

func (s *mailSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *mailSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != testUser || password != testPassword {
			return smtp.ErrAuthFailed
		}
		s.signed = true
		return nil
	}), nil
}

func (s *mailSession) Mail(from string, o *smtp.MailOptions) error {
	if s.server.needsAuth && !s.signed {
		return smtp.ErrAuthRequired
	}
	s.mail = received{from: from, utf8: o.UTF8}
	if do := s.server.steps().onMail; do != nil {
		return do()
	}
	return nil
}

func (s *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.mail.to = to
	if do := s.server.steps().onRcpt; do != nil {
		return do()
	}
	return nil
}

func (s *mailSession) Data(r io.Reader) error {
	if do := s.server.steps().onData; do != nil {
		return do(s.conn, r)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.mail.text = string(text)
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.server.got = append(s.server.got, s.mail)
	return nil
}

func (s *mailSession) Reset()        {}
func (s *mailSession) Logout() error { return nil }

// mails are those taken over so far, and the number of connections.
func (s *mailServer) mails() ([]received, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.got, s.sessions
}

// options are those of a carrier for s.
func (s *mailServer) options(encryption email.Encryption) email.Options {
	o := email.Options{
		Server: email.Server{Host: "localhost", Port: s.port, Encryption: encryption},
		From:   netmail.Address{Name: "Müller & Co", Address: "deliveries@example.com"},
	}
	if encryption != email.Plain {
		o.Server.Roots = testCertificate(s.t).roots
	}
	return o
}

// fingerprint is keyed like that of a fleet.
func fingerprint(purpose string, text []byte) (sum [32]byte) {
	mac := hmac.New(sha256.New, []byte("a key of the tests"))
	fmt.Fprintf(mac, "%d %s %s", len(purpose), purpose, text)
	return [32]byte(mac.Sum(nil))
}

func newCarrier(t testing.TB, o email.Options) *email.Carrier {
	t.Helper()
	o.Fingerprint = fingerprint
	c, err := email.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// startPlain is a server and a carrier for it.
func startPlain(t testing.TB) (*mailServer, *email.Carrier) {
	t.Helper()
	s := startMailServer(t, email.Plain)
	return s, newCarrier(t, s.options(email.Plain))
}

func message(id string) *notify.Message {
	return &notify.Message{
		ID: id, To: notify.Recipient{Audience: notify.ToCustomer, ID: "c1"}, Address: "nn@example.org", Name: "N. N.", Language: "de",
		Content: notify.Content{
			Subject: "Ihre Lieferung kommt in 10 Minuten – Änderung",
			Text:    "Guten Tag,\n.\nIhre Lieferung kommt.\nhttps://fleet.example/t/TOKENTOKEN\n",
			HTML:    "<p>Guten Tag, Ihre Lieferung kommt.</p>",
		},
	}
}

// send gives each try its time.
func send(t testing.TB, c *email.Carrier, m *notify.Message) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	return c.Send(ctx, m)
}

// certificate is one for localhost, signed by itself.
type certificate struct {
	pair      tls.Certificate
	roots     *x509.CertPool
	cert, key []byte // PEM
}

var testCertificate = func() func(testing.TB) certificate {
	made := sync.OnceValues(makeCertificate)
	return func(t testing.TB) certificate {
		t.Helper()
		c, err := made()
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
}()

func makeCertificate() (c certificate, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return c, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return c, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return c, err
	}
	c.cert = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	c.key = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})
	c.roots = x509.NewCertPool()
	c.roots.AppendCertsFromPEM(c.cert)
	c.pair, err = tls.X509KeyPair(c.cert, c.key)
	return c, err
}
