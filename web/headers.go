package web

import (
	"net/http"
	"strings"
)

// contentSecurityPolicy allows what the page needs and nothing from outside,
// but the operator's tiles: vector tiles are fetched by script, raster tiles
// loaded as images.
func contentSecurityPolicy(tiles string) string {
	with := func(sources string) string { return strings.TrimSpace(sources + " " + tiles) }
	return strings.Join([]string{
		"default-src 'none'",
		"script-src 'self'",
		"worker-src 'self'",
		"style-src 'self'",
		"img-src " + with("'self' data:"),
		"connect-src " + with("'self'"),
		"font-src 'self'",
		"base-uri 'none'",
		"form-action 'self'",
		"frame-ancestors 'none'",
	}, "; ")
}

// secureHeaders sets, on every answer, what a browser must know.
func (s *Server) secureHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", s.policy)
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		if s.encrypted(r) && !loopbackHost(r.Host) {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}
