package web

import (
	"context"
	"net/http"
	"time"
)

type sessionJSON struct {
	Role role `json:"role"`
	// Expires is null for tokens.
	Expires *time.Time `json:"expires"`
	// Person is null for partners, the admin token, and links that were made for
	// nobody in particular.
	Person  *personJSON `json:"person"`
	Partner *string     `json:"partner"`
	// By is what alerts say of who acknowledged them.
	By string `json:"by"`
}

type personJSON struct {
	Kind     personKind `json:"kind"`
	ID       string     `json:"id"`
	Name     string     `json:"name"`
	Language string     `json:"language"`
}

func (s *Server) showSession(w http.ResponseWriter, _ *http.Request, who principal) error {
	j := sessionJSON{Role: who.role, Partner: textOrNull(string(who.partner)), By: who.name()}
	if who.session != "" {
		j.Expires = &who.expires
	}
	if who.person.ID != "" {
		j.Person = s.personOf(who.person)
	}
	return writeJSON(w, http.StatusOK, j)
}

// endSession signs out: the cookie, and every live feed opened with it.
func (s *Server) endSession(w http.ResponseWriter, r *http.Request, who principal) error {
	if who.session == "" {
		return &problem{status: http.StatusConflict, detail: "A token is no session. To take the admin token back, start the server with another one; DELETE /api/v1/api-keys/{id} takes any other."}
	}
	err := change(r, func(ctx context.Context) error { return s.sessions.end(ctx, who.session) })
	if err != nil {
		return err
	}
	s.live.end(func(p principal) bool { return p.session == who.session })
	forgetCookies(w, r)
	w.WriteHeader(http.StatusNoContent)
	return nil
}
