//go:build linux

package main

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// smallDisk is a folder on a file system of so many bytes.
func smallDisk(t *testing.T, bytes int) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", bytes)); err != nil {
		need(t, "tmpfs", "mounting a small disk takes root: "+err.Error())
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fill writes a file as long as there is room. Removing it frees the disk.
func fill(t *testing.T, dir string) (name string) {
	t.Helper()
	name = filepath.Join(dir, "ballast")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, size := range []int{1 << 20, 1} {
		for err = nil; err == nil; {
			_, err = f.Write(make([]byte, size))
		}
		if !errors.Is(err, syscall.ENOSPC) {
			t.Fatal(err)
		}
	}
	return name
}

// TestDiskFull fills the disk under a server that devices report to: it refuses
// whatever it cannot store, keeps answering what it can, and goes on by itself
// once there is room. Every other time it is killed and started while the disk
// is full.
func TestDiskFull(t *testing.T) {
	trouble(t)
	p := startServe(t, smallDisk(t, 64<<20))
	p.drawFences(t)
	fleet := p.enrol(t, "shuttle", 20, 20)
	for round := range times(2, 10) {
		stop := p.publishAll(fleet)
		time.Sleep(300 * time.Millisecond)
		ballast := fill(t, p.dir)
		p.awaitNotReady(t)
		if round%2 == 1 {
			p.kill()
			p.start(t, "serve", "--data", p.dir, "--http", p.http, "--mqtt", p.mqtt)
			p.awaitNotReady(t)
		}
		p.wantRefusals(t, fleet[0])
		wantNoneAcknowledged(t, fleet, 300*time.Millisecond)
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
		freed := time.Now()
		p.awaitReady(t)
		t.Logf("ready %v after there was room", time.Since(freed).Round(10*time.Millisecond))
		awaitAcknowledgements(t, fleet, freed)
		stop()
	}
	p.audit(t, fleet...)
	p.kill()
	p.again(t)
	acked, events := p.audit(t, fleet...)
	t.Logf("%d positions acknowledged, %d events", acked, events)
}

func (p *process) awaitNotReady(t *testing.T) {
	t.Helper()
	eventually(t, "the server says that it is not ready", func() bool {
		resp, err := http.Get("http://" + p.http + "/readyz")
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusServiceUnavailable
	})
}

// wantRefusals tries to store something in every way and wants 503 and when to
// try again, and tries to read.
func (p *process) wantRefusals(t *testing.T, r *radio) {
	t.Helper()
	now := time.Now().Unix()
	for _, c := range []struct{ method, path, body string }{
		{"GET", "/readyz", ""},
		{"POST", "/api/v1/devices", `{"id":"new:1"}`},
		{"POST", "/api/v1/devices/" + r.id + "/secret", ""},
		{"DELETE", "/api/v1/devices/" + r.id, ""},
		{"DELETE", "/api/v1/fences/west", ""},
		{"PUT", "/api/v1/fences/west", `{"type":"Feature","geometry":{"type":"Point","coordinates":[1,1]},"properties":{"radius_m":99}}`},
		{"POST", "/api/v1/deliveries", `{"customer":{"name":"A"},"address":"1 Mill Lane","point":{"type":"Point","coordinates":[8.5,50.5]}}`},
		{"POST", "/in/owntracks", fmt.Sprintf(`{"_type":"location","tst":%d,"lat":1,"lon":1}`, now)},
		{"GET", fmt.Sprintf("/in/traccar?id=%s&timestamp=%d&lat=1&lon=1", r.id, now), ""},
		{"POST", "/in/flespi", fmt.Sprintf(`[{"ident":%q,"timestamp":%d,"position.latitude":1,"position.longitude":1}]`, r.id, now)},
		{"POST", "/in/flespi", `what can never be right, and is to be kept for the operator`},
	} {
		req, err := http.NewRequest(c.method, "http://"+p.http+c.path, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		if req.Header.Set("Authorization", "Bearer "+testToken); strings.HasPrefix(c.path, "/in/") {
			req.SetBasicAuth(r.id, r.secret)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
			t.Errorf("%s %s: status %d, Retry-After %q", c.method, c.path, resp.StatusCode, resp.Header.Get("Retry-After"))
		}
	}
	for _, path := range []string{"/healthz", "/metrics", "/api/v1/devices", "/api/v1/fences/west", "/api/v1/events?after=0", "/api/v1/devices/" + r.id + "/track"} {
		p.call(t, http.MethodGet, path, nil, http.StatusOK, nil)
	}
}

// wantNoneAcknowledged wants the radios to be told nothing for a while.
func wantNoneAcknowledged(t *testing.T, fleet []*radio, d time.Duration) {
	t.Helper()
	since := time.Now()
	time.Sleep(d)
	for _, r := range fleet {
		if acks := r.got(); len(acks) > 0 && acks[len(acks)-1].at.After(since) {
			t.Errorf("%s is acknowledged while there is no room", r.id)
		}
	}
}
