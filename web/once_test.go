package web

import (
	"bytes"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"wayguard/notify"
	"wayguard/tracker"
)

// postCase is a POST that makes or moves something.
type postCase struct {
	path, kind, body string
	// other is another body that would be right, too.
	other string
}

// posts are requests that all succeed the first time, one after the other, by
// their routes; or, behind a space, by what else a route takes.
func (s *testSite) posts() map[string]postCase {
	s.t.Helper()
	const base = "/api/v1/"
	plain := func(path, body, other string) postCase {
		return postCase{base + path, "application/json", body, other}
	}
	delivery := func(state string) string {
		path := "deliveries/" + string(s.deliver().ID)
		if state != "" {
			s.api(http.StatusOK, http.MethodPost, base+path+"/state", withJSON(`{"state":"`+state+`"}`))
		}
		return path
	}
	wish := func() string {
		d := s.deliver()
		w, err := s.fleet.MakeWish(s.t.Context(), d.ID, tracker.NewWish{Kind: tracker.WishPlace, Wished: tracker.Wished{Text: "shed"}})
		if err != nil {
			s.t.Fatal(err)
		}
		return "deliveries/" + string(d.ID) + "/wishes/" + string(w.ID)
	}
	s.device("box")
	s.fence("depot", 8, 50, 100)
	s.make(base+"vehicles", `{"id":"van"}`)
	round := "rounds/" + s.make(base+"rounds", `{"vehicle":"van"}`).ID
	// Its vehicle was never heard of, so that the place is judged much later.
	s.device("pedal")
	s.make(base+"vehicles", `{"id":"bike","devices":["pedal"]}`)
	riding := delivery("")
	ride := s.make(base+"rounds", `{"vehicle":"bike","stops":["`+strings.TrimPrefix(riding, "deliveries/")+`"]}`).ID
	s.api(http.StatusOK, http.MethodPost, base+"rounds/"+ride+"/start")
	running := "rounds/" + s.make(base+"rounds", `{}`).ID
	s.api(http.StatusOK, http.MethodPost, base+delivery("departed")+"/state", withJSON(`{"state":"failed"}`))
	s.eventually("an alert", func() bool { return len(s.fleet.Alerts(nil, 0, 1)) == 1 })
	alert := "alerts/" + string(s.fleet.Alerts(nil, 0, 1)[0].ID)
	s.report("box", fixAt(time.Now().Add(-time.Minute), 9, 50))
	s.visit("box", time.Now().Add(-30*time.Second), 1)
	message := "messages/" + s.over("sent", 1)[0].ID
	hook := "webhooks/" + string(s.webhook(`{"url":"https://example.com/hooks"}`).ID)
	order := func(street string) string { return strings.Replace(least, "Mill", street, 1) }
	day := func(hours string) string {
		return `{"from":"2026-01-01T00:00:00Z","to":"2026-01-01T` + hours + `:00:00Z"}`
	}
	enrol := func(more string) string {
		return `{"code":"` + s.enrolCode(`{"device":"late"}`).Code + `"` + more + `}`
	}
	around := func(id string) string {
		return strings.Replace(circle(8, 50, 100), `"Feature",`, `"Feature","id":"`+id+`",`, 1)
	}
	geo := func(body, other string) postCase { return postCase{base + "fences", geoJSON, body, other} }
	return map[string]postCase{
		"devices":                  plain("devices", `{"id":"new"}`, `{"id":"newer"}`),
		"devices/{id}/secret":      plain("devices/box/secret", `{}`, `{"grace":"1h"}`),
		"devices/{id}/certificate": plain("devices/box/certificate", `{}`, `{"grace":"1h"}`),
		"devices/{id}/door-token":  plain("devices/box/door-token", ``, `{}`),
		"enrol-codes":              plain("enrol-codes", `{"device":"newest"}`, `{"prefix":"bus-"}`),
		"enrol":                    plain("enrol", enrol(""), ``),
		"fences":                   geo(around("f"), around("g")),
		"fences many": geo(`{"type":"FeatureCollection","features":[`+around("h")+`]}`,
			`{"type":"FeatureCollection","features":[`+around("i")+`]}`),
		"hazards":                               {base + "hazards", "application/cap+xml", capText("A", "Alert", ""), capText("B", "Alert", "")},
		"deliveries":                            plain("deliveries", least, order("Hill")),
		"deliveries many":                       plain("deliveries", `{"deliveries":[`+least+`]}`, `{"deliveries":[`+order("Hill")+`]}`),
		"deliveries/import":                     plain("deliveries/import", `{"deliveries":[`+least+`]}`, `{"deliveries":[`+order("Hill")+`]}`),
		"deliveries/{id}/state":                 plain(delivery("")+"/state", `{"state":"departed"}`, `{"state":"cancelled"}`),
		"deliveries/{id}/handoff":               plain(riding+"/handoff", `{}`, `{"outcome":"failed","reason":"x"}`),
		"deliveries/{id}/code":                  plain(delivery("departed")+"/code", ``, `{}`),
		"deliveries/{id}/link":                  plain(delivery("")+"/link", ``, `{}`),
		"deliveries/{id}/photos":                {base + delivery("") + "/photos", "image/png", "\x89PNG\r\n\x1a\na", "\x89PNG\r\n\x1a\nb"},
		"deliveries/{id}/wishes/{wish}/accept":  plain(wish()+"/accept", `{"answer":"a"}`, `{"answer":"b"}`),
		"deliveries/{id}/wishes/{wish}/decline": plain(wish()+"/decline", `{"answer":"a"}`, `{"answer":"b"}`),
		"depots":                                plain("depots", `{"id":"d","point":{"type":"Point","coordinates":[8,50]}}`, `{"id":"e","point":{"type":"Point","coordinates":[8,50]}}`),
		"vehicles":                              plain("vehicles", `{"id":"v"}`, `{"id":"w"}`),
		"parcels":                               plain("parcels", `{"id":"p"}`, `{"id":"q"}`),
		"drivers":                               plain("drivers", `{"name":"N. N."}`, `{"name":"O. O."}`),
		"staff":                                 plain("staff", `{"role":"dispatcher","name":"N. N."}`, `{"role":"admin","name":"N. N."}`),
		"rounds":                                plain("rounds", `{"name":"a"}`, `{"name":"b"}`),
		"rounds/import":                         plain("rounds/import", `{"rounds":[{"name":"a"}]}`, `{"rounds":[{"name":"b"}]}`),
		"rounds/{id}/start":                     plain(round+"/start", ``, `{}`),
		"rounds/{id}/end":                       plain(running+"/end", ``, `{}`),
		"api-keys":                              plain("api-keys", `{"partner":"anna"}`, `{"partner":"ben"}`),
		"alerts/{id}/acknowledge":               plain(alert+"/acknowledge", `{"note":"a"}`, `{"note":"b"}`),
		"alerts/{id}/resolve":                   plain(alert+"/resolve", `{"note":"a"}`, `{"note":"b"}`),
		"messages/{id}/resend":                  plain(message+"/resend", ``, `{}`),
		"webhooks":                              plain("webhooks", `{"url":"https://example.com/a"}`, `{"url":"https://example.com/b"}`),
		"webhooks/{id}/secret":                  plain(hook+"/secret", `{}`, `{"grace_s":60}`),
		"webhooks/{id}/replay":                  plain(hook+"/replay", day("01"), day("02")),
		"push/subscriptions":                    plain("push/subscriptions", `{"contact":"desk",`+subscription(s.t, "https://push.example/a")+`}`, `{"contact":"desk",`+subscription(s.t, "https://push.example/b")+`}`),
		"signin-links":                          plain("signin-links", ``, `{"lifetime_s":60}`),
		"notify/dry-run":                        plain("notify/dry-run", `{"event":{"type":"delivery.delivered","subject":"x"}}`, ``),
	}
}

// Every POST that is described is sent twice with the same key, and answered the
// same.
func TestEveryPostIsDoneOnce(t *testing.T) {
	s := startSite(t, withRules(t), withMessages(t, notify.Email))
	posts := s.posts()
	for path, item := range s.spec.doc.Paths.Map() {
		name, api := strings.CutPrefix(path, "/api/v1/")
		if _, tried := posts[name]; item.Post != nil && api && !tried {
			t.Errorf("POST %s is not tried", path)
		}
	}
	names := slices.Sorted(maps.Keys(posts)) // an alert is acknowledged before it is resolved
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			s.t = t
			s.wantOnce(posts[name], name != "notify/dry-run")
		})
	}
}

// wantOnce wants the second of two equal requests to change nothing and to be
// answered as the first; keyed tells whether the route minds the key.
func (s *testSite) wantOnce(p postCase, keyed bool) {
	s.t.Helper()
	key := header("Idempotency-Key", s.t.Name())
	first := s.post(p, p.body, key)
	if first.status >= 300 {
		s.t.Fatalf("%d %s", first.status, first.body)
	}
	logged, counts := s.fleet.LastSeq(), s.counts()
	second := s.post(p, p.body, key)
	if second.status != first.status || keyed && second.header.Get("Idempotency-Replayed") != "true" {
		s.t.Errorf("again: %d %s", second.status, second.body)
	}
	for _, name := range []string{"Content-Type", "ETag", "Location"} {
		if got, want := second.header.Get(name), first.header.Get(name); got != want {
			s.t.Errorf("again with %s %q, first with %q", name, got, want)
		}
	}
	sameJSON(s.t, string(second.body), string(first.body))
	if p.other != "" {
		if other := s.post(p, p.other, key); other.status != http.StatusUnprocessableEntity || !strings.Contains(string(other.body), "Idempotency-Key") {
			s.t.Errorf("another body: %d %s", other.status, other.body)
		}
	}
	if now := s.fleet.LastSeq(); now != logged {
		s.t.Errorf("%d more events", now-logged)
	}
	if now := s.counts(); !maps.Equal(now, counts) {
		s.t.Errorf("now there are %v, before %v", now, counts)
	}
}

// counts tells how many there are of what requests make.
func (s *testSite) counts() map[string]int {
	s.t.Helper()
	counts := make(map[string]int)
	for _, kind := range []string{"devices", "fences", "deliveries", "customers", "enrol-codes", "hazards", "webhooks", "staff", "drivers", "depots", "vehicles", "parcels", "rounds", "messages", "api-keys"} {
		list, _ := s.listing("/api/v1/" + kind)
		counts[kind] = len(list)
	}
	return counts
}

func (s *testSite) post(p postCase, body string, more ...option) answer {
	s.t.Helper()
	options := append([]option{withToken}, more...)
	if body != "" {
		options = append(options, withBody(p.kind, body))
	}
	return s.send(http.MethodPost, p.path, options...)
}

// What was answered is not in the files, and a stop of the server does not lose
// it.
func TestASecretIsAnsweredAgainAfterAStop(t *testing.T) {
	dir := t.TempDir()
	key, body := header("Idempotency-Key", "a key that nobody guesses"), withJSON(`{"id":"van"}`)
	var answers []answer
	for range 2 {
		fleet, stop := fleetIn(t, dir)
		s := startSite(t, func(o *Options) { o.Fleet = fleet })
		answers = append(answers, s.api(http.StatusCreated, http.MethodPost, "/api/v1/devices", body, key))
		s.stop()
		stop()
	}
	var made newDeviceJSON
	answers[0].decode(&made)
	sameJSON(t, string(answers[1].body), string(answers[0].body))
	store, err := os.ReadFile(filepath.Join(dir, "fleet.db"))
	if err != nil || made.Secret == "" || bytes.Contains(store, []byte(made.Secret)) || bytes.Contains(store, []byte("that nobody guesses")) {
		t.Errorf("the secret or the key is in the file: %v", err)
	}
}

// The key of one is not the key of another, nor that of another address.
func TestKeysAreApart(t *testing.T) {
	s := startSite(t)
	key := header("Idempotency-Key", "k")
	_, token := s.key(kindStaff, s.staff("dispatcher"))
	ids := make(map[string]bool)
	for _, who := range []option{withToken, as(token)} {
		for _, path := range []string{"/api/v1/rounds", "/api/v1/drivers"} {
			var made struct{ ID string }
			s.api(http.StatusCreated, http.MethodPost, path, withJSON(`{"name":"a"}`), key, who).decode(&made)
			ids[made.ID] = true
		}
	}
	if len(ids) != 4 {
		t.Errorf("%d made", len(ids))
	}
}

func TestManyAtOnceAreDoneOnce(t *testing.T) {
	s := startSite(t)
	var all sync.WaitGroup
	answers := make([]answer, 20)
	for i := range answers {
		all.Go(func() {
			_, answers[i] = s.sendUnchecked(http.MethodPost, "/api/v1/rounds", withToken, withJSON(`{"name":"a"}`), header("Idempotency-Key", "k"))
		})
	}
	all.Wait()
	var made int
	for _, a := range answers {
		if a.status != http.StatusCreated && a.status != http.StatusConflict {
			t.Errorf("%d %s", a.status, a.body)
		}
		if a.status == http.StatusCreated && a.header.Get("Idempotency-Replayed") == "" {
			made++
		}
	}
	if rounds := s.fleet.Rounds(nil, "", 100); made != 1 || len(rounds) != 1 {
		t.Errorf("%d answers say that they made one, and there are %d", made, len(rounds))
	}
}

// A wrong code was a try, and stays one; the right one is then taken.
func TestARefusedHandOffCanBeTriedAgain(t *testing.T) {
	s := startSite(t)
	body := strings.Replace(least, `"address"`, `"proof":["code"],"address"`, 1)
	d := s.api(http.StatusCreated, http.MethodPost, "/api/v1/deliveries", withJSON(body)).delivery()
	path := "/api/v1/deliveries/" + string(d.ID)
	s.api(http.StatusOK, http.MethodPost, path+"/state", withJSON(`{"state":"departed"}`))
	wrong, key := withJSON(`{"code":"000"}`), header("Idempotency-Key", "k")
	for tries := 1; tries <= 2; tries++ {
		s.api(http.StatusUnprocessableEntity, http.MethodPost, path+"/handoff", wrong, key)
		if now, _ := s.fleet.Delivery(d.ID); now.Tries != tries || now.State != "departed" {
			t.Errorf("%+v", now.Course)
		}
	}
	right := withJSON(`{"code":"` + s.fleet.Code(d.ID) + `"}`)
	s.api(http.StatusOK, http.MethodPost, path+"/handoff", right, key)
	if a := s.api(http.StatusOK, http.MethodPost, path+"/handoff", right, key); a.header.Get("Idempotency-Replayed") == "" {
		t.Error("done twice")
	}
}
