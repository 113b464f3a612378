package web

import (
	"net/http"
	"strings"
	"testing"
)

// as sends with another token than the admin's.
func as(token string) option { return header("Authorization", "Bearer "+token) }

func (s *testSite) partner(name string) (id, token string) {
	s.t.Helper()
	var made struct{ ID, Token string }
	s.api(http.StatusCreated, http.MethodPost, "/api/v1/api-keys", withJSON(`{"partner":"`+name+`","name":"shop"}`)).decode(&made)
	return made.ID, made.Token
}

func TestPartnersSeeTheirOwnOnly(t *testing.T) {
	s := startSite(t)
	_, anna := s.partner("anna")
	keyID, ben := s.partner("ben")
	ours := s.deliver()
	d := s.api(http.StatusCreated, http.MethodPost, "/api/v1/deliveries", withJSON(strings.Replace(least, `"address"`, `"reference":"A-1","test":true,"address"`, 1)), as(anna)).delivery()
	if d.Partner != "anna" || !d.Test {
		t.Errorf("made %+v", d)
	}
	one := "/api/v1/deliveries/" + string(d.ID)
	var page deliveriesJSON
	s.api(http.StatusOK, http.MethodGet, "/api/v1/deliveries?reference=A-1", as(anna)).decode(&page)
	if len(page.Deliveries) != 1 || page.Deliveries[0].ID != d.ID {
		t.Errorf("found %+v", page)
	}
	s.api(http.StatusOK, http.MethodGet, "/api/v1/deliveries?reference=A-1", as(ben)).decode(&page)
	if len(page.Deliveries) != 0 {
		t.Error("another partner's delivery is listed")
	}
	for _, path := range []string{one, "/api/v1/deliveries/" + string(ours.ID)} {
		s.api(http.StatusNotFound, http.MethodGet, path, as(ben))
		s.api(http.StatusNotFound, http.MethodPatch, path, withJSON(`{"instructions":"x"}`), as(ben))
		s.api(http.StatusNotFound, http.MethodPost, path+"/state", withJSON(`{"state":"cancelled"}`), as(ben))
	}
	s.api(http.StatusForbidden, http.MethodPost, "/api/v1/deliveries", as(ben),
		withJSON(`{"customer":{"id":"`+string(d.Customer)+`"},"address":"a","point":{"type":"Point","coordinates":[8,50]}}`))
	s.api(http.StatusOK, http.MethodPatch, one, withJSON(`{"instructions":"x"}`), as(anna))
	s.api(http.StatusForbidden, http.MethodPost, one+"/state", withJSON(`{"state":"departed"}`), as(anna))
	s.api(http.StatusOK, http.MethodPost, one+"/state", withJSON(`{"state":"cancelled"}`), as(anna))
	s.api(http.StatusNoContent, http.MethodDelete, "/api/v1/api-keys/"+keyID)
	s.api(http.StatusUnauthorized, http.MethodGet, "/api/v1/deliveries", as(ben))
	s.api(http.StatusNotFound, http.MethodDelete, "/api/v1/api-keys/"+keyID)
	if list := string(s.api(http.StatusOK, http.MethodGet, "/api/v1/api-keys").body); strings.Contains(list, anna) || !strings.Contains(list, "anna") {
		t.Errorf("keys %s", list)
	}
}

// Whatever else there is, a partner gets at none of it.
func TestPartnersGetAtNothingElse(t *testing.T) {
	s := startSite(t)
	_, token := s.partner("anna")
	for _, rt := range s.server.routes() {
		method, path, _ := strings.Cut(rt.pattern, " ")
		if rt.role != admin || rt.partners || rt.pattern == apiRest {
			continue
		}
		path = strings.NewReplacer("{id}", "x", "{photo}", "x", "{code}", "x").Replace(path)
		_, a := s.sendUnchecked(method, path, as(token), withJSON("{}"))
		if a.status != http.StatusForbidden {
			t.Errorf("%s: %d", rt.pattern, a.status)
		}
	}
}
