package web

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"wayguard/tracker"
)

// things are paths of routes and one thing each that there is.
func (s *testSite) things() map[string]string {
	s.t.Helper()
	const base = "/api/v1/"
	s.device("box")
	s.fence("yard", 8, 50, 100)
	s.make(base+"vehicles", `{"id":"van"}`)
	d := s.deliver()
	wish, err := s.fleet.MakeWish(s.t.Context(), d.ID, tracker.NewWish{Kind: tracker.WishNotMine})
	if err != nil {
		s.t.Fatal(err)
	}
	var code struct{ ID string }
	s.api(http.StatusCreated, http.MethodPost, base+"enrol-codes", withJSON(`{"device":"new"}`)).decode(&code)
	s.api(http.StatusOK, http.MethodPost, base+"hazards", withBody("application/cap+xml", capText("A", "Alert", "")))
	s.eventually("an alert", func() bool { return len(s.fleet.Alerts(nil, 0, 1)) == 1 })
	one := map[string]string{
		"devices": "box", "fences": "yard", // that of the example
		"deliveries": string(d.ID), "customers": string(d.Customer), "enrol-codes": code.ID,
		"hazards": string(s.fleet.Hazards()[0].ID), "alerts": string(s.fleet.Alerts(nil, 0, 1)[0].ID),
		"webhooks": string(s.webhook(`{"url":"https://example.com/hooks"}`).ID), "staff": s.staff("dispatcher"), "drivers": s.newDriver(),
		"depots": s.make(base+"depots", `{"id":"d","point":{"type":"Point","coordinates":[8,50]}}`).ID,
	}
	for kind, body := range map[string]string{"vehicles": `{"id":"v"}`, "parcels": `{"id":"p"}`, "rounds": `{"vehicle":"van"}`} {
		one[kind] = s.make(base+kind, body).ID
	}
	paths := map[string]string{"/{wish}": "/" + string(wish.ID)}
	for kind, id := range one {
		paths[base+kind+"/{id}"] = base + kind + "/" + id
	}
	return paths
}

// concrete is a route's path with those things in it.
func concrete(path string, things map[string]string) string {
	for from, to := range things {
		path = strings.Replace(path, from, to, 1)
	}
	return path
}

// withExample sends the body that the description shows.
func withExample(op *openapi3.Operation) option {
	return func(r *http.Request) {
		if op.RequestBody == nil {
			return
		}
		for kind, media := range op.RequestBody.Value.Content {
			if text, err := json.Marshal(exampleOf(media)); err == nil && strings.Contains(kind, "json") {
				withBody(kind, string(text))(r)
				return
			}
		}
	}
}

func exampleOf(media *openapi3.MediaType) any {
	for _, example := range media.Examples {
		return example.Value.Value
	}
	return media.Example
}

// lists are what there is, by who wrote it and when.
func (s *testSite) lists() (all []string) {
	s.t.Helper()
	for _, kind := range []string{"devices", "fences", "deliveries", "customers", "enrol-codes", "hazards", "alerts", "webhooks", "staff", "drivers", "depots", "vehicles", "parcels", "rounds"} {
		all = append(all, string(s.api(http.StatusOK, http.MethodGet, "/api/v1/"+kind).body))
	}
	return all
}

// Every change either compares the version that it builds on, or the description
// says why it has none; then it refuses to be made under a condition.
func TestEveryChangeComparesVersions(t *testing.T) {
	s := startSite(t, withRules(t))
	things := s.things()
	before := s.lists()
	compared, unversioned := 0, 0
	s.eachOperation(func(rt route, method, path string, op *openapi3.Operation) {
		if method == http.MethodGet {
			return
		}
		why, _ := op.Extensions["x-no-if-match"].(string)
		if compares := rt.comparesVersions(); compares != hasParameter(op, "If-Match") || compares == (why != "") {
			t.Errorf("%s compares versions: %t, takes If-Match: %t, says why not: %q", rt.pattern, compares, hasParameter(op, "If-Match"), why)
		}
		target := concrete(path, things)
		if why != "" {
			unversioned++
		} else {
			compared++
			if strings.Contains(target, "{") {
				t.Fatalf("%s: there is no thing for it", rt.pattern)
			}
		}
		for _, stale := range []string{`"987654321"`, `"else"`} {
			a := s.send(method, target, withToken, withExample(op), header("If-Match", stale))
			if a.status != http.StatusPreconditionFailed {
				t.Errorf("%s with If-Match %s answers %d %.200s", rt.pattern, stale, a.status, a.body)
			}
		}
	})
	if compared < 40 || unversioned < 20 {
		t.Errorf("%d compare versions, %d do not", compared, unversioned)
	}
	if after := s.lists(); !slices.Equal(after, before) {
		t.Error("something was changed")
	}
}

// What is compared is the version that answers and lists show.
func TestChangesOfTheVersionThatIsThere(t *testing.T) {
	s := startSite(t, withRules(t))
	things := s.things()
	at := func(path string) string { return concrete("/api/v1/"+path, things) }
	tag := func(path string) option {
		return header("If-Match", s.api(http.StatusOK, http.MethodGet, at(path)).header.Get("ETag"))
	}
	first := header("If-Match", `"1"`)
	for _, c := range []struct {
		method, path, body string
		tag                option
		status             int
	}{
		{http.MethodPut, "devices/{id}/limits", `{"messages_per_s":5}`, tag("devices/{id}"), http.StatusOK},
		{http.MethodPost, "devices/{id}/secret", `{}`, nil, http.StatusOK},
		{http.MethodPost, "devices/{id}/certificate", `{}`, nil, http.StatusOK},
		{http.MethodPost, "devices/{id}/door-token", ``, nil, http.StatusOK},
		{http.MethodDelete, "devices/{id}/door-token", ``, nil, http.StatusNoContent},
		{http.MethodPut, "devices/{id}/owntracks-key", `{"key":"k"}`, nil, http.StatusNoContent},
		{http.MethodDelete, "devices/{id}/owntracks-key", ``, nil, http.StatusNoContent},
		{http.MethodDelete, "devices/{id}", ``, nil, http.StatusNoContent},
		{http.MethodPost, "deliveries/{id}/code", ``, tag("deliveries/{id}"), http.StatusCreated},
		{http.MethodDelete, "enrol-codes/{id}", ``, first, http.StatusNoContent},
		{http.MethodDelete, "hazards/{id}", ``, first, http.StatusNoContent},
		{http.MethodDelete, "drivers/{id}/sessions", ``, tag("drivers/{id}"), http.StatusNoContent},
		{http.MethodDelete, "staff/{id}/sessions", ``, tag("staff/{id}"), http.StatusNoContent},
		{http.MethodDelete, "webhooks/{id}", ``, tag("webhooks/{id}"), http.StatusNoContent},
	} {
		if c.tag == nil { // as the change before left it
			c.tag = tag("devices/{id}")
		}
		options := []option{c.tag}
		if c.body != "" {
			options = append(options, withJSON(c.body))
		}
		s.api(c.status, c.method, at(c.path), options...)
		if strings.HasPrefix(c.path, "devices/") && c.path != "devices/{id}" {
			s.api(http.StatusPreconditionFailed, c.method, at(c.path), options...)
		}
	}
	s.api(http.StatusOK, http.MethodPost, at("deliveries/{id}")+"/state", withJSON(`{"state":"cancelled"}`))
	seen := tag("customers/{id}")
	s.api(http.StatusNoContent, http.MethodDelete, at("customers/{id}"), seen)
	s.api(http.StatusPreconditionFailed, http.MethodDelete, at("customers/{id}"), seen)
	s.api(http.StatusNoContent, http.MethodDelete, at("customers/{id}")) // it may be repeated
}
