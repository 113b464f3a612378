package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"wayguard/tracker"
)

func (s *testSite) make(path, body string) (made struct {
	ID      string
	Version uint64
}) {
	s.t.Helper()
	s.api(http.StatusCreated, http.MethodPost, path, withJSON(body)).decode(&made)
	return made
}

func TestDepotsVehiclesAndDrivers(t *testing.T) {
	s := startSite(t)
	s.device("box")
	for _, tt := range []struct{ path, body, change, wrong, member string }{
		{
			"/api/v1/depots", `{"id":"north","name":"North","point":{"type":"Point","coordinates":[8,50]},"time_zone":"Europe/Berlin",
				"hours":[{"days":[1,2,3,4,5],"from":"06:00","to":"20:00"}],"breaks":[{"from":"12:00","to":"12:45"}],"closed":["2026-12-25"]}`,
			`{"radius_m":80}`, `{"time_zone":"Berlin"}`, "time_zone",
		},
		{"/api/v1/vehicles", `{"id":"van-1","kind":"van","devices":["box"]}`, `{"name":"Van 1"}`, `{"devices":["none"]}`, "devices"},
		{"/api/v1/drivers", `{"name":"N. N.","phone":"+49 151 12345678"}`, `{"language":"de"}`, `{"phone":"1"}`, "phone"},
	} {
		made := s.make(tt.path, tt.body)
		one := tt.path + "/" + made.ID
		a := s.api(http.StatusOK, http.MethodPatch, one, withJSON(tt.change), header("If-Match", `"1"`))
		if a.header.Get("ETag") != `"2"` {
			t.Errorf("%s: %s", one, a.header.Get("ETag"))
		}
		sameJSON(t, string(s.api(http.StatusOK, http.MethodGet, one).body), string(a.body))
		s.api(http.StatusPreconditionFailed, http.MethodPatch, one, withJSON(tt.change), header("If-Match", `"1"`))
		if p := s.api(http.StatusUnprocessableEntity, http.MethodPatch, one, withJSON(tt.wrong)).problem(); p.Member != tt.member {
			t.Errorf("%s: %+v", one, p)
		}
		if tt.path != "/api/v1/drivers" {
			s.api(http.StatusConflict, http.MethodPost, tt.path, withJSON(tt.body))
			s.api(http.StatusUnprocessableEntity, http.MethodPatch, one, withJSON(`{"id":"other"}`))
		}
		if list := s.api(http.StatusOK, http.MethodGet, tt.path+"?limit=1"); !strings.Contains(string(list.body), made.ID) {
			t.Errorf("%s: %s", tt.path, list.body)
		}
		s.api(http.StatusBadRequest, http.MethodPost, tt.path, withJSON(`{"colour":"red"}`))
		s.api(http.StatusPreconditionFailed, http.MethodDelete, one, header("If-Match", `"1"`))
		s.api(http.StatusNoContent, http.MethodDelete, one, header("If-Match", `"2"`))
		s.api(http.StatusNotFound, http.MethodGet, one)
		s.api(http.StatusNotFound, http.MethodDelete, one)
	}
}

func TestARoundThroughTheAPI(t *testing.T) {
	s := startSite(t)
	s.device("box")
	s.make("/api/v1/depots", `{"id":"north","point":{"type":"Point","coordinates":[8,50]}}`)
	s.make("/api/v1/vehicles", `{"id":"van","devices":["box"]}`)
	a, b := s.deliver(), s.deliver()
	made := s.make("/api/v1/rounds", fmt.Sprintf(`{"name":"Monday","vehicle":"van","depot":"north","start":"2026-03-02T07:00:00Z","stops":[%q,%q],
		"route":{"type":"LineString","coordinates":[[8,50],[8.5,50.5]]}}`, a.ID, b.ID))
	one := "/api/v1/rounds/" + made.ID
	if d := s.api(http.StatusOK, http.MethodGet, "/api/v1/deliveries/"+string(a.ID)).delivery(); d.Round == nil || string(*d.Round) != made.ID {
		t.Errorf("on round %v", d.Round)
	}
	started := s.api(http.StatusOK, http.MethodPost, one+"/start", header("If-Match", `"1"`))
	if !strings.Contains(string(started.body), `"state":"running"`) {
		t.Errorf("started %s", started.body)
	}
	s.api(http.StatusUnprocessableEntity, http.MethodPost, one+"/start")
	s.api(http.StatusConflict, http.MethodDelete, "/api/v1/vehicles/van")
	other := s.make("/api/v1/rounds", `{"vehicle":"van"}`)
	if p := s.api(http.StatusConflict, http.MethodPost, "/api/v1/rounds/"+other.ID+"/start").problem(); !strings.Contains(p.Detail, "another round") {
		t.Errorf("%+v", p)
	}
	s.api(http.StatusOK, http.MethodPatch, one, withJSON(fmt.Sprintf(`{"stops":[%q]}`, b.ID)))
	if d := s.api(http.StatusOK, http.MethodGet, "/api/v1/deliveries/"+string(a.ID)).delivery(); d.Round != nil || d.State != tracker.DeliveryCreated {
		t.Errorf("taken off: %+v", d)
	}
	page := s.api(http.StatusOK, http.MethodGet, "/api/v1/deliveries?round="+made.ID+"&state=departed")
	if !strings.Contains(string(page.body), string(b.ID)) || strings.Contains(string(page.body), string(a.ID)) {
		t.Errorf("on the round: %s", page.body)
	}
	s.api(http.StatusOK, http.MethodPost, one+"/end")
	s.api(http.StatusUnprocessableEntity, http.MethodPatch, one, withJSON(`{"name":"over"}`))
	s.api(http.StatusOK, http.MethodGet, "/api/v1/rounds?state=ended,planned&limit=1")
	s.api(http.StatusNotFound, http.MethodPost, "/api/v1/rounds/none/end")
	s.api(http.StatusUnprocessableEntity, http.MethodPost, "/api/v1/rounds", withJSON(`{"stops":["none"]}`))
	s.api(http.StatusUnprocessableEntity, http.MethodPost, "/api/v1/rounds", withJSON(`{"route":{"type":"Point","coordinates":[8,50]}}`))
}

// A failed delivery is an alert that dispatch acts on.
func TestAlertsThroughTheAPI(t *testing.T) {
	s := startSite(t)
	d := s.deliver()
	state := "/api/v1/deliveries/" + string(d.ID) + "/state"
	s.api(http.StatusOK, http.MethodPost, state, withJSON(`{"state":"departed"}`))
	s.api(http.StatusOK, http.MethodPost, state, withJSON(`{"state":"failed","reason":"nobody at home"}`))
	var page struct {
		Alerts []alertJSON
		Next   *uint64
	}
	s.eventually("an alert", func() bool {
		s.api(http.StatusOK, http.MethodGet, "/api/v1/alerts?state=open&limit=1").decode(&page)
		return len(page.Alerts) == 1
	})
	alert := page.Alerts[0]
	if alert.Type != "delivery.failed" || alert.Delivery == nil || *alert.Delivery != string(d.ID) || page.Next == nil {
		t.Errorf("alert %+v", alert)
	}
	one := "/api/v1/alerts/" + string(alert.ID)
	a := s.api(http.StatusOK, http.MethodPost, one+"/acknowledge", withJSON(`{"note":"on the phone"}`))
	if a.decode(&alert); alert.State != tracker.AlertAcknowledged || alert.By != "admin" || alert.Note != "on the phone" {
		t.Errorf("acknowledged %s", a.body)
	}
	sameJSON(t, string(s.api(http.StatusOK, http.MethodPost, one+"/acknowledge").body), string(a.body))
	s.api(http.StatusOK, http.MethodPost, one+"/resolve")
	if s.api(http.StatusOK, http.MethodPost, one+"/acknowledge").decode(&alert); alert.State != tracker.AlertResolved {
		t.Errorf("went back to %s", alert.State)
	}
	s.api(http.StatusOK, http.MethodGet, one)
	s.api(http.StatusNotFound, http.MethodGet, "/api/v1/alerts/none")
	s.api(http.StatusOK, http.MethodGet, fmt.Sprintf("/api/v1/alerts?before=%d", alert.Seq))
	var again struct{ Alerts []json.RawMessage }
	if s.api(http.StatusOK, http.MethodGet, "/api/v1/alerts?state=open").decode(&again); len(again.Alerts) != 0 {
		t.Errorf("still open: %s", again.Alerts)
	}
}

func TestRoutesOfRounds(t *testing.T) {
	s := startSite(t)
	type round struct {
		ID      string
		Route   struct{ Coordinates [][2]float64 }
		Source  string  `json:"route_source"`
		Meters  float64 `json:"corridor_m"`
		Auto    bool    `json:"auto_start"`
		Version uint64
	}
	line := `[[-120.2,38.5],[-120.95,40.7],[-126.453,43.252]]`
	for name, route := range map[string]string{
		"geojson":     `{"type":"LineString","coordinates":` + line + `}`,
		"precision 5": `"_p~iF~ps|U_ulLnnqC_mqNvxq` + "`" + `@"`,
		"given so":    `{"polyline":"_p~iF~ps|U_ulLnnqC_mqNvxq` + "`" + `@","precision":5}`,
		"precision 6": `{"polyline":"_izlhA~rlgdF_{geC~ywl@_kwzCn` + "`" + `{nI","precision":6}`,
	} {
		var made round
		s.api(http.StatusCreated, http.MethodPost, "/api/v1/rounds", withJSON(`{"route":`+route+`,"corridor_m":30}`)).decode(&made)
		if got := fmt.Sprint(made.Route.Coordinates); got != "[[-120.2 38.5] [-120.95 40.7] [-126.453 43.252]]" || made.Source != "given" || made.Meters != 30 {
			t.Errorf("%s: %+v", name, made)
		}
	}
	for _, route := range []string{`"\n"`, `{"polyline":"_izlhA~rlgdF_{geC~ywl@","precision":5}`, `{"polyline":"_p~iF~ps|U","precision":5}`, `{"polyline":"x","precision":7}`, `7`} {
		if p := s.api(http.StatusUnprocessableEntity, http.MethodPost, "/api/v1/rounds", withJSON(`{"route":`+route+`}`)).problem(); p.Member != "route" {
			t.Errorf("%s: %+v", route, p)
		}
	}
	s.make("/api/v1/depots", `{"id":"north","point":{"type":"Point","coordinates":[8,50]}}`)
	a := s.deliver()
	var made round
	s.api(http.StatusCreated, http.MethodPost, "/api/v1/rounds", withJSON(fmt.Sprintf(`{"depot":"north","stops":[%q],"start":"2026-03-02T07:00:00Z"}`, a.ID))).decode(&made)
	if made.Source != "straight" || len(made.Route.Coordinates) != 3 || made.Meters < 1000 || !made.Auto {
		t.Errorf("without a route: %+v", made)
	}
	for query, want := range map[string]bool{"": true, "?routes=true": true, "?routes=false": false} {
		list := s.api(http.StatusOK, http.MethodGet, "/api/v1/rounds"+query)
		if got := strings.Contains(string(list.body), "LineString"); got != want {
			t.Errorf("%q: routes are shown: %t", query, got)
		}
	}
	s.api(http.StatusBadRequest, http.MethodGet, "/api/v1/rounds?routes=perhaps")
	one := "/api/v1/rounds/" + made.ID
	s.api(http.StatusOK, http.MethodPatch, one, withJSON(`{"route":"_p~iF~ps|U_ulLnnqC","auto_start":false}`)).decode(&made)
	if made.Source != "given" || made.Auto {
		t.Errorf("with a route: %+v", made)
	}
	s.api(http.StatusOK, http.MethodPatch, one, withJSON(`{"route":null,"corridor_m":2500,"auto_start":null}`)).decode(&made)
	if made.Source != "straight" || made.Meters != 2500 || !made.Auto {
		t.Errorf("without it again: %+v", made)
	}
}

func TestARoundIsMadeOnce(t *testing.T) {
	s := startSite(t)
	a := s.deliver()
	body := withJSON(fmt.Sprintf(`{"name":"East","stops":[%q]}`, a.ID))
	var ids []string
	for i := range 2 {
		answer := s.api(http.StatusCreated, http.MethodPost, "/api/v1/rounds", body, header("Idempotency-Key", "k"))
		var made struct{ ID string }
		answer.decode(&made)
		if ids = append(ids, made.ID); (answer.header.Get("Idempotency-Replayed") == "true") != (i > 0) {
			t.Errorf("answer %d: %v", i, answer.header)
		}
	}
	if ids[0] != ids[1] || len(s.fleet.Rounds(nil, "", 10)) != 1 {
		t.Errorf("made %v", ids)
	}
	s.api(http.StatusUnprocessableEntity, http.MethodPost, "/api/v1/rounds", withJSON(`{"name":"West"}`), header("Idempotency-Key", "k"))
}

func TestDeliveriesAreSearched(t *testing.T) {
	s := startSite(t)
	a := s.deliver()
	address := a.Address
	for query, want := range map[string]bool{
		strings.ToUpper(address): true, address[:3]: true, "no such place": false, a.Reference + " " + address: true,
	} {
		page := s.api(http.StatusOK, http.MethodGet, "/api/v1/deliveries?limit=5&q="+url.QueryEscape(query))
		if got := strings.Contains(string(page.body), string(a.ID)); got != want {
			t.Errorf("%q finds it: %t", query, got)
		}
	}
	for _, query := range []string{"", "%20", strings.Repeat("x", 201)} {
		s.api(http.StatusBadRequest, http.MethodGet, "/api/v1/deliveries?q="+query)
	}
}
