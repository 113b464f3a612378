package web

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"golang.org/x/crypto/nacl/secretbox"

	"wayguard/tracker"
)

// doorToken makes a token through the API.
func (s *testSite) doorToken(id tracker.DeviceID) doorTokenJSON {
	s.t.Helper()
	var made doorTokenJSON
	s.api(http.StatusOK, http.MethodPost, "/api/v1/devices/"+string(id)+"/door-token").decode(&made)
	return made
}

func withBearer(token string) option { return header("Authorization", "Bearer "+token) }

func anonymous(r *http.Request) { r.Header.Del("Authorization") }

// pathOf is the part of an address that follows the host.
func pathOf(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Path
}

func TestDoorToken(t *testing.T) {
	s, _ := doorSite(t)
	made := s.doorToken("anna:van7")
	if made.ID != "anna:van7" || len(made.Token) < 26 || len(made.URLs) != len(s.server.doors) {
		t.Fatalf("made %+v", made)
	}
	for name, address := range made.URLs {
		if address != s.base+"/in/"+name+"/"+made.Token {
			t.Errorf("%s is at %s", name, address)
		}
	}
	at := time.Now().Unix()
	form := func(i int64) string { return fmt.Sprintf("id=anna:van7&timestamp=%d&lat=50&lon=8", at-i) }
	path := pathOf(t, made.URLs["traccar"])
	s.wantDoor(http.StatusOK, http.MethodGet, path+"?"+form(1), anonymous)
	s.wantDoor(http.StatusOK, http.MethodPost, path, anonymous, withBody("application/x-www-form-urlencoded", form(2)))
	s.wantDoor(http.StatusOK, http.MethodPost, pathOf(t, made.URLs["owntracks"]), anonymous,
		withJSON(fmt.Sprintf(`{"_type":"location","tst":%d,"lat":50,"lon":8}`, at-3)))
	s.wantDoor(http.StatusOK, http.MethodGet, "/in/traccar?"+form(4), withBearer(made.Token))
	// The address counts, whatever else an app sends.
	s.wantDoor(http.StatusOK, http.MethodGet, path+"?"+form(5), withBasic("anna:van7", "guess"))
	s.wantDoor(http.StatusUnauthorized, http.MethodGet, "/in/traccar/guess?"+form(6), withBasic("anna:van7", "guess"))
	if fixes := s.stored("anna:van7"); len(fixes) != 5 {
		t.Errorf("%d fixes, want 5", len(fixes))
	}
}

// A token is one device's, opens the doors alone, and ends with its successor,
// with DELETE, and with the device.
func TestDoorTokenIsBounded(t *testing.T) {
	s, _ := doorSite(t)
	s.device("bert")
	first := s.doorToken("anna:van7").Token
	query := "?id=anna:van7&lat=50&lon=8"
	opens := func(token string) bool {
		_, a := s.sendUnchecked(http.MethodGet, "/in/traccar/"+token+query)
		return a.status == http.StatusOK
	}
	a := s.wantDoor(http.StatusForbidden, http.MethodGet, "/in/traccar/"+s.doorToken("bert").Token+query)
	if got := a.header.Get("Referrer-Policy"); got != "no-referrer" {
		t.Errorf("Referrer-Policy %q", got)
	}
	if a := s.send(http.MethodGet, "/api/v1/devices", withBearer(first)); a.status != http.StatusUnauthorized {
		t.Errorf("the API: %d", a.status)
	}
	if _, ok := s.fleet.Authenticate("anna:van7", first); ok {
		t.Error("the token passes for the secret")
	}
	second := s.doorToken("anna:van7").Token
	if opens(first) || !opens(second) {
		t.Error("the first token opens, or the second does not")
	}
	for range 2 {
		s.api(http.StatusNoContent, http.MethodDelete, "/api/v1/devices/anna:van7/door-token")
	}
	third := s.doorToken("anna:van7").Token
	if opens(second) || !opens(third) {
		t.Error("the second token opens, or the third does not")
	}
	s.api(http.StatusNoContent, http.MethodDelete, "/api/v1/devices/anna:van7")
	s.device("anna:van7")
	if opens(third) {
		t.Error("the token of a deleted device opens")
	}
	for _, method := range []string{http.MethodPost, http.MethodDelete} {
		s.api(http.StatusNotFound, method, "/api/v1/devices/nobody/door-token")
	}
}

// Guesses are slowed down by address; a device that has a wrong token for ever
// does not use up what others at its address have.
func TestDoorTokenGuesses(t *testing.T) {
	s, anna := doorSite(t, func(o *Options) { o.Limits.AnonymousRequests = 1000 })
	query := "?id=anna:van7&lat=50&lon=8"
	for range failureBurst {
		s.wantDoor(http.StatusUnauthorized, http.MethodGet, "/in/traccar/stale"+query)
	}
	for range 60 {
		retryAfter(t, s.wantDoor(http.StatusTooManyRequests, http.MethodGet, "/in/traccar/stale"+query))
	}
	s.wantDoor(http.StatusOK, http.MethodGet, "/in/traccar"+query, anna)
	limited := 0
	for i := range 70 {
		if _, a := s.sendUnchecked(http.MethodGet, fmt.Sprintf("/in/traccar/guess-%d%s", i, query)); a.status == http.StatusTooManyRequests {
			limited++
		}
	}
	if limited < 10 {
		t.Errorf("only %d of 70 guesses were slowed down", limited)
	}
}

// A token is in no log, no metric and no quarantine, whatever goes wrong.
func TestDoorTokenStaysSecret(t *testing.T) {
	s, _ := doorSite(t)
	token := s.doorToken("anna:van7").Token
	s.wantDoor(http.StatusBadRequest, http.MethodGet, "/in/traccar/"+token+"?lat=50&lon=8")
	s.wantDoor(http.StatusMethodNotAllowed, http.MethodPut, "/in/traccar/"+token)
	s.sendUnchecked(http.MethodGet, "/in/traccar/"+token+"/more")
	s.sendUnchecked(http.MethodGet, "/in/none/"+token)
	s.api(http.StatusNoContent, http.MethodDelete, "/api/v1/devices/anna:van7/door-token")
	s.wantDoor(http.StatusUnauthorized, http.MethodGet, "/in/traccar/"+token)
	kept, err := s.fleet.Quarantined()
	if err != nil || len(kept) != 1 {
		t.Fatalf("%d in the quarantine, %v", len(kept), err)
	}
	metrics := string(s.api(http.StatusOK, http.MethodGet, "/metrics").body)
	for name, text := range map[string]string{"log": s.log.String(), "metrics": metrics, "quarantine": string(kept[0].Payload) + kept[0].Detail} {
		if strings.Contains(text, token) {
			t.Errorf("%s: holds the token", name)
		}
	}
	if got := testutil.ToFloat64(s.server.metrics.requests.WithLabelValues("GET /in/traccar/{token}", "4xx")); got != 2 {
		t.Errorf("%v refused requests are counted", got)
	}
}

func TestOwnTracksKey(t *testing.T) {
	s, anna := doorSite(t)
	const path = "/api/v1/devices/anna:van7/owntracks-key"
	s.api(http.StatusNoContent, http.MethodPut, path, withJSON(`{"key":"open sesame"}`))
	sealed := sealedLocation(t, "open sesame")
	a := s.wantDoor(http.StatusOK, http.MethodPost, "/in/owntracks", anna, withJSON(sealed))
	if fixes := s.stored("anna:van7"); len(fixes) != 1 || string(a.body) != "[]" {
		t.Errorf("stored %v, answered %s", fixes, a.body)
	}
	for body, says := range map[string]string{
		`{"key":""}`: "1 to 32", `{"key":"` + strings.Repeat("x", 33) + `"}`: "1 to 32", `{"key":"a\u0000b"}`: "zero", `{}`: "1 to 32",
	} {
		if p := s.api(http.StatusUnprocessableEntity, http.MethodPut, path, withJSON(body)).problem(); p.Member != "key" || !strings.Contains(p.Detail, says) {
			t.Errorf("%s: %+v", body, p)
		}
	}
	s.api(http.StatusNoContent, http.MethodPut, path, withJSON(`{"key":"another"}`))
	a = s.wantDoor(http.StatusBadRequest, http.MethodPost, "/in/owntracks", anna, withJSON(sealed))
	if !strings.Contains(a.problem().Detail, "does not open") {
		t.Errorf("%s", a.body)
	}
	for range 2 {
		s.api(http.StatusNoContent, http.MethodDelete, path)
	}
	a = s.wantDoor(http.StatusBadRequest, http.MethodPost, "/in/owntracks", anna, withJSON(sealed))
	if !strings.Contains(a.problem().Detail, "owntracks-key") {
		t.Errorf("%s", a.body)
	}
	s.api(http.StatusNotFound, http.MethodPut, "/api/v1/devices/nobody/owntracks-key", withJSON(`{"key":"x"}`))
	s.api(http.StatusNotFound, http.MethodDelete, "/api/v1/devices/nobody/owntracks-key")
	if strings.Contains(s.log.String(), "sesame") {
		t.Error("the log holds the key")
	}
}

// sealedLocation is an encrypted message as the apps send it.
func sealedLocation(t *testing.T, passphrase string) string {
	t.Helper()
	var key [32]byte
	var nonce [24]byte
	if copy(key[:], passphrase) < len(passphrase) {
		t.Fatal("the passphrase is too long")
	}
	plain := fmt.Appendf(nil, `{"_type":"location","tst":%d,"lat":50,"lon":8}`, time.Now().Unix())
	data := base64.StdEncoding.EncodeToString(secretbox.Seal(nonce[:], plain, &nonce, &key))
	return `{"_type":"encrypted","data":"` + data + `"}`
}
