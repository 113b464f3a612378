package web

import (
	"context"
	"net/http"
	"strings"

	"wayguard/tracker"
)

type staffJSON struct {
	ID       string            `json:"id"`
	Role     tracker.StaffRole `json:"role"`
	Name     string            `json:"name"`
	Email    string            `json:"email"`
	Phone    string            `json:"phone"`
	Language string            `json:"language"`
	metaJSON
}

func showStaff(p tracker.Staff) (body any, id string, version uint64, err error) {
	return staffJSON{
		ID: p.ID, Role: p.Role, Name: p.Name, Email: p.Email, Phone: p.Phone, Language: p.Language, metaJSON: metaOf(p.Meta),
	}, p.ID, p.Version, nil
}

func staffSetters(p *tracker.Staff) setters {
	return setters{
		"role":     into("role", &p.Role, "admin or dispatcher"),
		"name":     into("name", &p.Name, "a string"),
		"email":    into("email", &p.Email, "a string"),
		"phone":    into("phone", &p.Phone, "a string"),
		"language": into("language", &p.Language, "a string"),
	}
}

// staffRoutes are those of the people who sign in.
func (s *Server) staffRoutes() []route {
	staff := s.fleet.Staff()
	routes := catalog[tracker.Staff]{
		"staff", staff.Get, staff.List, staff.Create, staff.Change, staff.Remove, showStaff, staffSetters,
	}.routes()
	for i := range routes {
		routes[i].role = admin
	}
	return append(s.watched(kindStaff, routes),
		route{pattern: "DELETE /api/v1/staff/{id}/sessions", role: admin, handler: s.endSessionsOf(kindStaff)},
		route{pattern: "DELETE /api/v1/drivers/{id}/sessions", role: dispatcher, handler: s.endSessionsOf(kindDriver)})
}

// watched has the live feeds and keys of people follow what becomes of their
// records. Everything else looks the record up anew with each request.
func (s *Server) watched(kind personKind, routes []route) []route {
	for i, rt := range routes {
		method, _, _ := strings.Cut(rt.pattern, " ")
		if method != http.MethodPatch && method != http.MethodDelete {
			continue
		}
		routes[i].handler = func(w http.ResponseWriter, r *http.Request, who principal) error {
			err := rt.handler(w, r, who)
			p := person{kind, r.PathValue("id")}
			s.live.end(func(who principal) bool { return who.person == p && !s.stands(who) })
			if err == nil && method == http.MethodDelete {
				s.forget(r.Context(), p)
			}
			return err
		}
	}
	return routes
}

// forget removes what let in a person who is gone; none of it does so any more.
func (s *Server) forget(ctx context.Context, p person) {
	s.codes.drop(p)
	err := s.apiKeys.removeOf(ctx, p)
	if err == nil {
		err = s.sessions.remove(ctx, func(rec *sessionRecord) bool { return rec.Person == p })
	}
	if err != nil {
		s.log.Warn("sessions and keys of somebody who was removed are still stored; they let nobody in", "error", err)
	}
}

// endSessionsOf signs a person out everywhere: sessions, live feeds and links
// that nobody has opened. Their API keys stay.
func (s *Server) endSessionsOf(kind personKind) handler {
	return func(w http.ResponseWriter, r *http.Request, _ principal) error {
		p := person{kind, r.PathValue("id")}
		if roleOf(s.fleet, p) == "" {
			return noPerson(kind)
		}
		if err := s.checkPerson(r, p); err != nil {
			return err
		}
		s.codes.drop(p)
		err := change(r, func(ctx context.Context) error {
			return s.sessions.remove(ctx, func(rec *sessionRecord) bool { return rec.Person == p })
		})
		if err != nil {
			return err
		}
		s.live.end(func(who principal) bool { return who.person == p && who.session != "" })
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
}

// checkPerson refuses a request about a person whose record is not as the client
// saw it.
func (s *Server) checkPerson(r *http.Request, p person) error {
	seen, err := seenVersion(r)
	if err != nil || seen == tracker.AnyVersion {
		return err
	}
	var version uint64
	if p.Kind == kindDriver {
		d, _ := s.fleet.Drivers().Get(p.ID)
		version = d.Version
	} else {
		found, _ := s.fleet.Staff().Get(p.ID)
		version = found.Version
	}
	if version != seen {
		return staleError(tracker.ErrStale)
	}
	return nil
}

func noPerson(kind personKind) error {
	if kind == kindDriver {
		return notFound("No driver has this id. GET /api/v1/drivers lists all of them.")
	}
	return notFound("Nobody has this id. GET /api/v1/staff lists all who work here, GET /api/v1/drivers those who drive.")
}
