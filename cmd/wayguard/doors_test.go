package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/nacl/secretbox"
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
		{"overland", fmt.Sprintf(`{"locations":[{"geometry":{"type":"Point","coordinates":[-8.62,52.66]},"properties":{"timestamp":%q}}]}`,
			time.Unix(at(3), 0).UTC().Format(time.RFC3339))},
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

// A door token and an OwnTracks key are there after a kill, over HTTP and MQTT.
func TestDoorCredentialsSurviveAKill(t *testing.T) {
	p := startServe(t, t.TempDir())
	secret := p.createDevice(t, "ann:van")
	var made struct {
		Token string
		URLs  map[string]string
	}
	p.call(t, http.MethodPost, "/api/v1/devices/ann:van/door-token", nil, http.StatusOK, &made)
	p.call(t, http.MethodPut, "/api/v1/devices/ann:van/owntracks-key", map[string]string{"key": "open sesame"}, http.StatusNoContent, nil)
	p.kill()
	p.again(t)
	start := time.Now().Add(-time.Minute).Truncate(time.Second)
	for i, send := range []func(payload []byte) error{
		func(payload []byte) error { return p.postTo("/in/owntracks/"+made.Token, payload) },
		func(payload []byte) error {
			client, err := p.connect("ann:van", secret, nil)
			if err != nil {
				return err
			}
			defer client.Disconnect(0)
			return publish(t, client, "owntracks/ann/van", payload)
		},
	} {
		at := start.Unix() + int64(i)
		if err := send(sealed(fmt.Appendf(nil, `{"_type":"location","tst":%d,"lat":52.66,"lon":-8.62}`, at), "open sesame")); err != nil {
			t.Fatal(err)
		}
		if rows := p.track(t, "ann:van", start.Add(-time.Hour), start.Add(time.Hour)); len(rows) != i+1 {
			t.Fatalf("%d fixes, want %d; quarantine: %+v", len(rows), i+1, p.quarantine(t))
		}
	}
	if made.URLs["owntracks"] == "" || strings.Contains(p.output.String(), made.Token) || strings.Contains(p.output.String(), "sesame") {
		t.Errorf("%v:\n%s", made.URLs, p.output)
	}
}

// postTo posts without credentials.
func (p *process) postTo(path string, payload []byte) error {
	resp, err := http.Post("http://"+p.http+path, "application/json", bytes.NewReader(payload))
	if err != nil {
		return err
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", resp.StatusCode)
	}
	return nil
}

// sealed is an OwnTracks message as an app with a passphrase encrypts it.
func sealed(plain []byte, passphrase string) []byte {
	var key [32]byte
	copy(key[:], passphrase)
	nonce := [24]byte{1, 2, 3}
	box := secretbox.Seal(nonce[:], plain, &nonce, &key)
	return []byte(`{"_type":"encrypted","data":"` + base64.StdEncoding.EncodeToString(box) + `"}`)
}
