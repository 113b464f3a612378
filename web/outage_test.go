package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"wayguard/geofence"
	"wayguard/tracker"
)

func TestFullDisk(t *testing.T) {
	s := startSite(t)
	s.device("v")
	link := s.signinPath()
	s.disk.full.Store(true)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	// The fleet learns of it by the first thing it cannot store.
	_ = s.fleet.PutRecords(ctx, "test", tracker.Record{Key: "a", Value: []byte("b")})
	s.eventually("the fleet to notice", func() bool { return s.fleet.Ready() != nil })

	ready := s.send(http.MethodGet, "/readyz")
	if ready.status != http.StatusServiceUnavailable || string(ready.body) != "not ready\n" {
		t.Errorf("readyz: %d %q", ready.status, ready.body)
	}
	if a := s.send(http.MethodGet, "/healthz"); a.status != http.StatusOK {
		t.Errorf("healthz: %d", a.status)
	}
	for request, body := range map[string]option{
		"POST /api/v1/devices":          withJSON(`{"id":"w"}`),
		"POST /api/v1/devices/v/secret": func(*http.Request) {},
		"DELETE /api/v1/devices/v":      func(*http.Request) {},
		"PUT /api/v1/fences/depot":      withBody(geoJSON, circle(8, 50, 100)),
	} {
		method, path, _ := strings.Cut(request, " ")
		a := s.api(http.StatusServiceUnavailable, method, path, body)
		retryAfter(t, a)
		if strings.Contains(string(a.body), "space") {
			t.Errorf("%s tells what is inside: %s", request, a.body)
		}
	}
	if a := s.send(http.MethodGet, link); a.status != http.StatusServiceUnavailable {
		t.Errorf("sign-in: %d", a.status)
	}
	s.api(http.StatusOK, http.MethodGet, "/api/v1/devices/v") // reading goes on

	s.disk.full.Store(false)
	s.eventually("the disk to be used again", func() bool { return s.send(http.MethodGet, "/readyz").status == http.StatusOK })
	if a := s.send(http.MethodGet, link); a.status != http.StatusSeeOther {
		t.Errorf("the failed sign-in used its link up: %d", a.status)
	}
	if _, made := s.fleet.Device("w"); made {
		t.Error("a refused device was made")
	}
}

// An answer that cannot be finished must not look whole.
func TestTrackThatCannotBeReadIsBrokenOff(t *testing.T) {
	s := startSite(t)
	s.device("v")
	at := time.Now().UTC().Truncate(time.Second).Add(-time.Hour)
	for i := range 12 {
		var fixes []geofence.Fix
		for j := range 1000 {
			fixes = append(fixes, fixAt(at.Add(time.Duration(1000*i+j)*time.Millisecond), 8, 50))
		}
		s.report("v", fixes...)
	}
	s.eventually("two pages of blocks", func() bool {
		blocks, err := s.disk.Store.Blocks("v", 0, 1<<62, 1000)
		return err == nil && len(blocks) >= 70
	})
	s.disk.broken.Store(true)
	r, err := http.NewRequest(http.MethodGet, s.base+"/api/v1/devices/v/track", nil)
	if err != nil {
		t.Fatal(err)
	}
	withToken(r)
	resp, err := s.client().Do(r)
	if err == nil {
		defer resp.Body.Close()
		_, err = io.ReadAll(resp.Body)
	}
	if !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		t.Errorf("ended with %v", err)
	}
	s.eventually("the failure in the log", func() bool { return strings.Contains(s.log.String(), "request failed") })
}
