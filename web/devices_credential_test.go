package web

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"strings"
	"testing"
	"time"

	"wayguard/tracker"
)

// quoted is text as a JSON string.
func quoted(text string) string {
	b, _ := json.Marshal(text)
	return string(b)
}

func TestDeviceWithCertificate(t *testing.T) {
	s := startSite(t, withBroker)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	if err != nil {
		t.Fatal(err)
	}
	csr := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}))
	var made newDeviceJSON
	s.api(http.StatusCreated, http.MethodPost, "/api/v1/devices",
		withJSON(`{"id":"van","credential":"certificate","valid":"30d","csr":`+quoted(csr)+`}`)).decode(&made)
	if made.Secret != "" || made.Certificate.Key != "" || made.SignIn.By != "certificate" || made.SignIn.Expires == nil || !made.SignIn.Expires.Equal(made.Certificate.Expires) {
		t.Errorf("made %+v", made)
	}
	if left := time.Until(made.Certificate.Expires); left < 29*24*time.Hour || left > 30*24*time.Hour {
		t.Errorf("it is valid for %s", left)
	}
	if made.Setup.Native.Link != nil || made.Setup.OwnTracksMQTT != nil {
		t.Errorf("a certificate in a QR code: %+v", made.Setup)
	}

	// The next one overlaps with it.
	var next credentialJSON
	s.api(http.StatusOK, http.MethodPost, "/api/v1/devices/van/certificate", withJSON(`{"grace":"24h"}`)).decode(&next)
	var shown deviceJSON
	s.api(http.StatusOK, http.MethodGet, "/api/v1/devices/van").decode(&shown)
	if next.Certificate.Key == "" || shown.SignIn.OldUntil == nil || time.Until(*shown.SignIn.OldUntil) < 23*time.Hour {
		t.Errorf("shown %+v", shown.SignIn)
	}
	for _, c := range []*certificateJSON{made.Certificate, next.Certificate} {
		block, _ := pem.Decode([]byte(c.Certificate))
		leaf, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := s.fleet.SignInCertificate(leaf); !ok {
			t.Error("a certificate in force does not sign in")
		}
	}
	s.api(http.StatusOK, http.MethodPost, "/api/v1/devices/van/secret")
	s.api(http.StatusOK, http.MethodGet, "/api/v1/devices/van").decode(&shown)
	if shown.SignIn.By != "secret" || shown.SignIn.Expires != nil || shown.SignIn.OldUntil != nil {
		t.Errorf("after a new secret: %+v", shown.SignIn)
	}
}

func TestRotateWithGrace(t *testing.T) {
	s := startSite(t)
	var made newDeviceJSON
	s.api(http.StatusCreated, http.MethodPost, "/api/v1/devices", withJSON(`{"id":"van"}`)).decode(&made)
	var rotated credentialJSON
	s.api(http.StatusOK, http.MethodPost, "/api/v1/devices/van/secret", withJSON(`{"grace":"1h"}`)).decode(&rotated)
	works := func(secret string) bool { _, ok := s.fleet.Authenticate("van", secret); return ok }
	if !works(made.Secret) || !works(rotated.Secret) {
		t.Errorf("in the grace the old secret works: %v, the new one: %v", works(made.Secret), works(rotated.Secret))
	}
	for deadline := time.Now().Add(30 * time.Second); works(made.Secret); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the old secret works after the new one was used")
		}
	}
}

func TestBadCredentials(t *testing.T) {
	s := startSite(t)
	s.device("van")
	for _, tt := range []struct{ path, body, member string }{
		{"/api/v1/devices/van/secret", `{"grace":"31d"}`, "grace"},
		{"/api/v1/devices/van/secret", `{"grace":"tomorrow"}`, "grace"},
		{"/api/v1/devices/van/certificate", `{"csr":"hello"}`, "csr"},
		{"/api/v1/devices/van/certificate", `{"valid":"4000d"}`, "valid"},
		{"/api/v1/devices", `{"id":"x","credential":"password"}`, "credential"},
		{"/api/v1/devices", `{"id":"x","csr":"hello"}`, "credential"},
		{"/api/v1/devices", `{"id":"` + strings.Repeat("a", 40) + ":" + strings.Repeat("b", 40) + `","credential":"certificate"}`, "csr"},
	} {
		if p := s.api(http.StatusUnprocessableEntity, http.MethodPost, tt.path, withJSON(tt.body)).problem(); p.Member != tt.member {
			t.Errorf("%s %s: %+v", tt.path, tt.body, p)
		}
	}
	for _, path := range []string{"/api/v1/devices/nobody/secret", "/api/v1/devices/nobody/certificate"} {
		s.api(http.StatusNotFound, http.MethodPost, path, withJSON(`{}`))
	}
	if n := len(s.fleet.Devices()); n != 1 {
		t.Errorf("%d devices", n)
	}
}

func TestDeviceLimits(t *testing.T) {
	connected := map[tracker.DeviceID]bool{"van": true}
	s := startSite(t, func(o *Options) {
		o.Broker.Connected = func(id tracker.DeviceID) bool { return connected[id] }
	})
	s.device("van")
	s.device("bus")
	var d, bus deviceJSON
	s.api(http.StatusOK, http.MethodPut, "/api/v1/devices/van/limits", withJSON(`{"messages_per_s":0.5}`)).decode(&d)
	if d.Limits != (tracker.DeviceLimits{MessagesPerSecond: 0.5}) || d.Connected == nil || !*d.Connected {
		t.Errorf("van %+v", d)
	}
	if got := s.fleet.DeviceLimits("van"); got != d.Limits {
		t.Errorf("in force: %+v", got)
	}
	s.api(http.StatusOK, http.MethodGet, "/api/v1/devices/bus").decode(&bus)
	if *bus.Connected || bus.Limits != (tracker.DeviceLimits{}) {
		t.Errorf("bus %+v", bus)
	}
	for _, body := range []string{`{"messages_per_s":-1}`, `{"messages_per_s":1e7}`, `{"bytes_per_s":5}`, `{"bytes_per_s":"x"}`} {
		s.api(http.StatusUnprocessableEntity, http.MethodPut, "/api/v1/devices/van/limits", withJSON(body))
	}
	s.api(http.StatusNotFound, http.MethodPut, "/api/v1/devices/nobody/limits", withJSON(`{}`))
	s.api(http.StatusOK, http.MethodPut, "/api/v1/devices/van/limits", withJSON(`{}`))
	if got := s.fleet.DeviceLimits("van"); got != (tracker.DeviceLimits{}) {
		t.Errorf("taken back: %+v", got)
	}
}
