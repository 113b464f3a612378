package web

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"wayguard/tracker"
)

// principal is who sent a request; the zero value is nobody.
type principal struct {
	role role
	// session is empty for the holder of a bearer token, and expires zero.
	session sessionKey
	expires time.Time
	// device is who has the role device; empty for the others.
	device tracker.DeviceID
	// partner is whom somebody with the role partner speaks for.
	partner tracker.PartnerID
	// person is who it is; the zero value for partners, devices, the admin token
	// and sessions of nobody in particular.
	person person
	// key is the API key that was sent; empty for none.
	key string
}

func (p principal) byToken() bool { return p.role != "" && p.session == "" }

// name is how the fleet knows who did something: the id of a person or a
// partner, else the role.
func (p principal) name() string {
	switch {
	case p.person.ID != "":
		return p.person.ID
	case p.partner != "":
		return string(p.partner)
	}
	return string(p.role)
}

// authenticate finds who sent r: by the Authorization header where there is
// one, else by the session cookie.
func (s *Server) authenticate(r *http.Request) (principal, error) {
	if h := r.Header.Get("Authorization"); h != "" {
		return s.authenticateToken(r, h)
	}
	ids := sessionIDs(r)
	if len(ids) == 0 {
		s.metrics.refused("missing")
		return principal{}, unauthorized("", "Send the header Authorization: Bearer TOKEN, or open a sign-in link first.")
	}
	return s.authenticateSession(ids)
}

// authenticateToken counts wrong tokens by address and, when there were too
// many, refuses right ones too: else the limit would tell them apart. Sessions
// go on, so that nobody can shut out those who share an address with them.
func (s *Server) authenticateToken(r *http.Request, header string) (principal, error) {
	address := addressKey(s.clientAddr(r))
	if wait := s.failures.wait(address); wait > 0 {
		s.metrics.refused("limited")
		return principal{}, tooMany("Too many wrong credentials from this address: wait as long as Retry-After says.", wait)
	}
	scheme, token, _ := strings.Cut(header, " ")
	if strings.EqualFold(scheme, "Bearer") && s.admin.matches(strings.TrimSpace(token)) {
		return principal{role: admin}, nil
	}
	if key, ok := s.apiKeys.find(strings.TrimSpace(token)); ok && strings.EqualFold(scheme, "Bearer") {
		if who, ok := s.holder(key); ok {
			return who, nil
		}
	}
	s.failures.take(address)
	s.metrics.refused("token")
	return principal{}, unauthorized("invalid_token", "The token is not valid. The header must be Authorization: Bearer TOKEN.")
}

func (s *Server) authenticateSession(ids []string) (principal, error) {
	for _, id := range ids {
		who, err := s.sessions.find(keyOf(id))
		if !errors.Is(err, errNoSession) {
			return who, err
		}
	}
	s.metrics.refused("session")
	return principal{}, unauthorized("", "The session has ended: open a new sign-in link.")
}

// unauthorized is a 401 with the challenge of RFC 6750.
func unauthorized(code, detail string) error {
	challenge := `Bearer realm="wayguard"`
	if code != "" {
		challenge += `, error="` + code + `"`
	}
	return &problem{
		status: http.StatusUnauthorized,
		detail: detail,
		header: map[string]string{"WWW-Authenticate": challenge},
	}
}
