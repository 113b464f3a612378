package web

import (
	"fmt"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func proxied(o *Options) {
	o.Listen.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
}

func from(address string) option { return header("X-Forwarded-For", address) }

func retryAfter(t testing.TB, a answer) int {
	t.Helper()
	n, err := strconv.Atoi(a.header.Get("Retry-After"))
	if err != nil || n < 1 {
		t.Errorf("Retry-After %q", a.header.Get("Retry-After"))
	}
	return n
}

func TestRequestsAreLimited(t *testing.T) {
	s := startSite(t, proxied, func(o *Options) { o.Limits.Requests, o.Limits.AnonymousRequests = 5, 0.5 })
	cookie := s.signIn()
	for name, tt := range map[string]struct {
		path    string
		allowed int
		who     []option
	}{
		"anonymous": {"/page.css", 2, []option{from("192.0.2.1")}},
		"refused":   {"/api/v1/devices", 2, []option{from("192.0.2.2")}},
		"token":     {"/api/v1/devices", 20, []option{from("192.0.2.3"), withToken}},
		"session":   {"/api/v1/devices", 20, []option{from("192.0.2.4"), withCookie(cookie)}},
	} {
		t.Run(name, func(t *testing.T) {
			s.t = t
			granted := 0
			var last answer
			for last.status != http.StatusTooManyRequests && granted < 100 {
				last = s.send(http.MethodGet, tt.path, tt.who...)
				granted++
			}
			granted-- // the one that was not
			if granted < tt.allowed || granted > tt.allowed*2 {
				t.Errorf("%d requests granted, want about %d", granted, tt.allowed)
			}
			if n := retryAfter(t, last); n > 2 {
				t.Errorf("Retry-After %d", n)
			}
		})
	}
	if a := s.send(http.MethodGet, "/healthz", from("192.0.2.99")); a.status != http.StatusOK {
		t.Errorf("another client is limited too: %d", a.status)
	}
}

func TestWrongCredentialsAreLimitedHarder(t *testing.T) {
	s := startSite(t, proxied)
	cookie := s.signIn()
	guess := func(address string, credentials option) answer {
		return s.send(http.MethodGet, "/api/v1/session", from(address), credentials)
	}
	wrong := header("Authorization", "Bearer wrong")
	for i := range failureBurst {
		if a := guess("192.0.2.1", wrong); a.status != http.StatusUnauthorized {
			t.Fatalf("guess %d: %d", i, a.status)
		}
	}
	for name, credentials := range map[string]option{"wrong": wrong, "right": withToken} {
		a := guess("192.0.2.1", credentials)
		if a.status != http.StatusTooManyRequests || retryAfter(t, a) > 6 {
			t.Errorf("a %s token after too many guesses: %d", name, a.status)
		}
	}
	if a := guess("192.0.2.1", withCookie(cookie)); a.status != http.StatusOK {
		t.Errorf("a session from the same address: %d", a.status)
	}
	if a := guess("192.0.2.2", withToken); a.status != http.StatusOK {
		t.Errorf("the token from another address: %d", a.status)
	}
	if a := s.send(http.MethodGet, s.signinPath(), from("192.0.2.1")); a.status != http.StatusTooManyRequests {
		t.Errorf("a sign-in link from the same address: %d", a.status)
	}
}

func TestGuessingSigninCodesIsLimited(t *testing.T) {
	s := startSite(t)
	for i := range failureBurst {
		if a := s.send(http.MethodGet, fmt.Sprint("/signin/GUESS", i)); a.status != http.StatusGone {
			t.Fatalf("guess %d: %d", i, a.status)
		}
	}
	a := s.send(http.MethodGet, "/signin/GUESS")
	if a.status != http.StatusTooManyRequests || !strings.Contains(string(a.body), "<html") {
		t.Errorf("status %d %s", a.status, a.body)
	}
	retryAfter(t, a)
}

func TestForwardedAddressIsBelievedOnlyFromProxies(t *testing.T) {
	s := &Server{listen: Listen{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}}}
	for _, tt := range []struct {
		peer      string
		forwarded []string
		want      string
	}{
		{"192.0.2.1:1", nil, "192.0.2.1"},
		{"192.0.2.1:1", []string{"198.51.100.7"}, "192.0.2.1"},
		{"10.0.0.1:1", nil, "10.0.0.1"},
		{"10.0.0.1:1", []string{"198.51.100.7"}, "198.51.100.7"},
		{"10.0.0.1:1", []string{"1.1.1.1, 198.51.100.7, 10.9.9.9"}, "198.51.100.7"},
		{"10.0.0.1:1", []string{"1.1.1.1", "198.51.100.7"}, "198.51.100.7"},
		{"10.0.0.1:1", []string{"10.0.0.2, 10.0.0.3"}, "10.0.0.2"},
		{"10.0.0.1:1", []string{"unknown"}, "10.0.0.1"},
		{"10.0.0.1:1", []string{"1.1.1.1, junk, 10.0.0.9"}, "10.0.0.9"},
		{"[::ffff:10.0.0.1]:1", []string{"2001:db8::5"}, "2001:db8::5"},
		{"[fd00::1%eth0]:1", []string{"::ffff:198.51.100.7"}, "198.51.100.7"},
	} {
		r := &http.Request{RemoteAddr: tt.peer, Header: http.Header{"X-Forwarded-For": tt.forwarded}}
		if got := s.clientAddr(r).String(); got != tt.want {
			t.Errorf("%s with %q: %s, want %s", tt.peer, tt.forwarded, got, tt.want)
		}
	}
	if got := (&Server{}).clientAddr(&http.Request{RemoteAddr: "pipe"}); got.IsValid() {
		t.Errorf("no address: %s", got)
	}
}

func TestAddressKey(t *testing.T) {
	for address, want := range map[string]string{
		"192.0.2.1": "192.0.2.1", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "2001:db8:1:2::9": "2001:db8:1:2::/64",
	} {
		if got := addressKey(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: %s", address, got)
		}
	}
}

func TestBuckets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBuckets(2, 3)
		for i := range 3 {
			if wait := b.take("a"); wait != 0 {
				t.Errorf("request %d waits %s", i, wait)
			}
		}
		if wait := b.take("a"); wait != 500*time.Millisecond {
			t.Errorf("waits %s", wait)
		}
		if b.wait("a") != 500*time.Millisecond || b.wait("b") != 0 {
			t.Error("looking took a token, or another client's")
		}
		time.Sleep(500 * time.Millisecond)
		if b.take("a") != 0 || b.take("a") == 0 {
			t.Error("half a second is not one request")
		}
	})
}

func TestBucketsForgetTheOldest(t *testing.T) {
	b := newBuckets(0.001, 1)
	b.take("first")
	for i := range maxBuckets - 1 {
		b.take(strconv.Itoa(i))
	}
	if b.take("first") == 0 {
		t.Fatal("forgotten too early")
	}
	b.take("one more")
	if len(b.byKey) != maxBuckets || b.recent.Len() != maxBuckets {
		t.Errorf("%d buckets", len(b.byKey))
	}
	if b.take("first") == 0 {
		t.Error("the newest was forgotten")
	}
	if b.take("0") != 0 {
		t.Error("the oldest was not forgotten")
	}
}
