package web

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"wayguard/tracker"
)

// capText is a warning of a circle around 8, 50 from an hour ago for two hours.
func capText(identifier, kind, references string) string {
	at := func(d time.Duration) string { return time.Now().Add(d).Format(time.RFC3339) }
	return fmt.Sprintf(`<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>%s</identifier><sender>office</sender><sent>%s</sent>
<status>Actual</status><msgType>%s</msgType><scope>Public</scope><references>%s</references><info><event>Flood</event><urgency>Immediate</urgency>
<severity>Severe</severity><certainty>Likely</certainty><expires>%s</expires><area><areaDesc>Bank</areaDesc><circle>50,8 0.1</circle></area></info></alert>`,
		identifier, at(-time.Hour), kind, references, at(time.Hour))
}

func TestHazardsAreFencesWhileTheyHold(t *testing.T) {
	s := startSite(t)
	xml := func(text string) option { return withBody("application/cap+xml", text) }
	send := func(text string) (list struct{ Messages []noticeJSON }) {
		t.Helper()
		s.api(http.StatusOK, http.MethodPost, "/api/v1/hazards", xml(text)).decode(&list)
		return list
	}
	made := send(capText("A", "Alert", ""))
	if len(made.Messages) != 1 || made.Messages[0].Hazard == nil {
		t.Fatalf("made %+v", made)
	}
	fences := s.fleet.Fences()
	if len(fences) != 1 || !fences[0].Fence.Hazard || fences[0].Fence.RadiusMeters != 100 || fences[0].Name != "Flood" {
		t.Fatalf("fences %+v", fences)
	}
	sent := send(capText("A", "Alert", "")) // once more
	if len(s.fleet.Fences()) != 1 || *sent.Messages[0].Hazard != *made.Messages[0].Hazard {
		t.Error("the same message made another hazard")
	}
	update := send(capText("B", "Update", "office,A,2026-03-01T08:00:00Z"))
	if list := s.fleet.Hazards(); len(list) != 1 || list[0].ID != *update.Messages[0].Hazard || len(s.fleet.Fences()) != 1 {
		t.Errorf("after the update: %+v", list)
	}
	s.api(http.StatusOK, http.MethodGet, "/api/v1/hazards")
	if c := send(capText("C", "Cancel", "office,B,2026-03-01T08:00:00Z")); c.Messages[0].Hazard != nil || len(s.fleet.Fences()) != 0 || len(s.fleet.Hazards()) != 0 {
		t.Errorf("after the cancellation: %+v", c)
	}
	last := send(capText("D", "Alert", "")).Messages[0].Hazard
	s.api(http.StatusNoContent, http.MethodDelete, "/api/v1/hazards/"+string(*last))
	s.api(http.StatusNotFound, http.MethodDelete, "/api/v1/hazards/"+string(*last))
	if len(s.fleet.Fences()) != 0 {
		t.Error("the fence of a deleted hazard stays")
	}
	if p := s.api(http.StatusUnprocessableEntity, http.MethodPost, "/api/v1/hazards", xml(strings.Replace(capText("E", "Alert", ""), "50,8", "8;50", 1))).problem(); !strings.Contains(p.Detail, "latitude") {
		t.Errorf("%+v", p)
	}
	s.api(http.StatusUnsupportedMediaType, http.MethodPost, "/api/v1/hazards", withJSON("{}"))
}

func TestEnteringAHazardOpensAnAlert(t *testing.T) {
	s := startSite(t)
	s.device("box")
	s.api(http.StatusOK, http.MethodPost, "/api/v1/hazards", withBody("application/xml", capText("A", "Alert", "")))
	start := time.Now().Add(-time.Minute)
	s.report("box", fixAt(start, 8.1, 50), fixAt(start.Add(time.Second), 8, 50))
	s.eventually("an alert", func() bool {
		alerts := s.fleet.Alerts(nil, 0, 10)
		return len(alerts) == 1 && alerts[0].Type == "hazard.enter" && alerts[0].State == tracker.AlertOpen
	})
}
