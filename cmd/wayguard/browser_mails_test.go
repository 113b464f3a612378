package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"wayguard/notify"
)

// unreadable shows a mail and returns what cannot be read of it: what is wider
// than the window, and text whose contrast with what is behind it is below 4.5
// (WCAG 2.2, success criterion 1.4.3).
const unreadable = `((html) => {
	document.open(); document.write(html); document.close();
	const found = [];
	if (document.documentElement.scrollWidth > innerWidth) found.push("wider than " + innerWidth);
	const channels = (color) => color.match(/[\d.]+/g).map(Number);
	const light = (color) => channels(color).slice(0, 3).map((v) => v / 255)
		.map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
		.reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
	const probe = document.body.appendChild(document.createElement("div"));
	probe.style.backgroundColor = "Canvas";
	const canvas = getComputedStyle(probe).backgroundColor;
	probe.remove();
	const behind = (element) => {
		for (; element; element = element.parentElement) {
			const color = getComputedStyle(element).backgroundColor;
			if (color !== "rgba(0, 0, 0, 0)") return color;
		}
		return canvas;
	};
	const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	let count = 0;
	while (texts.nextNode()) {
		const text = texts.currentNode.textContent.trim();
		if (text === "") continue;
		count++;
		const element = texts.currentNode.parentElement;
		const [a, b] = [light(getComputedStyle(element).color), light(behind(element))];
		const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
		if (!(contrast >= 4.5)) found.push(text + ": contrast " + contrast);
	}
	if (count < 5) found.push("only " + count + " texts");
	return found.join("; ") + (matchMedia("(prefers-color-scheme: dark)").matches ? " [dark]" : " [light]");
})`

// TestMailsCanBeRead shows every email on a phone and on a desk, by day and by
// night.
func TestMailsCanBeRead(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	b := openBrowser(t, 800, 600)
	do(t, b, "open a window", chromedp.Navigate("about:blank"))
	// The check must be able to fail.
	bad := do(t, b, "show a bad mail", chromedp.Evaluate[string](unreadable+`('<p style="width:3000px;color:#888;background:#999">x</p>')`))
	if !strings.Contains(bad, "wider") || !strings.Contains(bad, "x: contrast") || !strings.Contains(bad, "only 1") {
		t.Fatalf("of a bad mail it says %q", bad)
	}
	languages := []string{"en", "de", "es", "fr"}
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int64{390, 800} {
			b.look(t, scheme, width)
			for i, kind := range notify.Kinds() {
				// Kinds share their shape, so that each needs one language.
				b.readMail(t, kind, languages[i%len(languages)], "#ffcc00", scheme)
			}
			b.readMail(t, notify.Approaching, "de", "", scheme)
			b.picture(t, fmt.Sprintf("mail-%s-%d", scheme, width))
		}
	}
	if len(b.complaints) > 0 {
		t.Errorf("the browser complains: %q", b.complaints)
	}
}

// look changes the window and the colours that the reader prefers.
func (b *browser) look(t *testing.T, scheme string, width int64) {
	t.Helper()
	err := chromedp.Do(b, func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		features := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}
		_, colors := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features})
		_, size := cdp.Call(ctx, target, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: 800, DeviceScaleFactor: 1})
		return chromedp.Void{}, errors.Join(colors, size)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (b *browser) readMail(t *testing.T, kind notify.Kind, language, color, scheme string) {
	t.Helper()
	m, err := notify.Preview(kind, language, notify.Email, notify.Sender{Color: color})
	if err != nil {
		t.Fatal(err)
	}
	html, err := json.Marshal(m.HTML)
	if err != nil {
		t.Fatal(err)
	}
	found := do(t, b, "show a mail", chromedp.Evaluate[string](unreadable+"("+string(html)+")"))
	if strings.TrimSpace(found) != "["+scheme+"]" {
		t.Errorf("%s in %s: %s", kind, language, found)
	}
}
