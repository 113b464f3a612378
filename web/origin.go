package web

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// checkOrigin refuses what a foreign page may have made a browser send: every
// change and every WebSocket must carry an Origin of ours. Only a request with
// a bearer token may come without one, since no browser adds that by itself.
//
// http.CrossOriginProtection does less than this needs: it lets every GET
// through, thus the WebSocket's too, and a change that has no Origin.
func (s *Server) checkOrigin(r *http.Request, who principal) error {
	if !changes(r) && !upgrades(r) {
		return nil
	}
	origins := r.Header.Values("Origin")
	if len(origins) == 0 && who.byToken() {
		return nil
	}
	if len(origins) == 1 && s.ownOrigin(origins[0], r) {
		return nil
	}
	s.metrics.refused("origin")
	return &problem{
		status: http.StatusForbidden,
		detail: "The Origin header must name this server. With a proxy in front, let it pass the Host header on or start the server with --public-url.",
	}
}

// ownOrigin reports whether origin names the host that r was sent to, or the
// public URL.
func (s *Server) ownOrigin(origin string, r *http.Request) bool {
	if s.publicOrigin(origin) {
		return true
	}
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return false
	}
	// A page that came in plain text must not act on an encrypted server: the
	// network could have put anything into it.
	if s.encrypted(r) && u.Scheme != "https" {
		return false
	}
	return strings.EqualFold(u.Host, r.Host)
}

func (s *Server) publicOrigin(origin string) bool {
	p := s.listen.PublicURL
	return p != nil && strings.EqualFold(origin, p.Scheme+"://"+p.Host)
}

func changes(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return false
	}
	return true
}

func upgrades(r *http.Request) bool { return r.Header.Get("Upgrade") != "" }

// encrypted reports whether the browser's side of r is TLS, here or at the
// proxy that the public URL speaks of.
func (s *Server) encrypted(r *http.Request) bool {
	if r.TLS != nil {
		return true
	}
	return s.publicIsSecure() && strings.EqualFold(s.listen.PublicURL.Host, r.Host)
}

// loopbackHost reports whether host, with or without a port, is a name that
// only this machine can be meant by.
func loopbackHost(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && addr.IsLoopback()
}
