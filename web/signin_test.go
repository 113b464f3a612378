package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestSigninLinkWorksOnce(t *testing.T) {
	s := startSite(t)
	link := s.signinPath()
	first := s.send(http.MethodGet, link)
	if first.status != http.StatusSeeOther || first.header.Get("Location") != "/" {
		t.Fatalf("first use: %d to %q", first.status, first.header.Get("Location"))
	}
	again := s.send(http.MethodGet, link)
	if again.status != http.StatusGone || !strings.Contains(string(again.body), "POST /api/v1/signin-links") {
		t.Errorf("second use: %d %s", again.status, again.body)
	}
	if again.header.Get("Set-Cookie") != "" {
		t.Error("a second cookie was set")
	}
	if strings.Contains(string(again.body), "<script") || strings.Contains(string(again.body), "style=") {
		t.Error("the page has what its policy forbids")
	}
}

func TestFetchingAheadDoesNotUseTheLinkUp(t *testing.T) {
	s := startSite(t)
	link := s.signinPath()
	for name, purpose := range map[string]string{"Sec-Purpose": "prefetch;prerender", "Purpose": "prefetch"} {
		if a := s.send(http.MethodGet, link, header(name, purpose)); a.status != http.StatusServiceUnavailable || a.header.Get("Set-Cookie") != "" {
			t.Errorf("%s: %s: status %d, cookie %q", name, purpose, a.status, a.header.Get("Set-Cookie"))
		}
	}
	if a := s.send(http.MethodHead, link); a.status != http.StatusServiceUnavailable {
		t.Errorf("HEAD: %d", a.status)
	}
	if a := s.send(http.MethodGet, link); a.status != http.StatusSeeOther {
		t.Errorf("opening it at last: %d", a.status)
	}
}

func TestCookieOnLoopback(t *testing.T) {
	s := startSite(t)
	c := s.signIn()
	if c.Name != "wayguard" || c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" {
		t.Errorf("cookie %s", c)
	}
	if c.MaxAge < 11*3600 || c.MaxAge > 12*3600 {
		t.Errorf("Max-Age %d", c.MaxAge)
	}
	var session sessionJSON
	s.send(http.MethodGet, "/api/v1/session", withCookie(c)).decode(&session)
	if session.Role != admin || session.Expires == nil || time.Until(*session.Expires) > 12*time.Hour {
		t.Errorf("session %+v", session)
	}
	// A secure name does not make it valid elsewhere, nor the other way round.
	far := func(r *http.Request) { r.Host = "fleet.example" }
	if a := s.send(http.MethodGet, "/api/v1/session", withCookie(c), far); a.status != http.StatusUnauthorized {
		t.Errorf("loopback cookie under another name: %d", a.status)
	}
}

func TestPlainHTTPFromElsewhereCannotSignIn(t *testing.T) {
	s := startSite(t)
	link := s.signinPath()
	for _, host := range []string{"fleet.example", "192.168.1.20:8080", "localhost.evil.example", "[2001:db8::1]:8080"} {
		far := func(r *http.Request) { r.Host = host }
		a := s.send(http.MethodGet, link, far)
		if a.status != http.StatusForbidden || !strings.Contains(string(a.body), "--tls-cert") || !strings.Contains(string(a.body), "--public-url") {
			t.Errorf("from %s: %d %s", host, a.status, a.body)
		}
	}
	for _, host := range []string{"localhost", "LOCALHOST:8080", "127.0.0.1:1", "[::1]:8080"} {
		near := func(r *http.Request) { r.Host = host }
		a := s.send(http.MethodGet, s.signinPath(), near)
		if a.status != http.StatusSeeOther {
			t.Errorf("from %s: %d %s", host, a.status, a.body)
		}
	}
}

func TestCookieBehindProxy(t *testing.T) {
	public := &url.URL{Scheme: "https", Host: "fleet.example"}
	s := startSite(t, func(o *Options) { o.Listen.PublicURL = public })
	origin := header("Origin", "https://fleet.example")
	passesHost := func(r *http.Request) { r.Host = "fleet.example" }
	ownHost := func(r *http.Request) { r.Host = "upstream:8080" }
	for name, host := range map[string]option{"passes the host on": passesHost, "sends its own": ownHost} {
		a := s.send(http.MethodGet, s.signinPath(), host)
		if a.status != http.StatusSeeOther {
			t.Fatalf("%s: %d %s", name, a.status, a.body)
		}
		c := a.cookie()
		if c.Name != "__Host-wayguard" || !c.Secure || c.Domain != "" || c.Path != "/" {
			t.Errorf("%s: cookie %s", name, c)
		}
		if a := s.send(http.MethodDelete, "/api/v1/session", host, withCookie(c), origin); a.status != http.StatusNoContent {
			t.Errorf("%s: change with the public origin: %d", name, a.status)
		}
	}
	link, err := s.server.NewSigninLink(time.Minute)
	if err != nil || !strings.HasPrefix(link, "https://fleet.example/signin/") {
		t.Errorf("link %q, %v", link, err)
	}
}

func TestSigninLinksByTheAPI(t *testing.T) {
	s := startSite(t)
	var made signinLinkJSON
	s.api(http.StatusCreated, http.MethodPost, "/api/v1/signin-links").decode(&made)
	u, err := url.Parse(made.URL)
	if err != nil || u.Scheme+"://"+u.Host != s.base {
		t.Fatalf("URL %q, %v", made.URL, err)
	}
	if left := time.Until(made.Expires); left < 14*time.Minute || left > 15*time.Minute {
		t.Errorf("expires in %s", left)
	}
	a := s.send(http.MethodGet, u.Path)
	if a.status != http.StatusSeeOther {
		t.Fatalf("the link does not work: %d", a.status)
	}
	more := s.send(http.MethodPost, "/api/v1/signin-links", withCookie(a.cookie()), header("Origin", s.base))
	if more.status != http.StatusForbidden {
		t.Errorf("a session made a link: %d", more.status)
	}
}

func TestSignOut(t *testing.T) {
	s := startSite(t)
	mine, other := s.signIn(), s.signIn()
	feed, stays := s.dialWithCookie("", mine), s.dialWithCookie("", other)
	a := s.send(http.MethodDelete, "/api/v1/session", withCookie(mine), header("Origin", s.base))
	if a.status != http.StatusNoContent {
		t.Fatalf("status %d %s", a.status, a.body)
	}
	if c := a.cookie(); c.Name != mine.Name || c.MaxAge >= 0 || c.Value != "" {
		t.Errorf("cookie %s", c)
	}
	if code := feed.closeCode(); code != closeSessionEnded {
		t.Errorf("close code %d", code)
	}
	if a := s.send(http.MethodGet, "/api/v1/session", withCookie(mine)); a.status != http.StatusUnauthorized {
		t.Errorf("the old cookie: %d", a.status)
	}
	if a := s.send(http.MethodGet, "/api/v1/session", withCookie(other)); a.status != http.StatusOK {
		t.Errorf("another session: %d", a.status)
	}
	s.fence("depot", 8, 50, 100)
	stays.want("world")
	s.api(http.StatusConflict, http.MethodDelete, "/api/v1/session")
}

func TestSessionsAreStoredHashedAndSweptWhenExpired(t *testing.T) {
	s := startSite(t)
	c := s.signIn()
	old := s.server.sessions
	key := keyOf("an old one")
	record := `{"role":"admin","created":"2024-01-01T00:00:00Z","expires":"2024-01-01T12:00:00Z"}`
	if err := s.putSession(key, record); err != nil {
		t.Fatal(err)
	}
	if a := s.send(http.MethodGet, "/api/v1/session", header("Cookie", "wayguard=an old one")); a.status != http.StatusUnauthorized {
		t.Errorf("an expired session: %d", a.status)
	}
	if err := old.removeExpired(t.Context()); err != nil {
		t.Fatal(err)
	}
	keys := s.sessionKeys()
	if len(keys) != 1 || keys[0] != string(keyOf(c.Value)) {
		t.Errorf("stored keys %q", keys)
	}
	if strings.Contains(strings.Join(keys, ""), c.Value) {
		t.Error("the id itself is stored")
	}
}

func TestCodesAreFewAndShortLived(t *testing.T) {
	c := newCodes()
	first, _ := c.issue(time.Minute, person{})
	for range maxCodes {
		c.issue(time.Hour, person{})
	}
	if len(c.open) > maxCodes {
		t.Errorf("%d codes", len(c.open))
	}
	if _, ok := c.redeem(first); ok {
		t.Error("the first to expire was not the one to go")
	}
	late, _ := c.issue(-time.Second, person{})
	if _, ok := c.redeem(late); ok {
		t.Error("an expired code works")
	}
}
