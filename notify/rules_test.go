package notify

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"wayguard/tracker"
)

func TestACustomerHearsOfADelivery(t *testing.T) {
	r := startRules(t)
	d := r.deliver()
	created := r.last("delivery.created", time.Time{})
	n := r.one(created, ToCustomer)
	if n.Kind != Ordered || n.Delivery != d.ID || n.To.ID != string(d.Customer) || n.Event != created.ID || n.Seq != created.Seq {
		t.Errorf("ordered: %+v", n)
	}
	if !slices.Equal(n.Channels, []Channel{Email, SMS}) || n.Bundle == "" {
		t.Errorf("channels %v, bundle %q", n.Channels, n.Bundle)
	}
	r.depart(d.ID)
	e := r.last("delivery.departed", noonOf)
	n = r.one(e, ToCustomer)
	if n.Kind != Departed || n.Due.Sub(e.KnownAt) != gather || n.Expires.Sub(e.Time) != 4*time.Hour || n.Round == "" {
		t.Errorf("departed: %+v", n)
	}
	n = r.one(found("delivery.approaching", d), ToCustomer)
	if n.Due.Sub(noonOf) != 30*time.Second || n.Expires.Sub(noonOf) != 20*time.Minute || !slices.Equal(n.Channels, []Channel{SMS, Email}) {
		t.Errorf("approaching: %+v", n)
	}
}

func TestOutcomesHaveKinds(t *testing.T) {
	for state, kind := range map[tracker.DeliveryState]Kind{
		tracker.DeliveryDelivered: Delivered, tracker.DeliveryLeft: Left, tracker.DeliveryPartial: Partial,
		tracker.DeliveryDamaged: Damaged, tracker.DeliveryFailed: Failed, tracker.DeliveryRefused: Refused,
		tracker.DeliveryCancelled: Cancelled,
	} {
		t.Run(string(state), func(t *testing.T) {
			r := startRules(t)
			d := r.deliver()
			r.depart(d.ID)
			r.move(d, state)
			n := r.one(r.last("delivery."+string(state), noonOf), ToCustomer)
			if n.Kind != kind {
				t.Errorf("%s", n.Kind)
			}
			if reason, ok := r.Holds(n, noonOf); !ok {
				t.Error(reason)
			}
			if state == tracker.DeliveryCancelled {
				return
			}
			r.move(d, tracker.DeliveryReturned)
			if n := r.one(r.last("delivery.returned", noonOf), ToCustomer); n.Kind != Returned {
				t.Errorf("%s", n.Kind)
			}
		})
	}
}

func TestWhatCustomersAreNotTold(t *testing.T) {
	r := startRules(t)
	d := r.deliver()
	r.depart(d.ID)
	r.news()
	for _, typ := range []string{
		"drop.wrong_address", "drop.unverifiable", "drop.confirmed", "stop.begin", "delivery.arrived", "delivery.departed", // on without a hand-off
		"event.retracted", "event.revised", "delivery.changed",
	} {
		if why := r.why(found(typ, d), ToCustomer); len(why) > 0 {
			t.Errorf("%s: %q", typ, why)
		}
	}
}

// Whatever else comes to be in the log, such as what becomes of messages, leads to
// no message.
func TestUnknownEventsLeadToNothing(t *testing.T) {
	r := startRules(t)
	r.set(Settings{Contacts: []StaffContact{{ID: "all", Email: "all@example.com", Alerts: []string{"*", "security.*"}}}})
	d := r.deliver()
	for _, typ := range []string{"message.dead", "message.sent", "notify.failed", "webhook.paused", "geofence.enter", "x"} {
		notices, skips := r.Notices(found(typ, d), noonOf)
		if len(notices)+len(skips) > 0 {
			t.Errorf("%s: %+v %+v", typ, notices, skips)
		}
	}
}

func TestWhyACustomerDoesNotHear(t *testing.T) {
	r := startRules(t)
	silent := r.deliver(func(o *tracker.NewDelivery) { o.Contact.Consent = tracker.Consent{} })
	nowhere := r.deliver(func(o *tracker.NewDelivery) { o.Contact.Email, o.Contact.Phone = "", "" })
	test := r.deliver(func(o *tracker.NewDelivery) { o.Order.Test = true })
	erased := r.deliver()
	r.move(erased, tracker.DeliveryCancelled)
	r.must(r.fleet.EraseCustomer(t.Context(), erased.Customer, tracker.AnyVersion))
	bounced := r.deliver(func(o *tracker.NewDelivery) { o.Contact.Email, o.Contact.Phone = "gone@example.com", "" })
	r.must(r.suppressed.Add(t.Context(), Email, "gone@example.com", Suppression{Reason: "bounced (550)"}))
	for _, tt := range []struct {
		name string
		d    tracker.Delivery
		want string
	}{
		{"consent", silent, "has not agreed to messages over email"}, {"address", nowhere, "has no address for email"},
		{"test", test, whyTest}, {"erased", erased, whyErased}, {"bounced", bounced, "nothing is sent to the address: bounced (550)"},
	} {
		why := r.why(found("delivery.created", tt.d), ToCustomer)
		if len(why) == 0 || why[0] != tt.want {
			t.Errorf("%s: %q", tt.name, why)
		}
	}
	off := false
	r.set(Settings{Kinds: map[Kind]KindSettings{Ordered: {On: &off}}})
	d := r.deliver()
	if why := r.why(found("delivery.created", d), ToCustomer); !slices.Equal(why, []string{whyOff}) {
		t.Errorf("off: %q", why)
	}
	late := found("delivery.approaching", d)
	late.Time = late.KnownAt.Add(-25 * time.Minute)
	if why := r.why(late, ToCustomer); !slices.Contains(why, whyLate) {
		t.Errorf("late: %q", why)
	}
}

func TestPushComesFirstForThoseWhoAllowIt(t *testing.T) {
	r := startRules(t)
	d := r.deliver(func(o *tracker.NewDelivery) { o.Contact.Consent.Push = true })
	n := r.one(found("delivery.approaching", d), ToCustomer)
	if !slices.Equal(n.Channels, []Channel{Push, SMS, Email}) {
		t.Errorf("channels %v", n.Channels)
	}
	a, _, ok := r.Address(n.To, Push)
	if !ok || a.Address != string(d.Customer) || a.Language != "de" {
		t.Errorf("address %+v", a)
	}
	r.noBrowser = true
	if n := r.one(found("delivery.approaching", d), ToCustomer); !slices.Equal(n.Channels, []Channel{SMS, Email}) {
		t.Errorf("without a browser: %v", n.Channels)
	}
}

func TestWindowsAndCodesThatChange(t *testing.T) {
	r := startRules(t)
	d := r.deliver(func(o *tracker.NewDelivery) { o.Order.Proof = []tracker.Proof{tracker.ProofCode} })
	end := time.Now().Add(48 * time.Hour).UTC().Truncate(time.Second)
	_, err := r.fleet.ChangeOrder(t.Context(), d.ID, tracker.AnyVersion, func(o *tracker.Order) error {
		o.WindowStart, o.WindowEnd = end.Add(-2*time.Hour), end
		return nil
	})
	r.must(err)
	changed := r.last("delivery.changed", time.Time{})
	if n := r.one(changed, ToCustomer); n.Kind != Changed || !n.Expires.Equal(end) {
		t.Errorf("changed: %+v", n)
	}
	_, err = r.fleet.NewCode(t.Context(), d.ID, tracker.AnyVersion)
	r.must(err)
	n := r.one(r.last("delivery.changed", noonOf), ToCustomer)
	if n.Kind != NewCode || !n.Due.Equal(noonOf) {
		t.Errorf("code: %+v", n)
	}
	_, err = r.fleet.ChangeOrder(t.Context(), d.ID, tracker.AnyVersion, func(o *tracker.Order) error { o.Instructions = "ring"; return nil })
	r.must(err)
	if why := r.why(r.last("delivery.changed", noonOf), ToCustomer); len(why) > 0 {
		t.Errorf("instructions: %q", why)
	}
}

func TestDriversHearOfTheirRound(t *testing.T) {
	r := startRules(t)
	first, second := r.deliver(), r.deliver(func(o *tracker.NewDelivery) { o.Order.Proof = []tracker.Proof{tracker.ProofCode} })
	round := r.depart(first.ID)
	if notices, _ := r.Notices(r.last("delivery.departed", noonOf), noonOf); len(to(ToDriver, notices)) > 0 {
		t.Error("the driver hears of a round that begins")
	}
	_, err := r.fleet.ChangeRound(t.Context(), round.ID, tracker.AnyVersion, func(n *tracker.NewRound) error {
		n.Stops = []tracker.DeliveryID{first.ID, second.ID}
		return nil
	})
	r.must(err)
	n := r.one(r.last("delivery.departed", noonOf), ToDriver)
	if n.Kind != DriverRound || n.To.ID != round.Driver || n.Round != round.ID || !slices.Equal(n.Channels, []Channel{Push, SMS}) {
		t.Errorf("added: %+v", n)
	}
	_, err = r.fleet.NewCode(t.Context(), second.ID, tracker.AnyVersion)
	r.must(err)
	if n := r.one(r.last("delivery.changed", noonOf), ToDriver); n.Kind != DriverCode {
		t.Errorf("code: %+v", n)
	}
	r.move(second, tracker.DeliveryCancelled)
	cancelled := r.last("delivery.cancelled", noonOf)
	if n := r.one(cancelled, ToDriver); n.Kind != DriverCancelled {
		t.Errorf("cancelled: %+v", n)
	}
	_, err = r.fleet.ChangeRound(t.Context(), round.ID, tracker.AnyVersion, func(n *tracker.NewRound) error { n.Stops = nil; return nil })
	r.must(err)
	n = r.one(r.last("delivery.changed", noonOf), ToDriver)
	if n.Kind != DriverRound || n.Round != round.ID {
		t.Errorf("taken off: %+v", n)
	}
	if _, ok := r.Holds(n, noonOf); !ok {
		t.Error("it does not hold")
	}
	_, err = r.fleet.EndRound(t.Context(), round.ID, tracker.AnyVersion)
	r.must(err)
	if reason, ok := r.Holds(n, noonOf); ok || reason != "the round is over" {
		t.Errorf("after the round: %q", reason)
	}
}

func TestPartnersHearOfOutcomesIfTheyAsked(t *testing.T) {
	r := startRules(t)
	d := r.deliver(func(o *tracker.NewDelivery) { o.Order.Partner = "anna" })
	r.move(d, tracker.DeliveryCancelled)
	e := r.last("delivery.cancelled", noonOf)
	if why := r.why(e, ToPartner); len(why) != 1 {
		t.Errorf("why %q", why)
	}
	r.set(Settings{Partners: []PartnerContact{{Partner: "anna", Email: "anna@example.com"}}})
	n := r.one(e, ToPartner)
	if n.Kind != PartnerOutcome || !slices.Equal(n.Channels, []Channel{Email}) {
		t.Errorf("notice %+v", n)
	}
	if reason, ok := r.Holds(n, noonOf); !ok {
		t.Error(reason)
	}
}

// The same event gives the same notices, however often it is judged.
func TestJudgingHasNoSideEffects(t *testing.T) {
	r := startRules(t)
	r.set(Settings{Contacts: []StaffContact{{ID: "a", Email: "a@example.com", Alerts: []string{"*"}}, {ID: "b", Phone: "+4915100000000", Alerts: []string{"delivery.*"}, AfterMinutes: 5}}})
	d := r.deliver()
	r.depart(d.ID)
	r.move(d, tracker.DeliveryFailed)
	for _, e := range r.news() {
		first, skips := r.Notices(&e, noonOf)
		again, skipsAgain := r.Notices(&e, noonOf)
		if !reflect.DeepEqual(first, again) || !reflect.DeepEqual(skips, skipsAgain) {
			t.Errorf("%s: %+v, then %+v", e.Type, first, again)
		}
	}
}

func TestReasonsNameNobody(t *testing.T) {
	r := startRules(t)
	d := r.deliver()
	r.move(d, tracker.DeliveryCancelled)
	for _, typ := range []string{"delivery.created", "delivery.approaching", "delivery.delayed"} {
		n := r.one(found(typ, d), ToCustomer)
		reason, ok := r.Holds(n, noonOf)
		if ok || reason == "" || strings.Contains(reason, "@") || strings.Contains(reason, "+49") || strings.Contains(reason, "N. N.") {
			t.Errorf("%s: %q", typ, reason)
		}
	}
}
