package web

import (
	"bytes"
	"context"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wayguard/notify"
	"wayguard/tracker"
	"wayguard/tracker/boltstore"
)

// personalWords are what must not be left of the customer below: what they are
// called and where they live, what was said about them, and a picture of it.
var personalWords = []string{
	"Quendelbrot", "15299988877", "quendel@mail.example", "Quetschweg", "hinter der Zwetschge", "Zwiebelmus",
	"Moosdistel", "Hund Waldi", "bei Frau Moosgrund", "ruft Moosgrund an", "geheimes-bild", "8.4321987", "50.1239876",
}

const quendelbrot = `{"customer":{"name":"Xenia Quendelbrot","phone":"+4915299988877","email":"quendel@mail.example"},
	"address":"77 Quetschweg","consignee":"Otto Zwiebelmus","instructions":"hinter der Zwetschge","reference":"REF-visible",
	"point":{"type":"Point","coordinates":[8.4321987,50.1239876]}}`

// fleetIn opens a fleet whose files are all in a folder.
func fleetIn(t *testing.T, dir string) (fleet *tracker.Fleet, stop func()) {
	t.Helper()
	store, err := boltstore.Open(filepath.Join(dir, "fleet.db"), boltstore.Options{MmapBytes: 64 << 20})
	if err != nil {
		t.Fatal(err)
	}
	keys, err := tracker.OpenKeyring(filepath.Join(dir, "keyring"), tracker.MasterKey{1})
	if err != nil {
		t.Fatal(err)
	}
	blobs, err := tracker.OpenBlobs(filepath.Join(dir, "blobs"), keys)
	if err != nil {
		t.Fatal(err)
	}
	if fleet, err = tracker.Open(store, tracker.Options{Keyring: keys, Blobs: blobs, Log: discardLog()}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- fleet.Run(ctx) }()
	return fleet, func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := store.Close(); err != nil {
			t.Error(err)
		}
		_ = keys.Close()
	}
}

// concern has a customer's delivery go wrong, and then well, with a word of it
// everywhere that words can be put.
func (s *testSite) concern(fleet *tracker.Fleet) (customer, delivery string) {
	s.t.Helper()
	once := header("Idempotency-Key", "order")
	d := s.api(http.StatusCreated, http.MethodPost, "/api/v1/deliveries", withJSON(quendelbrot), once).delivery()
	path := "/api/v1/deliveries/" + string(d.ID)
	s.api(http.StatusCreated, http.MethodPost, "/api/v1/vehicles", withJSON(`{"id":"van"}`))
	s.api(http.StatusCreated, http.MethodPost, "/api/v1/staff", withJSON(`{"role":"dispatcher","name":"Ines Moosdistel"}`), once)
	s.api(http.StatusCreated, http.MethodPost, "/api/v1/drivers", withJSON(`{"name":"Ida Moosdistel"}`), once)
	round := func(name string) string {
		made := s.make("/api/v1/rounds", `{"name":"`+name+`","vehicle":"van","stops":["`+string(d.ID)+`"],
			"route":{"type":"LineString","coordinates":[[8.4,50.1],[8.4321987,50.1239876]]}}`)
		s.api(http.StatusOK, http.MethodPost, "/api/v1/rounds/"+made.ID+"/start")
		return "/api/v1/rounds/" + made.ID
	}
	first := round("first")
	s.api(http.StatusOK, http.MethodPost, path+"/state", withJSON(`{"state":"failed","reason":"Hund Waldi"}`), once)
	s.eventually("an alert", func() bool { return len(fleet.Alerts(nil, 0, 1)) == 1 })
	alert := "/api/v1/alerts/" + string(fleet.Alerts(nil, 0, 1)[0].ID)
	s.api(http.StatusOK, http.MethodPost, alert+"/acknowledge", withJSON(`{"note":"ruft Moosgrund an"}`), once)
	s.api(http.StatusOK, http.MethodPost, first+"/end", once)
	second := round("second")
	var photo struct{ ID string }
	s.api(http.StatusCreated, http.MethodPost, path+"/photos", withBody("image/png", "\x89PNG\r\n\x1a\ngeheimes-bild"), once).decode(&photo)
	s.api(http.StatusOK, http.MethodPost, path+"/handoff", once, withJSON(`{"outcome":"left","reason":"Hund Waldi","left_with":"bei Frau Moosgrund","photo":"`+photo.ID+`",
		"point":{"type":"Point","coordinates":[8.4321987,50.1239876]}}`))
	s.api(http.StatusConflict, http.MethodDelete, "/api/v1/customers/"+string(d.Customer))
	s.api(http.StatusOK, http.MethodPost, second+"/end")
	return string(d.Customer), string(d.ID)
}

// everything is all that the API says of them.
func (s *testSite) everything(customer, delivery string) (said []byte) {
	s.t.Helper()
	for _, path := range []string{
		"customers", "customers/" + customer, "customers/" + customer + "/export", "deliveries", "deliveries/" + delivery, "events?last=1000", "alerts", "rounds", "vehicles",
	} {
		said = append(said, s.api(http.StatusOK, http.MethodGet, "/api/v1/"+path).body...)
	}
	return said
}

func TestNothingOfAnErasedCustomerCanBeRead(t *testing.T) {
	dir := t.TempDir()
	fleet, stop := fleetIn(t, dir)
	s := startSite(t, func(o *Options) { o.Fleet = fleet })
	customer, delivery := s.concern(fleet)
	if found := wordsIn(s.everything(customer, delivery)); len(found) < len(personalWords)-2 { // all but the picture and who brought it
		t.Errorf("before, only %q can be read", found)
	}
	wantNoWords(t, dir) // it was never in plain
	suppress(t, fleet)
	s.api(http.StatusNoContent, http.MethodDelete, "/api/v1/customers/"+customer)
	if found := wordsIn(s.everything(customer, delivery)); len(found) > 0 {
		t.Errorf("the API tells %q", found)
	}
	s.stop()
	stop()
	wantNoWords(t, dir) // nor of those who brought it
	// What can be decrypted is read at the start.
	again, stopAgain := fleetIn(t, dir)
	defer stopAgain()
	s = startSite(t, func(o *Options) { o.Fleet = again })
	if found := wordsIn(s.everything(customer, delivery)); len(found) > 0 {
		t.Errorf("started anew, the API tells %q", found)
	}
	if _, ok := suppressed(t, again).Find(notify.SMS, "+4915299988877"); !ok {
		t.Error("the wish not to be written to was forgotten")
	}
	for _, r := range again.Rounds(nil, "", 10) {
		if r.Route != nil {
			t.Errorf("round %s leads to %v", r.Name, r.Route[len(r.Route)-1])
		}
	}
	s.stop()
}

func suppress(t *testing.T, fleet *tracker.Fleet) {
	t.Helper()
	err := suppressed(t, fleet).Add(t.Context(), notify.SMS, "+4915299988877", notify.Suppression{Reason: "asked to stop", Asked: true})
	if err != nil {
		t.Fatal(err)
	}
}

func suppressed(t *testing.T, fleet *tracker.Fleet) *notify.Suppressed {
	t.Helper()
	s, err := notify.OpenSuppressed(fleet)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func wordsIn(text []byte) (found []string) {
	for _, word := range personalWords {
		if bytes.Contains(text, []byte(word)) {
			found = append(found, word)
		}
	}
	return found
}

// wantNoWords looks through every byte of the files, free pages too.
func wantNoWords(t *testing.T, dir string) {
	t.Helper()
	files, visible := 0, false
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if found := wordsIn(text); len(found) > 0 {
			t.Errorf("%s holds %q", strings.TrimPrefix(path, dir), found)
		}
		files, visible = files+1, visible || bytes.Contains(text, []byte("REF-visible"))
		return err
	})
	if err != nil || files < 3 || !visible {
		t.Errorf("%d files, a reference that is no secret found %v, %v", files, visible, err)
	}
}
