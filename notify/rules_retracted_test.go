package notify

import (
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"wayguard/geofence"
	"wayguard/tracker"
)

// takenBack is the retraction of an event that found made up, as the log has it.
func takenBack(typ string, d tracker.Delivery) *tracker.Event {
	e := tracker.Retraction("van-1", &geofence.Event{
		Type: geofence.EventType(typ), Subject: string(d.ID), Episode: 1, Time: geofence.MillisOf(noonOf),
	}, noonOf.Add(10*time.Minute))
	e.ID, e.Seq, e.Customer = "retraction of "+e.Subject, 120, d.Customer
	return &e
}

// wrote stores a message as if it had become what it is.
func (r *ruled) wrote(s State, notices ...Notice) {
	r.t.Helper()
	e := newEntry(notices[0], noonOf)
	e.Notices = notices
	e.end(s, "", noonOf)
	rows, err := e.rows("")
	r.must(err)
	r.must(r.fleet.PutAll(r.t.Context(), append(rows, e.index()...)))
}

// A correction is owed to whom a message told what was not so, once, and to nobody
// else.
func TestWhoIsToldThatItWasNotSo(t *testing.T) {
	for name, test := range map[string]struct {
		typ  string
		kind Kind
		// before is what was written before, of what was told and the correction.
		before func(r *ruled, told, correction Notice)
		// move is where the delivery goes before the correction is due.
		move tracker.DeliveryState
		want string
	}{
		"a delay":     {typ: "delivery.delayed", kind: NotDelayed, before: func(r *ruled, told, _ Notice) { r.wrote(Sent, told) }},
		"an approach": {typ: "delivery.approaching", kind: NotYet, before: func(r *ruled, told, _ Notice) { r.wrote(Sent, told) }},
		"among others": {typ: "delivery.delayed", kind: NotDelayed, before: func(r *ruled, told, _ Notice) {
			other := told
			other.Kind, other.Event = Departed, "another"
			r.wrote(Sent, other, told)
		}},
		"nobody was told": {typ: "delivery.delayed", kind: NotDelayed, want: whyUntold},
		"it was dropped":  {typ: "delivery.delayed", kind: NotDelayed, before: func(r *ruled, told, _ Notice) { r.wrote(Dropped, told) }, want: whyUntold},
		"nobody took it":  {typ: "delivery.approaching", kind: NotYet, before: func(r *ruled, told, _ Notice) { r.wrote(Dead, told) }, want: whyUntold},
		"it was left out": {typ: "delivery.delayed", kind: NotDelayed, before: func(r *ruled, told, _ Notice) {
			told.LeftOut = true
			r.wrote(Sent, told)
		}, want: whyUntold},
		"another was told": {typ: "delivery.delayed", kind: NotDelayed, before: func(r *ruled, told, _ Notice) {
			told.To.ID = "another"
			r.wrote(Sent, told)
		}, want: whyUntold},
		"of another delay": {typ: "delivery.delayed", kind: NotDelayed, before: func(r *ruled, told, _ Notice) {
			told.Event = "another"
			r.wrote(Sent, told)
		}, want: whyUntold},
		"corrected before": {typ: "delivery.delayed", kind: NotDelayed, before: func(r *ruled, told, correction Notice) {
			r.wrote(Sent, told)
			correction.Event = "an earlier retraction"
			r.wrote(Sent, correction)
		}, want: whyCorrected},
		"sent again by hand": {typ: "delivery.delayed", kind: NotDelayed, before: func(r *ruled, told, correction Notice) {
			r.wrote(Sent, told)
			r.wrote(Sent, correction)
		}},
		"on time again, to be told": {typ: "delivery.delayed", kind: NotDelayed, before: func(r *ruled, told, _ Notice) {
			r.wrote(Sent, told)
			told.Kind, told.Event, told.Time = OnTime, "later", told.Time.Add(time.Minute)
			r.wrote(Waiting, told)
		}, want: whyCorrected},
		"on time before": {typ: "delivery.delayed", kind: NotDelayed, before: func(r *ruled, told, _ Notice) {
			r.wrote(Sent, told)
			told.Kind, told.Event, told.Time = OnTime, "earlier", told.Time.Add(-time.Minute)
			r.wrote(Sent, told)
		}},
		"it has come near": {typ: "delivery.approaching", kind: NotYet, before: func(r *ruled, told, _ Notice) { r.wrote(Sent, told) },
			move: tracker.DeliveryApproaching, want: "the delivery is approaching by now"},
		"it has come": {typ: "delivery.delayed", kind: NotDelayed, before: func(r *ruled, told, _ Notice) { r.wrote(Sent, told) },
			move: tracker.DeliveryDelivered, want: "the delivery is delivered by now"},
	} {
		t.Run(name, func(t *testing.T) {
			r := startRulesOn(t, tracker.NewClock(noonOf.Add(10*time.Minute), 1))
			d := r.deliver()
			r.depart(d.ID)
			told, correction := r.one(found(test.typ, d), ToCustomer), r.one(takenBack(test.typ, d), ToCustomer)
			if correction.Kind != test.kind || correction.Corrects != told.Event || correction.Bundle != told.Bundle || !slices.Equal(correction.Channels, told.Channels) {
				t.Fatalf("%+v, of %+v", correction, told)
			}
			if held := correction.Due.Sub(noonOf.Add(10 * time.Minute)); held != reconsider || correction.Expires.Sub(correction.Due) < 50*time.Minute {
				t.Errorf("held for %v: %+v", held, correction)
			}
			if test.before != nil {
				test.before(r, *told, *correction)
			}
			if test.move != "" {
				r.move(d, test.move)
			}
			if why, ok := r.Holds(correction, correction.Due); why != test.want || ok != (test.want == "") {
				t.Errorf("%q, want %q", why, test.want)
			}
			o := r.DryRun(takenBack(test.typ, d))
			if len(o.Notices) != 1 || o.Notices[0].Reason != test.want || len(o.Notices[0].Messages) != len(correction.Channels) {
				t.Errorf("dry run: %+v", o)
			}
		})
	}
}

// Who wants no messages, or none of the kind, hears of no correction; what cannot be
// corrected is not.
func TestCorrectionsKeepToTheRules(t *testing.T) {
	r := startRules(t)
	d := r.deliver()
	r.depart(d.ID)
	if why := r.why(takenBack("stop.begin", d), ToCustomer); len(why) > 0 {
		t.Errorf("%q", why)
	}
	damaged := takenBack("delivery.delayed", d)
	damaged.Detail = []byte(`{"type":7}`)
	if why := r.why(damaged, ToCustomer); len(why) > 0 {
		t.Errorf("%q", why)
	}
	off := false
	r.set(Settings{Kinds: map[Kind]KindSettings{NotDelayed: {On: &off}}})
	if why := r.why(takenBack("delivery.delayed", d), ToCustomer); !slices.Equal(why, []string{whyOff}) {
		t.Errorf("%q", why)
	}
	silent := r.deliver(func(o *tracker.NewDelivery) { o.Contact.Consent = tracker.Consent{} })
	if why := r.why(takenBack("delivery.approaching", silent), ToCustomer); len(why) != len(pocket) {
		t.Errorf("%q", why)
	}
}

// astray is rules on a fleet whose engine takes an approach back as soon as a
// delivery is on its way again.
type astray struct {
	*Rules
	approach atomic.Pointer[tracker.Event]
}

func (a *astray) Notices(e *tracker.Event, now time.Time) ([]Notice, []Skip) {
	if e.Type == "delivery.approaching" {
		a.approach.Store(e)
	}
	if was := a.approach.Load(); was != nil && e.Type == "delivery.departed" {
		back := takenBack("delivery.approaching", tracker.Delivery{ID: tracker.DeliveryID(e.Subject)})
		back.ID, back.Subject, back.Time, back.KnownAt, back.Seq = "retraction", was.ID, was.Time, e.KnownAt, e.Seq
		return a.Rules.Notices(back, now)
	}
	return a.Rules.Notices(e, now)
}

// A customer who was told that the delivery arrives soon is told once that it does
// not; one whose message was still held back hears neither.
func TestACustomerIsToldThatItWasTooEarly(t *testing.T) {
	for name, waits := range map[string]bool{"told": true, "held back": false} {
		t.Run(name, func(t *testing.T) {
			clock := tracker.NewClock(time.Now(), 60)
			r := startRulesOn(t, clock)
			r.noBrowser = true
			r.set(Settings{Quiet: map[Audience]Quiet{ToCustomer: {}}})
			texts := &sink{channel: SMS}
			n, err := Open(Options{
				Fleet: r.fleet, Keys: r.keys, Suppressed: r.suppressed, Judge: &astray{Rules: r.Rules}, Carriers: []Carrier{texts},
				Limits: fast, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
			})
			r.must(err)
			defer runUntil(t, "notifier", n.Run)()
			d := r.deliver()
			r.depart(d.ID)
			r.move(d, tracker.DeliveryApproaching)
			var want []Kind
			if waits {
				until(t, "the approach", 20*time.Second, func() bool { return len(texts.messages()) == 1 })
				want = []Kind{Approaching, NotYet}
			}
			r.move(d, tracker.DeliveryDeparted)
			back := r.last("delivery.departed", time.Time{})
			until(t, "two minutes", 20*time.Second, func() bool { return clock.Now().After(back.KnownAt.Add(2 * time.Minute)) })
			var kinds []Kind
			for _, m := range texts.messages() {
				kinds = append(kinds, m.Kind)
			}
			if !slices.Equal(kinds, want) {
				t.Fatalf("the customer hears %v, want %v", kinds, want)
			}
			if waits && !strings.Contains(texts.messages()[1].Text, "Korrektur: Ihre Lieferung ist noch unterwegs") {
				t.Errorf("%q", texts.messages()[1].Text)
			}
		})
	}
}

// What a message went out without is known afterwards.
func TestWhatWasLeftOutIsMarked(t *testing.T) {
	onTime(t, func(t *testing.T) {
		j := &town{channels: []Channel{Email}, hold: 30 * time.Second, bundle: "day"}
		h := startHouse(t, t.TempDir(), j, &sink{channel: Email})
		h.recipients("van-a")
		h.mustEnter("van-a", 2)
		until(t, "the message", 5*time.Second, func() bool { all := h.entries(Filter{}); return len(all) == 1 && len(all[0].Notices) == 2 })
		j.deny(h.entries(Filter{})[0].Notices[1].Event, "retracted")
		e := h.settled(time.Hour, 1)[0]
		if e.State != Sent || e.Notices[0].LeftOut || !e.Notices[1].LeftOut {
			t.Errorf("%s: %+v", e.State, e.Notices)
		}
		h.stop()
	})
}
