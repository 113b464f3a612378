package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"wayguard/geofence"
	"wayguard/tracker"
	"wayguard/tracker/ingest/flespi"
	"wayguard/tracker/ingest/overland"
	"wayguard/tracker/ingest/owntracks"
	"wayguard/tracker/ingest/traccar"
)

// doorSite is a site with all doors and the device anna:van7, whose secret it
// returns.
func doorSite(t *testing.T, change ...func(*Options)) (*testSite, option) {
	t.Helper()
	s := startSite(t, append(change, func(o *Options) {
		o.Doors = []Door{owntracks.HTTP{Keys: o.Fleet.OwnTracksKey}, traccar.Door{}, flespi.Door{}, overland.Door{}}
	})...)
	secret, err := s.fleet.CreateDevice(t.Context(), tracker.Device{ID: "anna:van7"})
	if err != nil {
		t.Fatal(err)
	}
	return s, withBasic("anna:van7", secret)
}

func withBasic(name, secret string) option {
	return func(r *http.Request) {
		r.Header.Del("Authorization")
		r.SetBasicAuth(name, secret)
	}
}

// stored are the fixes of a device.
func (s *testSite) stored(id tracker.DeviceID) []geofence.Fix {
	s.t.Helper()
	var fixes []geofence.Fix
	err := s.fleet.Track(id, time.UnixMilli(0), time.Now().Add(time.Hour), func(p tracker.TrackPoint) bool {
		fixes = append(fixes, p.Fix)
		return true
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return fixes
}

// wantDoor sends to a door and wants a status; every refusal is a problem.
func (s *testSite) wantDoor(status int, method, path string, options ...option) answer {
	s.t.Helper()
	_, a := s.sendUnchecked(method, path, options...)
	if a.status != status {
		s.t.Fatalf("%s %s: status %d, want %d: %.300s", method, path, a.status, status, a.body)
	}
	if status >= 400 {
		if got := a.header.Get("Content-Type"); got != "application/problem+json" {
			s.t.Errorf("%s %s: Content-Type %q", method, path, got)
		}
		s.spec.checkValue(s.t, "Problem", a.body)
	}
	return a
}

func TestDoorsStoreBeforeTheyAnswer(t *testing.T) {
	s, anna := doorSite(t)
	start := time.Now().Add(-time.Hour).Truncate(time.Second)
	forms := func(at time.Time) []struct {
		method, path, answer string
		body                 option
	} {
		none := func(*http.Request) {}
		form := fmt.Sprintf("id=anna:van7&timestamp=%d&lat=50&lon=8", at.Unix())
		return []struct {
			method, path, answer string
			body                 option
		}{
			{"GET", "/in/traccar?" + form, "", none},
			{"POST", "/in/traccar?" + form, "", none},
			{"POST", "/in/traccar", "", withBody("application/x-www-form-urlencoded; charset=UTF-8", form)},
			{"POST", "/in/traccar", "", withJSON(fmt.Sprintf(
				`{"device_id":"anna:van7","location":{"timestamp":%q,"coords":{"latitude":50,"longitude":8}}}`, at.UTC().Format(time.RFC3339)))},
			{"POST", "/in/owntracks", "[]", withJSON(fmt.Sprintf(`{"_type":"location","tst":%d,"lat":50,"lon":8}`, at.Unix()))},
			{"POST", "/in/flespi", "", withJSON(fmt.Sprintf(
				`[{"ident":"anna:van7","timestamp":%d,"position.latitude":50,"position.longitude":8}]`, at.Unix()))},
			{"POST", "/in/overland", `{"result":"ok"}`, withJSON(fmt.Sprintf(
				`{"locations":[{"geometry":{"type":"Point","coordinates":[8,50]},"properties":{"timestamp":%q}}]}`, at.UTC().Format(time.RFC3339)))},
		}
	}
	for i := range forms(start) {
		at := start.Add(time.Duration(i) * time.Second)
		f := forms(at)[i]
		for range 2 { // Sent again, it is answered again and stored once.
			a := s.wantDoor(http.StatusOK, f.method, f.path, anna, f.body)
			if string(a.body) != f.answer || a.header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s %s: %q", f.method, f.path, a.body)
			}
			fixes := s.stored("anna:van7")
			if len(fixes) != i+1 || fixes[i].Time != geofence.MillisOf(at) || fixes[i].Point != [2]float64{8, 50} {
				t.Fatalf("%s %s: %d fixes stored, want %d", f.method, f.path, len(fixes), i+1)
			}
		}
	}
	for door, want := range map[string]float64{"traccar": 8, "owntracks": 2, "flespi": 2, "overland": 2} {
		if got := testutil.ToFloat64(s.server.metrics.reports.WithLabelValues(door, "acknowledged")); got != want {
			t.Errorf("%s: %v acknowledged, want %v", door, got, want)
		}
	}
}

func TestDoorsRefuse(t *testing.T) {
	s, anna := doorSite(t)
	for _, c := range []struct {
		status       int
		door, body   string
		reason, word string
	}{
		{400, "traccar", "id=anna:van7&lat=91&lon=8", "bad_position", "lat"},
		{400, "traccar", "lat=50&lon=8", "no_device", "id"},
		{403, "traccar", "id=bert&lat=50&lon=8", "foreign_device", "id"},
		{400, "owntracks", `{"_type":"location"}`, "bad_time", "tst"},
		{403, "owntracks", `{"_type":"location","tst":1767225600,"lat":1,"lon":2,"topic":"owntracks/bert/van"}`, "foreign_device", "topic"},
		{400, "flespi", `{"ident":"anna:van7"}`, "bad_json", "byte"},
		{400, "overland", `{"locations":[{}]}`, "bad_time", "timestamp"},
		{403, "flespi", `[{"ident":"bert","timestamp":1767225600,"position.latitude":1,"position.longitude":2}]`, "foreign_device", "ident"},
	} {
		a := s.wantDoor(c.status, http.MethodPost, "/in/"+c.door, anna, withBody("text/plain", c.body))
		if !strings.Contains(a.problem().Detail, c.word) {
			t.Errorf("%s: %s", c.body, a.body)
		}
		kept, err := s.fleet.Quarantined()
		if err != nil || len(kept) == 0 {
			t.Fatalf("%d in the quarantine, %v", len(kept), err)
		}
		if k := kept[0]; k.Device != "anna:van7" || k.Door != c.door || k.Reason != c.reason || string(k.Payload) != c.body {
			t.Errorf("quarantined %+v, want %s", k, c.reason)
		}
		if testutil.ToFloat64(s.server.metrics.reportRefusals.WithLabelValues(c.door, c.reason)) == 0 {
			t.Errorf("%s %s is not counted", c.door, c.reason)
		}
	}
	s.wantDoor(http.StatusOK, http.MethodPost, "/in/owntracks", anna, withJSON(`{"_type":"lwt","tst":1}`)) // in order, nothing to store
	s.wantDoor(http.StatusRequestEntityTooLarge, http.MethodPost, "/in/flespi", anna, withJSON(strings.Repeat(" ", maxBody+1)))
	s.wantDoor(http.StatusMethodNotAllowed, http.MethodPut, "/in/traccar", anna)
	if kept, err := s.fleet.Quarantined(); err != nil || len(kept) != 8 {
		t.Errorf("%d in the quarantine, %v", len(kept), err)
	}
	if fixes := s.stored("anna:van7"); len(fixes) != 0 {
		t.Errorf("stored %v", fixes)
	}
}

func TestDoorsKnowTheirDevices(t *testing.T) {
	s, anna := doorSite(t)
	const path = "/in/traccar?id=anna:van7&lat=50&lon=8"
	none := func(*http.Request) {}
	for name, who := range map[string]option{
		"nobody": none, "admin": withToken, "wrong secret": withBasic("anna:van7", "guess"), "unknown": withBasic("bert", "guess"), "empty": withBasic("", ""),
	} {
		a := s.wantDoor(http.StatusUnauthorized, http.MethodGet, path, who)
		if got := a.header.Get("WWW-Authenticate"); !strings.HasPrefix(got, "Basic ") {
			t.Errorf("%s: WWW-Authenticate %q", name, got)
		}
	}
	s.wantDoor(http.StatusForbidden, http.MethodPost, path, anna, header("Origin", "https://elsewhere.example"))
	// A device gets at nothing else.
	if a := s.send(http.MethodGet, "/api/v1/devices", anna); a.status != http.StatusUnauthorized {
		t.Errorf("the API: %d", a.status)
	}
	if fixes := s.stored("anna:van7"); len(fixes) != 0 {
		t.Errorf("stored %v", fixes)
	}
	secret, err := s.fleet.RotateSecret(t.Context(), "anna:van7")
	if err != nil {
		t.Fatal(err)
	}
	s.wantDoor(http.StatusUnauthorized, http.MethodGet, path, anna)
	s.wantDoor(http.StatusOK, http.MethodGet, path, withBasic("anna:van7", secret))
	s.wantDoor(http.StatusOK, http.MethodGet, path, withBasic("anna", secret)) // as OwnTracks signs in
}

// Guessing is slowed down for the name that is guessed at, and leaves others at
// the same address alone.
func TestDoorsSlowGuessing(t *testing.T) {
	s, anna := doorSite(t)
	const path = "/in/traccar?id=anna:van7&lat=50&lon=8"
	for range failureBurst {
		s.wantDoor(http.StatusUnauthorized, http.MethodGet, path, withBasic("bert", "guess"))
	}
	retryAfter(t, s.wantDoor(http.StatusTooManyRequests, http.MethodGet, path, withBasic("bert", "guess")))
	s.wantDoor(http.StatusOK, http.MethodGet, path, anna)
	s.api(http.StatusOK, http.MethodGet, "/api/v1/devices")
}

func TestDoorsLimitADevice(t *testing.T) {
	s, anna := doorSite(t, func(o *Options) { o.Limits.Requests = 1 })
	const path = "/in/owntracks?"
	for range 4 {
		s.wantDoor(http.StatusOK, http.MethodPost, path, anna)
	}
	retryAfter(t, s.wantDoor(http.StatusTooManyRequests, http.MethodPost, path, anna))
}

func TestDoorsOnAFullDisk(t *testing.T) {
	s, anna := doorSite(t)
	s.disk.full.Store(true)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_ = s.fleet.PutRecords(ctx, "test", tracker.Record{Key: "a", Value: []byte("b")})
	s.eventually("the fleet to notice", func() bool { return s.fleet.Ready() != nil })
	good := "/in/traccar?" + url.Values{"id": {"anna:van7"}, "lat": {"50"}, "lon": {"8"}, "timestamp": {fmt.Sprint(time.Now().Unix())}}.Encode()
	for _, path := range []string{good, "/in/traccar?id=anna:van7"} { // nor is a refusal final before it is kept
		retryAfter(t, s.wantDoor(http.StatusServiceUnavailable, http.MethodGet, path, anna))
	}
	s.disk.full.Store(false)
	s.eventually("the disk to be used again", func() bool { return s.fleet.Ready() == nil })
	s.wantDoor(http.StatusOK, http.MethodGet, good, anna)
	if fixes := s.stored("anna:van7"); len(fixes) != 1 {
		t.Errorf("%d fixes", len(fixes))
	}
}
