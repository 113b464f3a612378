package tracker_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wayguard/geofence"
	"wayguard/tracker"
)

// A round in the tests goes east along the equator:
//
//	depot ---- stop 0 ---- stop 1 ---- stop 2
//	x = 0      1 km        2 km        3 km
const meter = 1 / 111_195.0 // degrees along the equator

func alongRoad(meters float64) orb.Point { return orb.Point{meters * meter, 0} }

// driven is a vehicle that drives it.
type driven struct {
	t      *testing.T
	device tracker.DeviceID
	at     time.Time
	x      float64
	key    tracker.ReportKey
}

// drive goes to x at 10 m/s and reports every 5 s.
func (d *driven) drive(f *running, x float64) {
	for d.x != x {
		step := math.Copysign(min(50, math.Abs(x-d.x)), x-d.x)
		d.x += step
		d.report(f)
	}
}

// stand stays for some time.
func (d *driven) stand(f *running, during time.Duration) {
	for range int(during / (5 * time.Second)) {
		d.report(f)
	}
}

func (d *driven) report(f *running) {
	d.t.Helper()
	d.at = d.at.Add(5 * time.Second)
	d.key++
	fix := geofence.Fix{Time: geofence.MillisOf(d.at), Point: alongRoad(d.x), AccuracyMeters: 4, Known: geofence.KnownAccuracy}
	err := f.Accept(d.t.Context(), tracker.Report{Device: d.device, Received: d.at, Key: d.key, Fixes: []geofence.Fix{fix}})
	if err != nil {
		d.t.Fatal(err)
	}
}

// plan makes three deliveries, a vehicle with a device and a round.
func plan(t *testing.T, f *running) (r tracker.Round, stops []tracker.Delivery) {
	t.Helper()
	f.device(t, "box")
	ctx := t.Context()
	if _, err := f.Depots().Create(ctx, tracker.Depot{ID: "depot", Point: alongRoad(0)}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Vehicles().Create(ctx, tracker.Vehicle{ID: "van", Devices: []tracker.DeviceID{"box"}}); err != nil {
		t.Fatal(err)
	}
	var ids []tracker.DeliveryID
	for i := range 3 {
		o := order()
		o.Order.Point = alongRoad(1000 * float64(i+1))
		made, _, err := f.CreateDeliveries(ctx, tracker.Once{}, o)
		if err != nil {
			t.Fatal(err)
		}
		stops, ids = append(stops, made[0]), append(ids, made[0].ID)
	}
	r, err := f.CreateRound(ctx, tracker.NewRound{
		Name: "east", Vehicle: "van", Depot: "depot", Stops: ids,
		Route: orb.LineString{alongRoad(0), alongRoad(3000)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return r, stops
}

func (f *running) states(stops []tracker.Delivery) (states []tracker.DeliveryState) {
	for _, s := range stops {
		d, _ := f.Delivery(s.ID)
		states = append(states, d.State)
	}
	return states
}

// wantStates waits until deliveries have followed the events.
func (f *running) wantStates(t *testing.T, stops []tracker.Delivery, want ...tracker.DeliveryState) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !slices.Equal(f.states(stops), want) {
		if time.Now().After(deadline) {
			t.Fatalf("states %v, want %v", f.states(stops), want)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

const (
	created     = tracker.DeliveryCreated
	departed    = tracker.DeliveryDeparted
	approaching = tracker.DeliveryApproaching
	arrived     = tracker.DeliveryArrived
	delivered   = tracker.DeliveryDelivered
	cancelled   = tracker.DeliveryCancelled
)

func TestRoundIsDriven(t *testing.T) {
	f := startWith(t, newFile(t), geofence.Settings{})
	r, stops := plan(t, f)
	if w := f.WorldVersion(); w != 1 {
		t.Errorf("world %d", w)
	}
	f.wantStates(t, stops, created, created, created)
	if _, err := f.StartRound(t.Context(), r.ID, r.Version); err != nil {
		t.Fatal(err)
	}
	f.wantStates(t, stops, departed, departed, departed)
	d := &driven{t: t, device: "box", at: noon}
	d.stand(f, time.Minute)
	d.drive(f, 900)
	f.wantStates(t, stops, approaching, departed, departed)
	d.drive(f, 1000)
	d.stand(f, 2*time.Minute)
	f.wantStates(t, stops, arrived, approaching, departed)
	if _, err := f.MoveDelivery(t.Context(), stops[0].ID, tracker.AnyVersion, delivered, ""); err != nil {
		t.Fatal(err)
	}
	// A kill: the engine goes on where it was, under the same round.
	f = f.crash(t)
	d.drive(f, 2000)
	d.stand(f, 2*time.Minute)
	f.wantStates(t, stops, delivered, arrived, approaching)
	// On without a hand-off; and one is cancelled while the van approaches.
	d.drive(f, 2600)
	f.wantStates(t, stops, delivered, departed, approaching)
	if _, err := f.MoveDelivery(t.Context(), stops[2].ID, tracker.AnyVersion, cancelled, "not wanted"); err != nil {
		t.Fatal(err)
	}
	d.drive(f, 3000)
	d.stand(f, 2*time.Minute)
	f.wantStates(t, stops, delivered, departed, cancelled)
	if _, err := f.EndRound(t.Context(), r.ID, tracker.AnyVersion); err != nil {
		t.Fatal(err)
	}
	f.wantStates(t, stops, delivered, created, cancelled)
	if left, _ := f.Delivery(stops[1].ID); left.Round != "" {
		t.Errorf("still on round %s", left.Round)
	}
	want := []string{"delivery.created", "delivery.changed", "delivery.departed", "delivery.approaching", "delivery.arrived", "stop.begin", "delivery.departed", "stop.end", "delivery.changed"}
	slices.Sort(want)
	if got := f.typesAbout(t, stops[1].ID); !slices.Equal(got, want) {
		t.Errorf("events\n%v, want\n%v", got, want)
	}
	f.checkLog(t)
}

func (f *running) typesAbout(t *testing.T, id tracker.DeliveryID) (types []string) {
	t.Helper()
	events, _, err := f.Events(0, 1000, tracker.EventFilter{Subject: string(id)})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		types = append(types, e.Type)
	}
	slices.Sort(types)
	return types
}

// checkLog tells of events that are there twice, and of gaps.
func (f *running) checkLog(t *testing.T) {
	t.Helper()
	events, _, err := f.Events(0, 10_000, tracker.EventFilter{})
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]uint64)
	for i, e := range events {
		if e.Seq != uint64(i+1) {
			t.Errorf("event %d has the number %d", i+1, e.Seq)
		}
		if at, twice := seen[e.ID]; twice {
			t.Errorf("events %d and %d have the same id: %s of %s", at, e.Seq, e.Type, e.Subject)
		}
		seen[e.ID] = e.Seq
	}
}

func TestRoundIsReplanned(t *testing.T) {
	f := startWith(t, newFile(t), geofence.Settings{})
	r, stops := plan(t, f)
	ctx := t.Context()
	if _, err := f.StartRound(ctx, r.ID, tracker.AnyVersion); err != nil {
		t.Fatal(err)
	}
	f.device(t, "other")
	if _, err := f.Vehicles().Create(ctx, tracker.Vehicle{ID: "bike", Kind: "bike", Devices: []tracker.DeviceID{"other"}}); err != nil {
		t.Fatal(err)
	}
	// The last one goes with another vehicle.
	second, err := f.CreateRound(ctx, tracker.NewRound{Vehicle: "bike", Stops: []tracker.DeliveryID{stops[2].ID}})
	if err != nil {
		t.Fatal(err)
	}
	f.wantStates(t, stops, departed, departed, departed)
	if first, _ := f.Round(r.ID); !slices.Equal(first.Stops, []tracker.DeliveryID{stops[0].ID, stops[1].ID}) {
		t.Errorf("the first round has %v", first.Stops)
	}
	if _, err := f.StartRound(ctx, second.ID, tracker.AnyVersion); err != nil {
		t.Fatal(err)
	}
	bike := &driven{t: t, device: "other", at: noon, x: 2000}
	bike.drive(f, 3000)
	bike.stand(f, 2*time.Minute)
	f.wantStates(t, stops, departed, departed, arrived)
	// The van breaks down after the first stop; the bike's second tracker's
	// vehicle takes over.
	van := &driven{t: t, device: "box", at: noon}
	van.drive(f, 1000)
	van.stand(f, 2*time.Minute)
	f.wantStates(t, stops, arrived, approaching, arrived)
	if _, err := f.MoveDelivery(ctx, stops[0].ID, tracker.AnyVersion, delivered, ""); err != nil {
		t.Fatal(err)
	}
	_, err = f.ChangeRound(ctx, r.ID, tracker.AnyVersion, func(n *tracker.NewRound) error { n.Vehicle = "bike"; return nil })
	if !errors.Is(err, tracker.ErrBusy) {
		t.Errorf("a vehicle on two rounds: %v", err)
	}
	if _, err := f.EndRound(ctx, second.ID, tracker.AnyVersion); err != nil {
		t.Fatal(err)
	}
	if _, err = f.ChangeRound(ctx, r.ID, tracker.AnyVersion, func(n *tracker.NewRound) error { n.Vehicle = "bike"; return nil }); err != nil {
		t.Fatal(err)
	}
	f = f.crash(t)
	bike.drive(f, 2000)
	bike.stand(f, 2*time.Minute)
	f.wantStates(t, stops, delivered, arrived, created)
	f.checkLog(t)
}

func TestRoundsRefused(t *testing.T) {
	f := start(t, newFile(t))
	r, stops := plan(t, f)
	ctx := t.Context()
	seq, world := f.LastSeq(), f.WorldVersion()
	for member, n := range map[string]tracker.NewRound{
		"vehicle":    {Vehicle: "none"},
		"driver":     {Driver: "none"},
		"depot":      {Depot: "none"},
		"stops":      {Stops: []tracker.DeliveryID{stops[0].ID, stops[0].ID}},
		"route":      {Route: orb.LineString{alongRoad(0)}},
		"corridor_m": {CorridorMeters: -1},
	} {
		var wrong *tracker.MemberError
		if _, err := f.CreateRound(ctx, n); !errors.As(err, &wrong) || wrong.Member != member {
			t.Errorf("%s: %v", member, err)
		}
	}
	if _, err := f.ChangeRound(ctx, r.ID, r.Version+1, func(*tracker.NewRound) error { return nil }); !errors.Is(err, tracker.ErrStale) {
		t.Errorf("stale: %v", err)
	}
	if _, err := f.EndRound(ctx, "none", 0); !errors.Is(err, tracker.ErrNotFound) {
		t.Errorf("unknown: %v", err)
	}
	if _, err := f.Vehicles().Create(ctx, tracker.Vehicle{ID: "second", Devices: []tracker.DeviceID{"box"}}); !errors.Is(err, tracker.ErrBadInput) {
		t.Errorf("a device in two vehicles: %v", err)
	}
	if f.LastSeq() != seq || f.WorldVersion() != world {
		t.Error("a refused change changed something")
	}
	if _, err := f.StartRound(ctx, r.ID, tracker.AnyVersion); err != nil {
		t.Fatal(err)
	}
	if err := f.Vehicles().Remove(ctx, "van", tracker.AnyVersion); !errors.Is(err, tracker.ErrBadInput) {
		t.Errorf("removed a vehicle that is under way: %v", err)
	}
}

// What a driver and a route tell of people stays sealed.
func TestRoundsInPlain(t *testing.T) {
	f := start(t, newFile(t))
	driver, err := f.Drivers().Create(t.Context(), tracker.Driver{Person: tracker.Person{Name: secretName, Phone: "+49 151 2345678"}})
	if err != nil {
		t.Fatal(err)
	}
	r, _ := plan(t, f)
	if _, err := f.ChangeRound(t.Context(), r.ID, tracker.AnyVersion, func(n *tracker.NewRound) error { n.Driver = driver.ID; return nil }); err != nil {
		t.Fatal(err)
	}
	if _, err := f.StartRound(t.Context(), r.ID, tracker.AnyVersion); err != nil {
		t.Fatal(err)
	}
	again := f.crash(t)
	if kept, ok := again.Round(r.ID); !ok || len(kept.Route) != 2 || kept.Driver != driver.ID {
		t.Errorf("kept %+v", kept)
	}
	if kept, ok := again.Drivers().Get(driver.ID); !ok || kept.Phone != "+491512345678" {
		t.Errorf("kept %+v", kept)
	}
	f.stop()
	f.wantNowhere(t, secretName, "1512345678", secretAddress, fmt.Sprintf("%.9f", alongRoad(3000)[0]), fmt.Sprint(alongRoad(1000)[0]))
}

// Without a start that is known, the breaks are those around the round.
func TestInABreakAVehicleMayStandAnywhere(t *testing.T) {
	for name, breaks := range map[string][]tracker.Hours{
		"no break": nil,
		"a break":  {{From: "00:00", To: "12:00"}, {From: "12:00", To: "00:00"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := startWith(t, newFile(t), geofence.Settings{})
			r, _ := plan(t, f)
			_, err := f.Depots().Change(t.Context(), "depot", tracker.AnyVersion, func(d *tracker.Depot) error {
				d.Breaks = breaks
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.StartRound(t.Context(), r.ID, tracker.AnyVersion); err != nil {
				t.Fatal(err)
			}
			d := &driven{t: t, device: "box", at: time.Now().Add(-2 * time.Hour)}
			d.drive(f, 500)
			d.stand(f, time.Hour)
			d.drive(f, 900)
			events, _, err := f.Events(0, 1000, tracker.EventFilter{})
			if err != nil {
				t.Fatal(err)
			}
			found := slices.ContainsFunc(events, func(e tracker.Event) bool { return e.Type == "stop.unplanned" })
			if found != (breaks == nil) {
				t.Errorf("stop.unplanned: %v", found)
			}
		})
	}
}
