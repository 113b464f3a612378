package web

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"wayguard/tracker"
	"wayguard/tracker/boltstore"
)

const (
	doorway = `{"type":"LineString","coordinates":[[8.4,50.1],[8.4321987,50.1239876],[8.5,50.2]]}`
	farAway = `{"type":"LineString","coordinates":[[8.7,50.3],[8.8,50.4]]}`
)

// sealedTexts are what the keys of a folder can open of the rounds in a store,
// and how many there are that they cannot.
func sealedTexts(t *testing.T, store, keyring string) (opened []string, shut int) {
	t.Helper()
	file, err := boltstore.Open(store, boltstore.Options{MmapBytes: 64 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	keys, err := tracker.OpenKeyring(keyring, tracker.MasterKey{1})
	if err != nil {
		t.Fatal(err)
	}
	defer keys.Close()
	for _, bucket := range []string{"rounds", "duties", "parts"} {
		rows, err := file.Records(bucket, "", "", 1000)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			id, _, _ := strings.Cut(row.Key, "\x00")
			var value struct {
				Sealed, Route []byte
				Key           tracker.KeyID
				Plain         struct {
					Key   tracker.KeyID
					Spent []tracker.KeyID
				}
			}
			if err := json.Unmarshal(row.Value, &value); err != nil {
				t.Fatal(err)
			}
			text := slices.Concat(value.Sealed, value.Route)
			if text == nil {
				continue // over
			}
			found := false
			for _, key := range append(value.Plain.Spent, tracker.KeyID(id), value.Key, value.Plain.Key) {
				if plain, err := keys.Open(key, bucket+"/"+row.Key, text); err == nil {
					opened, found = append(opened, string(plain)), true
				}
			}
			if !found {
				shut++
			}
		}
	}
	return opened, shut
}

func leading(texts []string) (there []string) {
	for _, text := range texts {
		if strings.Contains(text, "8.4321987") {
			there = append(there, text)
		}
	}
	return there
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// formerStops makes a delivery and three rounds that it was on and was taken off,
// with the way that led to it: one is over, one planned, and one runs, on another
// way by now.
func (s *testSite) formerStops() (d deliveryJSON, over, planned, running string) {
	s.t.Helper()
	s.device("box")
	s.make("/api/v1/vehicles", `{"id":"van","devices":["box"]}`)
	s.make("/api/v1/vehicles", `{"id":"bus"}`)
	d = s.api(http.StatusCreated, http.MethodPost, "/api/v1/deliveries", withJSON(quendelbrot)).delivery()
	leave := func(vehicle, more string) (round, other string) {
		other = string(s.deliver().ID)
		round = "/api/v1/rounds/" + s.make("/api/v1/rounds", `{"vehicle":"`+vehicle+`","stops":["`+string(d.ID)+`","`+other+`"],"route":`+doorway+`}`).ID
		if vehicle == "van" {
			s.api(http.StatusOK, http.MethodPost, round+"/start")
		}
		s.api(http.StatusOK, http.MethodPatch, round, withJSON(`{"stops":["`+other+`"]`+more+`}`))
		return round, other
	}
	over, other := leave("van", "")
	s.api(http.StatusOK, http.MethodPost, "/api/v1/deliveries/"+other+"/state", withJSON(`{"state":"delivered"}`))
	s.api(http.StatusOK, http.MethodPost, over+"/end")
	planned, _ = leave("bus", "")
	running, _ = leave("van", `,"route":`+farAway)
	s.api(http.StatusOK, http.MethodPost, "/api/v1/deliveries/"+string(d.ID)+"/state", withJSON(`{"state":"cancelled"}`))
	return d, over, planned, running
}

// ways are what the API says of rounds.
func (s *testSite) ways(rounds ...string) (said string) {
	s.t.Helper()
	for _, path := range append(rounds, "/api/v1/rounds?routes=true") {
		said += string(s.api(http.StatusOK, http.MethodGet, path).body)
	}
	return said
}

// wantItsWay wants a round to run on, on the way that leads elsewhere.
func (s *testSite) wantItsWay(round string) {
	s.t.Helper()
	if now := s.ways(round); !strings.Contains(now, "[8.7,50.3]") || !strings.Contains(now, `"running"`) {
		s.t.Errorf("the round that runs has lost its way: %s", now)
	}
}

// wantShut wants none of the stores in a folder to lead to the door.
func wantShut(t *testing.T, dir string, stores ...string) {
	t.Helper()
	for _, store := range stores {
		opened, shut := sealedTexts(t, filepath.Join(dir, store), filepath.Join(dir, "keyring"))
		if found := leading(opened); len(found) > 0 || shut < 5 {
			t.Errorf("%s: %q lead to the door, %d texts are shut", store, found, shut)
		}
	}
}

// Once a customer is erased, no way of a round that they were on leads to their
// door, as it is or ever was, and rounds that go on keep those that do not.
func TestOlderWaysOfRoundsDoNotLeadToAnErasedDoor(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	during := func(do func(s *testSite)) {
		t.Helper()
		fleet, stop := fleetIn(t, dir)
		s := startSite(t, func(o *Options) { o.Fleet = fleet })
		s.fleet = fleet
		do(s)
		s.stop()
		stop()
	}
	var d deliveryJSON
	var over, planned, running string
	during(func(s *testSite) {
		if d, over, planned, running = s.formerStops(); !strings.Contains(s.ways(over, planned), "8.4321987") {
			t.Fatal("no round led to the door")
		}
	})
	copyFile(t, at("fleet.db"), at("before.db"))
	copyFile(t, at("keyring"), at("keyring.before"))
	if opened, _ := sealedTexts(t, at("before.db"), at("keyring")); len(leading(opened)) < 5 {
		t.Fatalf("before, only %q lead to the door", opened)
	}
	during(func(s *testSite) {
		for range 2 { // it may be repeated
			s.api(http.StatusNoContent, http.MethodDelete, "/api/v1/customers/"+string(d.Customer))
			if found := wordsIn([]byte(s.ways(over, planned) + string(s.everything(string(d.Customer), string(d.ID))))); len(found) > 0 {
				t.Errorf("the API tells %q", found)
			}
			s.wantItsWay(running)
		}
	})
	wantShut(t, dir, "before.db", "fleet.db")

	// A kill came before the old key of the round that runs was destroyed.
	putSlotBack(t, at("keyring.before"), at("keyring"), filepath.Base(running))
	if opened, _ := sealedTexts(t, at("before.db"), at("keyring")); len(leading(opened)) == 0 {
		t.Fatal("the key is not back")
	}
	during(func(s *testSite) {
		s.wantItsWay(running)
		if found := wordsIn([]byte(s.ways(over, planned))); len(found) > 0 {
			t.Errorf("started anew, the API tells %q", found)
		}
	})
	wantShut(t, dir, "before.db", "fleet.db")
}

// putSlotBack copies a key from one file to the end of another.
func putSlotBack(t *testing.T, from, to, name string) {
	t.Helper()
	id := uuid.MustParse(name)
	old, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	i := bytes.Index(old, id[:])
	if i < 0 || i%128 != 0 {
		t.Fatalf("the key of %s is at %d", name, i)
	}
	file, err := os.OpenFile(to, os.O_WRONLY|os.O_APPEND, 0)
	if err == nil {
		_, err = file.Write(old[i : i+128])
	}
	if err != nil {
		t.Fatal(err)
	}
	_ = file.Close()
}
