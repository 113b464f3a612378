package web

import (
	"errors"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"wayguard/tracker"
)

// signIn goes the way of a browser: link, cookie.
func (s *testSite) signIn() *http.Cookie {
	s.t.Helper()
	a := s.send(http.MethodGet, s.signinPath())
	if a.status != http.StatusSeeOther {
		s.t.Fatalf("sign-in: %d %s", a.status, a.body)
	}
	return a.cookie()
}

// signinPath is the path of a new sign-in link.
func (s *testSite) signinPath() string {
	s.t.Helper()
	link, err := s.server.NewSigninLink(time.Minute)
	if err != nil {
		s.t.Fatal(err)
	}
	u, err := url.Parse(link)
	if err != nil {
		s.t.Fatal(err)
	}
	return u.Path
}

// cookie is the one cookie that a sets.
func (a answer) cookie() *http.Cookie {
	a.t.Helper()
	set := a.header.Values("Set-Cookie")
	if len(set) != 1 {
		a.t.Fatalf("cookies %q", set)
	}
	c, err := http.ParseSetCookie(set[0])
	if err != nil {
		a.t.Fatal(err)
	}
	return c
}

func withCookie(c *http.Cookie) option {
	return func(r *http.Request) { r.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value}) }
}

// browser is the header of a WebSocket that our page opens.
func (s *testSite) browser(c *http.Cookie) http.Header {
	return http.Header{"Cookie": {c.Name + "=" + c.Value}, "Origin": {s.base}}
}

func (s *testSite) dialWithCookie(query string, c *http.Cookie) *liveFeed {
	s.t.Helper()
	f, a := s.dial(query, s.browser(c))
	if f == nil {
		s.t.Fatalf("refused: %d %s", a.status, a.body)
	}
	return f
}

// eventually waits for something that another goroutine is about to do.
func (s *testSite) eventually(what string, is func() bool) {
	s.t.Helper()
	for range 200 {
		if is() {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	s.t.Fatal("not within five seconds: " + what)
}

func readAll(t testing.TB, r io.Reader) []byte {
	t.Helper()
	b, err := io.ReadAll(r)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatal(err)
	}
	return b
}

// protectedRequests are all described requests that need credentials, and some
// to addresses that do not exist.
func (s *testSite) protectedRequests() (requests []string) {
	for path, item := range s.spec.doc.Paths.Map() {
		for method, operation := range item.Operations() {
			if operation.Security == nil || len(*operation.Security) > 0 {
				requests = append(requests, method+" "+strings.ReplaceAll(path, "{id}", "some"))
			}
		}
	}
	return append(requests, "GET /api/v1/nothing", "PATCH /api/v1/devices", "GET /api/", "OPTIONS /api/v1/devices")
}

func TestNothingAnswersWithoutCredentials(t *testing.T) {
	// Each request comes from another address, or the limit of wrong
	// credentials would answer.
	s := startSite(t, func(o *Options) { o.Listen.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} })
	address := netip.MustParseAddr("192.0.2.0")
	requests := s.protectedRequests()
	if len(requests) < 24 {
		t.Fatalf("only %d requests", len(requests))
	}
	for name, credentials := range map[string]option{
		"none":              func(*http.Request) {},
		"empty bearer":      header("Authorization", "Bearer "),
		"basic":             header("Authorization", "Basic YWRtaW46YWRtaW4="),
		"token as a scheme": header("Authorization", testToken),
		"cookie":            header("Cookie", "wayguard=ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
		"secure cookie":     header("Cookie", "__Host-wayguard=ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
		"token in a cookie": header("Cookie", "wayguard="+testToken),
	} {
		t.Run(name, func(t *testing.T) {
			s.t = t
			for _, request := range requests {
				address = address.Next()
				method, path, _ := strings.Cut(request, " ")
				a := s.send(method, path, credentials, header("Origin", s.base), header("X-Forwarded-For", address.String()))
				if a.status != http.StatusUnauthorized {
					t.Errorf("%s: status %d", request, a.status)
				}
				if !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Bearer") {
					t.Errorf("%s: no challenge", request)
				}
			}
		})
	}
}

func TestWhatAnswersWithoutCredentials(t *testing.T) {
	s := startSite(t)
	for _, path := range []string{"/", "/index.html", "/healthz", "/readyz", "/page.css"} {
		if a := s.send(http.MethodGet, path); a.status != http.StatusOK {
			t.Errorf("%s: status %d", path, a.status)
		}
	}
}

func TestNoTokenConfiguredMeansNoToken(t *testing.T) {
	s := startSite(t, func(o *Options) { o.AdminToken = "" })
	for _, h := range []string{"Bearer ", "Bearer", "Bearer " + testToken} {
		if a := s.send(http.MethodGet, "/api/v1/devices", header("Authorization", h)); a.status != http.StatusUnauthorized {
			t.Errorf("%q: status %d", h, a.status)
		}
	}
	s.send(http.MethodGet, "/api/v1/devices", withCookie(s.signIn()))
}

func TestOriginIsChecked(t *testing.T) {
	s := startSite(t)
	cookie := s.signIn()
	host := strings.TrimPrefix(s.base, "http://")
	for _, tt := range []struct {
		name    string
		options []option
		status  int
	}{
		{"own", []option{withCookie(cookie), header("Origin", s.base)}, 201},
		{"none", []option{withCookie(cookie)}, 403},
		{"null", []option{withCookie(cookie), header("Origin", "null")}, 403},
		{"foreign", []option{withCookie(cookie), header("Origin", "http://evil.example")}, 403},
		{"other port", []option{withCookie(cookie), header("Origin", "http://127.0.0.1:1")}, 403},
		{"name as a prefix", []option{withCookie(cookie), header("Origin", "http://"+host+".evil.example")}, 403},
		{"other scheme", []option{withCookie(cookie), header("Origin", "ftp://"+host)}, 403},
		{"token, none", []option{withToken}, 201},
		{"token, own", []option{withToken, header("Origin", s.base)}, 201},
		{"token, foreign", []option{withToken, header("Origin", "http://evil.example")}, 403},
		{"foreign, but Sec-Fetch-Site", []option{withCookie(cookie), header("Sec-Fetch-Site", "same-origin"), header("Origin", "http://evil.example")}, 403},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s.t = t
			id := strings.NewReplacer(" ", "-", ",", "").Replace(tt.name)
			a := s.send(http.MethodPost, "/api/v1/devices", append(tt.options, withJSON(`{"id":"`+id+`"}`))...)
			if a.status != tt.status {
				t.Errorf("POST: status %d, want %d", a.status, tt.status)
			}
			if _, made := s.fleet.Device("none"); made {
				t.Error("the refused request made a device")
			}
		})
	}
}

func TestOriginIsCheckedOnTheWebSocket(t *testing.T) {
	s := startSite(t)
	cookie := s.signIn()
	s.dialWithCookie("", cookie)
	for _, origin := range []string{"", "null", "http://evil.example", "https://evil.example"} {
		h := s.browser(cookie)
		h.Set("Origin", origin)
		if origin == "" {
			h.Del("Origin")
		}
		if f, a := s.dial("", h); f != nil || a.status != http.StatusForbidden {
			t.Errorf("origin %q: status %d", origin, a.status)
		}
	}
	if f, a := s.dial("", http.Header{"Authorization": {"Bearer " + testToken}, "Origin": {"http://evil.example"}}); f != nil {
		t.Errorf("token with a foreign origin: status %d", a.status)
	}
}

// Reading needs no Origin: browsers send none with it.
func TestReadingNeedsNoOrigin(t *testing.T) {
	s := startSite(t)
	cookie := s.signIn()
	if a := s.send(http.MethodGet, "/api/v1/devices", withCookie(cookie)); a.status != http.StatusOK {
		t.Errorf("status %d", a.status)
	}
}

func (s *testSite) putSession(key sessionKey, record string) error {
	return s.fleet.PutRecords(s.t.Context(), sessionBucket, tracker.Record{Key: string(key), Value: []byte(record)})
}

func (s *testSite) sessionKeys() (keys []string) {
	s.t.Helper()
	err := s.fleet.ScanRecords(sessionBucket, "", func(r tracker.Record) error {
		keys = append(keys, r.Key)
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return keys
}
