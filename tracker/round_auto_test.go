package tracker_test

import (
	"testing"
	"time"

	"wayguard/geofence"
	"wayguard/tracker"
)

// daily is a round that begins and ends by itself, and its vehicle at the depot.
func daily(t *testing.T, f *running, start time.Time) (tracker.Round, []tracker.Delivery, *driven) {
	t.Helper()
	r, stops := plan(t, f)
	r, err := f.ChangeRound(t.Context(), r.ID, r.Version, func(n *tracker.NewRound) error { n.Start = start; return nil })
	if err != nil {
		t.Fatal(err)
	}
	return r, stops, &driven{t: t, device: "box", at: time.Now().Add(-30 * time.Minute)}
}

func (f *running) wantRound(t *testing.T, id tracker.RoundID, want tracker.RoundState) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		r, _ := f.Round(id)
		if r.State == want {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("round is %s, want %s", r.State, want)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// staysSo waits for longer than a round takes to follow its vehicle.
func (f *running) staysSo(t *testing.T, id tracker.RoundID, want tracker.RoundState) {
	t.Helper()
	time.Sleep(2500 * time.Millisecond)
	f.wantRound(t, id, want)
}

func TestRoundBeginsAndEndsByItself(t *testing.T) {
	f := startWith(t, newFile(t), geofence.Settings{})
	r, stops, d := daily(t, f, time.Now().Add(-25*time.Minute))
	d.stand(f, 6*time.Minute)
	f.staysSo(t, r.ID, tracker.RoundPlanned)
	left := d.at
	d.drive(f, 900)
	f.wantRound(t, r.ID, tracker.RoundRunning)
	r, _ = f.Round(r.ID)
	if after := r.Began.Sub(left); after < 0 || after > time.Minute {
		t.Errorf("began %s after the vehicle moved", after)
	}
	f.wantStates(t, stops, departed, departed, departed)
	for i := range stops {
		d.drive(f, 1000*float64(i+1))
		if i == 1 {
			// A kill on the way: it does not begin again.
			f = f.crash(t)
		}
		outcome := []tracker.DeliveryState{delivered, tracker.DeliveryFailed, delivered}[i]
		if _, err := f.MoveDelivery(t.Context(), stops[i].ID, tracker.AnyVersion, outcome, ""); err != nil {
			t.Fatal(err)
		}
	}
	f.staysSo(t, r.ID, tracker.RoundRunning)
	d.drive(f, 0)
	d.stand(f, time.Minute)
	f.wantRound(t, r.ID, tracker.RoundEnded)
	f = f.crash(t)
	f.staysSo(t, r.ID, tracker.RoundEnded)
	if n := f.eventTypes(t)["delivery.departed"]; n != len(stops) {
		t.Errorf("%d departures, want %d", n, len(stops))
	}
}

// A kill between the departure and the start of the round loses neither: what
// came while the server was down counts as well.
func TestRoundBeginsAfterAKill(t *testing.T) {
	f := startWith(t, newFile(t), geofence.Settings{})
	r, _, d := daily(t, f, time.Now().Add(time.Hour))
	d.stand(f, 2*time.Minute)
	d.drive(f, 2000)
	f.staysSo(t, r.ID, tracker.RoundPlanned)
	start := d.at.Add(-time.Minute)
	if _, err := f.ChangeRound(t.Context(), r.ID, tracker.AnyVersion, func(n *tracker.NewRound) error { n.Start = start; return nil }); err != nil {
		t.Fatal(err)
	}
	f = f.crash(t)
	f.wantRound(t, r.ID, tracker.RoundRunning)
}

func TestRoundsThatDoNotBeginByThemselves(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*tracker.NewRound)
		drive  func(*running, *driven)
	}{
		"by hand only":       {func(n *tracker.NewRound) { n.Manual = true }, nil},
		"without a depot":    {func(n *tracker.NewRound) { n.Depot = "" }, nil},
		"without a start":    {func(n *tracker.NewRound) { n.Start = time.Time{} }, nil},
		"without a stop":     {func(n *tracker.NewRound) { n.Stops = nil }, nil},
		"long ago":           {func(n *tracker.NewRound) { n.Start = time.Now().AddDate(0, 0, -1) }, nil},
		"tomorrow":           {func(n *tracker.NewRound) { n.Start = time.Now().AddDate(0, 0, 1) }, nil},
		"never at the depot": {nil, func(f *running, d *driven) { d.x = 5000; d.drive(f, 9000) }},
		"only in the yard":   {nil, func(f *running, d *driven) { d.drive(f, 60); d.drive(f, 0) }},
		"out and back before": {nil, func(f *running, d *driven) {
			d.at = time.Now().Add(-50 * time.Minute)
			d.stand(f, time.Minute)
			d.drive(f, 700)
			d.drive(f, 0)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := startWith(t, newFile(t), geofence.Settings{})
			r, _, d := daily(t, f, time.Now().Add(-25*time.Minute))
			if c.change != nil {
				if _, err := f.ChangeRound(t.Context(), r.ID, tracker.AnyVersion, func(n *tracker.NewRound) error { c.change(n); return nil }); err != nil {
					t.Fatal(err)
				}
			}
			if c.drive == nil {
				d.stand(f, 6*time.Minute)
				d.drive(f, 900)
			} else {
				c.drive(f, d)
			}
			f.staysSo(t, r.ID, tracker.RoundPlanned)
		})
	}
}
