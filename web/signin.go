package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// How long a link made by POST /signin-links can be used.
const (
	linkLifetime    = 15 * time.Minute
	minLinkLifetime = time.Minute
	// maxLinkLifetime is for a driver who is sent the link the evening before.
	maxLinkLifetime = 24 * time.Hour
)

// NewSigninLink makes a link that signs one browser in, once, within ttl. It
// is a secret: show it to nobody else.
func (s *Server) NewSigninLink(ttl time.Duration) (string, error) {
	if ttl <= 0 {
		return "", fmt.Errorf("web: a sign-in link for %s cannot be used", ttl)
	}
	link, _ := s.signinLink(s.url(), ttl, person{})
	return link, nil
}

func (s *Server) signinLink(base *url.URL, ttl time.Duration, who person) (string, time.Time) {
	code, expires := s.codes.issue(ttl, who)
	return base.JoinPath("signin", code).String(), expires
}

type signinLinkJSON struct {
	URL     string    `json:"url"`
	Expires time.Time `json:"expires"`
}

func (s *Server) createSigninLink(w http.ResponseWriter, r *http.Request, who principal) error {
	forWhom, ttl, err := s.readSigninLink(r)
	if err != nil {
		return err
	}
	if err := mayInvite(who, forWhom); err != nil {
		return err
	}
	var link string
	var expires time.Time
	err = change(r, func(context.Context) error {
		link, expires = s.signinLink(s.urlFor(r), ttl, forWhom)
		return nil
	})
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, signinLinkJSON{link, expires.UTC().Truncate(time.Second)})
}

// readSigninLink reads for whom a link is to be; without a body, for an admin.
func (s *Server) readSigninLink(r *http.Request) (who person, ttl time.Duration, err error) {
	var staff, drives string
	seconds := linkLifetime.Seconds()
	if r.ContentLength != 0 {
		err := readObject(r, member{"staff", &staff, "the id of somebody who works here"}, member{"driver", &drives, "the id of a driver"},
			member{"lifetime_s", &seconds, "a number of seconds"})
		if err != nil {
			return who, 0, err
		}
	}
	if !(seconds >= minLinkLifetime.Seconds() && seconds <= maxLinkLifetime.Seconds()) {
		return who, 0, badMember("lifetime_s", fmt.Sprintf("must be %.0f to %.0f seconds.", minLinkLifetime.Seconds(), maxLinkLifetime.Seconds()))
	}
	who, err = s.readPerson(staff, drives)
	return who, time.Duration(seconds * float64(time.Second)), err
}

// readPerson is whom a body names; nobody where it names none.
func (s *Server) readPerson(staff, drives string) (p person, err error) {
	switch {
	case staff != "" && drives != "":
		return p, badMember("driver", "must be left out where staff is given.")
	case staff != "":
		p = person{kindStaff, staff}
	case drives != "":
		p = person{kindDriver, drives}
	default:
		return p, nil
	}
	if roleOf(s.fleet, p) == "" {
		return p, badMember(string(p.Kind), "must be the id of somebody: GET /api/v1/staff and GET /api/v1/drivers list them.")
	}
	return p, nil
}

// mayInvite: dispatchers let drivers in, admins everybody. Only the admin token
// makes sessions of nobody in particular, so that none of a person is left once
// theirs are ended.
func mayInvite(who principal, whom person) error {
	switch {
	case whom.Kind == kindDriver:
		return nil
	case who.role != admin:
		return &problem{status: http.StatusForbidden, detail: "A dispatcher makes sign-in links for drivers only: give driver."}
	case whom == person{} && (who.person != person{} || !who.byToken()):
		return &problem{status: http.StatusForbidden, detail: "Only the admin token makes sign-in links for nobody in particular: give staff or driver."}
	}
	return nil
}

// signin turns the code into a session. Opening the link is all it takes, so a
// browser that only fetches ahead must not use the code up.
func (s *Server) signin(w http.ResponseWriter, r *http.Request, _ principal) error {
	if fetchesAhead(r) {
		return &problem{status: http.StatusServiceUnavailable, detail: "A sign-in link is used up by opening it, so it cannot be fetched ahead. Open it."}
	}
	secure, err := s.cookieKind(r)
	if err != nil {
		return err
	}
	code := r.PathValue("code")
	began := time.Now()
	was, ok := s.codes.redeem(code)
	ok = ok && (was.who == person{} || roleOf(s.fleet, was.who) != "")
	if err := s.checkCode(r, ok); err != nil {
		return err
	}
	var id string
	var expires time.Time
	err = change(r, func(ctx context.Context) (err error) {
		id, expires, err = s.sessions.start(ctx, was.who)
		if err == nil && s.codes.droppedSince(was.who, began) {
			// Signed out everywhere while this was stored.
			err = s.sessions.end(ctx, keyOf(id))
		}
		return err
	})
	if err != nil {
		s.codes.put(code, was)
		return err
	}
	http.SetCookie(w, sessionCookie(secure, id, expires))
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}

// fetchesAhead reports whether nobody has opened the link: it is only looked
// at, or fetched in case it will be opened (Fetch, Sec-Purpose; Purpose is what
// came before it).
func fetchesAhead(r *http.Request) bool {
	return r.Method == http.MethodHead ||
		strings.HasPrefix(r.Header.Get("Sec-Purpose"), "prefetch") || r.Header.Get("Purpose") == "prefetch"
}

// checkCode limits guessing. Right codes are refused too while the limit
// lasts, else it would limit nothing.
func (s *Server) checkCode(r *http.Request, open bool) error {
	address := addressKey(s.clientAddr(r))
	if wait := s.failures.wait(address); wait > 0 {
		s.metrics.refused("limited")
		return tooMany("Too many links that do not work came from this address. Wait a minute.", wait)
	}
	if open {
		return nil
	}
	s.failures.take(address)
	s.metrics.refused("code")
	return &problem{status: http.StatusGone, detail: "This link was used already, or is too old. " +
		"Ask dispatch for a new one. The server prints one for the admin when it is started again; " +
		"POST /api/v1/signin-links with the admin token makes one as well."}
}

// cookieKind tells whether the cookie to set is the secure one. A network
// could read the other, so it is only for names of this very machine.
func (s *Server) cookieKind(r *http.Request) (secure bool, err error) {
	// Behind the proxy of a secure public URL the Host may be any. A browser
	// that came in plain text does not keep the secure cookie.
	if s.encrypted(r) || s.publicIsSecure() {
		return true, nil
	}
	if loopbackHost(r.Host) {
		return false, nil
	}
	return false, &problem{status: http.StatusForbidden, detail: "Signing in needs an encrypted connection. " +
		"Start the server with --tls-cert and --tls-key, or behind a proxy with --public-url https://…, " +
		"or open the link on the machine itself as http://localhost."}
}

func (s *Server) publicIsSecure() bool {
	p := s.listen.PublicURL
	return p != nil && p.Scheme == "https"
}
