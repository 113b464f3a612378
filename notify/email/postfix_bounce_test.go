package email_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	netmail "net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wayguard/notify"
	"wayguard/notify/email"
	"wayguard/tracker"
)

// bouncing has Postfix take mails for anybody at example.org, find out later that
// there is no such mailbox, and give mails for bounces.example to a program.
const bouncing = `smtpd_reject_unlisted_recipient = no
mydestination = bounces.example
local_recipient_maps =
recipient_delimiter = +
alias_maps = texthash:%[1]s/etc/aliases
`

// late is a server that sends mails about deliveries by way of Postfix.
type late struct {
	fleet      *tracker.Fleet
	suppressed *notify.Suppressed
	notifier   *notify.Notifier
}

// startLate opens the door before Postfix has to know of it. bounces is the
// address for them, empty for the sender's.
func startLate(t *testing.T, bounces string) *late {
	t.Helper()
	needPostfix(t)
	l := new(late)
	clock := tracker.NewClock(time.Now(), 60) // messages to customers wait for others
	fleet, keys := openFleet(t, clock)
	l.fleet = fleet
	var door http.Handler
	posted := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { door.ServeHTTP(w, r) }))
	t.Cleanup(posted.Close)
	secret := filepath.Join(t.TempDir(), "header")
	must(t, os.WriteFile(secret, []byte("Authorization: Bearer "+bounceToken+"\n"), 0o644))
	must(t, os.Chmod(filepath.Dir(secret), 0o755))
	must(t, os.Chmod(filepath.Dir(filepath.Dir(secret)), 0o755))
	program := `"|curl -sSf -H @` + secret + ` --data-binary @- ` + posted.URL + email.BouncesPath + ` || exit 75"`
	port, _ := startPostfix(t, bouncing, "bounces "+program+"\ndeliveries "+program+"\n")
	c := newCarrier(t, email.Options{
		Server: email.Server{Host: "localhost", Port: port, Roots: testCertificate(t).roots}, Clock: clock,
		From: netmail.Address{Address: "deliveries@bounces.example"},
		Bounces: email.Bounces{Address: bounces, Token: bounceToken, Report: func(ctx context.Context, receipt string, of func(string) (*notify.SendError, bool)) error {
			return l.notifier.Bounced(ctx, receipt, of)
		}},
	})
	door = c.Bounces()
	l.open(t, keys, c)
	return l
}

func (l *late) open(t *testing.T, keys *tracker.Keyring, c *email.Carrier) {
	t.Helper()
	var err error
	l.suppressed, err = notify.OpenSuppressed(l.fleet)
	must(t, err)
	log := slog.New(slog.DiscardHandler)
	rules, err := notify.NewRules(notify.RulesOptions{Fleet: l.fleet, Keys: keys, Suppressed: l.suppressed, Clock: l.fleet.Clock(), Log: log})
	must(t, err)
	_, _, err = rules.Change(t.Context(), tracker.AnyVersion, notify.Settings{Quiet: map[notify.Audience]notify.Quiet{notify.ToCustomer: {}}})
	must(t, err)
	l.notifier, err = notify.Open(notify.Options{Fleet: l.fleet, Keys: keys, Suppressed: l.suppressed, Judge: rules, Carriers: []notify.Carrier{c}, Log: log})
	must(t, err)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- l.notifier.Run(ctx) }()
	t.Cleanup(func() { stop(); must(t, <-done) })
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// deliver makes a delivery for a customer who has an address, and returns the
// message about it once it is what it should be.
func (l *late) deliver(t *testing.T, address string, state notify.State) *notify.Entry {
	t.Helper()
	made, _, err := l.fleet.CreateDeliveries(t.Context(), tracker.Once{}, tracker.NewDelivery{
		Contact: tracker.Contact{Name: "N. N.", Email: address, Consent: tracker.DefaultConsent},
		Order:   tracker.Order{Destination: tracker.Destination{Address: "1 Mill Lane", Point: orb.Point{8.5, 50.5}}},
	})
	must(t, err)
	for range 300 {
		found, _, err := l.notifier.List(notify.Filter{Delivery: made[0].ID, State: state}, 1)
		must(t, err)
		if len(found) == 1 {
			return found[0]
		}
		time.Sleep(100 * time.Millisecond)
	}
	all, _, _ := l.notifier.List(notify.Filter{Delivery: made[0].ID}, 1)
	t.Fatalf("no message is %s: %+v", state, all)
	return nil
}

// A mail server that somebody else wrote takes a mail, finds out that there is no
// such mailbox, and posts what it writes about that: by the address for bounces or,
// without one, by that of the sender.
func TestPostfixBounces(t *testing.T) {
	for name, bounces := range map[string]string{"by name": "bounces@bounces.example", "by Message-ID": ""} {
		t.Run(name, func(t *testing.T) {
			l := startLate(t, bounces)
			e := l.deliver(t, "nobody@example.org", notify.Dead)
			if e.Reason != "email: not brought: there is no such mailbox (5.1.1)" {
				t.Errorf("%q", e.Reason)
			}
			if why, found := l.suppressed.Find(notify.Email, "nobody@example.org"); !found || !strings.Contains(why.Reason, "5.1.1") || why.Asked {
				t.Errorf("suppressed %v: %+v", found, why)
			}
			l.deliver(t, "nn@example.org", notify.Sent)
		})
	}
}
