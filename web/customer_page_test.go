package web

import (
	"context"
	"fmt"
	"html"
	"log/slog"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"
	"github.com/prometheus/client_golang/prometheus"

	"wayguard/geofence"
	"wayguard/notify"
	"wayguard/tracker"
)

// startDay is a site whose engine foretells arrivals, with a van that has a
// device.
func startDay(t *testing.T, change ...func(*Options)) *testSite {
	t.Helper()
	disk := openDisk(t)
	keyring, err := tracker.OpenKeyring(filepath.Join(t.TempDir(), "keyring"), tracker.MasterKey{1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = keyring.Close() })
	fleet, err := tracker.Open(disk, tracker.Options{Keyring: keyring, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	runUntil(t, "fleet of the day", fleet.Run)
	browsers, err := notify.OpenBrowsers(fleet, keyring)
	if err != nil {
		t.Fatal(err)
	}
	s := startSite(t, append(change, func(o *Options) { o.Fleet, o.Browsers = fleet, browsers }, withRules(t))...)
	s.fleet = fleet
	s.device("box")
	for _, err := range []error{
		second(fleet.Depots().Create(t.Context(), tracker.Depot{ID: "depot", Point: east(0), TimeZone: "Europe/Berlin"})),
		second(fleet.Vehicles().Create(t.Context(), tracker.Vehicle{ID: "van", Devices: []tracker.DeviceID{"box"}})),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// sender sets who writes to customers.
func (s *testSite) sender(name, support string) {
	s.t.Helper()
	_, _, err := s.server.rules.Change(s.t.Context(), tracker.AnyVersion, notify.Settings{Sender: notify.Sender{Name: name, Support: support}})
	if err != nil {
		s.t.Fatal(err)
	}
}

func second[T any](_ T, err error) error { return err }

// east is so many metres along the road.
func east(meters float64) orb.Point {
	return geo.PointAtBearingAndDistance(orb.Point{8.5, 50.5}, 90, meters)
}

// ordered makes a delivery; change may alter the order.
func (s *testSite) ordered(change ...func(*tracker.NewDelivery)) tracker.Delivery {
	s.t.Helper()
	o := tracker.NewDelivery{
		Contact: tracker.Contact{Name: "Zaphira Quittenbaum", Phone: "+4915112345678", Language: "en"},
		Order: tracker.Order{
			Destination: tracker.Destination{Address: "1 Mill Lane", Point: east(3000)},
			Terms:       tracker.Terms{Reference: "A-17", Parcels: []string{"P1", "P2"}},
		},
	}
	for _, c := range change {
		c(&o)
	}
	made, _, err := s.fleet.CreateDeliveries(s.t.Context(), tracker.Once{}, o)
	if err != nil {
		s.t.Fatal(err)
	}
	return made[0]
}

func (s *testSite) started(stops ...tracker.Delivery) tracker.Round {
	s.t.Helper()
	n := tracker.NewRound{Vehicle: "van", Depot: "depot"}
	for _, d := range stops {
		n.Stops = append(n.Stops, d.ID)
	}
	r, err := s.fleet.CreateRound(s.t.Context(), n)
	if err == nil {
		r, err = s.fleet.StartRound(s.t.Context(), r.ID, tracker.AnyVersion)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

// driven has the van drive so many metres, until now.
func (s *testSite) driven(meters float64) {
	s.t.Helper()
	const step, every = 50.0, 5 * time.Second
	n := int(meters / step)
	for i := range n + 1 {
		fix := fixAt(time.Now().Add(-time.Duration(n-i)*every), 0, 0)
		fix.Point, fix.AccuracyMeters, fix.Known = east(float64(i)*step), 4, geofence.KnownAccuracy
		s.report("box", fix)
	}
}

func (s *testSite) moved(id tracker.DeliveryID, to ...tracker.DeliveryState) {
	s.t.Helper()
	for _, state := range to {
		if _, err := s.fleet.MoveDelivery(s.t.Context(), id, tracker.AnyVersion, state, ""); err != nil {
			s.t.Fatal(err)
		}
	}
}

// link is the path of a delivery's page.
func (s *testSite) link(id tracker.DeliveryID) string {
	s.t.Helper()
	token, ok := s.fleet.TrackingToken(id)
	if !ok {
		s.t.Fatal("no link")
	}
	return "/t/" + token
}

var marks = regexp.MustCompile(`(?s)<style>.*?</style>|<[^>]*>`)

// words are what a reader sees of a page.
func (a answer) words() string {
	return strings.Join(strings.Fields(html.UnescapeString(marks.ReplaceAllString(string(a.body), " "))), " ")
}

func (s *testSite) wantWords(path string, want []string, not ...string) answer {
	s.t.Helper()
	a := s.send(http.MethodGet, path)
	words := a.words()
	if a.status != http.StatusOK {
		s.t.Errorf("%d %s", a.status, words)
	}
	for _, w := range want {
		if !strings.Contains(words, w) {
			s.t.Errorf("no %q in %q", w, words)
		}
	}
	for _, w := range append(not, "%!", "<no value>") {
		if strings.Contains(words, w) {
			s.t.Errorf("%q in %q", w, words)
		}
	}
	return a
}

func TestCustomerReadsWhatComesAndWhen(t *testing.T) {
	s := startDay(t)
	s.sender("Mill & Sons", "+49 30 1234")
	first := s.ordered(func(o *tracker.NewDelivery) { o.Order.Point = east(1500) })
	d := s.ordered()
	page := s.link(d.ID)
	s.wantWords(page, []string{"Your delivery is announced", "2 parcels", "A-17", "Mill & Sons", "+49 30 1234", "Announced"},
		"Zaphira", "Mill Lane", "12345678", "before you", "Code for the driver 0")
	s.started(first, d)
	s.driven(500)
	s.wantWords(page, []string{"Your delivery is on its way", "1 stop before you", "about 3 km to go", "Expected: between", "On its way"}, "Zaphira", "Mill Lane")
	s.moved(first.ID, tracker.DeliveryDelivered)
	s.wantWords(page, []string{"You are next"})
	s.moved(d.ID, tracker.DeliveryDelivered)
	s.wantWords(page, []string{"Your delivery was handed over", "Handed over"}, "Expected: b", "You are next , a")
}

func TestPageIsInTheCustomersLanguage(t *testing.T) {
	s := startDay(t)
	for tag, want := range map[string]string{"de": "Ihre Lieferung ist angekündigt", "es": "Su entrega está anunciada", "fr": "Votre livraison est annoncée", "en": "Your delivery is announced"} {
		d := s.ordered(func(o *tracker.NewDelivery) { o.Contact.Language = tag })
		a := s.wantWords(s.link(d.ID), []string{want})
		if a.header.Get("Content-Language") != tag || !strings.Contains(string(a.body), `<html lang="`+tag+`">`) {
			t.Errorf("%s: Content-Language %q", tag, a.header.Get("Content-Language"))
		}
	}
}

// TestPageKeepsToItself wants nothing on the page that tells anybody else of it,
// and nothing that could be put there by who sends parcels.
func TestPageKeepsToItself(t *testing.T) {
	s := startDay(t, func(o *Options) {
		o.Map.Tiles = &Tiles{Kind: "raster", URL: "https://tiles.example/{z}/{x}/{y}"}
	})
	s.sender(`<img src=x onerror=x>`, `"><script>alert(1)</script>`)
	d := s.ordered(func(o *tracker.NewDelivery) { o.Order.Reference = `</style><script>alert(2)</script>` })
	a := s.send(http.MethodGet, s.link(d.ID))
	for name, want := range map[string]string{
		"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow, noarchive", "Set-Cookie": "",
		"X-Content-Type-Options": "nosniff",
	} {
		if got := a.header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	policy := a.header.Get("Content-Security-Policy")
	if !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "example") || strings.Contains(policy, "unsafe") {
		t.Errorf("policy %q", policy)
	}
	body := string(a.body)
	if strings.Contains(body, "://") || strings.Contains(body, "<script>") || strings.Contains(body, "<img") {
		t.Errorf("the page holds something foreign: %s", body)
	}
}

func TestCodeIsShownFromTheDayOn(t *testing.T) {
	s := startDay(t)
	withCode := func(o *tracker.NewDelivery) { o.Order.Proof = []tracker.Proof{tracker.ProofCode} }
	plain, d := s.ordered(), s.ordered(withCode)
	today := s.ordered(withCode, func(o *tracker.NewDelivery) {
		o.Order.WindowStart, o.Order.WindowEnd = time.Now().Add(-time.Minute), time.Now().Add(time.Hour)
	})
	code := s.fleet.Code(d.ID)
	s.wantWords(s.link(d.ID), nil, code)
	s.wantWords(s.link(today.ID), []string{s.fleet.Code(today.ID)})
	s.moved(d.ID, tracker.DeliveryDeparted)
	s.wantWords(s.link(d.ID), []string{code})
	s.moved(plain.ID, tracker.DeliveryDeparted)
	if _, err := s.fleet.NewCode(t.Context(), plain.ID, tracker.AnyVersion); err != nil {
		t.Fatal(err)
	}
	s.wantWords(s.link(plain.ID), nil, s.fleet.Code(plain.ID))
	s.moved(d.ID, tracker.DeliveryDelivered)
	s.wantWords(s.link(d.ID), nil, code)
}

// TestLinksThatOpenNothingLookAlike wants no difference between a link that never
// was, one that was replaced and one of somebody who was erased.
func TestLinksThatOpenNothingLookAlike(t *testing.T) {
	s := startDay(t)
	replaced, erased := s.ordered(), s.ordered()
	old, dead := s.link(replaced.ID), s.link(erased.ID)
	if _, err := s.fleet.RenewLink(t.Context(), replaced.ID, tracker.AnyVersion); err != nil {
		t.Fatal(err)
	}
	s.moved(erased.ID, tracker.DeliveryCancelled)
	if err := s.fleet.EraseCustomer(t.Context(), erased.Customer, tracker.AnyVersion); err != nil {
		t.Fatal(err)
	}
	want := ""
	for _, path := range []string{"/t/" + strings.Repeat("a", 26), old, dead, "/t/x", "/t/%00%ff"} {
		a := s.send(http.MethodGet, path)
		a.header.Del("Date")
		got := fmt.Sprint(a.status, a.header, string(a.body))
		if want == "" {
			want = got
		}
		if got != want || a.status != http.StatusNotFound || !strings.Contains(a.words(), "This link shows nothing") {
			t.Errorf("%s: %s\nwant %s", path, got, want)
		}
	}
	for range 10 {
		s.send(http.MethodGet, "/t/wrong")
	}
	if a := s.send(http.MethodGet, "/t/wrong"); a.status != http.StatusTooManyRequests || a.header.Get("Retry-After") == "" {
		t.Errorf("no limit: %d", a.status)
	}
	if a := s.send(http.MethodGet, "/t/wrong/live"); a.status != http.StatusTooManyRequests {
		t.Errorf("no limit of the feed: %d", a.status)
	}
	s.wantWords(s.link(replaced.ID), []string{"announced"}) // whoever shares the address goes on
	if n := counted(t, s.registry, "wayguard_http_customer_links_total"); n < 16 {
		t.Errorf("%g links counted", n)
	}
	log := s.log.String()
	for _, secret := range []string{old, dead, s.link(replaced.ID)} {
		if strings.Contains(log, secret) {
			t.Error("a link is in the log")
		}
	}
}

func TestDispatchRenewsALink(t *testing.T) {
	s := startDay(t)
	d := s.ordered()
	path := "/api/v1/deliveries/" + string(d.ID) + "/link"
	var was, now struct{ URL string }
	s.api(http.StatusOK, http.MethodGet, path).decode(&was)
	s.api(http.StatusCreated, http.MethodPost, path).decode(&now)
	if !strings.HasPrefix(now.URL, s.base+"/t/") || now.URL == was.URL {
		t.Errorf("renewed %s as %s", was.URL, now.URL)
	}
	s.wantWords(strings.TrimPrefix(now.URL, s.base), []string{"announced"})
	s.api(http.StatusNotFound, http.MethodGet, "/api/v1/deliveries/none/link")
	s.api(http.StatusNotFound, http.MethodPost, "/api/v1/deliveries/none/link")
	if _, err := s.fleet.MoveDelivery(context.Background(), d.ID, tracker.AnyVersion, tracker.DeliveryCancelled, ""); err != nil {
		t.Fatal(err)
	}
	if err := s.fleet.EraseCustomer(t.Context(), d.Customer, tracker.AnyVersion); err != nil {
		t.Fatal(err)
	}
	s.api(http.StatusGone, http.MethodGet, path)
	s.api(http.StatusGone, http.MethodPost, path)
}

// counted is the sum of a counter over its labels.
func counted(t *testing.T, registry *prometheus.Registry, name string) (sum float64) {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			sum += m.GetCounter().GetValue()
		}
	}
	return sum
}
