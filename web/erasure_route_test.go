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

// A customer's delivery was on a round that runs, on one that is planned and on
// one that is over, and was taken off each before it was cancelled. Once they are
// erased, no way leads to their door, and rounds that go on keep those that do
// not.
func TestOlderWaysOfRoundsDoNotLeadToAnErasedDoor(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	fleet, stop := fleetIn(t, dir)
	s := startSite(t, func(o *Options) { o.Fleet = fleet })
	s.fleet = fleet
	s.device("box")
	s.make("/api/v1/vehicles", `{"id":"van","devices":["box"]}`)
	s.make("/api/v1/vehicles", `{"id":"bus"}`)
	d := s.api(http.StatusCreated, http.MethodPost, "/api/v1/deliveries", withJSON(quendelbrot)).delivery()
	var rounds []string
	for _, body := range []string{`"vehicle":"van"`, `"vehicle":"bus"`, `"vehicle":"van"`} {
		other := string(s.deliver().ID)
		stops := `"stops":["` + string(d.ID) + `","` + other + `"]`
		rounds = append(rounds, "/api/v1/rounds/"+s.make("/api/v1/rounds", `{`+body+`,`+stops+`,"route":`+doorway+`}`).ID)
		one := rounds[len(rounds)-1]
		if body == `"vehicle":"van"` {
			s.api(http.StatusOK, http.MethodPost, one+"/start")
		}
		change := `{"stops":["` + other + `"]`
		if len(rounds) == 3 { // which goes on another way now
			change += `,"route":` + farAway
		}
		s.api(http.StatusOK, http.MethodPatch, one, withJSON(change+`}`))
		if len(rounds) == 1 {
			s.api(http.StatusOK, http.MethodPost, "/api/v1/deliveries/"+other+"/state", withJSON(`{"state":"delivered"}`))
			s.api(http.StatusOK, http.MethodPost, one+"/end")
		}
	}
	over, planned, running := rounds[0], rounds[1], rounds[2]
	s.api(http.StatusOK, http.MethodPost, "/api/v1/deliveries/"+string(d.ID)+"/state", withJSON(`{"state":"cancelled"}`))
	ways := func(s *testSite) string {
		return string(s.api(http.StatusOK, http.MethodGet, "/api/v1/rounds?routes=true").body) +
			string(s.api(http.StatusOK, http.MethodGet, over).body) + string(s.api(http.StatusOK, http.MethodGet, planned).body)
	}
	if !strings.Contains(ways(s), "8.4321987") {
		t.Fatal("no round led to the door")
	}
	s.stop()
	stop()
	copyFile(t, at("fleet.db"), at("before.db"))
	copyFile(t, at("keyring"), at("keyring.before"))
	if opened, _ := sealedTexts(t, at("before.db"), at("keyring")); len(leading(opened)) < 5 {
		t.Fatalf("before, only %q lead to the door", opened)
	}

	fleet, stop = fleetIn(t, dir)
	s = startSite(t, func(o *Options) { o.Fleet = fleet })
	for range 2 { // it may be repeated
		s.api(http.StatusNoContent, http.MethodDelete, "/api/v1/customers/"+string(d.Customer))
		if found := wordsIn([]byte(ways(s) + string(s.everything(string(d.Customer), string(d.ID))))); len(found) > 0 {
			t.Errorf("the API tells %q", found)
		}
		if now := string(s.api(http.StatusOK, http.MethodGet, running).body); !strings.Contains(now, "[8.7,50.3]") || !strings.Contains(now, `"running"`) {
			t.Errorf("the round that runs has lost its way: %s", now)
		}
	}
	s.stop()
	stop()
	wantShut := func() {
		t.Helper()
		for _, store := range []string{"before.db", "fleet.db"} {
			opened, shut := sealedTexts(t, at(store), at("keyring"))
			if found := leading(opened); len(found) > 0 || shut < 5 {
				t.Errorf("%s: %q lead to the door, %d texts are shut", store, found, shut)
			}
		}
	}
	wantShut()

	// A kill came before the old key of the round that runs was destroyed.
	putSlotBack(t, at("keyring.before"), at("keyring"), filepath.Base(running))
	if opened, _ := sealedTexts(t, at("before.db"), at("keyring")); len(leading(opened)) == 0 {
		t.Fatal("the key is not back")
	}
	fleet, stop = fleetIn(t, dir)
	s = startSite(t, func(o *Options) { o.Fleet = fleet })
	if now := string(s.api(http.StatusOK, http.MethodGet, running).body); !strings.Contains(now, "[8.7,50.3]") || !strings.Contains(now, `"running"`) {
		t.Errorf("started anew, the round that runs has lost its way: %s", now)
	}
	if found := wordsIn([]byte(ways(s))); len(found) > 0 {
		t.Errorf("started anew, the API tells %q", found)
	}
	s.stop()
	stop()
	wantShut()
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
