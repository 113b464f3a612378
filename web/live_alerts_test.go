package web

import (
	"net/http"
	"testing"
)

// Whoever asks is told that alerts changed: when one opens, and when another
// dispatcher takes it up, of which no event tells.
func TestLiveFeedTellsOfAlerts(t *testing.T) {
	s := startSite(t)
	f, plain := s.live("?alerts=true"), s.live("")
	state := "/api/v1/deliveries/" + string(s.deliver().ID) + "/state"
	s.api(http.StatusOK, http.MethodPost, state, withJSON(`{"state":"departed"}`))
	s.api(http.StatusOK, http.MethodPost, state, withJSON(`{"state":"failed"}`))
	f.want("alerts")
	found := s.fleet.Alerts(nil, 0, 2)
	if len(found) != 1 {
		t.Fatalf("alerts %+v", found)
	}
	one := "/api/v1/alerts/" + string(found[0].ID)
	for _, step := range []string{"/acknowledge", "/resolve"} {
		s.api(http.StatusOK, http.MethodPost, one+step)
		f.want("alerts")
	}
	s.api(http.StatusOK, http.MethodPost, one+"/resolve") // changes nothing
	s.fence("f", 8, 50, 100)
	for _, feed := range []*liveFeed{f, plain} {
		feed.until("the fence, and no alerts", func(kind string) bool {
			if kind == "alerts" {
				t.Error("told of alerts without being asked, or for nothing")
			}
			return kind == "world"
		})
	}
}

func TestDeliveriesByID(t *testing.T) {
	s := startSite(t)
	a, b := s.deliver(), s.deliver()
	_, anna := s.partner("anna")
	path := "/api/v1/deliveries?id=" + string(b.ID) + ",none," + string(a.ID)
	var page deliveriesJSON
	s.api(http.StatusOK, http.MethodGet, path).decode(&page)
	if len(page.Deliveries) != 2 || page.Deliveries[0].ID != b.ID || page.Deliveries[1].ID != a.ID || page.Next != nil {
		t.Errorf("%+v", page)
	}
	s.api(http.StatusOK, http.MethodGet, path, as(anna)).decode(&page)
	if len(page.Deliveries) != 0 {
		t.Errorf("a partner sees %+v", page.Deliveries)
	}
	s.api(http.StatusBadRequest, http.MethodGet, path+"&state=created")
}
