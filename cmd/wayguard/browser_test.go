package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// browser is a headless Chromium and what it complained about and asked for.
type browser struct {
	context.Context
	mu         sync.Mutex
	complaints []string
	requests   []string
}

// openBrowser starts Chromium, or skips. WebGL runs in software, as on a
// machine without a graphics card.
func openBrowser(t *testing.T, width, height int) *browser {
	t.Helper()
	const how = "apt-get install chromium"
	path, err := exec.LookPath("chromium")
	if err != nil {
		path = needCommand(t, "chromium", "chromium-browser", how)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.WindowSize(width, height),
		chromedp.Flag("use-angle", "swiftshader"), chromedp.Flag("enable-unsafe-swiftshader", true),
		chromedp.Flag("ignore-gpu-blocklist", true), chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
	)
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	b := &browser{Context: ctx}
	if err := errors.Join(chromedp.Listen(ctx, b.note), chromedp.Do(ctx, watch)); err != nil {
		t.Fatalf("start Chromium: %v", err)
	}
	return b
}

// watch has the browser tell of its requests and its log.
func watch(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
	_, network := cdp.Call(ctx, target, network.Enable, network.EnableParams{})
	_, log := cdp.Call(ctx, target, log.Enable, cdp.Empty{})
	_, console := cdp.Call(ctx, target, runtime.Enable, cdp.Empty{})
	return chromedp.Void{}, errors.Join(network, log, console)
}

// note keeps what must not happen: console messages of trouble, exceptions,
// violations of the content security policy; and every request.
func (b *browser) note(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		switch e.Type {
		case runtime.ConsoleAPICalledTypeError, runtime.ConsoleAPICalledTypeWarning, runtime.ConsoleAPICalledTypeAssert:
			var words []string
			for _, arg := range e.Args {
				words = append(words, string(arg.Value)+arg.Description)
			}
			b.complaints = append(b.complaints, fmt.Sprintf("console.%s: %s", e.Type, strings.Join(words, " ")))
		}
	case *runtime.EventExceptionThrown:
		b.complaints = append(b.complaints, "exception: "+e.ExceptionDetails.Text)
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			b.complaints = append(b.complaints, fmt.Sprintf("%s: %s (%s)", e.Entry.Level, e.Entry.Text, e.Entry.URL))
		}
	case *network.EventRequestWillBeSent:
		b.requests = append(b.requests, e.Request.URL)
	case *network.EventWebSocketCreated:
		b.requests = append(b.requests, e.URL)
	}
}

// patience is how long a step in the browser may take.
const patience = time.Minute

// do runs one action and fails the test if it does.
func do[T any](t *testing.T, b *browser, what string, action chromedp.Action[T]) T {
	t.Helper()
	ctx, cancel := context.WithTimeout(b, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, action)
	if err != nil {
		b.mu.Lock()
		defer b.mu.Unlock()
		t.Fatalf("%s: %v; the browser says %q", what, err, b.complaints)
	}
	return v
}

// wait asks until a JavaScript expression is true. An answer that gets lost
// because the page navigates away is asked for again.
func (b *browser) wait(t *testing.T, what, expression string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(b, patience)
	defer cancel()
	var err error
	for ctx.Err() == nil {
		var met bool
		if met, err = chromedp.Run(ctx, chromedp.Evaluate[bool](expression)); met && err == nil {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	t.Fatalf("%s: not within %s, %v; the browser says %q", what, patience, err, b.complaints)
}

// wantQuiet wants no complaint and no request to anywhere but the server.
func (b *browser) wantQuiet(t *testing.T, server string) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.complaints {
		t.Errorf("the browser complains: %s", c)
	}
	own := regexp.MustCompile(`^((http|ws)://` + regexp.QuoteMeta(server) + `/|blob:http://` + regexp.QuoteMeta(server) + `/|data:)`)
	for _, url := range b.requests {
		if !own.MatchString(url) {
			t.Errorf("the page asks %s", url)
		}
	}
	if len(b.requests) < 5 {
		t.Errorf("only %d requests were seen", len(b.requests))
	}
}

// startDemo runs the real demo and returns its sign-in link.
func startDemo(t *testing.T) (p *process, link string) {
	t.Helper()
	p = &process{http: strings.Replace(freeAddress(t), "127.0.0.1", "localhost", 1), mqtt: freeAddress(t)}
	p.launch(t, "demo", "--http", p.http, "--mqtt", p.mqtt)
	return p, p.signinLink(t)
}

// picture keeps a screenshot in the folder that WAYGUARD_SCREENSHOTS names.
func (b *browser) picture(t *testing.T, name string) {
	t.Helper()
	dir := os.Getenv("WAYGUARD_SCREENSHOTS")
	if dir == "" {
		return
	}
	png := do(t, b, "screenshot", chromedp.CaptureScreenshot())
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o600); err != nil {
		t.Fatal(err)
	}
}

// vansMoved is true once the row of some van has another position than on
// first look.
const vansMoved = `(() => {
	const seen = (window.wayguardTestSeen ??= new Map());
	for (const row of document.querySelectorAll('[data-testid="vehicle"]')) {
		const place = row.dataset.lon + " " + row.dataset.lat;
		const before = seen.get(row.dataset.device);
		if (before !== undefined && before !== place) return true;
		seen.set(row.dataset.device, place);
	}
	return false;
})()`

// TestDispatchPage opens the demo in Chromium as a dispatcher would.
func TestDispatchPage(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser and the demo")
	}
	b := openBrowser(t, 1440, 900)
	p, link := startDemo(t)
	do(t, b, "open the link", chromedp.Navigate(link))
	b.wait(t, "the feed is live", `document.querySelector('[data-testid="connection"][data-state="live"]') !== null`)
	b.wait(t, "the map is drawn", `document.documentElement.dataset.mapReady === "true"`)
	if kind := do(t, b, "which map", chromedp.Evaluate[string](`document.documentElement.dataset.map`)); kind != "maplibre" {
		t.Errorf("the map is drawn by %q, want maplibre", kind)
	}
	b.wait(t, "eight vans", `document.querySelectorAll('[data-testid="vehicle"]').length >= 8`)
	b.wait(t, "a van moves", vansMoved)
	const newestEvent = `Math.max(0, ...[...document.querySelectorAll('[data-testid="event"]')].map((e) => Number(e.dataset.seq)))`
	newest := do(t, b, "newest event", chromedp.Evaluate[int](newestEvent))
	b.wait(t, "an event appears", fmt.Sprintf(`%s > %d`, newestEvent, newest))
	b.picture(t, "dispatch")
	b.wantQuiet(t, p.http)

	do(t, b, "open the link again", chromedp.Navigate(link))
	if status := do(t, b, "its status", chromedp.Evaluate[int](`performance.getEntriesByType("navigation")[0].responseStatus`)); status != 410 {
		t.Errorf("the used link answers %d, want 410", status)
	}
	p.interrupt(t)
	if !strings.Contains(p.output.String(), "positions sent") {
		t.Errorf("the demo ends without a summary:\n%s", p.output)
	}
}
