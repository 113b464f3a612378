package webhook

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"wayguard/notify"
	"wayguard/tracker"
)

func verify(t *testing.T, secret string, post received) error {
	t.Helper()
	w, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	return w.Verify([]byte(post.body), post.header)
}

// TestPost posts each event once, signed, with its own id.
func TestPost(t *testing.T) {
	o, in := openOffice(t), openInbox(t)
	h := o.hook(t, "", in.URL, "delivery.*")
	o.post(t, true)
	o.order(t, 100, "", false)
	seen := make(map[string]bool)
	for _, post := range in.await(t, 100) {
		if err := verify(t, h.Secrets[0].Secret, post); err != nil {
			t.Fatal(err)
		}
		var body struct {
			Type string
			Data tracker.Event
		}
		if err := json.Unmarshal([]byte(post.body), &body); err != nil || body.Type != "delivery.created" || body.Data.ID != post.id || seen[post.id] {
			t.Fatalf("posted %s as %s, %v", post.body, post.id, err)
		}
		seen[post.id] = true
	}
}

// TestStops posts what happened while nothing was posted, and nothing twice.
func TestStops(t *testing.T) {
	o, in := openOffice(t), openInbox(t)
	h := o.hook(t, "", in.URL)
	stop := o.post(t, true)
	o.order(t, 5, "", false)
	in.await(t, 5)
	if err := eventually(func() bool { return o.hooks.Progress(h.ID).Posted == 5 }); err != nil {
		t.Fatal(err)
	}
	stop()
	o.order(t, 5, "", false)
	hooks, err := notify.OpenHooks(o.fleet, o.keys)
	if err != nil {
		t.Fatal(err)
	}
	o.hooks = hooks
	o.post(t, true)
	in.await(t, 10)
}

// TestPartner shows a partner their own deliveries, without what is dispatch's,
// and nobody what is a test.
func TestPartner(t *testing.T) {
	o, in := openOffice(t), openInbox(t)
	o.hook(t, "a", in.URL, "*")
	o.post(t, true)
	o.order(t, 3, "b", false)
	o.order(t, 3, "", false)
	o.order(t, 3, "a", true)
	own := o.order(t, 1, "a", false)
	post := in.await(t, 1)[0]
	if !strings.Contains(post.body, string(own[0])) || !strings.Contains(post.body, `"device":null`) || !strings.Contains(post.body, `"lon":null`) {
		t.Errorf("posted %s", post.body)
	}
}

// TestOneIsRefused posts the others, and that one again later.
func TestOneIsRefused(t *testing.T) {
	o, in := openOffice(t), openInbox(t)
	h := o.hook(t, "", in.URL)
	bad := o.order(t, 1, "", false)[0]
	in.answers(func(r received) int {
		if strings.Contains(r.body, string(bad)) {
			return http.StatusInternalServerError
		}
		return http.StatusNoContent
	})
	o.order(t, 70, "", false)
	o.post(t, true)
	in.await(t, 70)
	late := func() bool { p := o.hooks.Progress(h.ID); return len(p.Overdue) == 1 && p.Posted == 70 }
	if err := eventually(late); err != nil {
		t.Fatalf("%v: %+v", err, o.hooks.Progress(h.ID))
	}
	in.answers(nil)
	in.await(t, 71)
}

// TestNothingIsTaken waits, and then posts everything.
func TestNothingIsTaken(t *testing.T) {
	for name, status := range map[string]int{"error": 500, "redirect": 302, "permanent redirect": 308, "limit": 429} {
		t.Run(name, func(t *testing.T) {
			o, in := openOffice(t), openInbox(t)
			h := o.hook(t, "", in.URL)
			in.answers(func(received) int { return status })
			o.order(t, 40, "", false)
			o.post(t, true)
			failing := func() bool { return !o.hooks.Progress(h.ID).FailingSince.IsZero() }
			if err := eventually(failing); err != nil {
				t.Fatal(err)
			}
			in.answers(nil)
			in.await(t, 40)
			if p := o.hooks.Progress(h.ID); !p.FailingSince.IsZero() || p.Tries != 0 || len(p.Overdue) != 0 {
				t.Errorf("the address takes everything, and is said to be %+v", p)
			}
		})
	}
}

// TestGone leaves an address alone that says so, until somebody changes it.
func TestGone(t *testing.T) {
	o, in := openOffice(t), openInbox(t)
	h := o.hook(t, "", in.URL)
	in.answers(func(received) int { return http.StatusGone })
	o.post(t, true)
	o.order(t, 1, "", false)
	if err := eventually(func() bool { return o.hooks.Progress(h.ID).Gone }); err != nil {
		t.Fatal(err)
	}
	in.answers(nil)
	o.order(t, 1, "", false)
	time.Sleep(200 * time.Millisecond)
	in.await(t, 0)
	if _, err := o.hooks.Change(context.Background(), h.ID, tracker.AnyVersion, notify.HookEdit{URL: &in.URL}); err != nil {
		t.Fatal(err)
	}
	in.await(t, 2)
}

// TestPrivate posts nothing to this machine unless that is allowed.
func TestPrivate(t *testing.T) {
	o, in := openOffice(t), openInbox(t)
	address := "https" + strings.TrimPrefix(in.URL, "http")
	for _, url := range []string{in.URL, strings.Replace(in.URL, "127.0.0.1", "localhost", 1), address, strings.Replace(address, "127.0.0.1", "[::ffff:127.0.0.1]", 1)} {
		h := o.hook(t, "", url)
		stop := o.post(t, false)
		o.order(t, 1, "", false)
		if err := eventually(func() bool { return o.hooks.Progress(h.ID).Tries > 0 }); err != nil {
			t.Fatal(err)
		}
		stop()
		if p := o.hooks.Progress(h.ID); strings.Contains(p.Problem, "127.0.0.1") || !strings.Contains(p.Problem, "not") {
			t.Errorf("%s: the problem is %q", url, p.Problem)
		}
	}
	in.await(t, 0)
}

// TestRotate signs with both secrets for a while.
func TestRotate(t *testing.T) {
	o, in := openOffice(t), openInbox(t)
	h := o.hook(t, "", in.URL)
	old := h.Secrets[0].Secret
	h, err := o.hooks.Rotate(context.Background(), h.ID, h.Version, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	o.post(t, true)
	o.order(t, 1, "", false)
	for _, secret := range []string{old, h.Secrets[0].Secret} {
		if err := verify(t, secret, in.await(t, 1)[0]); err != nil {
			t.Error(err)
		}
	}
	if h, err = o.hooks.Rotate(context.Background(), h.ID, h.Version, 0); err != nil {
		t.Fatal(err)
	}
	o.order(t, 1, "", false)
	post := in.await(t, 2)[1]
	if err := verify(t, h.Secrets[0].Secret, post); err != nil {
		t.Error(err)
	}
	if verify(t, old, post) != nil {
		t.Error("a secret with time left no longer signs, since another was replaced at once")
	}
}

// TestReplay posts a stretch of time again.
func TestReplay(t *testing.T) {
	o, in := openOffice(t), openInbox(t)
	h := o.hook(t, "", in.URL)
	o.post(t, true)
	o.order(t, 10, "", false)
	in.await(t, 10)
	time.Sleep(20 * time.Millisecond)
	from := time.Now()
	o.order(t, 50, "", false)
	in.await(t, 60)
	time.Sleep(20 * time.Millisecond)
	to := time.Now()
	time.Sleep(20 * time.Millisecond)
	o.order(t, 10, "", false)
	first := in.await(t, 70)
	if _, err := o.hooks.Replay(context.Background(), h.ID, from, to); err != nil {
		t.Fatal(err)
	}
	again := make(map[string]bool)
	for _, post := range in.await(t, 120)[70:] {
		again[post.id] = true
	}
	for i, post := range first {
		if again[post.id] != (i >= 10 && i < 60) {
			t.Errorf("post %d: posted again is %t", i, again[post.id])
		}
	}
}

// TestDelete ends a webhook at once, and destroys its secret.
func TestDelete(t *testing.T) {
	o, in := openOffice(t), openInbox(t)
	h := o.hook(t, "", in.URL)
	o.post(t, true)
	if err := o.hooks.Delete(context.Background(), h.ID, tracker.AnyVersion); err != nil {
		t.Fatal(err)
	}
	o.order(t, 3, "", false)
	time.Sleep(100 * time.Millisecond)
	in.await(t, 0)
	if _, err := o.keys.Seal(tracker.KeyID(h.ID), "x", nil); err == nil {
		t.Error("its key is still there")
	}
}
