package web

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"wayguard/notify"
	"wayguard/tracker"
)

//go:embed customer_page.html
var customerHTML string

// customerCSS is written into the page, which is thus readable once it is there.
//
//go:embed customer_page.css
var customerCSS string

// guests is what serves those who have nothing but a link. The link is the
// credential: no cookie is set or looked at.
type guests struct {
	texts  *customerTexts
	page   *template.Template
	policy string
	// tiles are those of this server, if it has any: another one would learn where
	// the customer lives.
	tiles string
	// wrong counts links that open nothing, by client, wishes those of a delivery.
	wrong, wishes *buckets
	watchers      *sockets[*watcher]
	metrics       *customerMetrics
}

// Five wishes at once, then one a minute.
const (
	wishBurst = 5
	wishEvery = time.Minute
)

func newGuests(opts Options) (*guests, error) {
	texts, err := newCustomerTexts()
	if err != nil {
		return nil, err
	}
	page, err := template.New("customer").Parse(customerHTML)
	if err != nil {
		return nil, fmt.Errorf("parse the customer's page: %w", err)
	}
	m, err := newCustomerMetrics(opts.Metrics)
	if err != nil {
		return nil, err
	}
	c := &guests{
		texts: texts, page: page, policy: customerPolicy(),
		wrong: failureBuckets(), wishes: newBuckets(rate.Every(wishEvery), wishBurst),
		watchers: newSockets[*watcher](room{maxWatchers, maxWatchersPerDelivery, "This link is open too many times: close some."}, m.watching), metrics: m,
	}
	if t := opts.Map.Tiles; t != nil && strings.HasPrefix(t.URL, "/") {
		own, err := json.Marshal(t)
		if err != nil {
			return nil, fmt.Errorf("encode the tiles: %w", err)
		}
		c.tiles = string(own)
	}
	return c, nil
}

// customerPolicy is contentSecurityPolicy without foreign tiles, and with the
// style that the page brings along.
func customerPolicy() string {
	sum := sha256.Sum256([]byte(customerCSS))
	own := "style-src 'self' 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	return strings.Replace(contentSecurityPolicy(""), "style-src 'self'", own, 1)
}

// customerPage is what customer_page.html shows: a delivery, or with Title only
// why there is none.
type customerPage struct {
	*speech
	CSS         template.CSS
	Title, Text string
	News        *customerNews
	Facts       []customerFact
	Form        *wishForm
	Help        string
	Live        customerLive
	// Push is where browsers are told of that show push messages; empty for
	// nowhere.
	Push string
}

// customerFact is a line of what does not change.
type customerFact struct{ Label, Text string }

// customerLive is what the script needs.
type customerLive struct{ Feed, Town, Tiles string }

// Say is for the template.
func (s *speech) Say(key string) string { return s.say(key) }

// showDeliveryPage shows a delivery to whoever has its link.
func (s *Server) showDeliveryPage(w http.ResponseWriter, r *http.Request, _ principal) error {
	d, ok := s.fleet.DeliveryByToken(r.PathValue("token"))
	if !ok {
		return s.showGone(w, r)
	}
	s.guests.metrics.pages.WithLabelValues("shown").Inc()
	return s.writeCustomer(w, r, http.StatusOK, &d, nil)
}

// writeCustomer renders the page; form is what was sent and is wrong, or nil.
func (s *Server) writeCustomer(w http.ResponseWriter, r *http.Request, status int, d *tracker.Delivery, form *wishForm) error {
	c := s.guests
	customer, _ := s.fleet.Customer(d.Customer)
	t := s.tell(d, c.texts.speak(r, customer.Language))
	news := t.news()
	var err error
	if news.History, err = t.history(); err != nil {
		return err
	}
	link := "/t/" + r.PathValue("token")
	p := customerPage{
		speech: t.speech, News: news, Facts: t.facts(s.sender().Name), Help: s.sender().Support,
		Form: t.form(link, form), Live: customerLive{Feed: link + "/live", Tiles: c.tiles},
	}
	if s.browsers != nil && d.State.Open() {
		p.Push = link + "/push"
	}
	if s.basemap != nil {
		p.Live.Town = link + "/basemap"
	}
	return c.write(w, r, status, &p)
}

// sender is who writes to customers, by the settings of notifications.
func (s *Server) sender() notify.Sender {
	if s.rules == nil {
		return notify.Sender{}
	}
	settings, _ := s.rules.Settings()
	return settings.Sender
}

// facts are what was ordered.
func (t *teller) facts(sender string) (facts []customerFact) {
	from := cmp.Or(string(t.d.Partner), sender)
	what := ""
	if n := len(t.d.Parcels); n > 0 {
		what = t.say("parcels", n)
	}
	for _, f := range []customerFact{{"what", what}, {"from", from}, {"reference", t.d.Reference}} {
		if f.Text != "" {
			facts = append(facts, customerFact{t.say(f.Label), f.Text})
		}
	}
	return facts
}

// showGone answers in the same way to whatever opens nothing, and to who tries
// too often not at all.
func (s *Server) showGone(w http.ResponseWriter, r *http.Request) error {
	c := s.guests
	spoken := c.texts.speak(r, "")
	if wait := c.wrong.take(addressKey(s.clientAddr(r))); wait > 0 {
		c.metrics.pages.WithLabelValues("limited").Inc()
		w.Header().Set("Retry-After", retryAfterSeconds(wait))
		return c.write(w, r, http.StatusTooManyRequests, &customerPage{speech: spoken, Title: spoken.say("limited"), Text: spoken.say("limited.text")})
	}
	c.metrics.pages.WithLabelValues("unknown").Inc()
	return c.write(w, r, http.StatusNotFound, &customerPage{speech: spoken, Title: spoken.say("gone"), Text: spoken.say("gone.text")})
}

func (c *guests) write(w http.ResponseWriter, r *http.Request, status int, p *customerPage) error {
	p.CSS = template.CSS(customerCSS)
	var b bytes.Buffer
	if err := c.page.Execute(&b, p); err != nil {
		return fmt.Errorf("render the customer's page: %w", err)
	}
	c.guard(w.Header())
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Language", p.Lang())
	w.Header().Set("Vary", "Accept-Encoding, Accept-Language")
	body := b.Bytes()
	// Nothing that a stranger may choose stands beside what is secret here, so
	// its length tells nothing.
	if r.Method == http.MethodGet && acceptsGzip(r) {
		w.Header().Set("Content-Encoding", "gzip")
		body = compress(body)
	}
	w.WriteHeader(status)
	_, _ = w.Write(body)
	return nil
}

// guard sets what keeps the link and what it shows to its reader.
func (c *guests) guard(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", c.policy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Robots-Tag", "noindex, nofollow, noarchive")
}

// showCustomerTown is the ground of the map, for who has a link.
func (s *Server) showCustomerTown(w http.ResponseWriter, r *http.Request, who principal) error {
	if _, ok := s.fleet.DeliveryByToken(r.PathValue("token")); !ok {
		return s.showGone(w, r)
	}
	s.guests.guard(w.Header())
	return s.showBasemap(w, r, who)
}
