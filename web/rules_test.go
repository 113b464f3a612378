package web

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"wayguard/notify"
	"wayguard/tracker"
)

// withRules gives a site rules that can keep settings.
func withRules(t *testing.T) func(*Options) {
	return func(o *Options) {
		suppressed, err := notify.OpenSuppressed(o.Fleet)
		if err != nil {
			t.Fatal(err)
		}
		keys, err := tracker.OpenKeyring(t.TempDir()+"/rules", tracker.MasterKey{1})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = keys.Close() })
		o.Rules, err = notify.NewRules(notify.RulesOptions{
			Fleet: o.Fleet, Keys: keys, Suppressed: suppressed,
			Links: func(id tracker.DeliveryID) string { return "https://fleet.example/t/" + string(id) },
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestSettingsOfNotifications(t *testing.T) {
	s := startSite(t, withRules(t))
	path := "/api/v1/notify/settings"
	first := s.api(http.StatusOK, http.MethodGet, path)
	if first.header.Get("ETag") != `"1"` {
		t.Errorf("ETag %s", first.header.Get("ETag"))
	}
	var defaults notify.Settings
	first.decode(&defaults)
	if defaults.Sender.Name != "Wayguard" || defaults.Quiet[notify.ToCustomer].From != "21:00" || len(defaults.Kinds) != len(notify.Kinds()) || defaults.Language != "en" {
		t.Errorf("defaults %s", first.body)
	}
	body := `{"sender":{"name":"Fleet"},"language":"de","kinds":{"ordered":{"on":false}},"contacts":[{"id":"desk","email":"desk@example.com","alerts":["route.*"]}]}`
	put := s.api(http.StatusOK, http.MethodPut, path, withJSON(body), header("If-Match", `"1"`))
	if put.header.Get("ETag") != `"2"` {
		t.Errorf("ETag %s", put.header.Get("ETag"))
	}
	sameJSON(t, string(s.api(http.StatusOK, http.MethodGet, path).body), string(put.body))
	s.api(http.StatusPreconditionFailed, http.MethodPut, path, withJSON(`{}`), header("If-Match", `"1"`))
	for body, status := range map[string]int{
		`{"contact":[]}`:                            http.StatusBadRequest,
		`[]`:                                        http.StatusBadRequest,
		`{"sender":{"name":7}}`:                     http.StatusUnprocessableEntity,
		`{"language":"tlh"}`:                        http.StatusUnprocessableEntity,
		`{"time_zone":"Mars/Base"}`:                 http.StatusUnprocessableEntity,
		`{"kinds":{"nothing":{}}}`:                  http.StatusUnprocessableEntity,
		`{"contacts":[{"id":"a b"}]}`:               http.StatusUnprocessableEntity,
		`{"quiet_hours":{"customer":{"from":"9"}}}`: http.StatusUnprocessableEntity,
	} {
		a := s.send(http.MethodPut, path, withJSON(body), withToken)
		if a.status != status || len(a.problem().Detail) < 10 {
			t.Errorf("%s: %d %s", body, a.status, a.body)
		}
	}
	sameJSON(t, string(s.api(http.StatusOK, http.MethodGet, path).body), string(put.body))
}

func TestDryRun(t *testing.T) {
	s := startSite(t, withRules(t))
	d := s.deliver()
	path := "/api/v1/notify/dry-run"
	var o notify.Outlook
	s.api(http.StatusOK, http.MethodPost, path, withJSON(`{"seq":1}`)).decode(&o)
	if len(o.Notices) != 1 || o.Notices[0].Kind != notify.Ordered || len(o.Notices[0].Messages) != 2 || !o.Notices[0].Holds {
		t.Fatalf("outlook %+v", o)
	}
	for _, m := range o.Notices[0].Messages {
		if m.Address == "" || !strings.Contains(m.Text, "https://fleet.example/t/"+string(d.ID)) || m.Length == 0 {
			t.Errorf("message %+v", m)
		}
	}
	id := o.Notices[0].Event
	s.api(http.StatusOK, http.MethodPost, path, withJSON(`{"id":"`+id+`"}`)).decode(&o)
	if len(o.Notices) != 1 {
		t.Errorf("by id: %+v", o)
	}
	o = notify.Outlook{}
	made, _ := json.Marshal(map[string]any{"event": map[string]any{"type": "delivery.delivered", "subject": d.ID}})
	s.api(http.StatusOK, http.MethodPost, path, withJSON(string(made))).decode(&o)
	if len(o.Notices) != 1 || o.Notices[0].Holds || o.Notices[0].Reason == "" {
		t.Errorf("made up: %+v", o)
	}
	s.api(http.StatusOK, http.MethodPost, path, withJSON(`{"event":{"type":"route.off","subject":"x"}}`)).decode(&o)
	if len(o.Notices) != 0 || len(o.Skips) != 1 {
		t.Errorf("an alert without contacts: %+v", o)
	}
	s.api(http.StatusNotFound, http.MethodPost, path, withJSON(`{"seq":99}`))
	s.api(http.StatusNotFound, http.MethodPost, path, withJSON(`{"id":"nothing"}`))
	s.api(http.StatusUnprocessableEntity, http.MethodPost, path, withJSON(`{}`))
	s.api(http.StatusUnprocessableEntity, http.MethodPost, path, withJSON(`{"seq":1,"id":"`+id+`"}`))
	s.api(http.StatusUnprocessableEntity, http.MethodPost, path, withJSON(`{"seq":-1}`))
}

func TestPreviewPages(t *testing.T) {
	s := startSite(t, withRules(t))
	list := s.api(http.StatusOK, http.MethodGet, "/notify/preview")
	for _, k := range notify.Kinds() {
		if !strings.Contains(string(list.body), `/notify/preview/`+string(k)+`/fr"`) {
			t.Errorf("no link to %s", k)
		}
	}
	one := s.api(http.StatusOK, http.MethodGet, "/notify/preview/approaching/de")
	if !strings.Contains(string(one.body), "<iframe sandbox") || !strings.Contains(one.header.Get("Content-Security-Policy"), "frame-src 'self'") {
		t.Errorf("page %s", one.body)
	}
	mail := s.api(http.StatusOK, http.MethodGet, "/notify/preview/approaching/de/email")
	if p := mail.header.Get("Content-Security-Policy"); !strings.Contains(p, "sandbox;") || !strings.Contains(p, "default-src 'none'") {
		t.Errorf("policy %s", p)
	}
	s.api(http.StatusNotFound, http.MethodGet, "/notify/preview/nothing/de")
	s.api(http.StatusNotFound, http.MethodGet, "/notify/preview/ordered/xx/email")
}
