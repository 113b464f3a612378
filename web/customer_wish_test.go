package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"wayguard/tracker"
)

func (s *testSite) ask(page string, form url.Values) answer {
	s.t.Helper()
	return s.send(http.MethodPost, page+"/wish", withBody("application/x-www-form-urlencoded", form.Encode()))
}

func (s *testSite) wishes(id tracker.DeliveryID) (list []wishJSON) {
	s.t.Helper()
	var all struct{ Wishes []wishJSON }
	s.api(http.StatusOK, http.MethodGet, "/api/v1/deliveries/"+string(id)+"/wishes").decode(&all)
	return all.Wishes
}

func TestWishIsAskedForAndGranted(t *testing.T) {
	s := startDay(t)
	d := s.ordered(func(o *tracker.NewDelivery) {
		o.Order.WindowStart, o.Order.WindowEnd = time.Now(), time.Now().Add(2*time.Hour)
	})
	page := s.link(d.ID)
	day := time.Now().In(s.server.zoneOf(&d)).AddDate(0, 0, 2).Format(time.DateOnly)
	form := url.Values{"kind": {"another_day"}, "day": {day}, "text": {"after six <b>"}}
	for range 2 {
		if a := s.ask(page, form); a.status != http.StatusSeeOther || a.header.Get("Location") != page+"#wish" {
			t.Fatalf("%d %s", a.status, a.body)
		}
	}
	list := s.wishes(d.ID)
	if len(list) != 1 || list[0].State != tracker.WishOpen || *list[0].Day != day || list[0].Text != "after six <b>" {
		t.Fatalf("%+v", list)
	}
	s.wantWords(page, []string{"You asked: Bring it on another day", "Dispatch has not answered yet"})
	path := "/api/v1/deliveries/" + string(d.ID) + "/wishes/" + string(list[0].ID)
	s.api(http.StatusPreconditionFailed, http.MethodPost, path+"/accept", header("If-Match", `"7"`))
	a := s.api(http.StatusOK, http.MethodPost, path+"/accept", withJSON(`{"answer":"Between nine and eleven."}`), header("If-Match", `"1"`))
	if a.header.Get("ETag") != `"2"` {
		t.Errorf("ETag %s", a.header.Get("ETag"))
	}
	s.wantWords(page, []string{"That is arranged. Between nine and eleven."}, "not answered")
	if now := s.api(http.StatusOK, http.MethodGet, "/api/v1/deliveries/"+string(d.ID)).delivery(); now.WindowStart.In(s.server.zoneOf(&d)).Format(time.DateOnly) != day {
		t.Errorf("window %s", now.WindowStart)
	}
	s.api(http.StatusConflict, http.MethodPost, path+"/decline")
	s.api(http.StatusNotFound, http.MethodPost, "/api/v1/deliveries/"+string(d.ID)+"/wishes/none/decline")
	s.api(http.StatusNotFound, http.MethodGet, "/api/v1/deliveries/none/wishes")
	var export struct{ Wishes []wishJSON }
	s.api(http.StatusOK, http.MethodGet, "/api/v1/customers/"+string(d.Customer)+"/export").decode(&export)
	if len(export.Wishes) != 1 {
		t.Errorf("exported %+v", export)
	}
}

func TestWishesThatAreWrong(t *testing.T) {
	s := startDay(t)
	d := s.ordered()
	page := s.link(d.ID)
	for want, form := range map[string]url.Values{
		"cannot be asked for any more": {"kind": {"gold"}},
		"one of the next 14 days":      {"kind": {"another_day"}, "day": {"2020-01-01"}},
		"where or with whom":           {"kind": {"neighbour"}},
	} {
		a := s.ask(page, form)
		if a.status != http.StatusUnprocessableEntity || !strings.Contains(a.words(), want) {
			t.Errorf("%v: %d %s", form, a.status, a.words())
		}
	}
	if a := s.send(http.MethodPost, page+"/wish", withJSON(`{"kind":"not_mine"}`)); a.status != http.StatusUnsupportedMediaType {
		t.Errorf("JSON: %d", a.status)
	}
	if len(s.wishes(d.ID)) != 0 {
		t.Error("a wrong wish was kept")
	}
	for range wishBurst {
		s.ask(page, url.Values{"kind": {"gold"}})
	}
	a := s.ask(page, url.Values{"kind": {"not_mine"}})
	if a.status != http.StatusTooManyRequests || a.header.Get("Retry-After") == "" || !strings.Contains(a.words(), "You have asked for many things") {
		t.Errorf("no limit: %d %s", a.status, a.words())
	}
	if a := s.ask("/t/wrong", url.Values{"kind": {"not_mine"}}); a.status != http.StatusNotFound {
		t.Errorf("a wrong link: %d", a.status)
	}
}
