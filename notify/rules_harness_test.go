package notify

import (
	"context"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wayguard/tracker"
	"wayguard/tracker/boltstore"
)

// ruled is rules on a fleet with a real store.
type ruled struct {
	*Rules
	t    testing.TB
	dir  string
	keys *tracker.Keyring
	// seen is the last event that was looked at.
	seen uint64
	// arrival is what is foretold of every delivery.
	arrival Expected
	// noBrowser: nobody takes push messages.
	noBrowser bool
}

// noonOf is a time at which nobody has quiet hours in Berlin.
var noonOf = time.Date(2026, 3, 3, 11, 0, 0, 0, time.UTC)

func startRules(t testing.TB) *ruled {
	t.Helper()
	return startRulesOn(t, nil)
}

func startRulesOn(t testing.TB, clock *tracker.Clock) *ruled {
	t.Helper()
	r := &ruled{t: t, dir: t.TempDir()}
	store, err := boltstore.Open(r.file(), boltstore.Options{MmapBytes: 64 << 20})
	if err != nil {
		t.Fatal(err)
	}
	if r.keys, err = tracker.OpenKeyring(filepath.Join(r.dir, "keyring"), tracker.MasterKey{7}); err != nil {
		t.Fatal(err)
	}
	fleet, err := tracker.Open(store, tracker.Options{Keyring: r.keys, Clock: clock, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- fleet.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error("fleet:", err)
		}
		_ = store.Close()
		_ = r.keys.Close()
	})
	r.Rules = r.open(fleet)
	return r
}

func (r *ruled) file() string { return filepath.Join(r.dir, "fleet.db") }

// open reads the settings anew.
func (r *ruled) open(fleet *tracker.Fleet) *Rules {
	r.t.Helper()
	suppressed, err := OpenSuppressed(fleet)
	if err != nil {
		r.t.Fatal(err)
	}
	rules, err := NewRules(RulesOptions{
		Fleet: fleet, Keys: r.keys, Suppressed: suppressed, Clock: fleet.Clock(), Console: "https://fleet.example/",
		Links: func(id tracker.DeliveryID) string {
			return "https://fleet.example/t/link-of-" + string(id[len(id)-12:])
		},
		Pushed:   func(Recipient, tracker.DeliveryID) bool { return !r.noBrowser },
		Expected: func(tracker.DeliveryID) (Expected, bool) { return r.arrival, !r.arrival.From.IsZero() },
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return rules
}

// customer is somebody who can be reached over two channels.
func someone() tracker.Contact {
	return tracker.Contact{Name: "N. N.", Email: "nn@example.com", Phone: "+4915112345678", Language: "de", Consent: tracker.DefaultConsent}
}

// deliver makes a delivery as change says.
func (r *ruled) deliver(change ...func(*tracker.NewDelivery)) tracker.Delivery {
	r.t.Helper()
	o := tracker.NewDelivery{Contact: someone(), Order: tracker.Order{Destination: tracker.Destination{Address: "1 Mill Lane", Point: orb.Point{8.5, 50.5}}}}
	for _, c := range change {
		c(&o)
	}
	made, _, err := r.fleet.CreateDeliveries(r.t.Context(), tracker.Once{}, o)
	if err != nil {
		r.t.Fatal(err)
	}
	return made[0]
}

// depart sends deliveries on a round of a driver from a depot in Berlin.
func (r *ruled) depart(ids ...tracker.DeliveryID) tracker.Round {
	r.t.Helper()
	ctx := r.t.Context()
	_, err := r.fleet.Depots().Create(ctx, tracker.Depot{ID: "depot", Point: orb.Point{8, 50}, TimeZone: "Europe/Berlin"})
	r.must(err)
	_, err = r.fleet.Vehicles().Create(ctx, tracker.Vehicle{ID: "van", Name: "Van 7"})
	r.must(err)
	driver, err := r.fleet.Drivers().Create(ctx, tracker.Driver{Person: tracker.Person{Name: "D. D.", Phone: "+4915199999999"}})
	r.must(err)
	round, err := r.fleet.CreateRound(ctx, tracker.NewRound{Name: "North", Vehicle: "van", Depot: "depot", Driver: driver.ID, Stops: ids})
	r.must(err)
	round, err = r.fleet.StartRound(ctx, round.ID, tracker.AnyVersion)
	r.must(err)
	return round
}

func (r *ruled) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *ruled) move(d tracker.Delivery, to tracker.DeliveryState) {
	r.t.Helper()
	_, err := r.fleet.MoveDelivery(r.t.Context(), d.ID, tracker.AnyVersion, to, "")
	r.must(err)
}

func (r *ruled) set(s Settings) {
	r.t.Helper()
	_, _, err := r.Change(r.t.Context(), tracker.AnyVersion, s)
	r.must(err)
}

// news are the events since it was last asked for.
func (r *ruled) news() []tracker.Event {
	r.t.Helper()
	events, next, err := r.fleet.Events(r.seen, 1000, tracker.EventFilter{})
	r.must(err)
	r.seen = next
	return events
}

// last is the newest event of a type; with a time of day as if it had happened
// then.
func (r *ruled) last(typ string, at time.Time) *tracker.Event {
	r.t.Helper()
	events := r.news()
	for i := range slices.Backward(events) {
		if events[i].Type == typ {
			e := events[i]
			if !at.IsZero() {
				e.Time, e.KnownAt = at, at
			}
			return &e
		}
	}
	r.t.Fatalf("no %s among %d events", typ, len(events))
	return nil
}

// found makes up an event as the engine would have found it.
func found(typ string, d tracker.Delivery) *tracker.Event {
	return &tracker.Event{
		ID: tracker.EventID("van-1", typ, string(d.ID), 1), Seq: 99, Type: typ, Subject: string(d.ID), Device: "van-1", Customer: d.Customer,
		Time: noonOf, KnownAt: noonOf, Detail: []byte(`{"episode":1}`),
	}
}

// to are the notices for an audience.
func to(a Audience, notices []Notice) (found []Notice) {
	for _, n := range notices {
		if n.To.Audience == a {
			found = append(found, n)
		}
	}
	return found
}

// one is the only notice for an audience.
func (r *ruled) one(e *tracker.Event, a Audience) *Notice {
	r.t.Helper()
	notices, skips := r.Notices(e, e.KnownAt)
	found := to(a, notices)
	if len(found) != 1 {
		r.t.Fatalf("%s: %d notices for %s, want one; skipped %+v", e.Type, len(found), a, skips)
	}
	return &found[0]
}

// why are the reasons for which an audience does not hear of an event.
func (r *ruled) why(e *tracker.Event, a Audience) (reasons []string) {
	r.t.Helper()
	notices, skips := r.Notices(e, e.KnownAt)
	if n := to(a, notices); len(n) > 0 {
		r.t.Fatalf("%s: %s hears %+v", e.Type, a, n)
	}
	for _, s := range skips {
		if s.To.Audience == a {
			reasons = append(reasons, s.Reason)
		}
	}
	return reasons
}
