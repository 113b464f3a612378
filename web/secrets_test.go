package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// Secrets and what is personal stay out of the log, whatever goes wrong.
func TestLogHoldsNoSecret(t *testing.T) {
	s := startSite(t)
	secrets := map[string]string{"token": testToken, "guess": "guessed-token-XYZ", "name": "Name of a Person"}

	path := s.signinPath()
	secrets["used code"] = strings.TrimPrefix(path, "/signin/")
	cookie := s.send(http.MethodGet, path).cookie()
	secrets["session"] = cookie.Value
	secrets["session key"] = string(keyOf(cookie.Value))
	secrets["open code"] = strings.TrimPrefix(s.signinPath(), "/signin/")

	s.send(http.MethodGet, path)
	s.send(http.MethodGet, "/signin/WRONGCODE")
	secrets["wrong code"] = "WRONGCODE"
	s.send(http.MethodGet, "/api/v1/devices", header("Authorization", "Bearer guessed-token-XYZ"))
	var made struct{ Secret string }
	s.api(http.StatusCreated, http.MethodPost, "/api/v1/devices", withJSON(`{"id":"v","name":"Name of a Person"}`)).decode(&made)
	secrets["device secret"] = made.Secret

	// An error nobody foresaw and a panic are logged with all there is to say.
	s.disk.broken.Store(true)
	s.breakSomething(cookie)
	s.dialWithCookie("", cookie)
	s.send(http.MethodDelete, "/api/v1/session", withCookie(cookie), header("Origin", s.base))
	s.stop()

	log := s.log.String()
	if !strings.Contains(log, "panic") || !strings.Contains(log, "request failed") {
		t.Errorf("the log does not tell what went wrong:\n%s", log)
	}
	for name, secret := range secrets {
		if len(secret) < 8 {
			t.Errorf("%s is %q", name, secret)
		}
		for _, form := range []string{secret, url.QueryEscape(secret), strings.ToLower(secret)} {
			if strings.Contains(log, form) {
				t.Errorf("the log holds the %s:\n%s", name, log)
			}
		}
	}
}

// breakSomething causes an internal error and a panic in requests that carry
// secrets.
func (s *testSite) breakSomething(c *http.Cookie) {
	s.t.Helper()
	s.server.mux.Handle("GET /test/panic/{code}", s.server.handle(route{
		pattern: "GET /test/panic/{code}",
		role:    admin,
		handler: func(http.ResponseWriter, *http.Request, principal) error { panic("on purpose") },
	}))
	if _, a := s.sendUnchecked(http.MethodGet, "/test/panic/WRONGCODE", withCookie(c)); a.status != http.StatusInternalServerError {
		s.t.Errorf("panic: status %d", a.status)
	} else if p := a.problem(); strings.Contains(p.Detail, "purpose") {
		s.t.Errorf("panic: %+v", p)
	}
	if err := s.putSession(keyOf("broken"), "no JSON"); err != nil {
		s.t.Fatal(err)
	}
	if a := s.send(http.MethodGet, "/api/v1/session", header("Cookie", "wayguard=broken")); a.status != http.StatusInternalServerError {
		s.t.Errorf("a broken record: status %d", a.status)
	}
	if a := s.send(http.MethodGet, "/healthz"); a.status != http.StatusOK {
		s.t.Errorf("after a panic: %d", a.status)
	}
}
