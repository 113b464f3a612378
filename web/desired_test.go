package web

import (
	"net/http"
	"strings"
	"testing"
	"time"

	firmware "wayguard/firmware-protocol"
	"wayguard/geofence"
	"wayguard/tracker"
)

const desiredPath = "/api/v1/devices/van-1/desired"

// answer has the device say what became of a version.
func (s *testSite) answer(version uint32, outcome firmware.Outcome) {
	s.t.Helper()
	now := time.Now().UTC()
	r := tracker.Report{
		Device: "van-1", Received: now, Key: tracker.ReportKey(version)<<8 | tracker.ReportKey(outcome),
		Answer: &tracker.Answer{Time: geofence.MillisOf(now), Applied: firmware.Applied{Version: version, Outcome: outcome}, Firmware: "1.0.0"},
	}
	if err := s.fleet.Accept(s.t.Context(), r); err != nil {
		s.t.Fatal(err)
	}
}

func TestDesired(t *testing.T) {
	s := startSite(t)
	s.device("van-1")
	var d desiredJSON
	a := s.api(http.StatusOK, http.MethodGet, desiredPath)
	if a.decode(&d); d.Version != 0 || d.Changed != nil || d.Applied != nil || a.header.Get("ETag") != `"0"` {
		t.Errorf("before anything: %+v, %s", d, a.header.Get("ETag"))
	}
	update := `{"sha256":"` + strings.Repeat("ab", 32) + `","size":181204,"version":"1.5.0","url":"https://example.org/1.5.0.bin"}`
	s.api(http.StatusOK, http.MethodPut, desiredPath, header("If-Match", `"0"`),
		withJSON(`{"moving_s":10,"resting_s":300,"seal":"arm","update":`+update+`}`)).decode(&d)
	if d.Version != 1 || *d.Moving != 10 || *d.Resting != 300 || *d.Seal != "arm" || d.Update.Size != 181204 || d.Changed == nil {
		t.Errorf("put: %+v", d)
	}
	s.answer(1, firmware.Fetching)
	s.api(http.StatusOK, http.MethodGet, desiredPath).decode(&d)
	if ap := d.Applied; ap == nil || ap.Version != 1 || ap.Outcome != "fetching" || *ap.Firmware != "1.0.0" ||
		ap.Parts["interval"] != "in_force" || ap.Parts["seal"] != "in_force" || ap.Parts["update"] != "fetching" || len(ap.Parts) != 3 {
		t.Errorf("applied: %+v", ap)
	}
	d = desiredJSON{}
	s.api(http.StatusOK, http.MethodPatch, desiredPath, header("If-Match", `W/"7", "1"`),
		withBody("application/merge-patch+json", `{"seal":"release","update":null,"report_now":true}`)).decode(&d)
	if d.Version != 2 || *d.Moving != 10 || *d.Seal != "release" || d.Update != nil || d.Report != 1 || len(d.Applied.Parts) != 0 {
		t.Errorf("patched: %+v", d)
	}
	if p := s.api(http.StatusPreconditionFailed, http.MethodPut, desiredPath, header("If-Match", `"1"`), withJSON(`{}`)).problem(); p.Detail == "" {
		t.Errorf("%+v", p)
	}
	same := s.api(http.StatusOK, http.MethodPatch, desiredPath, header("If-Match", "*"), withJSON(`{"moving_s":10}`))
	if same.decode(&d); d.Version != 2 || same.header.Get("ETag") != `"2"` {
		t.Errorf("nothing changed, but %+v", d)
	}
	d = desiredJSON{}
	s.api(http.StatusOK, http.MethodPut, desiredPath, withJSON(`{}`)).decode(&d)
	if d.Version != 3 || d.Moving != nil || d.Seal != nil || d.Report != 1 {
		t.Errorf("emptied: %+v", d)
	}
	s.api(http.StatusNotFound, http.MethodPut, "/api/v1/devices/nobody/desired", withJSON(`{}`))
	s.api(http.StatusNotFound, http.MethodGet, "/api/v1/devices/nobody/desired")
}

func TestBadDesired(t *testing.T) {
	s := startSite(t)
	s.device("van-1")
	for _, tt := range []struct {
		body   string
		status int
		member string
	}{
		{`{"moving":1}`, 400, "moving"},
		{`{"version":1}`, 400, "version"},
		{`[]`, 400, ""},
		{`{"moving_s":0}`, 422, "moving_s"},
		{`{"moving_s":1.5}`, 422, "moving_s"},
		{`{"moving_s":604801}`, 422, "moving_s"},
		{`{"moving_s":-1}`, 422, "moving_s"},
		{`{"moving_s":"10"}`, 422, "moving_s"},
		{`{"resting_s":10}`, 422, "resting_s"},
		{`{"seal":"open"}`, 422, "seal"},
		{`{"seal":true}`, 422, "seal"},
		{`{"report_now":false}`, 422, "report_now"},
		{`{"update":{}}`, 422, "update"},
		{`{"update":{"sha256":"ab","size":1,"version":"1","url":"x"}}`, 422, "update"},
		{`{"update":{"sha256":"` + strings.Repeat("ab", 32) + `","size":1,"version":"","url":"x"}}`, 422, "update"},
		{`{"update":{"sha256":"` + strings.Repeat("ab", 32) + `","size":1,"version":"1","url":"` + strings.Repeat("x", 513) + `"}}`, 422, "update"},
		{`{"update":{"sha256":"` + strings.Repeat("ab", 32) + `","size":1,"version":"\ud800","url":"x","more":1}}`, 422, "update"},
	} {
		for _, method := range []string{http.MethodPut, http.MethodPatch} {
			if p := s.api(tt.status, method, desiredPath, withJSON(tt.body)).problem(); p.Member != tt.member {
				t.Errorf("%s: %+v", tt.body, p)
			}
		}
	}
	var d desiredJSON
	if s.api(http.StatusOK, http.MethodGet, desiredPath).decode(&d); d.Version != 0 {
		t.Errorf("became %+v", d)
	}
}

func TestReadings(t *testing.T) {
	s := startSite(t)
	s.device("van-1")
	at := time.Now().UTC().Truncate(time.Second).Add(-time.Minute)
	ms := firmware.Millis(at.UnixMilli())
	r := tracker.Report{Device: "van-1", Received: time.Now(), Key: 1, Readings: []firmware.Reading{
		{Time: ms, Kind: firmware.Battery, Value: 87, More: 3900},
		{Time: ms + 1000, Kind: firmware.Temperature, Value: 425},
		{Time: ms + 2000, Kind: firmware.Shock, Value: 1125},
		{Time: ms + 3000, Kind: firmware.Seal, Value: firmware.SealOpen},
		{Time: ms + 4000, Kind: firmware.Ignition, Value: 1},
		{Time: ms + 5000, Kind: firmware.Scan, Text: "4006381333931"},
		{Time: ms - 1000, Kind: firmware.Temperature, Value: -50},
	}}
	if err := s.fleet.Accept(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	var d deviceDetailJSON
	s.api(http.StatusOK, http.MethodGet, "/api/v1/devices/van-1").decode(&d)
	if len(d.Readings) != 6 || d.Readings[1].Value != 4.25 || *d.Readings[0].Millivolts != 3900 || d.Readings[3].Value != "open" {
		t.Errorf("newest: %+v", d.Readings)
	}
	values := func(query string) (values []any) {
		var got struct{ Readings []readingJSON }
		s.api(http.StatusOK, http.MethodGet, "/api/v1/devices/van-1/readings"+query).decode(&got)
		for _, x := range got.Readings {
			values = append(values, x.Value)
		}
		return values
	}
	if got := values(""); len(got) != 7 || got[0] != -0.5 || got[3] != 1.125 || got[4] != "open" || got[5] != true || got[6] != "4006381333931" {
		t.Errorf("all: %v", got)
	}
	if got := values("?kind=temperature&from=" + at.Format(time.RFC3339)); len(got) != 1 || got[0] != 4.25 {
		t.Errorf("temperatures: %v", got)
	}
	if got := values("?to=" + at.Format(time.RFC3339)); len(got) != 1 {
		t.Errorf("earlier: %v", got)
	}
	if p := s.api(http.StatusBadRequest, http.MethodGet, "/api/v1/devices/van-1/readings?kind=speed").problem(); p.Parameter != "kind" {
		t.Errorf("%+v", p)
	}
	s.api(http.StatusNotFound, http.MethodGet, "/api/v1/devices/nobody/readings")
}
