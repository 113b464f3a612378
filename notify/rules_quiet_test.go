package notify

import (
	"slices"
	"testing"
	"time"

	"wayguard/tracker"
)

func berlin(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func TestQuietHours(t *testing.T) {
	zone := berlin(t)
	at := func(day, hour, minute int) time.Time { return time.Date(2026, 3, day, hour, minute, 0, 0, zone) }
	night, nap := Quiet{"21:00", "07:00"}, Quiet{"12:00", "13:30"}
	for _, tt := range []struct {
		q    Quiet
		at   time.Time
		end  time.Time
		want bool
	}{
		{night, at(3, 20, 59), time.Time{}, false},
		{night, at(3, 21, 0), at(4, 7, 0), true},
		{night, at(4, 0, 0), at(4, 7, 0), true},
		{night, at(4, 6, 59), at(4, 7, 0), true},
		{night, at(4, 7, 0), time.Time{}, false},
		{nap, at(3, 12, 0), at(3, 13, 30), true},
		{nap, at(3, 13, 30), time.Time{}, false},
		{nap, at(3, 0, 10), time.Time{}, false},
		{Quiet{}, at(3, 0, 0), time.Time{}, false},
		{Quiet{"08:00", "08:00"}, at(3, 8, 0), time.Time{}, false},
		// On 29 March 2026 clocks go forward at 02:00.
		{night, at(28, 23, 0), at(29, 7, 0), true},
		{Quiet{"02:30", "04:00"}, at(29, 3, 45), at(29, 4, 0), true},
	} {
		end, quiet := tt.q.end(tt.at.UTC(), zone)
		if quiet != tt.want || quiet && !end.Equal(tt.end) {
			t.Errorf("%v at %v: %v %v", tt.q, tt.at, end, quiet)
		}
	}
}

func TestNobodyIsWokenByWhatCanWait(t *testing.T) {
	r := startRules(t)
	d := r.deliver()
	r.depart(d.ID) // from a depot in Berlin
	d, _ = r.fleet.Delivery(d.ID)
	zone := berlin(t)
	night := time.Date(2026, 3, 3, 22, 0, 0, 0, zone)
	event := func(typ string, at time.Time) *tracker.Event {
		e := found(typ, d)
		e.Time, e.KnownAt = at, at
		return e
	}
	delivered := r.one(event("delivery.delivered", night), ToCustomer)
	if want := time.Date(2026, 3, 4, 7, 0, 0, 0, zone); !delivered.Due.Equal(want) || len(delivered.Channels) != 2 {
		t.Errorf("delivered: %+v", delivered)
	}
	// What is worth nothing in the morning, and what is urgent, goes by email.
	departed := event("delivery.departed", night)
	departed.Device = ""
	for _, e := range []*tracker.Event{departed, event("delivery.approaching", night), event("delivery.delayed", night)} {
		n := r.one(e, ToCustomer)
		if !slices.Equal(n.Channels, []Channel{Email}) || n.Due.Sub(night) > time.Minute {
			t.Errorf("%s: %+v", e.Type, n)
		}
	}
	if n := r.one(event("delivery.approaching", night.Add(-2*time.Hour)), ToCustomer); n.Channels[0] != SMS {
		t.Errorf("by day: %+v", n)
	}
	phone := r.deliver(func(o *tracker.NewDelivery) { o.Contact.Email = "" })
	r.set(Settings{TimeZone: "Europe/Berlin"})
	e := found("delivery.approaching", phone)
	e.Time, e.KnownAt = night, night
	if why := r.why(e, ToCustomer); !slices.Contains(why, whyQuiet) {
		t.Errorf("by phone only: %q", why)
	}
}

// Who has a delivery promised for ten at night is up.
func TestADeliveryPromisedForTheNightIsAnnounced(t *testing.T) {
	r := startRules(t)
	zone := berlin(t)
	night := time.Date(2026, 3, 3, 22, 0, 0, 0, zone)
	d := r.deliver(func(o *tracker.NewDelivery) {
		o.Order.WindowStart, o.Order.WindowEnd = night.Add(-time.Hour), night.Add(time.Hour)
	})
	r.set(Settings{TimeZone: "Europe/Berlin"})
	e := found("delivery.approaching", d)
	e.Time, e.KnownAt = night, night
	if n := r.one(e, ToCustomer); n.Channels[0] != SMS {
		t.Errorf("%+v", n)
	}
}

func TestContactsHaveQuietHoursOfTheirOwn(t *testing.T) {
	r := startRules(t)
	r.set(Settings{TimeZone: "Europe/Berlin", Contacts: []StaffContact{
		{ID: "day", Email: "day@example.com", Phone: "+4915100000000", Alerts: []string{"*"}, Channels: []Channel{SMS, Email}, Quiet: &Quiet{"20:00", "06:00"}},
		{ID: "night", Phone: "+4915100000001", Alerts: []string{"*"}, Channels: []Channel{SMS}},
	}})
	night := time.Date(2026, 3, 3, 22, 0, 0, 0, time.UTC)
	e := &tracker.Event{ID: "e", Type: "route.off", Subject: "x", Time: night, KnownAt: night}
	notices, _ := r.Notices(e, night)
	if len(notices) != 2 || !slices.Equal(notices[0].Channels, []Channel{Email}) || !slices.Equal(notices[1].Channels, []Channel{SMS}) {
		t.Errorf("%+v", notices)
	}
}
