package webpush_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"wayguard/notify"
	"wayguard/notify/webpush"
	"wayguard/tracker"
)

var night = notify.Recipient{Audience: notify.ToDispatch, ID: "night"}

func message(to notify.Recipient, id string) *notify.Message {
	return &notify.Message{
		ID: id, Kind: "alert", To: to, Address: to.ID, Language: "en",
		Content: notify.Content{Subject: "Off the route", Text: "Van 1 has left its route.", Link: "https://fleet.example/alerts/1"},
		Expires: time.Now().Add(4 * time.Hour),
	}
}

// customer is one with a key.
func (l *lab) customer(t testing.TB) notify.Recipient {
	t.Helper()
	to := notify.Recipient{Audience: notify.ToCustomer, ID: uuid.NewString()}
	if err := l.keys.Add(tracker.KeyID(to.ID)); err != nil {
		t.Fatal(err)
	}
	return to
}

// Every browser of the recipient can read the message, and nobody else is sent
// it.
func TestSend(t *testing.T) {
	l := newLab(t)
	l.add(t, night, l.subscribe("/one"))
	l.add(t, night, l.subscribe("/two"))
	l.add(t, notify.Recipient{Audience: notify.ToDispatch, ID: "day"}, l.subscribe("/other"))
	if err := l.send(t, message(night, "m1")); err != nil {
		t.Fatal(err)
	}
	got := l.pushed()
	if len(got) != 2 || got[0].path == got[1].path || got[0].path == "/other" || got[1].path == "/other" {
		t.Fatalf("%+v", got)
	}
	for _, p := range got {
		if p.note["title"] != "Off the route" || p.note["body"] != "Van 1 has left its route." || p.note["link"] != "https://fleet.example/alerts/1" || p.note["tag"] != p.topic {
			t.Errorf("%+v", p.note)
		}
		if p.urgency != "high" || len(p.topic) != 32 || p.size > 4096 || !strings.HasPrefix(p.ttl, "143") {
			t.Errorf("%+v", p)
		}
	}
	// Again: the same topic. Another message: another.
	if err := l.send(t, message(night, "m1")); err != nil {
		t.Fatal(err)
	}
	again := l.pushed()[0].topic
	if err := l.send(t, message(night, "m2")); err != nil {
		t.Fatal(err)
	}
	if other := l.pushed()[0].topic; again != got[0].topic || other == again {
		t.Errorf("topics %q, %q, %q", got[0].topic, again, other)
	}
}

// A customer's browser hears of the delivery whose link it was given, and of
// nothing else of theirs.
func TestCustomer(t *testing.T) {
	l := newLab(t)
	to := l.customer(t)
	mine := l.subscribe("/mine")
	mine.Delivery = "d1"
	l.add(t, to, mine)
	m := message(to, "m1")
	m.Delivery, m.Expires = "d1", time.Now().Add(10*time.Minute)
	if err := l.send(t, m); err != nil {
		t.Fatal(err)
	}
	first := l.pushed()
	m.ID, m.Expires = "m2", time.Now().Add(24*time.Hour)
	if err := l.send(t, m); err != nil {
		t.Fatal(err)
	}
	second := l.pushed()
	if len(first) != 1 || len(second) != 1 || first[0].topic != second[0].topic {
		t.Fatalf("%+v, %+v: the second must replace the first", first, second)
	}
	if first[0].urgency != "high" || second[0].urgency != "normal" {
		t.Errorf("urgency %q of ten minutes, %q of a day", first[0].urgency, second[0].urgency)
	}
	if !l.browsers.Has(to, "d1") || l.browsers.Has(to, "d2") || l.browsers.Has(night, "d1") {
		t.Error("it is not known who has a browser")
	}
	m.Delivery = "d2"
	var failed *notify.SendError
	if err := l.send(t, m); !errors.As(err, &failed) || !failed.Permanent || failed.Dead || len(l.pushed()) != 0 {
		t.Errorf("another delivery: %v", err)
	}
}

// What a push service answers says what to do next.
func TestRefusals(t *testing.T) {
	for _, test := range []struct {
		status          int
		permanent, gone bool
		after           time.Duration
	}{
		{status: 404, permanent: true, gone: true},
		{status: 410, permanent: true, gone: true},
		{status: 400, permanent: true},
		{status: 403, permanent: true},
		{status: 413, permanent: true},
		{status: 302, permanent: true},
		{status: 429, after: 7 * time.Second},
		{status: 500, after: 7 * time.Second},
		{status: 503, after: 7 * time.Second},
	} {
		t.Run(fmt.Sprint(test.status), func(t *testing.T) {
			l := newLab(t)
			b := l.subscribe("/secret-endpoint")
			l.add(t, night, b)
			l.answer = func(string) (int, string) { return test.status, "7" }
			err := l.send(t, message(night, "m"))
			var failed *notify.SendError
			if !errors.As(err, &failed) || failed.Permanent != (test.permanent || test.gone) || failed.Dead || failed.After != test.after {
				t.Errorf("%+v", err)
			}
			checkSilent(t, err)
			if left := len(l.browsers.Of(night, "")); (left == 0) != test.gone {
				t.Errorf("%d browsers are left", left)
			}
			if left := len(l.open(t).Of(night, "")); (left == 0) != test.gone {
				t.Errorf("%d browsers are left in the store", left)
			}
		})
	}
}

func checkSilent(t *testing.T, err error) {
	t.Helper()
	for ; err != nil; err = errors.Unwrap(err) {
		for _, secret := range []string{"secret-endpoint", "Van 1", "alerts/1"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("the error %q tells %q", err, secret)
			}
		}
	}
}

// One browser that takes the message is enough.
func TestOneIsEnough(t *testing.T) {
	l := newLab(t)
	l.add(t, night, l.subscribe("/good"))
	l.add(t, night, l.subscribe("/gone"))
	l.add(t, night, l.subscribe("/ill"))
	l.answer = func(path string) (int, string) { return map[string]int{"/gone": 410, "/ill": 503}[path], "" }
	if err := l.send(t, message(night, "m")); err != nil {
		t.Error(err)
	}
	if left := len(l.browsers.Of(night, "")); left != 2 {
		t.Errorf("%d browsers are left, want 2", left)
	}
	l.answer = func(path string) (int, string) { return map[string]int{"/good": 410, "/ill": 503}[path], "" }
	var failed *notify.SendError
	if err := l.send(t, message(night, "m")); !errors.As(err, &failed) || failed.Permanent {
		t.Errorf("one gone, one ill: %+v", err)
	}
}

// A push service that takes no more is asked for nothing meanwhile, by whomever;
// others go on, and the lane does not wait.
func TestBusyServiceIsLeftAlone(t *testing.T) {
	l, other := newLab(t), startService(t)
	day := notify.Recipient{Audience: notify.ToDispatch, ID: "day"}
	l.add(t, night, l.subscribe("/busy"))
	l.add(t, day, l.subscribe("/same-service"))
	asked := 0
	l.answer = func(string) (int, string) { asked++; return 429, "7" }
	for i, to := range []notify.Recipient{night, day, night} {
		err := l.send(t, message(to, fmt.Sprint("m", i)))
		var failed *notify.SendError
		if !errors.As(err, &failed) || failed.Permanent || failed.Busy || failed.Code != "429" || failed.After > 7*time.Second || failed.After < 6*time.Second {
			t.Errorf("%s: %+v", to.ID, err)
		}
	}
	if asked != 1 {
		t.Errorf("%d requests", asked)
	}
	l.add(t, day, other.subscribe("/elsewhere"))
	err := l.send(t, message(day, "m9"))
	if n := len(other.pushed()); err != nil || n != 1 || asked != 1 {
		t.Errorf("another service: %v, %d messages, %d requests to the busy one", err, n, asked)
	}
}

// A service that hangs holds up nobody for longer than they have.
func TestHang(t *testing.T) {
	l := newLab(t)
	l.add(t, night, l.subscribe("/hang"))
	release := make(chan struct{})
	defer close(release)
	l.answer = func(string) (int, string) { <-release; return 201, "" }
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err := l.carrier.Send(ctx, message(night, "m"))
	var failed *notify.SendError
	if !errors.As(err, &failed) || failed.Permanent || failed.Dead {
		t.Errorf("%+v", err)
	}
	checkSilent(t, err)
}

// By itself a carrier connects to nothing but the internet.
func TestPrivateAddress(t *testing.T) {
	l := newLab(t)
	l.add(t, night, l.subscribe("/secret-endpoint"))
	l.carrier = newCarrier(t, webpush.Options{Browsers: l.browsers, Contact: "https://fleet.example"})
	err := l.send(t, message(night, "m"))
	var failed *notify.SendError
	if !errors.As(err, &failed) || !failed.Permanent || failed.Dead || !errors.Is(err, notify.ErrPrivate) || len(l.pushed()) != 0 {
		t.Errorf("%+v", err)
	}
	checkSilent(t, err)
	if len(l.browsers.Of(night, "")) != 0 {
		t.Error("the browser is still there")
	}
}

// A long text is cut so that every push service takes it.
func TestLongText(t *testing.T) {
	l := newLab(t)
	l.add(t, night, l.subscribe("/one"))
	for _, text := range []string{strings.Repeat("x", 10_000), strings.Repeat("ж🚚", 3_000), strings.Repeat("<&\x01", 3_000), "\xff" + strings.Repeat("\xff", 5_000)} {
		m := message(night, "m")
		m.Text = text
		if err := l.send(t, m); err != nil {
			t.Fatal(err)
		}
		p := l.pushed()[0]
		if p.size > 4096 || !strings.HasSuffix(p.note["body"], "…") || len(p.note["body"]) < 400 {
			t.Errorf("%d bytes, text of %d", p.size, len(p.note["body"]))
		}
	}
	m := message(night, "m")
	m.Subject = strings.Repeat("x", 5_000)
	var failed *notify.SendError
	if err := l.send(t, m); !errors.As(err, &failed) || !failed.Permanent {
		t.Errorf("a title that is too long: %v", err)
	}
}

// Browsers outlive a restart, sealed, until their owner is erased.
func TestStore(t *testing.T) {
	l := newLab(t)
	to := l.customer(t)
	b := l.subscribe("/secret-endpoint")
	id := l.add(t, to, b)
	if again := l.add(t, to, b); again != id || len(l.browsers.Of(to, "")) != 1 {
		t.Errorf("the same browser again is %q, first %q", again, id)
	}
	if got := l.open(t).Of(to, "")[id]; got.Endpoint != b.Endpoint || got.Auth != b.Auth {
		t.Errorf("after a restart: %+v", got)
	}
	if key := l.open(t).PublicKey(); key != l.browsers.PublicKey() || len(decode(t, key)) != 65 {
		t.Errorf("the server's key changed: %q", key)
	}
	file, err := os.ReadFile(filepath.Join(l.dir, "fleet.db"))
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"secret-endpoint", b.Auth, l.browsers.PrivateKey()} {
		if strings.Contains(string(file), secret) {
			t.Errorf("the file holds %q in the open", secret)
		}
	}
	if err := l.keys.Remove(tracker.KeyID(to.ID)); err != nil {
		t.Fatal(err)
	}
	if left := len(l.open(t).Of(to, "")); left != 0 {
		t.Errorf("%d browsers of somebody who was erased", left)
	}
	if _, err := l.browsers.Add(t.Context(), to, b); !errors.Is(err, tracker.ErrErased) {
		t.Errorf("a browser of somebody who was erased: %v", err)
	}
}

func TestTooManyBrowsers(t *testing.T) {
	l := newLab(t)
	for i := range 25 {
		b := l.subscribe(fmt.Sprintf("/%d", i))
		b.Since = time.Unix(int64(i), 0)
		l.add(t, night, b)
	}
	left := l.browsers.Of(night, "")
	if len(left) != 20 || len(l.open(t).Of(night, "")) != 20 {
		t.Errorf("%d browsers", len(left))
	}
	for _, b := range left {
		if b.Since.Before(time.Unix(5, 0)) {
			t.Errorf("an old one is left: %v", b.Since)
		}
	}
	for id := range left {
		if err := l.browsers.Remove(t.Context(), night, id); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(l.open(t).Of(night, "")); n != 0 {
		t.Errorf("%d browsers after all were removed", n)
	}
}

func TestBadBrowsers(t *testing.T) {
	l := newLab(t)
	good := l.subscribe("/x")
	for name, change := range map[string]func(b *notify.Browser){
		"no endpoint":   func(b *notify.Browser) { b.Endpoint = "" },
		"plain http":    func(b *notify.Browser) { b.Endpoint = "http://push.example/x" },
		"other scheme":  func(b *notify.Browser) { b.Endpoint = "file:///etc/passwd" },
		"user":          func(b *notify.Browser) { b.Endpoint = "https://u:p@push.example/x" },
		"no host":       func(b *notify.Browser) { b.Endpoint = "https:///x" },
		"long":          func(b *notify.Browser) { b.Endpoint += strings.Repeat("x", 3000) },
		"no key":        func(b *notify.Browser) { b.P256DH = "" },
		"not base64":    func(b *notify.Browser) { b.P256DH = "!" },
		"no point":      func(b *notify.Browser) { b.P256DH = base64.RawURLEncoding.EncodeToString(make([]byte, 65)) },
		"no secret":     func(b *notify.Browser) { b.Auth = "" },
		"short secret":  func(b *notify.Browser) { b.Auth = "AAAA" },
		"long secret":   func(b *notify.Browser) { b.Auth = strings.Repeat("A", 64) },
		"control chars": func(b *notify.Browser) { b.Endpoint = "https://push.example/\r\nx" },
	} {
		b := good
		change(&b)
		if _, err := l.browsers.Add(t.Context(), night, b); !errors.Is(err, tracker.ErrBadInput) {
			t.Errorf("%s: %v", name, err)
		}
	}
	padded := good
	padded.P256DH, padded.Auth = padded.P256DH+"=", padded.Auth+"=="
	l.add(t, night, padded)
	if err := l.send(t, message(night, "m")); err != nil {
		t.Errorf("keys with padding: %v", err)
	}
}
