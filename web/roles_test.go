package web

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// staff makes somebody who works here.
func (s *testSite) staff(role string) (id string) {
	s.t.Helper()
	var made staffJSON
	s.api(http.StatusCreated, http.MethodPost, "/api/v1/staff", withJSON(`{"role":"`+role+`","name":"Ines"}`)).decode(&made)
	return made.ID
}

func (s *testSite) newDriver() (id string) {
	s.t.Helper()
	var made driverJSON
	s.api(http.StatusCreated, http.MethodPost, "/api/v1/drivers", withJSON(`{"name":"Dora"}`)).decode(&made)
	return made.ID
}

// key makes an API key of a person.
func (s *testSite) key(kind personKind, id string) (key, token string) {
	s.t.Helper()
	var made struct{ ID, Token string }
	s.api(http.StatusCreated, http.MethodPost, "/api/v1/api-keys", withJSON(`{"`+string(kind)+`":"`+id+`"}`)).decode(&made)
	return made.ID, made.Token
}

// signInAs goes the way of a person: link, cookie.
func (s *testSite) signInAs(kind personKind, id string, by ...option) *http.Cookie {
	s.t.Helper()
	return s.send(http.MethodGet, s.linkFor(kind, id, by...)).cookie()
}

// linkFor is the path of a link for a person.
func (s *testSite) linkFor(kind personKind, id string, by ...option) string {
	s.t.Helper()
	var link signinLinkJSON
	s.api(http.StatusCreated, http.MethodPost, "/api/v1/signin-links", append(by, withJSON(`{"`+string(kind)+`":"`+id+`"}`))...).decode(&link)
	return strings.TrimPrefix(link.URL, s.base)
}

func (s *testSite) own(c *http.Cookie) option {
	return func(r *http.Request) {
		r.Header.Del("Authorization")
		withCookie(c)(r)
		r.Header.Set("Origin", s.base)
	}
}

// rolesOf are those that the description of an operation lets in; nil where
// everybody is.
func rolesOf(t *testing.T, op *openapi3.Operation) []role {
	t.Helper()
	if op.Security != nil && len(*op.Security) == 0 {
		return nil
	}
	given, ok := op.Extensions["x-roles"]
	if !ok {
		return []role{admin}
	}
	text, err := json.Marshal(given)
	if err != nil {
		t.Fatal(err)
	}
	var roles []role
	if err := json.Unmarshal(text, &roles); err != nil {
		t.Fatal(err)
	}
	return roles
}

var fillPath = strings.NewReplacer("{id}", "x", "{photo}", "x", "{code}", "x", "{wish}", "x")

// The description is the policy: every route lets in those whom it names, and
// nobody else.
func TestEveryRouteLetsInWhomItsDescriptionNames(t *testing.T) {
	s := startSite(t)
	_, partnerToken := s.partner("anna")
	_, dispatcherToken := s.key(kindStaff, s.staff("dispatcher"))
	_, adminToken := s.key(kindStaff, s.staff("admin"))
	_, driverToken := s.key(kindDriver, s.newDriver())
	tokens := map[role]string{admin: adminToken, dispatcher: dispatcherToken, driver: driverToken, partner: partnerToken}
	tried := 0
	for _, rt := range s.server.routes() {
		method, path, ok := strings.Cut(rt.pattern, " ")
		if !ok || rt.role == "" {
			continue
		}
		roles := []role{admin, dispatcher} // of pages, which are not described
		if item := s.spec.doc.Paths.Value(path); item != nil {
			roles = rolesOf(t, item.GetOperation(method))
		}
		for r, token := range tokens {
			_, a := s.sendUnchecked(method, fillPath.Replace(path), as(token), withJSON("{}"))
			let := a.status != http.StatusUnauthorized && !strings.Contains(string(a.body), roleRefusal)
			if want := slices.Contains(roles, r); let != want {
				t.Errorf("%s as %s: let in %v, described %v (%d)", rt.pattern, r, let, want, a.status)
			}
			tried++
		}
	}
	if tried < 300 {
		t.Errorf("only %d requests", tried)
	}
}

func TestWhoOneIs(t *testing.T) {
	s := startSite(t)
	_, partnerToken := s.partner("anna")
	ines, dora := s.staff("dispatcher"), s.newDriver()
	_, token := s.key(kindStaff, ines)
	for name, tt := range map[string]struct {
		as      option
		role    role
		by      string
		person  string
		expires bool
	}{
		"admin token":     {withToken, admin, "admin", "", false},
		"admin session":   {s.own(s.signIn()), admin, "admin", "", true},
		"dispatcher":      {as(token), dispatcher, ines, "Ines", false},
		"her session":     {s.own(s.signInAs(kindStaff, ines)), dispatcher, ines, "Ines", true},
		"driver":          {s.own(s.signInAs(kindDriver, dora)), driver, dora, "Dora", true},
		"invited by Ines": {s.own(s.signInAs(kindDriver, dora, as(token))), driver, dora, "Dora", true},
		"partner":         {as(partnerToken), partner, "anna", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			var got sessionJSON
			s.api(http.StatusOK, http.MethodGet, "/api/v1/session", tt.as).decode(&got)
			person := ""
			if got.Person != nil {
				person = got.Person.Name
			}
			if got.Role != tt.role || got.By != tt.by || person != tt.person || (got.Expires != nil) != tt.expires {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestWhoMayInviteWhom(t *testing.T) {
	s := startSite(t)
	boss, ines, dora := s.staff("admin"), s.staff("dispatcher"), s.newDriver()
	_, bossToken := s.key(kindStaff, boss)
	_, token := s.key(kindStaff, ines)
	for name, tt := range map[string]struct {
		as     option
		body   string
		status int
	}{
		"dispatcher, nobody":    {as(token), `{}`, 403},
		"dispatcher, herself":   {as(token), `{"staff":"` + ines + `"}`, 403},
		"dispatcher, the admin": {as(token), `{"staff":"` + boss + `"}`, 403},
		"dispatcher, a driver":  {as(token), `{"driver":"` + dora + `"}`, 201},
		"admin, nobody":         {as(bossToken), `{}`, 403},
		"admin, dispatcher":     {as(bossToken), `{"staff":"` + ines + `"}`, 201},
		"session, nobody":       {s.own(s.signIn()), `{}`, 403},
		"session, dispatcher":   {s.own(s.signIn()), `{"staff":"` + ines + `"}`, 201},
		"admin token, nobody":   {withToken, `{}`, 201},
		"both":                  {withToken, `{"staff":"` + ines + `","driver":"` + dora + `"}`, 422},
		"nobody there":          {withToken, `{"staff":"` + dora + `"}`, 422},
		"too long":              {withToken, `{"driver":"` + dora + `","lifetime_s":86401}`, 422},
	} {
		t.Run(name, func(t *testing.T) {
			s.t = t
			s.api(tt.status, http.MethodPost, "/api/v1/signin-links", tt.as, withJSON(tt.body))
		})
	}
}

// What was given to a person ends with them, or when they are signed out.
func TestAccessEndsAtOnce(t *testing.T) {
	for name, tt := range map[string]struct {
		status              int
		method, path, body  string
		endsKey, endsCookie bool
		keyFeedStays        bool
	}{
		"removed":      {204, http.MethodDelete, "", "", true, true, false},
		"signed out":   {204, http.MethodDelete, "/sessions", "", false, true, true},
		"another role": {200, http.MethodPatch, "", `{"role":"admin"}`, false, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := startSite(t)
			ines := s.staff("dispatcher")
			key, token := s.key(kindStaff, ines)
			cookie, link := s.signInAs(kindStaff, ines), s.linkFor(kindStaff, ines)
			bySession, byKey := s.dialWithCookie("", cookie), s.dialWithToken(token)
			var options []option
			if tt.body != "" {
				options = append(options, withJSON(tt.body))
			}
			s.api(tt.status, tt.method, "/api/v1/staff/"+ines+tt.path, options...)
			if code := bySession.closeCode(); code != closeSessionEnded {
				t.Errorf("the session's feed ended with %d", code)
			}
			if tt.keyFeedStays {
				s.api(http.StatusNoContent, http.MethodDelete, "/api/v1/api-keys/"+key)
			}
			if code := byKey.closeCode(); code != closeSessionEnded {
				t.Errorf("the key's feed ended with %d", code)
			}
			s.wantAccess(s.own(cookie), !tt.endsCookie)
			s.wantAccess(as(token), !tt.endsKey && !tt.keyFeedStays)
			if a := s.send(http.MethodGet, link); (a.status == http.StatusGone) != tt.endsCookie {
				t.Errorf("an open link: %d", a.status)
			}
		})
	}
}

func (s *testSite) wantAccess(with option, let bool) {
	s.t.Helper()
	s.api(map[bool]int{true: http.StatusOK, false: http.StatusUnauthorized}[let], http.MethodGet, "/api/v1/session", with)
}

func (s *testSite) dialWithToken(token string) *liveFeed {
	s.t.Helper()
	f, a := s.dial("", http.Header{"Authorization": {"Bearer " + token}})
	if f == nil {
		s.t.Fatalf("refused: %d %s", a.status, a.body)
	}
	return f
}

// Only the feeds of whom it concerns end.
func TestOthersKeepTheirFeeds(t *testing.T) {
	s := startSite(t)
	ines, carl := s.staff("dispatcher"), s.staff("dispatcher")
	_, token := s.key(kindStaff, carl)
	feeds := []*liveFeed{s.live(""), s.dialWithToken(token), s.dialWithCookie("", s.signIn())}
	s.api(http.StatusNoContent, http.MethodDelete, "/api/v1/staff/"+ines+"/sessions")
	s.api(http.StatusNoContent, http.MethodDelete, "/api/v1/staff/"+ines)
	s.fence("f", 8, 50, 100)
	for _, f := range feeds {
		f.want("world")
	}
}

func TestAlertsSayWhoTookThemUp(t *testing.T) {
	s := startSite(t)
	ines := s.staff("dispatcher")
	_, token := s.key(kindStaff, ines)
	state := "/api/v1/deliveries/" + string(s.deliver().ID) + "/state"
	s.api(http.StatusOK, http.MethodPost, state, withJSON(`{"state":"departed"}`))
	s.api(http.StatusOK, http.MethodPost, state, withJSON(`{"state":"failed"}`))
	s.eventually("an alert", func() bool { return len(s.fleet.Alerts(nil, 0, 1)) == 1 })
	one := "/api/v1/alerts/" + string(s.fleet.Alerts(nil, 0, 1)[0].ID)
	var a alertJSON
	if s.api(http.StatusOK, http.MethodPost, one+"/acknowledge", as(token)).decode(&a); a.By != ines || a.ByName != "Ines" {
		t.Errorf("%+v", a)
	}
	if s.api(http.StatusOK, http.MethodPost, one+"/resolve").decode(&a); a.By != "admin" || a.ByName != "" {
		t.Errorf("%+v", a)
	}
}
