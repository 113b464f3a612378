package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"wayguard/tracker"
)

// quarantine keeps what a device sent.
func (s *testSite) quarantine(payload string) {
	s.t.Helper()
	done := make(chan error, 1)
	err := s.fleet.Quarantine(s.t.Context(), tracker.Refused{
		Device: "box", Received: time.Now(), Door: "owntracks", Reason: "bad_json", Detail: "not JSON", Payload: []byte(payload),
	}, func(err error) { done <- err })
	if err == nil {
		err = <-done
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// listing is a page of whatever list it is.
func (s *testSite) listing(path string) (entries []string, next any) {
	s.t.Helper()
	var page map[string]json.RawMessage
	s.api(http.StatusOK, http.MethodGet, path).decode(&page)
	for name, value := range page {
		var list []json.RawMessage
		if name == "next" || name == "next_after" { // the log of events never ends
			next = decoded(value)
		} else if json.Unmarshal(value, &list) == nil {
			for _, one := range list {
				entries = append(entries, string(one))
			}
		}
	}
	return entries, next
}

func decoded(value json.RawMessage) (v any) {
	d := json.NewDecoder(strings.NewReader(string(value)))
	d.UseNumber() // next may be a large number
	_ = d.Decode(&v)
	return v
}

// Every list can be read in pages, or says why that is not needed.
func TestEveryListComesInPages(t *testing.T) {
	s := startSite(t, withRules(t))
	s.things()
	s.visit("box", time.Now().Add(-time.Minute), 2)
	for i := range 3 {
		s.quarantine(fmt.Sprint("{", i))
		s.deliver()
		s.enrolCode(`{"prefix":"bus-"}`)
		s.webhook(`{"url":"https://example.com/hooks"}`)
		s.key(kindDriver, s.newDriver())
	}
	lists, long := 0, 0
	s.eachOperation(func(rt route, method, path string, op *openapi3.Operation) {
		if !strings.HasPrefix(op.OperationID, "list") || op.Extensions["x-no-cursor"] != nil || path == "/api/v1/messages" {
			return
		}
		lists++
		cursor := "after"
		if slices.Contains(rt.takes, "before") {
			cursor = "before"
		}
		if !slices.Contains(rt.takes, cursor) || !slices.Contains(rt.takes, "limit") {
			t.Errorf("%s takes no cursor", rt.pattern)
			return
		}
		whole, _ := s.listing(path)
		if len(whole) > 2 {
			long++
		}
		var pages []string
		for next, n := any(nil), 0; n <= len(whole); n++ {
			query := url.Values{"limit": {"1"}}
			if next != nil {
				query.Set(cursor, fmt.Sprint(next))
			}
			var page []string
			if page, next = s.listing(path + "?" + query.Encode()); len(page) > 1 {
				t.Errorf("%s: %d on a page of one", path, len(page))
			}
			if pages = append(pages, page...); next == nil || len(page) == 0 {
				break
			}
		}
		if !slices.Equal(pages, whole) {
			t.Errorf("%s: in pages\n%s\nas a whole\n%s", path, strings.Join(pages, "\n"), strings.Join(whole, "\n"))
		}
	})
	if lists < 17 || long < 6 {
		t.Errorf("%d lists, %d of them have more than two entries", lists, long)
	}
}

func TestStatesThatThereAreNot(t *testing.T) {
	s := startSite(t)
	for _, path := range []string{"deliveries", "rounds", "alerts"} {
		for _, state := range []string{"lost", "", "open,"} {
			if p := s.api(http.StatusBadRequest, http.MethodGet, "/api/v1/"+path+"?state="+state).problem(); p.Parameter != "state" || !strings.Contains(p.Detail, "must be one or more of") {
				t.Errorf("%s?state=%s: %+v", path, state, p)
			}
		}
	}
	for path, state := range map[string]string{"deliveries": "created,returned", "rounds": "running,ended", "alerts": "open,acknowledged"} {
		s.api(http.StatusOK, http.MethodGet, "/api/v1/"+path+"?state="+state)
	}
}
