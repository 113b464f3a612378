package web

import (
	"net/http"
	"time"
)

// The browser keeps a __Host- cookie to this very host over TLS. On plain
// HTTP it would refuse it, and plain HTTP is allowed only within one machine.
const (
	secureCookie   = "__Host-wayguard"
	loopbackCookie = "wayguard"
)

// maxCookies bounds how many sessions one request makes the server look up.
const maxCookies = 4

// sessionIDs are the ids that r's cookies offer.
func sessionIDs(r *http.Request) []string {
	cookies := r.CookiesNamed(secureCookie)
	if r.TLS == nil && loopbackHost(r.Host) {
		cookies = append(cookies, r.CookiesNamed(loopbackCookie)...)
	}
	var ids []string
	for _, c := range cookies[:min(len(cookies), maxCookies)] {
		ids = append(ids, c.Value)
	}
	return ids
}

func sessionCookie(secure bool, id string, expires time.Time) *http.Cookie {
	name := loopbackCookie
	if secure {
		name = secureCookie
	}
	return &http.Cookie{
		Name:     name,
		Value:    id,
		Path:     "/",
		Expires:  expires,
		MaxAge:   int(time.Until(expires).Seconds()),
		Secure:   secure,
		HttpOnly: true,
		SameSite: http.SameSiteStrictMode,
	}
}

// forgetCookies makes the browser drop the session's cookie, whichever of the
// two it was.
func forgetCookies(w http.ResponseWriter, r *http.Request) {
	for _, name := range []string{secureCookie, loopbackCookie} {
		if len(r.CookiesNamed(name)) == 0 {
			continue
		}
		c := sessionCookie(name == secureCookie, "", time.Unix(0, 0))
		c.MaxAge = -1
		http.SetCookie(w, c)
	}
}
