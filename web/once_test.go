package web

import (
	"net/http"
	"strings"
	"sync"
	"testing"
)

// postCase is a POST that makes or moves something.
type postCase struct {
	path, body string
	// other is another body that would be right, too.
	other string
	// secret: the answer is shown only once.
	secret bool
}

// posts are requests that all succeed the first time, one after the other.
func (s *testSite) posts() map[string]postCase {
	s.t.Helper()
	delivery := func(state string) string {
		path := "/api/v1/deliveries/" + string(s.deliver().ID)
		if state != "" {
			s.api(http.StatusOK, http.MethodPost, path+"/state", withJSON(`{"state":"`+state+`"}`))
		}
		return path
	}
	s.device("box")
	s.api(http.StatusCreated, http.MethodPost, "/api/v1/vehicles", withJSON(`{"id":"van"}`))
	round := "/api/v1/rounds/" + s.make("/api/v1/rounds", `{"vehicle":"van"}`).ID
	running := "/api/v1/rounds/" + s.make("/api/v1/rounds", `{}`).ID
	at := delivery("departed")
	s.api(http.StatusOK, http.MethodPost, at+"/state", withJSON(`{"state":"failed"}`))
	s.eventually("an alert", func() bool { return len(s.fleet.Alerts(nil, 0, 1)) == 1 })
	alert := "/api/v1/alerts/" + string(s.fleet.Alerts(nil, 0, 1)[0].ID)
	return map[string]postCase{
		"device":      {"/api/v1/devices", `{"id":"new"}`, `{"id":"newer"}`, true},
		"secret":      {"/api/v1/devices/box/secret", `{}`, `{"grace":"1h"}`, true},
		"fence":       {"/api/v1/fences", strings.Replace(circle(8, 50, 100), `"Feature",`, `"Feature","id":"f",`, 1), strings.Replace(circle(8, 50, 100), `"Feature",`, `"Feature","id":"g",`, 1), false},
		"delivery":    {"/api/v1/deliveries", least, strings.Replace(least, "Mill", "Hill", 1), false},
		"state":       {delivery("") + "/state", `{"state":"departed"}`, `{"state":"cancelled"}`, false},
		"handoff":     {delivery("departed") + "/handoff", `{}`, `{"outcome":"failed","reason":"x"}`, false},
		"code":        {delivery("departed") + "/code", ``, `{}`, false},
		"depot":       {"/api/v1/depots", `{"id":"d","point":{"type":"Point","coordinates":[8,50]}}`, `{"id":"e","point":{"type":"Point","coordinates":[8,50]}}`, false},
		"vehicle":     {"/api/v1/vehicles", `{"id":"v"}`, `{"id":"w"}`, false},
		"driver":      {"/api/v1/drivers", `{"name":"N. N."}`, `{"name":"O. O."}`, false},
		"staff":       {"/api/v1/staff", `{"role":"dispatcher","name":"N. N."}`, `{"role":"admin","name":"N. N."}`, false},
		"round":       {"/api/v1/rounds", `{"name":"a"}`, `{"name":"b"}`, false},
		"start":       {round + "/start", ``, `{}`, false},
		"end":         {running + "/end", ``, `{}`, false},
		"API key":     {"/api/v1/api-keys", `{"partner":"anna"}`, `{"partner":"ben"}`, true},
		"acknowledge": {alert + "/acknowledge", `{"note":"a"}`, `{"note":"b"}`, false},
		"resolve":     {alert + "/resolve", `{"note":"a"}`, `{"note":"b"}`, false},
	}
}

func TestEveryPostIsDoneOnce(t *testing.T) {
	s := startSite(t)
	posts := s.posts()
	for name, p := range posts {
		if name == "resolve" || name == "acknowledge" { // they change one alert
			continue
		}
		t.Run(name, func(t *testing.T) { s.t = t; s.wantOnce(p) })
	}
	for _, name := range []string{"acknowledge", "resolve"} {
		t.Run(name, func(t *testing.T) { s.t = t; s.wantOnce(posts[name]) })
	}
}

// wantOnce wants the second of two equal requests to change nothing.
func (s *testSite) wantOnce(p postCase) {
	s.t.Helper()
	key := header("Idempotency-Key", s.t.Name())
	first := s.post(p.path, p.body, key)
	if first.status >= 300 {
		s.t.Fatalf("%d %s", first.status, first.body)
	}
	logged := s.fleet.LastSeq()
	second := s.post(p.path, p.body, key)
	if p.secret {
		if second.status != http.StatusConflict {
			s.t.Errorf("again: %d %s", second.status, second.body)
		}
	} else {
		if second.status != first.status || second.header.Get("Idempotency-Replayed") != "true" {
			s.t.Errorf("again: %d %s", second.status, second.body)
		}
		sameJSON(s.t, string(second.body), string(first.body))
	}
	if other := s.post(p.path, p.other, key); other.status != http.StatusUnprocessableEntity || !strings.Contains(string(other.body), "Idempotency-Key") {
		s.t.Errorf("another body: %d %s", other.status, other.body)
	}
	if now := s.fleet.LastSeq(); now != logged {
		s.t.Errorf("%d more events", now-logged)
	}
}

func (s *testSite) post(path, body string, more ...option) answer {
	s.t.Helper()
	options := append([]option{withToken}, more...)
	switch {
	case strings.HasSuffix(path, "/fences"):
		options = append(options, withBody(geoJSON, body))
	case body != "":
		options = append(options, withJSON(body))
	}
	return s.send(http.MethodPost, path, options...)
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
