package web

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"wayguard/tracker"
)

// dayOf are two drivers on one day: Dora's round runs, Emil's runs, and Dora has
// another one tomorrow.
type dayOf struct {
	dora, emil       string // tokens
	hers, his, later string // rounds
	onHers, onHis    string // paths of deliveries
	onLater          string
}

func (s *testSite) dayOfTwo() (d dayOf) {
	s.t.Helper()
	dora, emil := s.newDriver(), s.newDriver()
	_, d.dora = s.key(kindDriver, dora)
	_, d.emil = s.key(kindDriver, emil)
	d.hers, d.onHers = s.roundOf(dora, "van-1", time.Now(), true)
	d.his, d.onHis = s.roundOf(emil, "van-2", time.Now(), true)
	d.later, d.onLater = s.roundOf(dora, "van-1", time.Now().Add(26*time.Hour), false)
	return d
}

// roundOf makes a round of one delivery that asks for a code.
func (s *testSite) roundOf(driver, vehicle string, start time.Time, runs bool) (round, delivery string) {
	s.t.Helper()
	s.send(http.MethodPost, "/api/v1/vehicles", withToken, withJSON(`{"id":"`+vehicle+`","kind":"van"}`))
	body := strings.Replace(least, `"address"`, `"instructions":"ring twice","proof":["code"],"address"`, 1)
	d := s.api(http.StatusCreated, http.MethodPost, "/api/v1/deliveries", withJSON(body)).delivery()
	made := s.make("/api/v1/rounds", `{"vehicle":"`+vehicle+`","driver":"`+driver+`","start":"`+start.UTC().Format(time.RFC3339)+`","stops":["`+string(d.ID)+`"]}`)
	if runs {
		s.api(http.StatusOK, http.MethodPost, "/api/v1/rounds/"+made.ID+"/start")
	}
	return made.ID, "/api/v1/deliveries/" + string(d.ID)
}

func TestDriversSeeTheirOwnDayOnly(t *testing.T) {
	s := startSite(t)
	d := s.dayOfTwo()
	loose := "/api/v1/deliveries/" + string(s.deliver().ID)
	mine := s.api(http.StatusOK, http.MethodGet, d.onHers, as(d.dora))
	seen := mine.delivery()
	if seen.Consignee != "N. N." || seen.Address != "1 Mill Lane" || seen.Instructions != "ring twice" {
		t.Errorf("she sees %s", mine.body)
	}
	code := s.fleet.Code(seen.ID)
	for _, secret := range []string{code, "15112345678", "nn@example.com"} {
		if len(secret) < 6 || bytes.Contains(mine.body, []byte(secret)) {
			t.Errorf("she sees %q", secret)
		}
	}
	var deliveries deliveriesJSON
	s.api(http.StatusOK, http.MethodGet, "/api/v1/deliveries", as(d.dora)).decode(&deliveries)
	if len(deliveries.Deliveries) != 1 || deliveries.Deliveries[0].ID != seen.ID {
		t.Errorf("listed %+v", deliveries)
	}
	var rounds struct{ Rounds []roundJSON }
	s.api(http.StatusOK, http.MethodGet, "/api/v1/rounds", as(d.dora)).decode(&rounds)
	if len(rounds.Rounds) != 1 || string(rounds.Rounds[0].ID) != d.hers {
		t.Errorf("listed %+v", rounds)
	}
	s.api(http.StatusOK, http.MethodGet, "/api/v1/rounds/"+d.hers, as(d.dora))
	for _, path := range []string{d.onHis, d.onLater, loose, "/api/v1/rounds/" + d.his, "/api/v1/rounds/" + d.later} {
		s.api(http.StatusNotFound, http.MethodGet, path, as(d.dora))
	}
}

func TestDriversHandOverTheirOwnOnly(t *testing.T) {
	s := startSite(t)
	d := s.dayOfTwo()
	picture := func(r *http.Request) {
		withBody("image/png", "\x89PNG\r\n\x1a\n0000")(r)
	}
	left := withJSON(`{"outcome":"failed","reason":"nobody at home"}`)
	for _, path := range []string{d.onHis, d.onLater, "/api/v1/deliveries/none"} {
		s.api(http.StatusNotFound, http.MethodPost, path+"/handoff", left, as(d.dora))
		s.api(http.StatusNotFound, http.MethodPost, path+"/photos", picture, as(d.dora))
		s.api(http.StatusNotFound, http.MethodPost, path+"/state", withJSON(`{"state":"failed"}`), as(d.dora))
	}
	for _, state := range []string{"delivered", "cancelled", "created", "returned"} {
		s.api(http.StatusForbidden, http.MethodPost, d.onHers+"/state", withJSON(`{"state":"`+state+`"}`), as(d.dora))
	}
	s.api(http.StatusForbidden, http.MethodPatch, d.onHers, withJSON(`{"address":"elsewhere"}`), as(d.dora))
	s.api(http.StatusForbidden, http.MethodPost, d.onHers+"/code", as(d.dora))
	var photo struct{ ID string }
	s.api(http.StatusCreated, http.MethodPost, d.onHers+"/photos", picture, as(d.dora)).decode(&photo)
	done := s.api(http.StatusOK, http.MethodPost, d.onHers+"/handoff", as(d.dora),
		withJSON(`{"outcome":"left","left_with":"garage","photo":"`+photo.ID+`"}`)).delivery()
	if done.State != tracker.DeliveryLeft {
		t.Errorf("handed over: %+v", done)
	}
	s.api(http.StatusOK, http.MethodPost, d.onHis+"/state", withJSON(`{"state":"refused","reason":"ordered twice"}`), as(d.emil))
}

// A round that another driver takes over is not hers any more, at once.
func TestARoundGoesToAnotherDriver(t *testing.T) {
	s := startSite(t)
	d := s.dayOfTwo()
	s.api(http.StatusOK, http.MethodPatch, "/api/v1/rounds/"+d.hers, withJSON(`{"driver":"`+s.newDriver()+`"}`))
	s.api(http.StatusNotFound, http.MethodGet, d.onHers, as(d.dora))
	s.api(http.StatusNotFound, http.MethodGet, "/api/v1/rounds/"+d.hers, as(d.dora))
}
