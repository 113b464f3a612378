package notify

import (
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"wayguard/tracker"
)

// TestFromEventsToMessages has a notifier send what the rules make of a delivery
// that goes wrong at once, on a clock on which three minutes last about a second.
func TestFromEventsToMessages(t *testing.T) {
	clock := tracker.NewClock(time.Now(), 150)
	r := startRulesOn(t, clock)
	r.noBrowser = true
	r.set(Settings{
		Quiet: map[Audience]Quiet{ToCustomer: {}},
		Contacts: []StaffContact{
			{ID: "desk", Email: "desk@example.com", Alerts: []string{"*"}},
			{ID: "chief", Email: "chief@example.com", Alerts: []string{"*"}, AfterMinutes: 3},
			{ID: "owner", Email: "owner@example.com", Alerts: []string{"*"}, AfterMinutes: 6},
		},
	})
	mails, texts := &sink{channel: Email}, &sink{channel: SMS}
	n, err := Open(Options{
		Fleet: r.fleet, Keys: r.keys, Suppressed: r.suppressed, Judge: r.Rules, Carriers: []Carrier{mails, texts},
		Limits: fast, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	r.must(err)
	stop := runUntil(t, "notifier", n.Run)
	defer stop()
	d := r.deliver()
	r.depart(d.ID)
	r.move(d, tracker.DeliveryFailed)
	to := func(address string) (found []Message) {
		for _, m := range mails.messages() {
			if m.Address == address {
				found = append(found, m)
			}
		}
		return found
	}
	until(t, "the escalation", 20*time.Second, func() bool { return len(to("chief@example.com")) == 1 })
	if text := to("chief@example.com")[0].Text; !strings.Contains(text, "open for 3 minutes") {
		t.Errorf("escalation: %s", text)
	}
	e := r.last("delivery.failed", time.Time{})
	_, err = r.fleet.AcknowledgeAlert(t.Context(), tracker.AlertID(e.ID), tracker.AnyVersion, "chief", "")
	r.must(err)
	until(t, "what was not sent", 20*time.Second, func() bool { return clock.Now().After(e.KnownAt.Add(7 * time.Minute)) })
	time.Sleep(300 * time.Millisecond)
	// The order and the departure are no news any more when it has failed.
	customer := to("nn@example.com")
	if len(customer) != 1 || customer[0].Kind != Failed || customer[0].Language != "de" || !strings.Contains(customer[0].Text, r.links(d.ID)) {
		t.Errorf("the customer hears %+v", customer)
	}
	if len(to("desk@example.com")) != 1 || len(to("owner@example.com")) != 0 || len(texts.messages()) != 0 {
		t.Errorf("mails %+v, texts %+v", mails.messages(), texts.messages())
	}
}
