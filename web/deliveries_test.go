package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"wayguard/tracker"
)

// least is all that a delivery needs.
const least = `{"customer":{"name":"N. N.","phone":"+49 151 12345678","email":"nn@example.com"},
	"address":"1 Mill Lane","point":{"type":"Point","coordinates":[8.5,50.5]}}`

func (a answer) delivery() (d deliveryJSON) {
	a.t.Helper()
	a.decode(&d)
	return d
}

func (s *testSite) deliver() deliveryJSON {
	s.t.Helper()
	return s.api(http.StatusCreated, http.MethodPost, "/api/v1/deliveries", withJSON(least)).delivery()
}

func TestTheLeastADeliveryNeeds(t *testing.T) {
	s := startSite(t)
	made := s.api(http.StatusCreated, http.MethodPost, "/api/v1/deliveries", withJSON(least))
	d := made.delivery()
	if d.State != "created" || !slices.Equal(d.Next, []tracker.DeliveryState{"departed", "cancelled", "returned"}) || d.Version != 1 || made.header.Get("ETag") != `"1"` {
		t.Errorf("made %s", made.body)
	}
	path := "/api/v1/deliveries/" + string(d.ID)
	if made.header.Get("Location") != path {
		t.Errorf("Location %q", made.header.Get("Location"))
	}
	sameJSON(t, string(s.api(http.StatusOK, http.MethodGet, path).body), string(made.body))
	var c customerJSON
	if err := json.Unmarshal(s.api(http.StatusOK, http.MethodGet, "/api/v1/customers/"+string(d.Customer)).body, &c); err != nil {
		t.Fatal(err)
	}
	if c.Name != "N. N." || c.Phone != "+4915112345678" || c.Consent != tracker.DefaultConsent {
		t.Errorf("customer %+v", c)
	}
	second := s.api(http.StatusCreated, http.MethodPost, "/api/v1/deliveries", withJSON(`{"customer":{"id":"`+string(c.ID)+`"},"address":"1 Mill Lane","point":{"type":"Point","coordinates":[8.5,50.5]},"proof":["code"]}`)).delivery()
	if second.Customer != d.Customer || second.ID == d.ID {
		t.Errorf("second %+v", second)
	}
}

func TestChangesOfADelivery(t *testing.T) {
	s := startSite(t)
	d := s.deliver()
	path := "/api/v1/deliveries/" + string(d.ID)
	a := s.api(http.StatusOK, http.MethodPatch, path, withJSON(`{"instructions":"ring twice","window_start":"2026-03-03T10:00:00+01:00","service_s":90,
		"premises":{"type":"Polygon","coordinates":[[[8.4,50.4],[8.6,50.4],[8.6,50.6],[8.4,50.4]]]}}`), header("If-Match", `"1"`))
	changed := a.delivery()
	if changed.Instructions != "ring twice" || changed.WindowStart.Format("15:04Z") != "09:00Z" || changed.Service != 90 || changed.Version != 2 || changed.Address != d.Address {
		t.Errorf("changed %s", a.body)
	}
	s.api(http.StatusPreconditionFailed, http.MethodPatch, path, withJSON(`{"instructions":"x"}`), header("If-Match", `"1"`))
	s.api(http.StatusBadRequest, http.MethodPatch, path, withJSON(`{"instructions":"x"}`), header("If-Match", `2`))
	back := s.api(http.StatusOK, http.MethodPatch, path, withJSON(`{"instructions":null,"premises":null,"window_start":null}`)).delivery()
	if back.Instructions != "" || string(back.Premises) != "null" || back.WindowStart != nil {
		t.Errorf("put back %+v", back)
	}
	for body, member := range map[string]string{
		`{"state":"delivered"}`: "state",
		`{"address":""}`:        "address",
		`{"point":null}`:        "point",
		`{"point":{"type":"Point","coordinates":[8]}}`: "point",
		`{"parcels":["a","a"]}`:                        "parcels",
		`{"service_s":1e300}`:                          "service_s",
		`{"window_end":"tomorrow"}`:                    "window_end",
	} {
		a := s.send(http.MethodPatch, path, withJSON(body), withToken)
		if p := a.problem(); p.Member != member || a.status != 422 && a.status != 400 {
			t.Errorf("%s: %d %+v", body, a.status, p)
		}
	}
	if now := s.api(http.StatusOK, http.MethodGet, path).delivery(); now.Version != 3 {
		t.Errorf("a refused change made version %d", now.Version)
	}
}

func TestStatesOfADelivery(t *testing.T) {
	s := startSite(t)
	path := "/api/v1/deliveries/" + string(s.deliver().ID)
	p := s.api(http.StatusConflict, http.MethodPost, path+"/state", withJSON(`{"state":"delivered"}`)).problem()
	if !strings.Contains(p.Detail, "can become departed, cancelled, returned") {
		t.Errorf("detail %q", p.Detail)
	}
	for _, state := range []string{"departed", "approaching", "arrived", "failed", "created", "cancelled"} {
		if d := s.api(http.StatusOK, http.MethodPost, path+"/state", withJSON(fmt.Sprintf(`{"state":%q,"reason":"because"}`, state))).delivery(); string(d.State) != state {
			t.Errorf("%s, not %s", d.State, state)
		}
	}
	s.api(http.StatusConflict, http.MethodPost, path+"/state", withJSON(`{"state":"created"}`))
	s.api(http.StatusUnprocessableEntity, http.MethodPatch, path, withJSON(`{"instructions":"too late"}`))
	s.api(http.StatusNotFound, http.MethodPost, "/api/v1/deliveries/none/state", withJSON(`{"state":"created"}`))
}

func TestManyDeliveriesAtOnce(t *testing.T) {
	s := startSite(t)
	orders := make([]string, 150)
	for i := range orders {
		orders[i] = strings.Replace(least, `"address"`, fmt.Sprintf(`"reference":"R%d","address"`, i), 1)
	}
	orders[3] = `{"address":"no customer"}`
	orders[70] = `[]`
	body := withJSON(`{"deliveries":[` + strings.Join(orders, ",") + `]}`)
	var ids [2][]tracker.DeliveryID
	for turn := range ids { // the second time nothing is made
		a := s.api(http.StatusOK, http.MethodPost, "/api/v1/deliveries", body, header("Idempotency-Key", "many"))
		var answer struct{ Results []resultJSON }
		if err := json.Unmarshal(a.body, &answer); err != nil || len(answer.Results) != len(orders) {
			t.Fatalf("%v: %d results", err, len(answer.Results))
		}
		for i, r := range answer.Results {
			bad := i == 3 || i == 70
			switch {
			case bad != (r.Delivery == nil), bad != (r.Problem != nil), bad != (r.Status != 201):
				t.Errorf("result %d: %+v", i, r)
			case !bad && r.Delivery.Reference != fmt.Sprintf("R%d", i):
				t.Errorf("result %d is of %s", i, r.Delivery.Reference)
			case !bad:
				ids[turn] = append(ids[turn], r.Delivery.ID)
			}
		}
	}
	if !slices.Equal(ids[0], ids[1]) || len(ids[0]) != 148 {
		t.Errorf("%d made, then others", len(ids[0]))
	}
	var page deliveriesJSON
	var listed []tracker.DeliveryID
	for query := "?limit=50"; ; query = "?limit=50&before=" + string(*page.Next) {
		if err := json.Unmarshal(s.api(http.StatusOK, http.MethodGet, "/api/v1/deliveries"+query).body, &page); err != nil {
			t.Fatal(err)
		}
		for _, d := range page.Deliveries {
			listed = append(listed, d.ID)
		}
		if page.Next == nil {
			break
		}
	}
	if len(listed) != 148 {
		t.Errorf("%d listed", len(listed))
	}
	found := s.api(http.StatusOK, http.MethodGet, "/api/v1/deliveries?reference=R9&state=created,departed")
	if err := json.Unmarshal(found.body, &page); err != nil || len(page.Deliveries) != 1 || page.Deliveries[0].Reference != "R9" {
		t.Errorf("found %s", found.body)
	}
}

func TestSentAgain(t *testing.T) {
	s := startSite(t)
	key := header("Idempotency-Key", "a-random-text")
	first := s.api(http.StatusCreated, http.MethodPost, "/api/v1/deliveries", withJSON(least), key)
	again := s.api(http.StatusCreated, http.MethodPost, "/api/v1/deliveries", withJSON(least), key)
	sameJSON(t, string(again.body), string(first.body))
	if first.header.Get("Idempotency-Replayed") != "" || again.header.Get("Idempotency-Replayed") != "true" {
		t.Error("which one was a repetition is not told")
	}
	s.api(http.StatusUnprocessableEntity, http.MethodPost, "/api/v1/deliveries", withJSON(strings.Replace(least, "Mill", "Hill", 1)), key)
	s.api(http.StatusBadRequest, http.MethodPost, "/api/v1/deliveries", withJSON(least), header("Idempotency-Key", strings.Repeat("x", 256)))
}

func TestCustomersDataGivenOutAndErased(t *testing.T) {
	s := startSite(t)
	d := s.deliver()
	path := "/api/v1/customers/" + string(d.Customer)
	a := s.api(http.StatusOK, http.MethodPatch, path, withJSON(`{"language":"DE-at","consent":{"sms":false}}`))
	if !strings.Contains(string(a.body), `"de-AT"`) || !strings.Contains(string(a.body), `{"email":true,"sms":false,"push":false}`) || a.header.Get("ETag") != `"2"` {
		t.Errorf("changed %s", a.body)
	}
	s.api(http.StatusUnprocessableEntity, http.MethodPatch, path, withJSON(`{"phone":"12"}`))
	var export struct {
		Deliveries []deliveryJSON
		Events     []tracker.Event
	}
	if err := json.Unmarshal(s.api(http.StatusOK, http.MethodGet, path+"/export").body, &export); err != nil || len(export.Deliveries) != 1 || len(export.Events) != 1 {
		t.Errorf("export %+v, %v", export, err)
	}
	if p := s.api(http.StatusConflict, http.MethodDelete, path).problem(); !strings.Contains(p.Detail, string(d.ID)) {
		t.Errorf("detail %q", p.Detail)
	}
	s.api(http.StatusOK, http.MethodPost, "/api/v1/deliveries/"+string(d.ID)+"/state", withJSON(`{"state":"cancelled"}`))
	s.api(http.StatusNoContent, http.MethodDelete, path)
	left := s.api(http.StatusOK, http.MethodGet, "/api/v1/deliveries/"+string(d.ID)).delivery()
	if !left.Erased || left.Address != "" || string(left.Point) != "null" {
		t.Errorf("left %+v", left)
	}
	s.api(http.StatusGone, http.MethodPatch, path, withJSON(`{"name":"x"}`))
	s.api(http.StatusGone, http.MethodPost, "/api/v1/deliveries", withJSON(`{"customer":{"id":"`+string(d.Customer)+`"},"address":"a","point":{"type":"Point","coordinates":[8,50]}}`))
	s.api(http.StatusNotFound, http.MethodGet, "/api/v1/customers/none")
	s.api(http.StatusOK, http.MethodGet, "/api/v1/customers?limit=1")
	for _, e := range []string{"1 Mill Lane", "nn@example.com", "12345678"} {
		if strings.Contains(s.log.String(), e) {
			t.Errorf("the log holds %q", e)
		}
	}
}
