package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// pushService stands for that of the browser's maker, which a test cannot reach:
// it gives out a subscription with a real key.
const pushService = `{
	let mine = null;
	PushManager.prototype.getSubscription = async () => mine;
	PushManager.prototype.subscribe = async ({ applicationServerKey }) => (mine = {
		unsubscribe: async () => { mine = null; return true; },
		toJSON: () => ({ endpoint: "https://push.example/" + applicationServerKey.slice(0, 8), keys: {
			p256dh: "BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA_0QTpQtUbVlUls0VJXg7A8u-Ts1XbjhazAkj7I99e8QcYP7DkM", auth: "tBHItJI5svbpez7KI4CCXg",
		} }),
	});
}`

// withPushService puts it into every page from now on.
func (b *browser) withPushService(t *testing.T) {
	t.Helper()
	do(t, b, "a push service", func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, target, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: pushService})
		return chromedp.Void{}, err
	})
}

// pushState waits until the dialog says how push messages stand.
func (b *browser) pushState(t *testing.T, want string) {
	t.Helper()
	b.wait(t, "push messages are "+want, fmt.Sprintf(`document.querySelector('[data-testid="push-state"][data-state=%q]') !== null`, want))
}

// pushes are the messages that dispatch's contacts would get, by the dry run.
func pushes(t *testing.T, p *process) int {
	t.Helper()
	var would struct {
		Notices []struct{ Messages []struct{ Channel string } }
	}
	p.call(t, http.MethodPost, "/api/v1/notify/dry-run", map[string]any{"event": map[string]any{"type": "device.silent", "subject": "van"}}, http.StatusOK, &would)
	n := 0
	for _, notice := range would.Notices {
		n += len(notice.Messages)
	}
	return n
}

// TestNotifyMe turns push messages on and off as a dispatcher would, and finds
// them told to the server.
func TestNotifyMe(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser and the server")
	}
	b := openBrowser(t, 1280, 800)
	// With an account for mail, push messages leave the server.
	p := startServe(t, t.TempDir(), "--smtp-host", "localhost", "--smtp-port", "9", "--smtp-tls", "none", "--mail-from", "dispatch@example.com")
	site := "http://" + strings.Replace(p.http, "127.0.0.1", "localhost", 1)
	b.withPushService(t)
	do(t, b, "open the link", chromedp.Navigate(p.signinLink(t)))
	b.allowNotifications(t, site)
	open := chromedp.Evaluate[bool](`(document.querySelector('[data-testid="notify"]').click(), true)`)
	live := `document.querySelector('[data-testid="connection"][data-state="live"]') !== null`
	b.wait(t, "the feed is live", live)
	do(t, b, "open notifications", open)
	b.pushState(t, "off")
	b.picture(t, "notify-off")
	b.press(t, "Turn on notifications")
	b.pushState(t, "on")
	b.picture(t, "notify-on")
	if n := pushes(t, p); n != 1 {
		t.Errorf("%d messages to dispatch while on", n)
	}
	b.press(t, "Turn off")
	b.pushState(t, "off")
	if n := pushes(t, p); n != 0 {
		t.Errorf("%d messages to dispatch while off", n)
	}
	b.press(t, "Turn on notifications")
	b.pushState(t, "on")
	b.press(t, "Close")
	b.press(t, "Sign out")
	b.wait(t, "signed out", `document.querySelector('[data-testid="signed-out"]') !== null`)
	if n := pushes(t, p); n != 0 {
		t.Errorf("%d messages to dispatch after it has signed out", n)
	}
}

// TestNotifyMeWhereNothingLeaves finds out why there can be no messages: on a
// server without an account, and where the browser forbids them.
func TestNotifyMeWhereNothingLeaves(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser and the server")
	}
	b := openBrowser(t, 390, 844)
	do(t, b, "a phone", chromedp.EmulateViewport(390, 844))
	p := startServe(t, t.TempDir())
	do(t, b, "open the link", chromedp.Navigate(p.signinLink(t)))
	b.wait(t, "the feed is live", `document.querySelector('[data-testid="connection"][data-state="live"]') !== null`)
	do(t, b, "open notifications", chromedp.Evaluate[bool](`(document.querySelector('[data-testid="notify"]').click(), true)`))
	b.pushState(t, "unsent")
	b.picture(t, "notify-unsent")
	if shown := do(t, b, "the button", chromedp.Evaluate[bool](`document.querySelector('[data-testid="push-turn"]').offsetParent !== null`)); shown {
		t.Error("a button is offered that leads to nothing")
	}
}

// TestDispatcherIsOfferedWhatIsAllowed signs a dispatcher in, who looks at
// devices and manages none.
func TestDispatcherIsOfferedWhatIsAllowed(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser and the server")
	}
	b := openBrowser(t, 1280, 800)
	p := startServe(t, t.TempDir())
	var ines struct{ ID string }
	p.call(t, http.MethodPost, "/api/v1/staff", map[string]any{"name": "Ines", "role": "dispatcher"}, http.StatusCreated, &ines)
	p.call(t, http.MethodPost, "/api/v1/devices", map[string]any{"id": "van-1"}, http.StatusCreated, nil)
	var link struct{ URL string }
	p.call(t, http.MethodPost, "/api/v1/signin-links", map[string]any{"staff": ines.ID}, http.StatusCreated, &link)
	delivery := failDelivery(t, p, "A-1")
	do(t, b, "open the link", chromedp.Navigate(link.URL))
	b.click(t, alertRow(delivery), `[data-action="acknowledge"]`)
	b.wait(t, "it is sent", `(document.querySelector('[data-testid="alert-form"]').requestSubmit(), true)`)
	b.press(t, "Acknowledged")
	b.wait(t, "she has it", alertRow(delivery)+`?.innerText.includes("You have it")`)
	do(t, b, "open the devices", chromedp.Evaluate[bool](`(document.querySelector('[data-testid="open-devices"]').click(), true)`))
	b.wait(t, "the device is listed", `document.querySelector('[data-testid="managed-device"]') !== null`)
	do(t, b, "open it", chromedp.Evaluate[bool](`(document.querySelector('[data-testid="managed-device"] button').click(), true)`))
	const offered = `[...document.querySelectorAll("dialog[open] button")].filter((b) => b.offsetParent !== null).map((b) => b.textContent).join(", ")`
	b.wait(t, "its page", `document.querySelector("dialog[open] dl") !== null`)
	if got := do(t, b, "what is offered", chromedp.Evaluate[string](offered)); got != "Back, Close" {
		t.Errorf("a dispatcher is offered %s", got)
	}
}

// TestDriverHasNoConsole signs a driver in, who is offered messages and no map.
func TestDriverHasNoConsole(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser and the server")
	}
	b := openBrowser(t, 390, 844)
	do(t, b, "a phone", chromedp.EmulateViewport(390, 844))
	p := startServe(t, t.TempDir(), "--smtp-host", "localhost", "--smtp-port", "9", "--smtp-tls", "none", "--mail-from", "dispatch@example.com")
	site := "http://" + strings.Replace(p.http, "127.0.0.1", "localhost", 1)
	var dora struct{ ID string }
	p.call(t, http.MethodPost, "/api/v1/drivers", map[string]any{"name": "Dora"}, http.StatusCreated, &dora)
	var link struct{ URL string }
	p.call(t, http.MethodPost, "/api/v1/signin-links", map[string]any{"driver": dora.ID}, http.StatusCreated, &link)
	b.withPushService(t)
	do(t, b, "open the link", chromedp.Navigate(strings.Replace(link.URL, "127.0.0.1", "localhost", 1)))
	b.allowNotifications(t, site)
	if words := b.text(t, `[data-testid="guest"]`); !strings.Contains(words, "Hello Dora") {
		t.Errorf("the page says %q", words)
	}
	b.press(t, "Notify me in this browser")
	b.pushState(t, "off")
	b.press(t, "Turn on notifications")
	b.pushState(t, "on")
	b.picture(t, "notify-driver")
	b.press(t, "Turn off")
	b.pushState(t, "off")
}
