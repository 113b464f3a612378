package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/paulmach/orb"

	"wayguard/geofence"
	"wayguard/tracker"
	"wayguard/tracker/boltstore"
)

// shop is a server in this process, with a van that brings something.
type shop struct {
	t     *testing.T
	http  string
	fleet *tracker.Fleet
	mine  tracker.Delivery
	key   tracker.ReportKey
}

// openShop has a van on its way to a first stop and to the customer's, 2.4 km
// apart, past the middle of the made-up town.
func openShop(t *testing.T) *shop {
	t.Helper()
	at := strings.Replace(freeAddress(t), "127.0.0.1", "localhost", 1)
	s, err := openServer(serverOptions{
		dataDir: t.TempDir(), temporary: true, store: boltstore.Options{MmapBytes: 64 << 20}, httpAddress: at, mqttAddress: freeAddress(t),
		town: newTown(demoSeed).basemapJSON(), log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	b := &shop{t: t, http: at, fleet: s.fleet}
	b.stock()
	return b
}

func (s *shop) stock() {
	s.t.Helper()
	ctx, f := s.t.Context(), s.fleet
	_, err := f.CreateDevice(ctx, tracker.Device{ID: "box", Kind: "van"})
	must(s.t, err)
	_, err = f.Depots().Create(ctx, tracker.Depot{ID: "depot", Point: alongTown(-1300), TimeZone: "Europe/Berlin"})
	must(s.t, err)
	_, err = f.Vehicles().Create(ctx, tracker.Vehicle{ID: "van", Devices: []tracker.DeviceID{"box"}})
	must(s.t, err)
	first, mine := s.order(-1200), s.order(1200)
	r, err := f.CreateRound(ctx, tracker.NewRound{Vehicle: "van", Depot: "depot", Stops: []tracker.DeliveryID{first.ID, mine.ID}})
	must(s.t, err)
	_, err = f.StartRound(ctx, r.ID, tracker.AnyVersion)
	must(s.t, err)
	s.drive(8*time.Minute, -1300, -1200)
	s.stand(5 * time.Minute)
	s.move(first.ID, tracker.DeliveryDelivered)
	s.drive(2*time.Minute, -1200, -200)
	s.mine = mine
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (s *shop) order(x float64) tracker.Delivery {
	s.t.Helper()
	made, _, err := s.fleet.CreateDeliveries(s.t.Context(), tracker.Once{}, tracker.NewDelivery{
		Contact: tracker.Contact{Name: "N. N.", Language: "en"},
		Order: tracker.Order{
			Destination: tracker.Destination{Address: "1 Mill Lane", Point: alongTown(x)},
			Terms: tracker.Terms{
				Reference: "A-2041", Parcels: []string{"P1", "P2"}, Proof: []tracker.Proof{tracker.ProofCode},
				WindowStart: time.Now().Truncate(time.Hour), WindowEnd: time.Now().Truncate(time.Hour).Add(2 * time.Hour),
			},
		},
	})
	must(s.t, err)
	return made[0]
}

func alongTown(x float64) orb.Point { return townVec{x, 100}.lonLat() }

// drive has the van report its way between two places, until some time ago.
func (s *shop) drive(ago time.Duration, from, to float64) {
	s.t.Helper()
	const step, every = 50.0, 5 * time.Second
	n := int((to - from) / step)
	for i := range n + 1 {
		s.report(ago+time.Duration(n-i)*every, from+float64(i)*step)
	}
}

// stand has it stay where the first stop is.
func (s *shop) stand(until time.Duration) {
	s.t.Helper()
	for ago := until + 2*time.Minute; ago > until; ago -= 5 * time.Second {
		s.report(ago, -1200)
	}
}

func (s *shop) report(ago time.Duration, x float64) {
	s.t.Helper()
	s.key++
	fix := geofence.Fix{Time: geofence.MillisOf(time.Now().Add(-ago)), Point: alongTown(x), AccuracyMeters: 4, Known: geofence.KnownAccuracy}
	must(s.t, s.fleet.Accept(s.t.Context(), tracker.Report{Device: "box", Received: time.Now(), Key: s.key, Fixes: []geofence.Fix{fix}}))
}

func (s *shop) move(id tracker.DeliveryID, to tracker.DeliveryState) {
	s.t.Helper()
	_, err := s.fleet.MoveDelivery(s.t.Context(), id, tracker.AnyVersion, to, "")
	must(s.t, err)
}

func (s *shop) link() string {
	token, _ := s.fleet.TrackingToken(s.mine.ID)
	return "http://" + s.http + "/t/" + token
}

const bodyText = `document.body.innerText`

func (b *browser) wantText(t *testing.T, want ...string) {
	t.Helper()
	for _, w := range want {
		b.wait(t, "the words "+w, fmt.Sprintf(`%s.includes(%q)`, bodyText, w))
	}
}

// emulate sets what a browser says of itself.
func emulate[P any](t *testing.T, b *browser, what string, method cdp.Command[P, cdp.Empty], params P) {
	t.Helper()
	do(t, b, what, func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, target, method, params)
		return chromedp.Void{}, err
	})
}

// TestCustomerPageWithoutScript reads the page, and asks for something on it, in
// a browser that runs no script.
func TestCustomerPageWithoutScript(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser and the server")
	}
	b := openBrowser(t, 360, 740)
	s := openShop(t)
	do(t, b, "a phone", chromedp.EmulateViewport(360, 740))
	emulate(t, b, "no script", emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	do(t, b, "open the link", chromedp.Navigate(s.link()))
	b.wantText(t, "Your delivery is about to arrive", "You are next", "about 2 km to go", "between", s.fleet.Code(s.mine.ID), "A-2041", "Reload this page")
	const sideways = `document.documentElement.scrollWidth > innerWidth`
	if do(t, b, "width", chromedp.Evaluate[bool](sideways)) {
		t.Error("the page is wider than the phone")
	}
	b.picture(t, "customer-no-script-360")
	do(t, b, "open the form", chromedp.Click(`#form summary`))
	do(t, b, "a neighbour", chromedp.Click(`input[value="neighbour"]`))
	do(t, b, "who", chromedp.Evaluate[bool](`(document.querySelector("textarea").value = "number 7") !== ""`))
	b.picture(t, "customer-form-360")
	do(t, b, "send", chromedp.Click(`#form button`))
	b.wantText(t, "You asked: Leave it with a neighbour")
	if w := s.fleet.Wishes(s.mine.ID); len(w) != 1 || w[0].Text != "number 7" {
		t.Errorf("wishes %+v", w)
	}
}

// TestCustomerPageLive watches a delivery come, on a phone and on a screen, by
// day and by night.
func TestCustomerPageLive(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser and the server")
	}
	b := openBrowser(t, 360, 740)
	s := openShop(t)
	do(t, b, "a phone", chromedp.EmulateViewport(360, 740))
	do(t, b, "open the link", chromedp.Navigate(s.link()))
	b.wantText(t, "You are next", "keeps itself up to date")
	b.wait(t, "the map", `document.documentElement.dataset.map === "open"`)
	const sent = `performance.getEntriesByType("navigation")[0].encodedBodySize`
	const paint = `performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? -1`
	t.Logf("%d bytes until the text is there, first paint after %.0f ms", do(t, b, "size", chromedp.Evaluate[int](sent)), do(t, b, "paint", chromedp.Evaluate[float64](paint)))
	time.Sleep(3 * time.Second) // the map draws its ground
	b.picture(t, "customer-360")
	s.drive(0, -150, 600)
	b.wantText(t, "less than 1 km to go")
	night := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}, {Name: "prefers-reduced-motion", Value: "reduce"}}
	emulate(t, b, "night", emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: night})
	do(t, b, "a screen", chromedp.EmulateViewport(1280, 800))
	time.Sleep(3 * time.Second)
	b.picture(t, "customer-night-1280")
	s.move(s.mine.ID, tracker.DeliveryArrived)
	b.wantText(t, "Your delivery is at the door")
	if do(t, b, "the map", chromedp.Evaluate[bool](`document.getElementById("where").hidden`)) != true {
		t.Error("the map is there though the vehicle has arrived")
	}
	s.move(s.mine.ID, tracker.DeliveryDelivered)
	b.wantText(t, "Your delivery was handed over")
	b.wait(t, "the form to go", `document.getElementById("form") === null`)
	b.picture(t, "customer-delivered-1280")
	b.wantQuiet(t, s.http)
	if _, err := s.fleet.RenewLink(t.Context(), s.mine.ID, tracker.AnyVersion); err != nil {
		t.Fatal(err)
	}
	b.wantText(t, "This link shows nothing")
}
