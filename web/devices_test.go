package web

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"wayguard/geofence"
	"wayguard/tracker"
)

func TestDeviceLifeCycle(t *testing.T) {
	s := startSite(t)
	made := s.api(http.StatusCreated, http.MethodPost, "/api/v1/devices", withJSON(`{"id":"van-1","name":"Van 1","kind":"van"}`))
	var d struct {
		deviceJSON
		Secret string
	}
	made.decode(&d)
	if d.ID != "van-1" || d.Name != "Van 1" || d.Kind != "van" || d.Last != nil || time.Since(d.Created) > time.Minute {
		t.Errorf("made %+v", d)
	}
	if got := made.header.Get("Location"); got != "/api/v1/devices/van-1" {
		t.Errorf("Location %q", got)
	}
	if id, ok := s.fleet.Authenticate("van-1", d.Secret); !ok || id != "van-1" {
		t.Error("the secret does not work")
	}

	var rotated struct{ ID, Secret string }
	s.api(http.StatusOK, http.MethodPost, "/api/v1/devices/van-1/secret").decode(&rotated)
	if _, ok := s.fleet.Authenticate("van-1", d.Secret); ok {
		t.Error("the old secret still works")
	}
	if _, ok := s.fleet.Authenticate("van-1", rotated.Secret); !ok {
		t.Error("the new secret does not work")
	}

	s.api(http.StatusNoContent, http.MethodDelete, "/api/v1/devices/van-1")
	if _, ok := s.fleet.Device("van-1"); ok {
		t.Error("the device is still there")
	}
	s.api(http.StatusNotFound, http.MethodGet, "/api/v1/devices/van-1")
}

func TestDeviceShowsItsNewestPosition(t *testing.T) {
	s := startSite(t)
	s.device("alice:phone")
	at := time.Now().UTC().Truncate(time.Second)
	f := fixAt(at, 8.25, 50.5)
	f.AccuracyMeters, f.SpeedMPS, f.Known = 4.5, 0, geofence.KnownAccuracy|geofence.KnownSpeed
	s.report("alice:phone", f)

	var list struct{ Devices []deviceJSON }
	s.api(http.StatusOK, http.MethodGet, "/api/v1/devices").decode(&list)
	if len(list.Devices) != 1 || list.Devices[0].Last == nil {
		t.Fatalf("list %+v", list)
	}
	last := list.Devices[0].Last
	if last.Device != "alice:phone" || last.Lon != 8.25 || last.Lat != 50.5 || !last.Time.Equal(at) {
		t.Errorf("last %+v", last)
	}
	if last.AccuracyM == nil || *last.AccuracyM != 4.5 || last.SpeedMPS == nil || *last.SpeedMPS != 0 {
		t.Errorf("reported fields %+v", last.fixJSON)
	}
	if last.HeadingD != nil || last.AltitudeM != nil || last.Battery != nil {
		t.Errorf("fields nobody reported: %+v", last)
	}
	var one deviceJSON
	s.api(http.StatusOK, http.MethodGet, "/api/v1/devices/alice:phone").decode(&one)
	if one.Last == nil || one.Last.Lon != 8.25 {
		t.Errorf("one %+v", one)
	}
}

func TestBadDevices(t *testing.T) {
	s := startSite(t)
	s.device("taken")
	const devices = "/api/v1/devices"
	for _, tt := range []struct {
		name   string
		body   option
		status int
		says   string
		member string
	}{
		{"no JSON", withJSON(`{"id":`), 400, "ends too early", ""},
		{"no JSON in the middle", withJSON(`{"id":x}`), 400, "byte 7", ""},
		{"empty", withJSON(``), 400, "ends too early", ""},
		{"array", withJSON(`["van-1"]`), 400, "must be a JSON object", ""},
		{"null", withJSON(`null`), 400, "must be a JSON object", ""},
		{"trailing data", withJSON(`{"id":"van-1"} {}`), 400, "must end after", ""},
		{"trailing garbage", withJSON(`{"id":"van-1"}x`), 400, "must end after", ""},
		{"unknown member", withJSON(`{"id":"van-1","colour":"red"}`), 400, `"colour"`, "colour"},
		{"member in another case", withJSON(`{"ID":"van-1"}`), 400, `"ID"`, "ID"},
		{"wrong type", withJSON(`{"id":17}`), 422, "must be a string", "id"},
		{"null member", withJSON(`{"id":"van-1","name":null}`), 422, "must be a string", "name"},
		{"no id", withJSON(`{}`), 422, "1 to 64", "id"},
		{"bad id", withJSON(`{"id":"van 1"}`), 422, "1 to 64", "id"},
		{"long name", withJSON(`{"id":"van-1","name":"` + strings.Repeat("ü", 201) + `"}`), 422, "200", "name"},
		{"control character", withJSON(`{"id":"van-1","name":"a\u0000b"}`), 422, "control", "name"},
		{"bad kind", withJSON(`{"id":"van-1","kind":"ship"}`), 422, "van, bike, truck", "kind"},
		{"id taken", withJSON(`{"id":"taken"}`), 409, "already taken", ""},
		{"form", withBody("application/x-www-form-urlencoded", "id=van-1"), 415, "application/json", ""},
		{"text", withBody("text/plain", `{"id":"van-1"}`), 415, "application/json", ""},
		{"too large", withJSON(`{"id":"` + strings.Repeat("x", maxBody) + `"}`), 413, "1048576 bytes", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s.t = t
			p := s.api(tt.status, http.MethodPost, devices, tt.body).problem()
			if !strings.Contains(p.Detail, tt.says) || p.Member != tt.member || p.Status != tt.status {
				t.Errorf("got %+v", p)
			}
		})
	}
	if n := len(s.fleet.Devices()); n != 1 {
		t.Errorf("%d devices, want the one that was there", n)
	}
}

func TestUnknownDevice(t *testing.T) {
	s := startSite(t)
	for _, request := range []string{
		"GET /api/v1/devices/nobody", "DELETE /api/v1/devices/nobody", "POST /api/v1/devices/nobody/secret",
		"GET /api/v1/devices/nobody/track", "GET /api/v1/devices/no%20body/track", "GET /api/v1/devices/a%2Fb",
	} {
		method, path, _ := strings.Cut(request, " ")
		if p := s.api(http.StatusNotFound, method, path).problem(); !strings.Contains(p.Detail, "No device has this id") {
			t.Errorf("%s: %+v", request, p)
		}
	}
}

func TestDevicesAreListedInOrder(t *testing.T) {
	s := startSite(t)
	for _, id := range []tracker.DeviceID{"c", "a", "b:2", "b:1"} {
		s.device(id)
	}
	var list struct{ Devices []deviceJSON }
	s.api(http.StatusOK, http.MethodGet, "/api/v1/devices").decode(&list)
	var ids []string
	for _, d := range list.Devices {
		ids = append(ids, string(d.ID))
	}
	if got := strings.Join(ids, " "); got != "a b:1 b:2 c" {
		t.Errorf("order %s", got)
	}
}
