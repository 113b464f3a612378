package notify

import (
	"testing"
	"time"

	"wayguard/geofence"
	"wayguard/tracker"
)

func TestWhatIsNoLongerTrueIsNotSaid(t *testing.T) {
	r := startRules(t)
	d := r.deliver()
	n := func(typ string) *Notice { t.Helper(); return r.one(found(typ, d), ToCustomer) }
	holds := func(n *Notice, want string) {
		t.Helper()
		if reason, _ := r.Holds(n, noonOf); reason != want {
			t.Errorf("%s: %q, want %q", n.Kind, reason, want)
		}
	}
	ordered := n("delivery.created")
	holds(ordered, "")
	holds(n("delivery.approaching"), "the delivery is created by now")
	r.depart(d.ID)
	departed, late, onTime := r.one(r.last("delivery.departed", noonOf), ToCustomer), n("delivery.delayed"), n("delivery.on_time_again")
	holds(departed, "")
	holds(late, "the delivery is expected on time after all")
	holds(onTime, "")
	r.move(d, tracker.DeliveryApproaching)
	holds(n("delivery.approaching"), "")
	holds(departed, "")
	r.move(d, tracker.DeliveryDelivered)
	holds(n("delivery.approaching"), "the delivery is delivered by now")
	holds(departed, "the delivery is delivered by now")
	delivered := r.one(r.last("delivery.delivered", noonOf), ToCustomer)
	holds(delivered, "")
	if reason, ok := r.Holds(delivered, delivered.Expires); ok || reason != whyLate {
		t.Errorf("too late: %q", reason)
	}
	off := false
	r.set(Settings{Kinds: map[Kind]KindSettings{Delivered: {On: &off}}})
	holds(delivered, whyOff)
	moved, _ := r.fleet.Delivery(d.ID)
	_, err := r.fleet.EndRound(t.Context(), moved.Round, tracker.AnyVersion)
	r.must(err)
	r.must(r.fleet.EraseCustomer(t.Context(), d.Customer, tracker.AnyVersion))
	r.set(Settings{})
	holds(delivered, whyErased)
}

// What positions that come late take back within the hold is not said.
func TestARetractedApproachIsNotSaid(t *testing.T) {
	r := startRules(t)
	d := r.deliver()
	r.depart(d.ID)
	r.move(d, tracker.DeliveryApproaching)
	n := r.one(found("delivery.approaching", d), ToCustomer)
	if _, ok := r.Holds(n, noonOf); !ok {
		t.Fatal("it does not hold")
	}
	r.move(d, tracker.DeliveryDeparted) // as the retraction does
	if reason, ok := r.Holds(n, n.Due); ok {
		t.Errorf("it still holds: %q", reason)
	}
}

// alerted is an event that opens an alert, once it has.
func (r *ruled) alerted() *tracker.Event {
	r.t.Helper()
	d := r.deliver()
	r.depart(d.ID)
	r.move(d, tracker.DeliveryFailed)
	e := r.last("delivery.failed", time.Time{})
	for range 500 {
		if _, ok := r.fleet.Alert(tracker.AlertID(e.ID)); ok {
			return e
		}
		time.Sleep(10 * time.Millisecond)
	}
	r.t.Fatal("no alert was opened")
	return nil
}

func TestAlertsEscalateUntilTheyAreTakenUp(t *testing.T) {
	r := startRules(t)
	r.set(Settings{Contacts: []StaffContact{
		{ID: "desk", Email: "desk@example.com", Alerts: []string{"delivery.*"}},
		{ID: "chief", Email: "chief@example.com", Phone: "+4915100000000", Alerts: []string{"*"}, AfterMinutes: 15, Channels: []Channel{SMS, Email}},
		{ID: "other", Email: "other@example.com", Alerts: []string{"route.off"}},
	}})
	e := r.alerted()
	notices, _ := r.Notices(e, e.KnownAt)
	heard := to(ToDispatch, notices)
	if len(heard) != 2 {
		t.Fatalf("heard by %+v", heard)
	}
	desk, chief := &heard[0], &heard[1]
	if desk.Kind != "alert.delivery.failed" || desk.Due.Sub(e.KnownAt) != burst || desk.Expires.Sub(e.KnownAt) != alertLife {
		t.Errorf("desk: %+v", desk)
	}
	if chief.Kind != "escalation.delivery.failed" || chief.Due.Sub(e.KnownAt) != 15*time.Minute || chief.Expires.Sub(chief.Due) < 3*time.Hour || chief.Channels[0] != SMS {
		t.Errorf("chief: %+v", chief)
	}
	for _, n := range heard {
		if reason, ok := r.Holds(&n, n.Due); !ok {
			t.Errorf("%s: %q", n.Kind, reason)
		}
	}
	_, err := r.fleet.AcknowledgeAlert(t.Context(), tracker.AlertID(e.ID), tracker.AnyVersion, "desk", "")
	r.must(err)
	if reason, ok := r.Holds(chief, chief.Due); ok || reason != "the alert is acknowledged" {
		t.Errorf("after it was taken up: %q", reason)
	}
	r.set(Settings{})
	if reason, ok := r.Holds(desk, desk.Due); ok || reason != whyUnknown {
		t.Errorf("of a contact who is gone: %q", reason)
	}
}

func TestAlertsOfEveryTypeReachDispatch(t *testing.T) {
	r := startRules(t)
	if len(tracker.AlertTypes()) < 10 {
		t.Fatal("there are hardly any types")
	}
	e := &tracker.Event{ID: "e", Subject: "x", Device: "van-1", Time: noonOf, KnownAt: noonOf}
	for _, typ := range tracker.AlertTypes() {
		r.set(Settings{})
		e.Type, e.Detail = typ, nil
		if typ == "delivery.wish" {
			e.Type, e.Detail = "delivery.changed", []byte(`{"wish":{"id":"w","kind":"day","state":"open"}}`)
		}
		if why := r.why(e, ToDispatch); len(why) != 1 || why[0] != whyNobody {
			t.Errorf("%s without contacts: %q", typ, why)
		}
		r.set(Settings{Contacts: []StaffContact{{ID: "desk", Email: "desk@example.com", Alerts: []string{typ}}}})
		if n := r.one(e, ToDispatch); n.Kind != Kind("alert."+typ) {
			t.Errorf("%s: %+v", typ, n)
		}
	}
	e.Type = string(geofence.Enter)
	if notices, _ := r.Notices(e, noonOf); len(notices) > 0 {
		t.Errorf("%+v", notices)
	}
}

func TestSecurityReachesThoseWhoAskedForIt(t *testing.T) {
	r := startRules(t)
	e := &tracker.Event{ID: "e", Type: "security.login_refused", Subject: "x", Time: noonOf, KnownAt: noonOf}
	r.set(Settings{Contacts: []StaffContact{{ID: "desk", Email: "desk@example.com", Alerts: []string{"*"}}}})
	if why := r.why(e, ToDispatch); len(why) != 1 {
		t.Errorf("%q", why)
	}
	r.set(Settings{Contacts: []StaffContact{{ID: "admin", Email: "admin@example.com", Alerts: []string{"security.*"}}}})
	n := r.one(e, ToDispatch)
	a, _, _ := r.Address(n.To, Email)
	c, err := r.Compose([]Notice{*n}, a, Email)
	if err != nil || c.Subject != "Security notice: security.login_refused" {
		t.Errorf("%v: %+v", err, c)
	}
	if _, ok := r.Holds(n, noonOf); !ok {
		t.Error("it does not hold")
	}
}

// Nobody is told to look for a parcel that probably lies elsewhere, nor that it
// does: that is for dispatch to say.
func TestADoubtfulHandOffIsNotAnnounced(t *testing.T) {
	for position, want := range map[tracker.PositionVerdict]bool{
		tracker.PositionPending: true, tracker.PositionConfirmed: true, tracker.PositionUnverifiable: true, tracker.PositionWrong: false,
	} {
		for kind, state := range map[Kind]tracker.DeliveryState{Delivered: tracker.DeliveryDelivered, Left: tracker.DeliveryLeft, Partial: tracker.DeliveryPartial} {
			d := tracker.Delivery{Course: tracker.Course{State: state, Handoff: &tracker.HandoffRecord{Position: position}}}
			if _, ok := stillTrue(&Notice{Kind: kind}, &d); ok != want {
				t.Errorf("%s, %s: %v", kind, position, ok)
			}
		}
	}
}
