package email_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	netmail "net/mail"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"wayguard/notify"
	"wayguard/notify/email"
	"wayguard/tracker"
	"wayguard/tracker/boltstore"
)

// openSuppressed is one on a real store.
func openSuppressed(t testing.TB) *notify.Suppressed {
	t.Helper()
	fleet, _ := openFleet(t, nil)
	s, err := notify.OpenSuppressed(fleet)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// openFleet is one on a real store; clock is nil for the system's.
func openFleet(t testing.TB, clock *tracker.Clock) (*tracker.Fleet, *tracker.Keyring) {
	t.Helper()
	dir := t.TempDir()
	store, err := boltstore.Open(filepath.Join(dir, "fleet.db"), boltstore.Options{MmapBytes: 64 << 20})
	if err != nil {
		t.Fatal(err)
	}
	keys, err := tracker.OpenKeyring(filepath.Join(dir, "keys"), tracker.MasterKey{1})
	if err != nil {
		t.Fatal(err)
	}
	fleet, err := tracker.Open(store, tracker.Options{Keyring: keys, Clock: clock, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- fleet.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		<-done
		keys.Close()
		store.Close()
	})
	return fleet, keys
}

// page is a server with the page, as it is mounted.
func page(t testing.TB, u email.Unsubscribe) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle("GET "+email.UnsubscribePath+"{token}", u)
	mux.Handle("POST "+email.UnsubscribePath+"{token}", u)
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

// ask returns the status and the page.
func ask(t testing.TB, method, address, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequest(method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept-Language", "de-AT,de;q=0.9,en;q=0.5")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

// The link of a mail stops the mails with one POST, as RFC 8058 has it, and with
// nothing else.
func TestUnsubscribe(t *testing.T) {
	s := startMailServer(t, email.Plain)
	suppressed := openSuppressed(t)
	o := s.options(email.Plain)
	o.Unsubscribe = email.Unsubscribe{PublicURL: &url.URL{Scheme: "https", Host: "fleet.example"}, Suppressed: suppressed, Mailbox: "stop@example.com"}
	if _, err := send(t, newCarrier(t, o), message("m")); err != nil {
		t.Fatal(err)
	}
	mails, _ := s.mails()
	m, err := netmail.ReadMessage(strings.NewReader(mails[0].text))
	if err != nil {
		t.Fatal(err)
	}
	if post := m.Header.Get("List-Unsubscribe-Post"); post != "List-Unsubscribe=One-Click" {
		t.Errorf("List-Unsubscribe-Post %q", post)
	}
	link, rest, _ := strings.Cut(strings.TrimPrefix(m.Header.Get("List-Unsubscribe"), "<"), ">")
	if rest != ", <mailto:stop@example.com?subject=unsubscribe>" {
		t.Errorf("behind the link: %q", rest)
	}
	path, ok := strings.CutPrefix(link, "https://fleet.example")
	if !ok || strings.Contains(link, "nn") && strings.Contains(link, "example.org") {
		t.Fatalf("link %q", link)
	}
	web := page(t, o.Unsubscribe)
	stopped := func() bool { _, ok := suppressed.Find(notify.Email, "NN@Example.org"); return ok }

	if status, text := ask(t, http.MethodGet, web.URL+path, ""); status != http.StatusOK || !strings.Contains(text, "abbestellen") || stopped() {
		t.Errorf("GET: %d, stopped %v\n%s", status, stopped(), text)
	}
	if status, text := ask(t, http.MethodPost, web.URL+path, "List-Unsubscribe=One-Click"); status != http.StatusOK || !strings.Contains(text, "again") || !stopped() {
		t.Errorf("POST: %d, stopped %v\n%s", status, stopped(), text)
	}
	if why, _ := suppressed.Find(notify.Email, "nn@example.org"); !why.Asked {
		t.Errorf("%+v", why)
	}
	if status, _ := ask(t, http.MethodPost, web.URL+path, "again=1"); status != http.StatusOK || stopped() {
		t.Errorf("POST again: %d, stopped %v", status, stopped())
	}
}

// A link that was made by nobody does nothing.
func TestForgedUnsubscribe(t *testing.T) {
	suppressed := openSuppressed(t)
	web := page(t, email.Unsubscribe{Suppressed: suppressed})
	good := suppressed.Token(notify.Email, "nn@example.org")
	flipped := []byte(good)
	flipped[3] ^= 1
	for _, token := range []string{"x", string(flipped), good[:len(good)-1], good + "A", suppressed.Token(notify.SMS, "nn@example.org"), strings.Repeat("A", 43)} {
		if status, _ := ask(t, http.MethodPost, web.URL+email.UnsubscribePath+token, ""); status != http.StatusNotFound {
			t.Errorf("%q: %d", token, status)
		}
	}
	if _, ok := suppressed.Find(notify.Email, "nn@example.org"); ok {
		t.Error("a forged link stopped the mails")
	}
	if status, _ := ask(t, http.MethodPost, web.URL+email.UnsubscribePath+good, ""); status != http.StatusOK {
		t.Errorf("the right one: %d", status)
	}
}
