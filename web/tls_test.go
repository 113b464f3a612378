package web

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
)

// testTLS borrows the certificate that net/http/httptest has for example.com.
func testTLS(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	lender := httptest.NewTLSServer(http.NotFoundHandler())
	defer lender.Close()
	pool := lender.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	return &tls.Config{Certificates: lender.TLS.Certificates}, &tls.Config{RootCAs: pool, ServerName: "example.com"}
}

func TestTLS(t *testing.T) {
	serverTLS, clientTLS := testTLS(t)
	s := startSite(t, func(o *Options) { o.Listen.TLS = serverTLS })
	s.transport.TLSClientConfig = clientTLS
	named := func(r *http.Request) { r.Host = "fleet.example" }

	for host, want := range map[string]string{"fleet.example": "max-age=31536000", "localhost": ""} {
		a := s.send(http.MethodGet, "/", func(r *http.Request) { r.Host = host })
		if got := a.header.Get("Strict-Transport-Security"); got != want {
			t.Errorf("%s: Strict-Transport-Security %q", host, got)
		}
	}
	link, err := s.server.NewSigninLink(time.Minute)
	if err != nil || !strings.HasPrefix(link, "https://localhost:") {
		t.Fatalf("link %q, %v", link, err)
	}
	u, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	a := s.send(http.MethodGet, u.Path, named)
	if a.status != http.StatusSeeOther {
		t.Fatalf("sign-in: %d %s", a.status, a.body)
	}
	c := a.cookie()
	if c.Name != "__Host-wayguard" || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode {
		t.Errorf("cookie %s", c)
	}
	if a := s.send(http.MethodDelete, "/api/v1/session", named, withCookie(c), header("Origin", "http://fleet.example")); a.status != http.StatusForbidden {
		t.Errorf("a page that came in plain text: %d", a.status)
	}
	if a := s.send(http.MethodGet, "/api/v1/session", named, withCookie(c)); a.status != http.StatusOK {
		t.Errorf("session: %d", a.status)
	}
	dialer := websocket.Dialer{TLSClientConfig: clientTLS}
	feed, _, err := dialer.Dial(strings.Replace(s.base, "https", "wss", 1)+"/api/v1/live", http.Header{
		"Cookie": {c.Name + "=" + c.Value}, "Origin": {"https://fleet.example"}, "Host": {"fleet.example"},
	})
	if err != nil {
		t.Fatal(err)
	}
	_ = feed.Close()
}

func TestURL(t *testing.T) {
	for address, want := range map[string]string{
		"0.0.0.0:8080": "http://localhost:8080", "[::]:8080": "http://localhost:8080", "127.0.0.1:80": "http://localhost:80",
		"192.0.2.1:8080": "http://192.0.2.1:8080", "[2001:db8::1]:8080": "http://[2001:db8::1]:8080", "elsewhere": "http://localhost",
	} {
		s := &Server{listen: Listen{Listener: listenerAt(address)}}
		if got := s.URL(); got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
}

type listenerAt string

func (listenerAt) Accept() (net.Conn, error) { return nil, net.ErrClosed }
func (listenerAt) Close() error              { return nil }
func (l listenerAt) Addr() net.Addr          { return l }
func (listenerAt) Network() string           { return "tcp" }
func (l listenerAt) String() string          { return string(l) }

func TestBadOptions(t *testing.T) {
	fleet, _ := startFleet(t, openDisk(t), discardLog())
	l := Listen{Listener: listenerAt("127.0.0.1:1")}
	public := func(s string) Listen {
		u, err := url.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		return Listen{Listener: l.Listener, PublicURL: u}
	}
	for name, o := range map[string]Options{
		"nothing":      {},
		"no listener":  {Fleet: fleet},
		"no fleet":     {Listen: l},
		"bare host":    {Fleet: fleet, Listen: public("fleet.example")},
		"public path":  {Fleet: fleet, Listen: public("https://fleet.example/wayguard")},
		"public user":  {Fleet: fleet, Listen: public("https://me@fleet.example")},
		"other scheme": {Fleet: fleet, Listen: public("ftp://fleet.example")},
		"town":         {Fleet: fleet, Listen: l, Map: Map{Town: []byte("{")}},
		"tiles":        {Fleet: fleet, Listen: l, Map: Map{Tiles: &Tiles{Kind: "none", URL: "https://tiles.example"}}},
	} {
		if _, err := New(o); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := New(Options{Fleet: fleet, Listen: public("https://fleet.example/")}); err != nil {
		t.Error(err)
	}
}

func TestSilentConnectionsAreClosed(t *testing.T) {
	inBubble(t, func(t *testing.T, _ *testSite, l *pipeListener) {
		for sends, within := range map[string]time.Duration{
			"":                                      headerTimeout,
			"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ": headerTimeout,
			"POST /api/v1/fences HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + testToken +
				"\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{": readTimeout,
		} {
			conn, err := l.dial(t.Context(), "", "")
			if err != nil {
				t.Fatal(err)
			}
			started := time.Now()
			go func() { _, _ = io.WriteString(conn, sends) }()
			if _, err := io.Copy(io.Discard, conn); err != nil && !errors.Is(err, io.ErrClosedPipe) {
				t.Errorf("%q: %v", sends, err)
			}
			if took := time.Since(started); took > within+time.Second {
				t.Errorf("%q: closed after %s", sends, took)
			}
			synctest.Wait()
		}
	})
}

func TestTooLargeHeaderIsRefused(t *testing.T) {
	s := startSite(t)
	_, a := s.sendUnchecked(http.MethodGet, "/", header("X-Large", strings.Repeat("x", 2*maxHeaderBytes)))
	if a.status != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("status %d", a.status)
	}
}
