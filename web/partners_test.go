package web

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"wayguard/tracker"
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

func TestListsComeInPages(t *testing.T) {
	s := startSite(t)
	for _, id := range []string{"a", "b", "c"} {
		s.device(tracker.DeviceID(id))
		s.fence(id, 8, 50, 100)
		s.partner(id)
	}
	for path, member := range map[string]string{"/api/v1/devices": "devices", "/api/v1/fences": "features", "/api/v1/api-keys": "api_keys"} {
		seen, pages := make(map[string]bool), 0
		for after := ""; ; pages++ {
			var page map[string]json.RawMessage
			s.api(http.StatusOK, http.MethodGet, path+"?limit=2&after="+after).decode(&page)
			var found []struct{ ID string }
			var next *string
			if more := page["next"]; json.Unmarshal(page[member], &found) != nil || more != nil && json.Unmarshal(more, &next) != nil {
				t.Fatalf("%s: %s", path, page)
			}
			for _, f := range found {
				seen[f.ID] = true
			}
			if next == nil {
				break
			}
			after = *next
		}
		if len(seen) != 3 || pages != 1 {
			t.Errorf("%s: %v in %d further pages", path, seen, pages)
		}
		s.api(http.StatusBadRequest, http.MethodGet, path+"?limit=0")
	}
}
