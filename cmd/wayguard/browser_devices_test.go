package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	paho "github.com/eclipse/paho.mqtt.golang"
)

// press clicks the button of that name in the dialog, or on a page without one.
func (b *browser) press(t *testing.T, name string) {
	t.Helper()
	script := fmt.Sprintf(`(() => {
		const within = document.querySelector("dialog[open]") ?? document;
		const button = [...within.querySelectorAll("button")].find((b) => b.textContent.trim() === %q && b.offsetParent !== null);
		button?.click();
		return button !== undefined;
	})()`, name)
	b.wait(t, "the button "+name, script)
}

// fill writes into the field with that label.
func (b *browser) fill(t *testing.T, label, value string) {
	t.Helper()
	b.wait(t, "the field "+label, fmt.Sprintf(`(() => {
		const label = [...document.querySelectorAll("dialog[open] label")].find((l) => l.textContent === %q);
		if (label === undefined) return false;
		label.control.value = %q;
		label.control.dispatchEvent(new Event("change", { bubbles: true }));
		return true;
	})()`, label, value))
}

// text is that of the element that a selector finds, once there is one.
func (b *browser) text(t *testing.T, selector string) string {
	t.Helper()
	b.wait(t, selector, fmt.Sprintf(`document.querySelector(%q) !== null`, selector))
	return do(t, b, selector, chromedp.Evaluate[string](fmt.Sprintf(`document.querySelector(%q).textContent`, selector)))
}

// connectAs signs a device in over MQTT and keeps it there.
func connectAs(t *testing.T, p *process, id, secret string) (paho.Client, error) {
	t.Helper()
	o := paho.NewClientOptions().AddBroker("tcp://" + p.mqtt).SetClientID(id).SetUsername(id).SetPassword(secret).
		SetAutoReconnect(false).SetConnectRetry(false).SetProtocolVersion(4)
	c := paho.NewClient(o)
	token := c.Connect()
	if !token.WaitTimeout(10 * time.Second) {
		t.Fatal("the broker does not answer")
	}
	t.Cleanup(func() { c.Disconnect(0) })
	return c, token.Error()
}

// TestDevicesPage manages a device as a dispatcher would: adds it, sees it
// connect, has it enrol itself anew with a code, and revokes it.
func TestDevicesPage(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser and the server")
	}
	b := openBrowser(t, 390, 844)
	p := startServe(t, t.TempDir())
	link := p.signinLink(t)
	do(t, b, "open the link", chromedp.Navigate(link))
	b.wait(t, "an invitation to add a device", `document.querySelector('[data-testid="empty-devices"]')?.offsetParent != null`)
	do(t, b, "open the devices", chromedp.Evaluate[bool](`(document.querySelector('[data-testid="open-devices"]').click(), true)`))

	b.press(t, "Add a device")
	b.fill(t, "Device id", "bad id")
	b.press(t, "Add")
	b.wait(t, "the form refuses a bad id", `document.querySelector("dialog input:invalid") !== null`)
	b.fill(t, "Device id", "ann:van")
	b.fill(t, "Name", "Van 1")
	b.press(t, "Add")
	secret := b.text(t, `[data-testid="secret"] code`)
	b.picture(t, "device-secret")
	opened := do(t, b, "the app's link", chromedp.Evaluate[string](`document.querySelector('a[href^="owntracks:"]').getAttribute("href")`))
	if u, err := url.Parse(opened); err != nil || u.Query().Get("inline") == "" {
		t.Errorf("the link that opens the app is %q", opened)
	}
	file := do(t, b, "the app's file", chromedp.Evaluate[string](`decodeURIComponent(document.querySelector('a[download$=".otrc"]').href.split(",")[1])`))
	var settings struct{ Username, Password, DeviceID string }
	if err := json.Unmarshal([]byte(file), &settings); err != nil || settings.Password != secret || settings.Username+":"+settings.DeviceID != "ann:van" {
		t.Errorf("the app's file holds %s, %v", file, err)
	}
	b.wait(t, "a QR code is drawn", `document.querySelector('[data-testid="qr"]').naturalWidth > 100`)
	b.press(t, "Done")
	b.wait(t, "the secret is gone", fmt.Sprintf(`!document.documentElement.outerHTML.includes(%q)`, secret))

	client, err := connectAs(t, p, "ann:van", secret)
	if err != nil {
		t.Fatal(err)
	}
	const row = `[data-testid="managed-device"][data-device="ann:van"]`
	b.wait(t, "it is shown as connected", `document.querySelector('`+row+`[data-connected="true"]') !== null`)
	b.picture(t, "device-list")

	// Another credential by a code, typed on the device itself.
	do(t, b, "open the device", chromedp.Evaluate[bool](`(document.querySelector('`+row+` button').click(), true)`))
	b.press(t, "Enrolment code")
	b.press(t, "Make a code")
	code := b.text(t, `[data-testid="enrol-code"] code`)
	fresh := enrolInBrowser(t, b, p, code)
	eventually(t, "the old connection ends", func() bool { return !client.IsConnected() })
	if client, err = connectAs(t, p, "ann:van", fresh); err != nil {
		t.Fatalf("the enrolled secret: %v", err)
	}

	do(t, b, "back to the console", chromedp.Navigate("http://"+strings.Replace(p.http, "127.0.0.1", "localhost", 1)+"/"))
	b.wait(t, "the console is back", `document.querySelector('[data-testid="connection"][data-state="live"]') !== null`)
	do(t, b, "open the devices", chromedp.Evaluate[bool](`(document.querySelector('[data-testid="open-devices"]').click(), true)`))
	b.wait(t, "the device is listed", `document.querySelector('`+row+`') !== null`)
	do(t, b, "open the device", chromedp.Evaluate[bool](`(document.querySelector('`+row+` button').click(), true)`))
	b.press(t, "Revoke…")
	b.press(t, "Revoke")
	eventually(t, "the revoked device's connection ends", func() bool { return !client.IsConnected() })
	b.wait(t, "it is not listed any more", `document.querySelector('dialog[open] .empty') !== null && document.querySelector('`+row+`') === null`)
	b.wantQuiet(t, strings.Replace(p.http, "127.0.0.1", "localhost", 1))
}

// enrolInBrowser uses a code on its page and returns the secret.
func enrolInBrowser(t *testing.T, b *browser, p *process, code string) string {
	t.Helper()
	do(t, b, "the page for the code", chromedp.Navigate("http://"+strings.Replace(p.http, "127.0.0.1", "localhost", 1)+"/enrol/"+strings.ToLower(code)))
	b.press(t, "Enrol")
	secret := b.text(t, "dd code")
	b.picture(t, "device-enrolled")
	b.wait(t, "a link that opens the app", `document.querySelector('a.action[href^="owntracks:///config?inline="]') !== null`)
	return secret
}
