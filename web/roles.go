package web

import "wayguard/tracker"

// role is what somebody may do.
type role string

const (
	// admin may do everything.
	admin role = "admin"
	// dispatcher may do everything but what decides who gets in, what destroys
	// for good, and what tells of the machine: staff, API keys, the credentials of
	// devices, the erasure of customers, metrics.
	dispatcher role = "dispatcher"
	// driver sees their own rounds of today with the deliveries on them, and hands
	// these over.
	driver role = "driver"
	// partner is a firm whose deliveries are brought: it makes them, sees its own,
	// and nothing else.
	partner role = "partner"
)

// ranks: who may do what a role may.
var ranks = map[role]int{driver: 1, dispatcher: 2, admin: 3}

const roleRefusal = "Your role does not allow this."

// allows tells whether somebody with a role may use the route at all; the
// handlers keep drivers and partners to what is theirs.
func (rt route) allows(r role) bool {
	switch {
	case rt.role == "":
		return true
	case r == partner:
		return rt.partners
	case rt.role == device || r == device:
		return rt.role == r
	}
	return ranks[r] > 0 && ranks[r] >= ranks[rt.role]
}

// personKind is where the record of a person is.
type personKind string

const (
	kindStaff  personKind = "staff"
	kindDriver personKind = "driver"
)

// person is somebody who signs in as themselves. The zero value is nobody.
type person struct {
	Kind personKind `json:"kind,omitempty"`
	ID   string     `json:"id,omitempty"`
}

// roleOf is what a person may do by their record as it is now; empty for one who
// is not there any more.
func roleOf(fleet *tracker.Fleet, p person) role {
	switch p.Kind {
	case kindStaff:
		if s, ok := fleet.Staff().Get(p.ID); ok && !s.Erased {
			return role(s.Role)
		}
	case kindDriver:
		if d, ok := fleet.Drivers().Get(p.ID); ok && !d.Erased {
			return driver
		}
	}
	return ""
}

func (s *Server) personOf(p person) *personJSON {
	j := &personJSON{Kind: p.Kind, ID: p.ID}
	if p.Kind == kindDriver {
		d, _ := s.fleet.Drivers().Get(p.ID)
		j.Name, j.Language = d.Name, d.Language
		return j
	}
	staff, _ := s.fleet.Staff().Get(p.ID)
	j.Name, j.Language = staff.Name, staff.Language
	return j
}

// holder is who an API key lets in; ok is false for a person's who is gone.
func (s *Server) holder(k apiKey) (who principal, ok bool) {
	if k.Partner != "" {
		return principal{role: partner, partner: k.Partner, key: k.ID}, true
	}
	r := roleOf(s.fleet, k.Person)
	return principal{role: r, person: k.Person, key: k.ID}, r != ""
}

// stands tells whether somebody who was let in would still be, as who they were.
func (s *Server) stands(who principal) bool {
	if who.session != "" {
		now, err := s.sessions.find(who.session)
		return err == nil && now.role == who.role
	}
	if who.key == "" {
		return true
	}
	key, ok := s.apiKeys.get(who.key)
	if !ok {
		return false
	}
	now, ok := s.holder(key)
	return ok && now.role == who.role
}
