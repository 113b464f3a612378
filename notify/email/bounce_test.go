package email_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"wayguard/notify"
	"wayguard/notify/email"
	"wayguard/tracker"
)

const bounceToken = "0123456789abcdef0123456789abcdef"

// noReport is for carriers that nothing is posted to.
func noReport(context.Context, string, func(string) (*notify.SendError, bool)) error { return nil }

// sentMail is a mail as it left, and what is noted of it.
type sentMail struct {
	sender, to, receipt string
	door                http.Handler
	registry            *prometheus.Registry
	// noted is what was said of the mail, nil for nothing, or that it was brought.
	noted *notify.SendError
	asked bool
	// fails is what the store answers.
	fails error
}

// sendMail sends a mail to nn@example.org, whose bounces come to an address.
func sendMail(t *testing.T, bounces string) *sentMail {
	t.Helper()
	s := startMailServer(t, email.Plain)
	o := s.options(email.Plain)
	m := &sentMail{registry: prometheus.NewRegistry()}
	o.Metrics, o.Bounces = m.registry, email.Bounces{Address: bounces, Token: bounceToken, Report: m.report}
	c := newCarrier(t, o)
	var err error
	if m.receipt, err = send(t, c, message("m")); err != nil {
		t.Fatal(err)
	}
	mails, _ := s.mails()
	m.sender, m.to, m.door = mails[0].from, mails[0].to, c.Bounces()
	return m
}

// report knows one mail, like an outbox that holds no other.
func (m *sentMail) report(_ context.Context, receipt string, of func(string) (*notify.SendError, bool)) error {
	if receipt != m.receipt {
		return tracker.ErrNotFound
	}
	if m.fails != nil {
		return m.fails
	}
	failed, ok := of("NN@example.org")
	if !ok {
		return notify.ErrStranger
	}
	m.noted, m.asked = failed, true
	return nil
}

// recorded is a mail of the corpus, about m unless words say otherwise.
func (m *sentMail) recorded(t *testing.T, name string, words ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "bounces", name+".eml"))
	if err != nil {
		t.Fatal(err)
	}
	// Of two words for the same thing the first counts.
	words = append(words, "SENDER", m.sender, "RECIPIENT", m.to, "MESSAGE-ID", m.receipt, "ACTION", "failed", "STATUS", "5.1.1")
	return strings.NewReplacer(words...).Replace(string(text))
}

// post returns the status and what was answered.
func (m *sentMail) post(mail string, sign func(*http.Request)) (int, string) {
	m.noted, m.asked = nil, false
	r := httptest.NewRequest(http.MethodPost, email.BouncesPath, strings.NewReader(mail))
	sign(r)
	w := httptest.NewRecorder()
	m.door.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

func bearer(r *http.Request) { r.Header.Set("Authorization", "Bearer "+bounceToken) }

// counted is how many mails were counted so.
func (m *sentMail) counted(t *testing.T, outcome string) float64 {
	t.Helper()
	families, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, metric := range f.Metric {
			if f.GetName() == "wayguard_email_bounces_total" && metric.Label[0].GetValue() == outcome {
				return metric.Counter.GetValue()
			}
		}
	}
	return 0
}

// The envelope names the mail, and each mail and recipient has another name.
func TestSenderNamesTheMail(t *testing.T) {
	plain, named := sendMail(t, ""), sendMail(t, "Bounces@bounces.example.com")
	if plain.sender != "deliveries@example.com" {
		t.Errorf("sender %q", plain.sender)
	}
	name, _, _ := strings.Cut(named.receipt, "@")
	if !strings.HasPrefix(named.sender, "Bounces+"+name+".") || !strings.HasSuffix(named.sender, "@bounces.example.com") || len(named.sender) != len("Bounces@bounces.example.com")+44 {
		t.Errorf("sender %q of the mail %q", named.sender, named.receipt)
	}
}

func TestBounces(t *testing.T) {
	named, plain := sendMail(t, "bounces@example.com"), sendMail(t, "")
	nobody := []string{"MESSAGE-ID", "nothing@example.net"}
	for name, test := range map[string]struct {
		mail    *sentMail
		file    string
		words   []string
		outcome string
		code    string
		final   bool
	}{
		"by name":              {named, "postfix", nobody, "dead", "5.1.1", true},
		"by Message-ID":        {plain, "postfix", nil, "dead", "5.1.1", true},
		"name in other case":   {named, "postfix", append([]string{"SENDER", strings.ToUpper(named.sender)}, nobody...), "dead", "5.1.1", true},
		"recipient likewise":   {named, "postfix", []string{"RECIPIENT", "NN@EXAMPLE.ORG"}, "dead", "5.1.1", true},
		"relayed by another":   {plain, "exim", nil, "dead", "5.1.1", true},
		"full":                 {named, "postfix", []string{"STATUS", "5.2.2"}, "failed", "5.2.2", true},
		"no status":            {named, "postfix", []string{"STATUS", ""}, "failed", "", true},
		"not in time":          {named, "postfix", []string{"STATUS", "4.4.1"}, "failed", "4.4.1", true},
		"a dead end for a day": {named, "postfix", []string{"STATUS", "4.1.1"}, "failed", "4.1.1", true},
		"delayed":              {named, "postfix", []string{"STATUS", "4.4.1", "ACTION", "delayed"}, "delayed", "4.4.1", false},
		"brought":              {named, "postfix", []string{"STATUS", "2.0.0", "ACTION", "delivered"}, "delivered", "", false},
		"passed on":            {named, "postfix", []string{"ACTION", "relayed"}, "delivered", "", false},
		"forwarded, in UTF-8":  {named, "global", nil, "failed", "5.2.2", true},
	} {
		t.Run(name, func(t *testing.T) {
			before := test.mail.counted(t, test.outcome)
			status, text := test.mail.post(test.mail.recorded(t, test.file, test.words...), bearer)
			if status != http.StatusOK || !test.mail.asked || test.mail.counted(t, test.outcome) != before+1 {
				t.Fatalf("status %d, heard %v, counted %v: %s", status, test.mail.asked, test.mail.counted(t, test.outcome), text)
			}
			failed := test.mail.noted
			if test.outcome == "delivered" {
				if failed != nil {
					t.Errorf("%+v", failed)
				}
				return
			}
			if failed == nil || failed.Code != test.code || failed.Permanent != test.final || failed.Dead != (test.outcome == "dead") {
				t.Errorf("%+v", failed)
			}
			checkSilent(t, failed)
		})
	}
}

// What does not prove that it is about a mail of ours to that recipient changes
// nothing, and is counted.
func TestForgedBounces(t *testing.T) {
	named, other := sendMail(t, "bounces@example.com"), sendMail(t, "bounces@example.com")
	flipped := []byte(named.sender)
	flipped[40] ^= 1
	for name, test := range map[string]struct {
		file    string
		words   []string
		outcome string
	}{
		"no name":                      {"postfix", []string{"SENDER", "bounces@example.com", "MESSAGE-ID", ""}, "unproven"},
		"another check":                {"postfix", []string{"SENDER", string(flipped), "MESSAGE-ID", ""}, "unproven"},
		"a guess":                      {"postfix", []string{"SENDER", "bounces@example.com", "MESSAGE-ID", strings.Repeat("0", 26) + "@example.com"}, "unproven"},
		"another recipient":            {"postfix", []string{"RECIPIENT", "mm@example.org"}, "unproven"},
		"another recipient, no sender": {"postfix", []string{"RECIPIENT", "mm@example.org", "SENDER", "bounces@example.com"}, "unproven"},
		"in a part that has no say":    {"global", []string{"SENDER", "bounces@example.com"}, "unproven"},
		"an absence note":              {"absence", nil, "other"},
	} {
		status, text := named.post(named.recorded(t, test.file, test.words...), bearer)
		if status != http.StatusOK || named.asked || named.counted(t, test.outcome) == 0 {
			t.Errorf("%s: status %d, heard %v: %s", name, status, named.asked, text)
		}
		if strings.Contains(text, "example.org") {
			t.Errorf("%s: the answer repeats the mail: %s", name, text)
		}
	}
	if n := named.counted(t, "unproven"); n != 6 {
		t.Errorf("%v were counted", n)
	}
	if n := testutil.CollectAndCount(other.registry, "wayguard_email_bounces_total"); n != 0 {
		t.Errorf("%d outcomes of nothing", n)
	}
}

func TestWhoMayPostBounces(t *testing.T) {
	m := sendMail(t, "")
	mail := m.recorded(t, "postfix")
	for name, test := range map[string]struct {
		sign    func(*http.Request)
		mail    string
		fails   error
		status  int
		outcome string
	}{
		"nobody":             {func(*http.Request) {}, mail, nil, http.StatusUnauthorized, "refused"},
		"a guess":            {func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") }, mail, nil, http.StatusUnauthorized, "refused"},
		"an empty token":     {func(r *http.Request) { r.Header.Set("Authorization", "Bearer ") }, mail, nil, http.StatusUnauthorized, "refused"},
		"a wrong password":   {func(r *http.Request) { r.SetBasicAuth(bounceToken, "") }, mail, nil, http.StatusUnauthorized, "refused"},
		"the password":       {func(r *http.Request) { r.SetBasicAuth("postfix", bounceToken) }, mail, nil, http.StatusOK, "dead"},
		"no mail":            {bearer, "", nil, http.StatusBadRequest, "unreadable"},
		"JSON":               {bearer, "{\"a\":1}\n", nil, http.StatusBadRequest, "unreadable"},
		"too long":           {bearer, mail + strings.Repeat("x", email.MaxBounce), nil, http.StatusRequestEntityTooLarge, "too_large"},
		"with a full disk":   {bearer, mail, tracker.ErrUnavailable, http.StatusServiceUnavailable, "unavailable"},
		"of somebody else's": {bearer, mail, tracker.ErrNotFound, http.StatusOK, "unproven"},
	} {
		m.fails = test.fails
		before := m.counted(t, test.outcome)
		status, text := m.post(test.mail, test.sign)
		if status != test.status || m.counted(t, test.outcome) != before+1 || m.asked != (test.outcome == "dead") {
			t.Errorf("%s: status %d, counted %v, heard %v: %s", name, status, m.counted(t, test.outcome)-before, m.asked, text)
		}
	}
}
