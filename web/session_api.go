package web

import (
	"context"
	"net/http"
	"time"
)

type sessionJSON struct {
	Role role `json:"role"`
	// Expires is null for the admin token.
	Expires *time.Time `json:"expires"`
}

func (s *Server) showSession(w http.ResponseWriter, _ *http.Request, who principal) error {
	j := sessionJSON{Role: who.role}
	if who.session != "" {
		j.Expires = &who.expires
	}
	return writeJSON(w, http.StatusOK, j)
}

// endSession signs out: the cookie, and every live feed opened with it.
func (s *Server) endSession(w http.ResponseWriter, r *http.Request, who principal) error {
	if who.session == "" {
		return &problem{status: http.StatusConflict, detail: "The admin token is no session. To take it back, start the server with another one."}
	}
	err := change(r, func(ctx context.Context) error { return s.sessions.end(ctx, who.session) })
	if err != nil {
		return err
	}
	s.live.endSession(who.session)
	forgetCookies(w, r)
	w.WriteHeader(http.StatusNoContent)
	return nil
}
