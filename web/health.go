package web

import (
	"io"
	"net/http"
)

// healthz says that the process answers.
func (s *Server) healthz(w http.ResponseWriter, _ *http.Request, _ principal) error {
	text := "ok\n"
	if s.warning != "" {
		text += "warning: " + s.warning + "\n"
	}
	return writeText(w, http.StatusOK, text)
}

// readyz says whether reports are taken. Why not is for the log and the
// metrics: anybody may ask here.
func (s *Server) readyz(w http.ResponseWriter, _ *http.Request, _ principal) error {
	if s.fleet.Ready() != nil {
		w.Header().Set("Retry-After", retryAfterSeconds(storeRetry))
		return writeText(w, http.StatusServiceUnavailable, "not ready\n")
	}
	return writeText(w, http.StatusOK, "ok\n")
}

func writeText(w http.ResponseWriter, status int, text string) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
	return nil
}
