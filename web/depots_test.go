package web

import (
	"net/http"
	"testing"
)

// A round starts while its depot works, by the clock and the calendar there.
func TestRoundsStartWhileTheirDepotWorks(t *testing.T) {
	s := startSite(t)
	s.make("/api/v1/depots", `{"id":"north","point":{"type":"Point","coordinates":[8,50]},"time_zone":"Europe/Berlin",
		"hours":[{"days":[1,2,3,4,5],"from":"06:00","to":"20:00"}],"closed":["2026-12-25"]}`)
	for start, status := range map[string]int{
		"2026-12-23T05:00:00Z": http.StatusCreated, // a Wednesday, 06:00
		"2026-12-23T04:59:00Z": http.StatusUnprocessableEntity,
		"2026-12-25T08:00:00Z": http.StatusUnprocessableEntity,
		"2026-12-26T08:00:00Z": http.StatusUnprocessableEntity, // a Saturday
		"2026-07-01T04:00:00Z": http.StatusCreated,             // 06:00 in summer
	} {
		a := s.api(status, http.MethodPost, "/api/v1/rounds", withJSON(`{"depot":"north","start":"`+start+`"}`))
		if status != http.StatusCreated && a.problem().Member != "start" {
			t.Errorf("%s: %s", start, a.body)
		}
	}
	s.api(http.StatusCreated, http.MethodPost, "/api/v1/rounds", withJSON(`{"depot":"north"}`))
}
