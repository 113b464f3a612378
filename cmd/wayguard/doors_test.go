package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// post sends body to a door as a device.
func (p *process) post(t *testing.T, door, id, secret, body string) int {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, "http://"+p.http+"/in/"+door, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(id, secret)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

// What a door has answered with 200 is there after a kill.
func TestDoorsOverHTTPSurviveAKill(t *testing.T) {
	p := startServe(t, t.TempDir())
	secret := p.createDevice(t, "ann:van")
	start := time.Now().Add(-time.Minute).Truncate(time.Second)
	at := func(i int) int64 { return start.Unix() + int64(i) }
	for i, c := range []struct{ door, body string }{
		{"traccar", fmt.Sprintf("id=ann:van&timestamp=%d&lat=52.66&lon=-8.62", at(0))},
		{"owntracks", fmt.Sprintf(`[{"_type":"location","tst":%d,"lat":52.66,"lon":-8.62}]`, at(1))},
		{"flespi", fmt.Sprintf(`[{"ident":"ann:van","timestamp":%d,"position.latitude":52.66,"position.longitude":-8.62}]`, at(2))},
	} {
		if status := p.post(t, c.door, "ann:van", secret, c.body); status != http.StatusOK {
			t.Fatalf("%s: status %d", c.door, status)
		}
		p.kill()
		p = startServe(t, p.dir)
		if rows := p.track(t, "ann:van", start.Add(-time.Hour), start.Add(time.Hour)); len(rows) != i+1 {
			t.Fatalf("%s: %d fixes after a kill, want %d", c.door, len(rows), i+1)
		}
	}
	if status := p.post(t, "traccar", "ann:van", "guess", "id=ann:van&lat=1&lon=2"); status != http.StatusUnauthorized {
		t.Errorf("a wrong secret: status %d", status)
	}
}
