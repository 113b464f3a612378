package web

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

func (s *testSite) webhook(body string, options ...option) (h withSecret) {
	s.t.Helper()
	s.api(http.StatusCreated, http.MethodPost, "/api/v1/webhooks", append(options, withJSON(body))...).decode(&h)
	return h
}

func TestWebhooks(t *testing.T) {
	s := startSite(t)
	h := s.webhook(`{"url":"https://example.com/hooks","types":["delivery.*","drop.wrong_address"]}`)
	one := "/api/v1/webhooks/" + string(h.ID)
	if h.Secret == "" || h.State != hookActive || h.Partner != nil {
		t.Errorf("made %+v", h)
	}
	if shown := string(s.api(http.StatusOK, http.MethodGet, one).body); strings.Contains(shown, "whsec_") {
		t.Error("the secret is shown again")
	}
	stale := header("If-Match", `"7"`)
	s.api(http.StatusPreconditionFailed, http.MethodPatch, one, withJSON(`{"paused":true}`), stale)
	var changed webhookJSON
	s.api(http.StatusOK, http.MethodPatch, one, withJSON(`{"paused":true}`), header("If-Match", `"1"`)).decode(&changed)
	if changed.State != hookPaused || changed.Version != 2 || len(changed.Types) != 2 {
		t.Errorf("changed %+v", changed)
	}
	var rotated withSecret
	s.api(http.StatusOK, http.MethodPost, one+"/secret", withJSON(`{"grace_s":60}`)).decode(&rotated)
	if rotated.Secret == h.Secret || rotated.Version != 3 {
		t.Errorf("rotated %+v", rotated)
	}
	now := time.Now().UTC()
	span := `{"from":"` + now.Add(-time.Hour).Format(time.RFC3339) + `","to":"` + now.Add(time.Minute).Format(time.RFC3339) + `"}`
	s.api(http.StatusAccepted, http.MethodPost, one+"/replay", withJSON(span))
	s.api(http.StatusNoContent, http.MethodDelete, one)
	for _, method := range []string{http.MethodGet, http.MethodDelete} {
		s.api(http.StatusNotFound, method, one)
	}
	s.api(http.StatusNotFound, http.MethodPost, one+"/replay", withJSON(span))
}

func TestPagesOfWebhooks(t *testing.T) {
	s := startSite(t)
	var made, listed []string
	for range 5 {
		made = append(made, string(s.webhook(`{"url":"https://example.com/hooks"}`).ID))
	}
	for path := "/api/v1/webhooks?limit=2"; path != ""; {
		var page struct {
			Webhooks []webhookJSON
			Next     *string
		}
		s.api(http.StatusOK, http.MethodGet, path).decode(&page)
		for _, h := range page.Webhooks {
			listed = append(listed, string(h.ID))
		}
		path = ""
		if page.Next != nil {
			path = "/api/v1/webhooks?limit=2&after=" + *page.Next
		}
	}
	if !slices.Equal(made, listed) {
		t.Errorf("made %q, listed %q", made, listed)
	}
}

func TestBadWebhooks(t *testing.T) {
	s := startSite(t)
	h := s.webhook(`{"url":"https://example.com/hooks"}`)
	one := "/api/v1/webhooks/" + string(h.ID)
	for _, body := range []string{
		`{}`, `{"url":"ftp://example.com"}`, `{"url":"https://user:word@example.com"}`, `{"url":"example.com"}`, `{"url":"https://"}`,
		`{"url":"https://example.com","types":["delivery"]}`, `{"url":"https://example.com","types":["Delivery.*"]}`,
		`{"url":"https://example.com/` + strings.Repeat("x", 2000) + `"}`,
	} {
		s.api(http.StatusUnprocessableEntity, http.MethodPost, "/api/v1/webhooks", withJSON(body))
	}
	s.api(http.StatusUnprocessableEntity, http.MethodPost, one+"/secret", withJSON(`{"grace_s":-1}`))
	s.api(http.StatusUnprocessableEntity, http.MethodPost, one+"/replay", withJSON(`{"from":"2025-03-01T09:00:00Z","to":"2025-03-01T08:00:00Z"}`))
	if got := s.server.hooks.List(); len(got) != 1 || got[0].Version != 1 {
		t.Errorf("there are %+v", got)
	}
}

func TestPartnersWebhooks(t *testing.T) {
	s := startSite(t)
	_, anna := s.partner("anna")
	_, ben := s.partner("ben")
	h := s.webhook(`{"url":"https://example.com/anna"}`, as(anna))
	if h.Partner == nil || *h.Partner != "anna" {
		t.Errorf("made %+v", h)
	}
	one := "/api/v1/webhooks/" + string(h.ID)
	s.api(http.StatusOK, http.MethodGet, one, as(anna))
	s.api(http.StatusNotFound, http.MethodGet, one, as(ben))
	s.api(http.StatusNotFound, http.MethodDelete, one, as(ben))
	s.api(http.StatusNotFound, http.MethodPatch, one, as(ben), withJSON(`{"paused":true}`))
	s.api(http.StatusNotFound, http.MethodPost, one+"/secret", as(ben), withJSON(`{}`))
	if list := string(s.api(http.StatusOK, http.MethodGet, "/api/v1/webhooks", as(ben)).body); strings.Contains(list, "anna") {
		t.Errorf("another partner's webhook is listed: %s", list)
	}
}
