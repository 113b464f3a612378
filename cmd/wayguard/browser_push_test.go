package main

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/serviceworker"
	"github.com/chromedp/chromedp"
)

// allowNotifications is what a person answers to the browser's question.
func (b *browser) allowNotifications(t *testing.T, origin string) {
	t.Helper()
	do(t, b, "allow notifications", func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, target, cdpbrowser.SetPermission, cdpbrowser.SetPermissionParams{
			Permission: &cdpbrowser.PermissionDescriptor{Name: "notifications"}, Setting: cdpbrowser.PermissionSettingGranted, Origin: origin,
		})
		return chromedp.Void{}, err
	})
}

// workerOf registers the page's service worker and returns its name.
func (b *browser) workerOf(t *testing.T) serviceworker.RegistrationID {
	t.Helper()
	found := make(chan serviceworker.RegistrationID, 100)
	err := chromedp.Listen(b, func(event any) {
		if e, ok := event.(*serviceworker.EventWorkerRegistrationUpdated); ok {
			for _, r := range e.Registrations {
				select {
				case found <- r.RegistrationID:
				default:
				}
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	do(t, b, "watch workers", func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, target, serviceworker.Enable, cdp.Empty{})
		return chromedp.Void{}, err
	})
	b.wait(t, "the service worker is ready", `(() => {
		window.wayguardTestWorker ??= navigator.serviceWorker.register("/push-worker.js")
			.then(() => navigator.serviceWorker.ready).then((r) => { window.wayguardTestReady = r; });
		return window.wayguardTestReady !== undefined;
	})()`)
	select {
	case id := <-found:
		return id
	case <-time.After(patience):
		t.Fatal("the browser knows no service worker")
		return ""
	}
}

// shown is what the person sees.
type shown struct {
	Title, Body, Tag, Link string
}

// TestPushMessages gives the service worker messages as a push service would,
// and wants them shown, each but the last of one tag replaced.
func TestPushMessages(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser and a server")
	}
	b := openBrowser(t, 800, 600)
	p, link := startDemo(t)
	origin := "http://" + p.http
	do(t, b, "open the page", chromedp.Navigate(link))
	b.allowNotifications(t, origin)
	worker := b.workerOf(t)
	for _, payload := range []string{
		`{"title":"On its way","body":"Ten minutes.","tag":"d1","link":"https://fleet.example/t/x","kind":"approaching","lang":"en"}`,
		`{"title":"Delivered","body":"In the hall.","tag":"d1","link":"https://fleet.example/t/x","kind":"delivered","lang":"en"}`,
		`{"title":"Alert","body":"<b>Off</b> the route","tag":"a1"}`,
		`not JSON`,
	} {
		do(t, b, "push", func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
			_, err := cdp.Call(ctx, target, serviceworker.DeliverPushMessage, serviceworker.DeliverPushMessageParams{
				Origin: origin, RegistrationID: worker, Data: payload,
			})
			return chromedp.Void{}, err
		})
	}
	const ask = `(() => {
		window.wayguardTestReady.getNotifications().then((all) => { window.wayguardTestShown = JSON.stringify(all.map((n) =>
			({ title: n.title, body: n.body, tag: n.tag, link: n.data.link }))); });
		return window.wayguardTestShown ?? "[]";
	})()`
	b.wait(t, "the messages are shown", fmt.Sprintf(`JSON.parse(%s).length === 3 && !%s.includes("On its way")`, ask, ask))
	var all []shown
	if err := json.Unmarshal([]byte(do(t, b, "what is shown", chromedp.Evaluate[string](ask))), &all); err != nil {
		t.Fatal(err)
	}
	for _, want := range []shown{
		{"Delivered", "In the hall.", "d1", "https://fleet.example/t/x"},
		{"Alert", "<b>Off</b> the route", "a1", ""},
		{"Wayguard", "", "", ""},
	} {
		found := false
		for _, n := range all {
			found = found || n == want
		}
		if !found {
			t.Errorf("%+v is not among %+v", want, all)
		}
	}
}
