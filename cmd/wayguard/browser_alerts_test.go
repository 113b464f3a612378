package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// failDelivery makes a delivery that fails, which opens an alert, and returns its id.
func failDelivery(t *testing.T, p *process, reference string) string {
	t.Helper()
	var made struct{ ID string }
	p.call(t, http.MethodPost, "/api/v1/deliveries", map[string]any{
		"customer": map[string]any{"name": "N. N."}, "consignee": "N. N.", "reference": reference, "address": "1 Mill Lane",
		"point": map[string]any{"type": "Point", "coordinates": []float64{8.68, 50.11}},
	}, http.StatusCreated, &made)
	for _, state := range []string{"departed", "failed"} {
		p.call(t, http.MethodPost, "/api/v1/deliveries/"+made.ID+"/state", map[string]any{"state": state}, http.StatusOK, nil)
	}
	return made.ID
}

type alertSeen struct{ ID, State, Note, By, Subject string }

// alertOf is that of a delivery.
func alertOf(t *testing.T, p *process, delivery string) (found alertSeen) {
	t.Helper()
	eventually(t, "an alert", func() bool {
		var page struct{ Alerts []alertSeen }
		p.call(t, http.MethodGet, "/api/v1/alerts?limit=1000", nil, http.StatusOK, &page)
		for _, a := range page.Alerts {
			if a.Subject == delivery {
				found = a
			}
		}
		return found.ID != ""
	})
	return found
}

// alertRow finds the row of an alert about a delivery.
func alertRow(delivery string) string {
	return fmt.Sprintf(`document.querySelector('[data-testid="alert"][data-subject=%q]')`, delivery)
}

// click presses a button of a row.
func (b *browser) click(t *testing.T, row, selector string) {
	t.Helper()
	b.wait(t, selector, fmt.Sprintf(`(() => { const found = %s?.querySelector(%q); found?.focus(); found?.click(); return found != null; })()`, row, selector))
}

// TestAlertsPage takes alerts up and resolves them as a dispatcher would, while
// others do so elsewhere.
func TestAlertsPage(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser and the server")
	}
	b := openBrowser(t, 390, 844)
	do(t, b, "a phone", chromedp.EmulateViewport(390, 844))
	p := startServe(t, t.TempDir())
	site := strings.Replace(p.http, "127.0.0.1", "localhost", 1)
	first, second := failDelivery(t, p, "A-1"), failDelivery(t, p, "A-2")
	alertOf(t, p, second)
	do(t, b, "open the link", chromedp.Navigate(p.signinLink(t)))
	b.wait(t, "two alerts, in sight and by name", `(() => {
		const rows = [...document.querySelectorAll('[data-testid="alert"]')];
		return rows.length === 2 && rows[0].innerText.includes("Delivery failed A-2, N. N.") && rows[1].innerText.includes("A-1, N. N.") && rows[0].offsetParent !== null;
	})()`)
	const ids = `document.body.innerText.match(/[0-9a-f]{8}-[0-9a-f]{4}-/)?.[0] ?? ""`
	if id := do(t, b, "ids in sight", chromedp.Evaluate[string](ids)); id != "" {
		t.Errorf("the page shows the id %s", id)
	}
	b.wait(t, "nothing is wider than a phone", `document.documentElement.scrollWidth <= innerWidth && document.querySelector(".alerts .scroll").scrollWidth <= innerWidth`)

	// Another one comes while this one is looked at: the focus stays.
	b.click(t, alertRow(second), "button")
	b.wait(t, "the place is marked", alertRow(second)+`.classList.contains("selected")`)
	b.click(t, alertRow(first), `[data-action="acknowledge"]`)
	b.wait(t, "a note can be written", `document.activeElement.closest('[data-testid="alert-form"]') !== null`)
	third := failDelivery(t, p, "A-3")
	b.wait(t, "the third is on top", `document.querySelector('[data-testid="alert"]').dataset.subject === "`+third+`"`)
	b.wait(t, "the note still has the focus", `document.activeElement === `+alertRow(first)+`.querySelector("input")`)
	b.picture(t, "alert-form")
	b.wait(t, "the note is sent", `(() => { const form = document.querySelector('[data-testid="alert-form"]'); form.querySelector("input").value = "on the phone"; form.requestSubmit(); return true; })()`)
	b.wait(t, "it is open no more", alertRow(first)+` === null`)
	b.wait(t, "the focus is on another alert", `document.activeElement.closest('[data-testid="alert"]') !== null`)
	if a := alertOf(t, p, first); a.State != "acknowledged" || a.Note != "on the phone" {
		t.Errorf("the server has %+v", a)
	}

	// Somebody else is faster.
	b.click(t, alertRow(second), `[data-action="acknowledge"]`)
	p.call(t, http.MethodPost, "/api/v1/alerts/"+alertOf(t, p, second).ID+"/resolve", map[string]any{"note": "came back"}, http.StatusOK, nil)
	b.wait(t, "the row stays and says so", alertRow(second)+`.querySelector('[role="alert"]').textContent !== ""`)
	b.press(t, "Cancel")
	b.wait(t, "then it goes", alertRow(second)+` === null`)
	p.call(t, http.MethodPost, "/api/v1/alerts/"+alertOf(t, p, third).ID+"/resolve", nil, http.StatusOK, nil)
	b.wait(t, "what is resolved elsewhere goes", alertRow(third)+` === null`)
	b.wait(t, "and is read out", `/Resolved by an admin|alerts changed/.test(document.querySelector('[data-testid="alert-announcer"]').textContent)`)

	b.press(t, "All")
	b.wait(t, "all are shown", `document.querySelectorAll('[data-testid="alert"]').length === 3`)
	b.wait(t, "who has it", alertRow(first)+`.innerText.includes("An admin has it: on the phone") && `+alertRow(first)+`.querySelector('[data-action="acknowledge"]').hidden`)
	b.picture(t, "alerts-all")
	b.click(t, alertRow(first), `[data-action="resolve"]`)
	b.wait(t, "it is sent", `(document.querySelector('[data-testid="alert-form"]').requestSubmit(), true)`)
	b.wait(t, "it is resolved", alertRow(first)+`.dataset.state === "resolved"`)
	b.wantQuiet(t, site)
}

// TestAlertsInPages pages through more alerts than are fetched at once.
func TestAlertsInPages(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser and the server")
	}
	b := openBrowser(t, 1280, 800)
	p := startServe(t, t.TempDir())
	const count = 60
	for i := range count {
		failDelivery(t, p, fmt.Sprintf("B-%d", i))
	}
	do(t, b, "open the link", chromedp.Navigate(p.signinLink(t)))
	rows := `document.querySelectorAll('[data-testid="alert"]').length`
	b.wait(t, "a page", rows+` === 50`)
	b.press(t, "Show older alerts")
	b.wait(t, "the rest", fmt.Sprintf(`%s === %d && document.querySelector(".older").hidden`, rows, count))
	b.wait(t, "each by its name", fmt.Sprintf(`new Set([...document.querySelectorAll('[data-testid="alert"] .where')].map((e) => e.textContent)).size === %d`, count))
}
