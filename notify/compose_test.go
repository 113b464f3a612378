package notify

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/paulmach/orb"

	"wayguard/tracker"
)

// written is the message of some notices over a channel.
func (r *ruled) written(c Channel, notices ...*Notice) Content {
	r.t.Helper()
	list := make([]Notice, len(notices))
	for i, n := range notices {
		list[i] = *n
	}
	a, reason, ok := r.Address(list[0].To, c)
	if !ok {
		r.t.Fatal(reason)
	}
	m, err := r.Compose(list, a, c)
	r.must(err)
	return m
}

func TestADeliveryInWords(t *testing.T) {
	r := startRules(t)
	zone := berlin(t)
	start := time.Date(2026, 3, 4, 8, 0, 0, 0, zone)
	d := r.deliver(func(o *tracker.NewDelivery) {
		o.Order.WindowStart, o.Order.WindowEnd = start, start.Add(4*time.Hour)
		o.Order.Proof, o.Order.Parcels, o.Order.Reference = []tracker.Proof{tracker.ProofCode}, []string{"a", "b"}, "R 17"
	})
	ordered := r.one(r.last("delivery.created", time.Time{}), ToCustomer)
	r.depart(d.ID)
	m := r.written(Email, ordered)
	for _, want := range []string{"Guten Tag N. N.,", "am Mittwoch, 4. März, zwischen 08:00 und 12:00 Uhr", "Pakete: 2", "Referenz: R 17", r.links(d.ID)} {
		if !strings.Contains(m.Text, want) {
			t.Errorf("no %q in %s", want, m.Text)
		}
	}
	if strings.Contains(m.Text, d.Hidden.Code) || m.Link != r.links(d.ID) {
		t.Errorf("ordered: %+v", m)
	}
	now := time.Now().In(zone)
	r.arrival = Expected{From: now.Add(7 * time.Minute), To: now.Add(14 * time.Minute), Stops: 2}
	m = r.written(SMS, r.one(found("delivery.approaching", d), ToCustomer))
	from, to := r.arrival.From.Truncate(5*time.Minute), r.arrival.To.Add(5*time.Minute-1).Truncate(5*time.Minute)
	want := fmt.Sprintf("%s-%s Uhr. Code für die Übergabe: %s. %s", from.Format("15:04"), to.Format("15:04"), d.Hidden.Code, r.links(d.ID))
	if !strings.HasSuffix(m.Text, want) && from.YearDay() == to.YearDay() {
		t.Errorf("%q does not end in %q", m.Text, want)
	}
	departed := r.one(r.last("delivery.departed", noonOf), ToCustomer)
	if m = r.written(Email, departed); !strings.Contains(m.Text, "Vor Ihnen liegen noch 2 Halte.") {
		t.Errorf("departed: %s", m.Text)
	}
}

func TestThreeEventsAreOneMessage(t *testing.T) {
	r := startRules(t)
	d := r.deliver()
	r.depart(d.ID)
	ordered, departed, delayed := r.one(found("delivery.created", d), ToCustomer), found("delivery.departed", d), found("delivery.delayed", d)
	departed.Device, departed.Time, delayed.Time = "", noonOf.Add(10*time.Second), noonOf.Add(20*time.Second)
	notices := []*Notice{ordered, r.one(departed, ToCustomer), r.one(delayed, ToCustomer)}
	for _, n := range notices {
		if n.Bundle != ordered.Bundle {
			t.Errorf("%s: bundle %q", n.Kind, n.Bundle)
		}
	}
	m := r.written(Email, notices...)
	if m.Subject != "Ihre Lieferung verspätet sich" || strings.Count(m.HTML, "<h1") != 1 || strings.Count(m.HTML, "<h2") != 3 || m.Link != r.links(d.ID) {
		t.Errorf("email: %q %s", m.Subject, m.HTML)
	}
	checkHTML(t, "bundle", m.HTML)
	if m = r.written(SMS, notices...); m.Text != "Wayguard: Ihre Lieferung verspätet sich leider. "+r.links(d.ID) {
		t.Errorf("SMS: %q", m.Text)
	}
}

// A code is not lost for something newer.
func TestACodeIsToldBesideWhatIsNewer(t *testing.T) {
	r := startRules(t)
	d := r.deliver(func(o *tracker.NewDelivery) { o.Order.Proof = []tracker.Proof{tracker.ProofCode} })
	approaching, delayed := r.one(found("delivery.approaching", d), ToCustomer), found("delivery.delayed", d)
	delayed.Time = noonOf.Add(10 * time.Second)
	m := r.written(SMS, approaching, r.one(delayed, ToCustomer))
	want := "Wayguard: Ihre Lieferung verspätet sich leider. Ihre Lieferung kommt gleich. Code für die Übergabe: " + d.Hidden.Code + ". " + r.links(d.ID)
	if m.Text != want {
		t.Errorf("%q, want %q", m.Text, want)
	}
}

func TestSeveralDeliveriesAreOneMessage(t *testing.T) {
	r := startRules(t)
	first := r.deliver()
	second := r.deliver(func(o *tracker.NewDelivery) { o.Customer = first.Customer })
	notices := []*Notice{r.one(found("delivery.created", first), ToCustomer), r.one(found("delivery.created", second), ToCustomer)}
	m := r.written(Email, notices...)
	if m.Subject != "Neues zu Ihren 2 Lieferungen" || m.Link != "" || !strings.Contains(m.HTML, r.links(first.ID)) || !strings.Contains(m.Text, r.links(second.ID)) {
		t.Errorf("email: %+v", m)
	}
	m = r.written(SMS, notices...)
	if strings.Count(m.Text, "Wir bringen") != 2 || !strings.Contains(m.Text, r.links(first.ID)) || !strings.Contains(m.Text, r.links(second.ID)) {
		t.Errorf("SMS: %q", m.Text)
	}
}

func TestDriversAreToldOnce(t *testing.T) {
	r := startRules(t)
	var ids []tracker.DeliveryID
	for range 5 {
		ids = append(ids, r.deliver().ID)
	}
	round := r.depart(ids...)
	r.news()
	_, err := r.fleet.ChangeRound(t.Context(), round.ID, tracker.AnyVersion, func(n *tracker.NewRound) error { n.Stops = ids[:2]; return nil })
	r.must(err)
	var told []*Notice
	for _, e := range r.news() {
		notices, _ := r.Notices(&e, noonOf)
		for _, n := range to(ToDriver, notices) {
			told = append(told, &n)
		}
	}
	if len(told) != 3 || told[0].Bundle != told[2].Bundle {
		t.Fatalf("told %+v", told)
	}
	if m := r.written(SMS, told...); m.Text != "Wayguard: 3 stops of your round were changed. Please look at your list. https://fleet.example/" {
		t.Errorf("%q", m.Text)
	}
}

func TestBurstsOfAlertsAreShort(t *testing.T) {
	r := startRules(t)
	r.set(Settings{Contacts: []StaffContact{{ID: "desk", Email: "desk@example.com", Phone: "+4915100000000", Alerts: []string{"*"}}}})
	var notices []*Notice
	for i := range 12 {
		e := &tracker.Event{ID: fmt.Sprint(i), Seq: uint64(i), Type: "device.silent", Subject: "x", Device: tracker.DeviceID(fmt.Sprintf("van-%d", i)), Time: noonOf, KnownAt: noonOf}
		notices = append(notices, r.one(e, ToDispatch))
	}
	m := r.written(SMS, notices...)
	if !strings.Contains(m.Text, "(van-11)") || !strings.Contains(m.Text, "(+9)") || strings.Contains(m.Text, "van-1)") {
		t.Errorf("%q", m.Text)
	}
	if m = r.written(Email, notices...); m.Subject != "12 messages" || strings.Count(m.HTML, "<h2") != 12 {
		t.Errorf("%q", m.Subject)
	}
}

// hostile are texts that want to be more than a name.
var hostile = []string{
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `{{.Code}}`, "a\r\nBcc: x@example.com", "a\u202egnp.exe", "a\u2066b\u200bc",
	strings.Repeat("very long ", 19), "%s%d%!", "\x00\x1b[31m", "https://evil.example/x", "www.evil.example", "evil.example", strings.Repeat("ب", 199), "\xff\xfe",
}

// Texts of other people stay text: in every message, whatever they hold.
func TestHostileTexts(t *testing.T) {
	for i, text := range hostile {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			r := startRules(t)
			d := r.deliver()
			notice := r.one(found("delivery.left", d), ToCustomer)
			for _, language := range Languages() {
				for _, c := range everyChannel {
					r.checkHostile(notice, text, language, c)
				}
			}
		})
	}
}

func (r *ruled) checkHostile(n *Notice, text, language string, c Channel) {
	r.t.Helper()
	w := &writer{tongue: tongueOf(language), sender: Sender{}.withDefaults(), short: c == SMS}
	v := r.view([]*Notice{n}, Address{Zone: time.UTC}, w)
	v.tellDelivery(&tracker.Delivery{ID: n.Delivery, Order: tracker.Order{
		Destination: tracker.Destination{Hidden: tracker.Hidden{LeftWith: text}}, Terms: tracker.Terms{Reference: text},
	}}, w.short)
	s, err := w.section(n, v)
	r.must(err)
	w.sections = []*section{s}
	m, err := w.write(c, word(text, maxNameShown), ToCustomer)
	r.must(err)
	if c == Email {
		checkHTML(r.t, language, m.HTML)
	}
	whole := m.Subject + m.Text + m.HTML
	if strings.Contains(whole, "evil.example") || strings.ContainsAny(m.Subject, "\r\n") || strings.Contains(m.Text, "\nBcc:") {
		r.t.Errorf("%s %s: %q", language, c, m.Subject+m.Text)
	}
	for _, char := range whole {
		if unicode.Is(unicode.Bidi_Control, char) || unicode.IsControl(char) && char != '\n' || char == utf8.RuneError {
			r.t.Errorf("%s %s holds %U", language, c, char)
		}
	}
	if utf8.RuneCountInString(m.Text) > 1000 {
		r.t.Errorf("%s %s: %d characters", language, c, utf8.RuneCountInString(m.Text))
	}
}

func FuzzOneLine(f *testing.F) {
	for _, text := range hostile {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		line := oneLine(text, 20)
		if utf8.RuneCountInString(line) > 20 || !utf8.ValidString(line) || line != oneLine(line, 20) || strings.ContainsFunc(line, unicode.IsControl) {
			t.Errorf("%q becomes %q", text, line)
		}
		if sms := gsmText(line); !utf8.ValidString(sms) || gsmText(sms) != sms {
			t.Errorf("%q becomes %q", line, sms)
		}
	})
}

func TestInkCanBeRead(t *testing.T) {
	for _, color := range []string{"#000000", "#ffffff", "#1659bd", "#ffcc00", "#808080", "#777777", "#00ff00", "#ff0000"} {
		l, ink := luminance(color), luminance(inkOn(color))
		if contrast := (max(l, ink) + 0.05) / (min(l, ink) + 0.05); contrast < 4.5 {
			t.Errorf("%s: contrast %.2f", color, contrast)
		}
	}
}

// A driver's or a partner's message holds nothing of the customer's.
func TestStaffIsToldNothingPersonal(t *testing.T) {
	r := startRules(t)
	r.set(Settings{
		Contacts: []StaffContact{{ID: "desk", Email: "desk@example.com", Alerts: []string{"*"}}},
		Partners: []PartnerContact{{Partner: "anna", Email: "anna@example.com"}},
	})
	d := r.deliver(func(o *tracker.NewDelivery) {
		o.Order.Partner, o.Order.Consignee, o.Order.Instructions = "anna", "C. C.", "key under the mat"
		o.Order.Point, o.Order.Proof = orb.Point{8.512345, 50.512345}, []tracker.Proof{tracker.ProofCode}
	})
	r.depart(d.ID)
	r.move(d, tracker.DeliveryFailed)
	notices, _ := r.Notices(r.last("delivery.failed", noonOf), noonOf)
	for _, n := range append(to(ToDispatch, notices), to(ToPartner, notices)...) {
		m := r.written(Email, &n)
		for _, secret := range []string{"N. N.", "nn@example", "4915112345678", "Mill Lane", "C. C.", "mat", "8.5123", d.Hidden.Code, "/t/"} {
			if strings.Contains(m.Subject+m.Text+m.HTML, secret) {
				t.Errorf("%s holds %q: %s", n.Kind, secret, m.Text)
			}
		}
	}
	if len(notices) != 3 {
		t.Errorf("%d notices", len(notices))
	}
}
