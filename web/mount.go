package web

import (
	"net/http"
)

// Mount is a route of another part of the server, open to anybody: callbacks of
// carriers, which prove themselves by a signature, and links that are a secret by
// themselves. It gets the limits, headers and metrics that every route has.
type Mount struct {
	// Pattern is a method and a path as of net/http.ServeMux, outside of /api,
	// and the route's name in metrics.
	Pattern string
	Handler http.Handler
	// Body is the longest body in bytes; 0 for 1 MiB.
	Body int64
}

// mountRoutes are those of other parts.
func mountRoutes(mounts []Mount) []route {
	var routes []route
	for _, m := range mounts {
		serve := func(w http.ResponseWriter, r *http.Request, _ principal) error {
			m.Handler.ServeHTTP(w, r)
			return nil
		}
		routes = append(routes, route{pattern: m.Pattern, handler: serve, body: m.Body, page: true})
	}
	return routes
}
