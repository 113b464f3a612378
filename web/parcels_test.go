package web

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func TestParcelsThroughTheAPI(t *testing.T) {
	s := startSite(t)
	s.device("box")
	s.device("tag")
	s.make("/api/v1/vehicles", `{"id":"van","devices":["box"]}`)
	made := s.make("/api/v1/parcels", `{"id":"crate","barcode":"P1","devices":["tag"]}`)
	one := "/api/v1/parcels/" + made.ID
	a := s.api(http.StatusOK, http.MethodPatch, one, withJSON(`{"sent_with":"van"}`), header("If-Match", `"1"`))
	if a.header.Get("ETag") != `"2"` || !strings.Contains(string(a.body), `"state":"aboard"`) {
		t.Errorf("sent: %s", a.body)
	}
	s.api(http.StatusPreconditionFailed, http.MethodPatch, one, withJSON(`{"sent_with":null}`), header("If-Match", `"1"`))
	s.api(http.StatusOK, http.MethodPatch, one, withJSON(`{"sent_with":null}`))
	for body, member := range map[string]string{
		`{"sent_with":"none"}`: "sent_with", `{"devices":["box"]}`: "devices", `{"devices":["none"]}`: "devices", `{"id":"x"}`: "id",
	} {
		if p := s.api(http.StatusUnprocessableEntity, http.MethodPatch, one, withJSON(body)).problem(); p.Member != member {
			t.Errorf("%s: %+v", body, p)
		}
	}
	s.api(http.StatusConflict, http.MethodPost, "/api/v1/parcels", withJSON(`{"id":"crate"}`))
	s.api(http.StatusUnprocessableEntity, http.MethodPost, "/api/v1/parcels", withJSON(`{"id":"other","barcode":"P1"}`))
	s.make("/api/v1/parcels", `{}`)
	for query, want := range map[string]int{"?barcode=P1": 1, "?device=tag": 1, "?barcode=none": 0, "?limit=1": 1, "": 2} {
		var page struct{ Parcels []parcelJSON }
		if s.api(http.StatusOK, http.MethodGet, "/api/v1/parcels"+query).decode(&page); len(page.Parcels) != want {
			t.Errorf("%s: %+v", query, page.Parcels)
		}
	}
	s.api(http.StatusBadRequest, http.MethodGet, "/api/v1/parcels?barcode=P1&device=tag")
	s.api(http.StatusNoContent, http.MethodDelete, one)
	s.api(http.StatusNotFound, http.MethodGet, one)
}

// What a parcel's delivery does shows in the parcel.
func TestParcelFollowsItsDelivery(t *testing.T) {
	s := startSite(t)
	s.device("box")
	s.device("tag")
	s.make("/api/v1/vehicles", `{"id":"van","devices":["box"]}`)
	s.make("/api/v1/parcels", `{"id":"crate","devices":["tag"]}`)
	d := s.deliver()
	delivery := "/api/v1/deliveries/" + string(d.ID)
	s.api(http.StatusOK, http.MethodPatch, delivery, withJSON(`{"parcels":["crate"]}`))
	round := s.make("/api/v1/rounds", fmt.Sprintf(`{"vehicle":"van","stops":[%q]}`, d.ID))
	want := func(state string, aboard bool) {
		t.Helper()
		var p parcelJSON
		s.api(http.StatusOK, http.MethodGet, "/api/v1/parcels/crate").decode(&p)
		if string(p.State) != state || (p.Vehicle != nil) != aboard || (p.Round != nil) != aboard || p.Delivery == nil || *p.Delivery != string(d.ID) {
			t.Errorf("it is %+v, want it %s", p, state)
		}
	}
	want("waiting", false)
	s.api(http.StatusOK, http.MethodPost, "/api/v1/rounds/"+round.ID+"/start")
	want("aboard", true)
	s.api(http.StatusOK, http.MethodPost, delivery+"/state", withJSON(`{"state":"failed","reason":"nobody at home"}`))
	want("aboard", true)
	s.api(http.StatusOK, http.MethodPost, "/api/v1/rounds/"+round.ID+"/end")
	want("waiting", false)
	s.api(http.StatusOK, http.MethodPost, delivery+"/state", withJSON(`{"state":"returned"}`))
	want("returned", false)
}
