package tracker_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"wayguard/geofence"
	"wayguard/tracker"
)

// convoy are vehicles and trackers that report together, every 5 s, each where
// it is.
type convoy struct {
	at      time.Time
	members map[tracker.DeviceID]*driven
}

func newConvoy(t *testing.T, at time.Time, devices ...tracker.DeviceID) *convoy {
	c := &convoy{at: at, members: make(map[tracker.DeviceID]*driven)}
	for _, id := range devices {
		c.members[id] = &driven{t: t, device: id, at: at}
	}
	return c
}

// go brings some devices to x at 10 m/s; the others stay.
func (c *convoy) drive(f *running, x float64, devices ...tracker.DeviceID) {
	for c.members[devices[0]].x != x {
		for _, id := range devices {
			m := c.members[id]
			m.x += max(-50, min(50, x-m.x))
		}
		c.report(f)
	}
}

func (c *convoy) stand(f *running, during time.Duration) {
	for range int(during / (5 * time.Second)) {
		c.report(f)
	}
}

func (c *convoy) report(f *running) {
	for _, id := range slices.Sorted(func(yield func(tracker.DeviceID) bool) {
		for id := range c.members {
			if !yield(id) {
				return
			}
		}
	}) {
		c.members[id].report(f)
	}
	c.at = c.at.Add(5 * time.Second)
}

// second makes a vehicle beside the van.
func (f *running) second(t *testing.T) {
	t.Helper()
	f.device(t, "other")
	if _, err := f.Vehicles().Create(t.Context(), tracker.Vehicle{ID: "bike", Kind: "bike", Devices: []tracker.DeviceID{"other"}}); err != nil {
		t.Fatal(err)
	}
}

// alarms are the types of all alerts, and of corrections.
func (f *running) alarms(t *testing.T) (types []string) {
	t.Helper()
	f.settled(t)
	for _, a := range f.Alerts(nil, 0, 1000) {
		types = append(types, a.Type)
	}
	events, _, err := f.Events(0, 100_000, tracker.EventFilter{})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if strings.HasPrefix(e.Type, "event.") {
			types = append(types, e.Type)
		}
	}
	slices.Sort(types)
	return types
}

// settled waits until nothing more follows from the events: deliveries and alerts
// that change tell of it, or are read within milliseconds.
func (f *running) settled(t *testing.T) {
	t.Helper()
	for before := uint64(0); before != f.LastSeq(); {
		before = f.LastSeq()
		time.Sleep(300 * time.Millisecond)
	}
}

func (f *running) wantAlarms(t *testing.T, want ...string) {
	t.Helper()
	if got := f.alarms(t); !slices.Equal(got, want) {
		t.Errorf("alerts %v, want %v", got, want)
	}
}

// A vehicle breaks down between two stops; another takes its parcels over.
func TestVehicleIsSwappedInMidRound(t *testing.T) {
	f := startWith(t, newFile(t), geofence.Settings{})
	r, stops := tagged(t, f)
	f.second(t)
	c := newConvoy(t, recently(), "box", "other", "tag-0", "tag-1", "tag-2")
	c.members["other"].x = 1500
	c.stand(f, time.Minute)
	c.drive(f, 1000, "box", "tag-0", "tag-1", "tag-2")
	c.stand(f, 2*time.Minute)
	if _, err := f.HandOff(t.Context(), stops[0].ID, tracker.AnyVersion, tracker.Handoff{Time: c.at}); err != nil {
		t.Fatal(err)
	}
	c.stand(f, 10*time.Second)
	f.wantPosition(t, stops[0].ID, tracker.PositionConfirmed)
	c.drive(f, 1500, "box", "tag-1", "tag-2")
	_, err := f.ChangeRound(t.Context(), r.ID, tracker.AnyVersion, func(n *tracker.NewRound) error { n.Vehicle = "bike"; return nil })
	if err != nil {
		t.Fatal(err)
	}
	c.stand(f, time.Minute)
	f = f.crash(t)
	c.drive(f, 2000, "other", "tag-1", "tag-2")
	c.stand(f, 2*time.Minute)
	f.wantStates(t, stops, delivered, arrived, approaching)
	c.drive(f, 3000, "other", "tag-1", "tag-2")
	c.stand(f, 2*time.Minute)
	f.wantStates(t, stops, delivered, departed, arrived)
	f.wantAlarms(t)
	if w := f.World().Device("tag-1"); w.Carrier != "other" {
		t.Errorf("tag-1 is in %q", w.Carrier)
	}
	f.checkLog(t)
}

// A parcel goes on with another vehicle, as dispatch says before; and as
// dispatch says only when it has been missed, which ends the alert.
func TestParcelMovesToAnotherVehicle(t *testing.T) {
	for name, before := range map[string]bool{"said before": true, "said after": false} {
		t.Run(name, func(t *testing.T) {
			f := startWith(t, newFile(t), geofence.Settings{})
			_, stops := tagged(t, f)
			f.second(t)
			move := func() {
				second, err := f.CreateRound(t.Context(), tracker.NewRound{Vehicle: "bike", Stops: []tracker.DeliveryID{stops[2].ID}})
				if err != nil {
					t.Fatal(err)
				}
				if _, err := f.StartRound(t.Context(), second.ID, tracker.AnyVersion); err != nil {
					t.Fatal(err)
				}
			}
			c := newConvoy(t, noon, "box", "other", "tag-0", "tag-1", "tag-2")
			c.members["other"].x = 500
			c.stand(f, time.Minute)
			c.drive(f, 500, "box", "tag-0", "tag-1", "tag-2")
			if before {
				move()
			}
			c.stand(f, time.Minute)
			f = f.crash(t)
			c.drive(f, 3000, "other", "tag-2")
			c.stand(f, 2*time.Minute)
			if before {
				f.wantStates(t, stops, approaching, departed, arrived)
				f.wantAlarms(t)
				return
			}
			f.wantTold(t, "tag-2 parcel.separated box 3m0s")
			f.wantAlert(t, "parcel.separated", tracker.AlertOpen)
			move()
			if a := f.wantAlert(t, "parcel.separated", tracker.AlertResolved); a.By != "system" {
				t.Errorf("resolved by %s", a.By)
			}
		})
	}
}

// A delivery is cancelled while the van approaches: it does not arrive, and its
// parcel stays aboard.
func TestCancelledOnTheWay(t *testing.T) {
	f := startWith(t, newFile(t), geofence.Settings{})
	_, stops := tagged(t, f)
	c := newConvoy(t, noon, "box", "tag-0", "tag-1", "tag-2")
	c.stand(f, time.Minute)
	c.drive(f, 900, "box", "tag-0", "tag-1", "tag-2")
	f.wantStates(t, stops, approaching, departed, departed)
	if _, err := f.MoveDelivery(t.Context(), stops[0].ID, tracker.AnyVersion, cancelled, "not wanted"); err != nil {
		t.Fatal(err)
	}
	f = f.crash(t)
	// By chance it stops there all the same.
	c.drive(f, 1000, "box", "tag-0", "tag-1", "tag-2")
	c.stand(f, 2*time.Minute)
	c.drive(f, 2000, "box", "tag-0", "tag-1", "tag-2")
	c.stand(f, 2*time.Minute)
	f.wantStates(t, stops, cancelled, arrived, approaching)
	f.wantAlarms(t)
	f.wantTold(t)
	if p, _ := f.Parcel("tag-0"); f.ParcelStanding(p).State != tracker.ParcelAboard {
		t.Errorf("its parcel is %s", f.ParcelStanding(p).State)
	}
}

// Two deliveries go to one address: one stay serves both, and both parcels have
// their verdict.
func TestTwoStopsAtOneAddress(t *testing.T) {
	f := startWith(t, newFile(t), geofence.Settings{})
	_, stops := tagged(t, f)
	_, err := f.ChangeOrder(t.Context(), stops[1].ID, tracker.AnyVersion, func(o *tracker.Order) error { o.Point = alongRoad(1000); return nil })
	if err != nil {
		t.Fatal(err)
	}
	c := newConvoy(t, recently(), "box", "tag-0", "tag-1", "tag-2")
	c.stand(f, time.Minute)
	c.drive(f, 1000, "box", "tag-0", "tag-1", "tag-2")
	c.stand(f, 2*time.Minute)
	f.wantStates(t, stops, arrived, arrived, approaching)
	for _, s := range stops[:2] {
		if _, err := f.HandOff(t.Context(), s.ID, tracker.AnyVersion, tracker.Handoff{Time: c.at}); err != nil {
			t.Fatal(err)
		}
	}
	c.stand(f, 10*time.Second)
	f.wantPosition(t, stops[0].ID, tracker.PositionConfirmed)
	f.wantPosition(t, stops[1].ID, tracker.PositionConfirmed)
	c.drive(f, 3000, "box", "tag-2")
	c.stand(f, 2*time.Minute)
	f.wantStates(t, stops, delivered, delivered, arrived)
	f.wantAlarms(t)
}

// A round is planned anew while it runs: the last stop comes before the second
// one, and nothing counts as left out.
func TestReplannedOnTheWay(t *testing.T) {
	f := startWith(t, newFile(t), geofence.Settings{})
	r, stops := tagged(t, f)
	c := newConvoy(t, noon, "box", "tag-0", "tag-1", "tag-2")
	c.stand(f, time.Minute)
	c.drive(f, 1000, "box", "tag-0", "tag-1", "tag-2")
	c.stand(f, 2*time.Minute)
	f.wantStates(t, stops, arrived, approaching, departed)
	if _, err := f.MoveDelivery(t.Context(), stops[0].ID, tracker.AnyVersion, delivered, ""); err != nil {
		t.Fatal(err)
	}
	_, err := f.ChangeRound(t.Context(), r.ID, tracker.AnyVersion, func(n *tracker.NewRound) error {
		n.Stops = []tracker.DeliveryID{stops[0].ID, stops[2].ID, stops[1].ID}
		n.Route = append(slices.Clone(n.Route), alongRoad(1900))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	f = f.crash(t)
	c.drive(f, 3000, "box", "tag-1", "tag-2")
	c.stand(f, 2*time.Minute)
	f.wantStates(t, stops, delivered, approaching, arrived)
	c.drive(f, 2000, "box", "tag-1")
	c.stand(f, 2*time.Minute)
	// The van left tag-2 at its stop, though nobody said so.
	f.wantStates(t, stops, delivered, arrived, departed)
	f.wantTold(t, "tag-2 drop.confirmed "+string(stops[2].ID)+" 10m10s")
	f.wantAlarms(t)
}
