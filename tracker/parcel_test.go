package tracker_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"wayguard/geofence"
	"wayguard/tracker"
)

// tagged makes a parcel with a tracker for each stop of a round and starts the
// round: parcel tag-0 with the device of that name, and so on.
func tagged(t *testing.T, f *running) (r tracker.Round, stops []tracker.Delivery) {
	t.Helper()
	r, stops = plan(t, f)
	for i, s := range stops {
		id := fmt.Sprintf("tag-%d", i)
		f.device(t, tracker.DeviceID(id))
		if _, err := f.Parcels().Create(t.Context(), tracker.Parcel{ID: id, Devices: []tracker.DeviceID{tracker.DeviceID(id)}}); err != nil {
			t.Fatal(err)
		}
		_, err := f.ChangeOrder(t.Context(), s.ID, tracker.AnyVersion, func(o *tracker.Order) error { o.Parcels = []string{id}; return nil })
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := f.StartRound(t.Context(), r.ID, tracker.AnyVersion); err != nil {
		t.Fatal(err)
	}
	return r, stops
}

// pair is a vehicle and the tracker of a parcel: they report every 5 s.
type pair struct {
	van, tag driven
	apart    bool // the parcel does not go with the van
}

func newPair(t *testing.T, at time.Time, tag tracker.DeviceID) *pair {
	return &pair{van: driven{t: t, device: "box", at: at}, tag: driven{t: t, device: tag, at: at}}
}

func (p *pair) stand(f *running, during time.Duration) {
	for range int(during / (5 * time.Second)) {
		p.van.report(f)
		p.tag.report(f)
	}
}

// drive goes to x at 10 m/s.
func (p *pair) drive(f *running, x float64) {
	for p.van.x < x {
		p.van.x = min(x, p.van.x+50)
		if !p.apart {
			p.tag.x = p.van.x
		}
		p.van.report(f)
		p.tag.report(f)
	}
}

// told are the events of parcels and drops, in order, in short.
func (f *running) told(t *testing.T) (lines []string) {
	t.Helper()
	events, _, err := f.Events(0, 100_000, tracker.EventFilter{})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if strings.HasPrefix(e.Type, "parcel.") || strings.HasPrefix(e.Type, "drop.") || strings.HasPrefix(e.Type, "event.") {
			lines = append(lines, fmt.Sprintf("%s %s %s %s", e.Device, e.Type, e.Subject, e.Time.Sub(noon)))
		}
	}
	return lines
}

func (f *running) wantTold(t *testing.T, want ...string) {
	t.Helper()
	if got := f.told(t); !slices.Equal(got, want) {
		t.Fatalf("told\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestParcelsAreKept(t *testing.T) {
	f := start(t, newFile(t))
	ctx := t.Context()
	f.device(t, "tag")
	f.device(t, "box")
	if _, err := f.Vehicles().Create(ctx, tracker.Vehicle{ID: "van", Devices: []tracker.DeviceID{"box"}}); err != nil {
		t.Fatal(err)
	}
	p, err := f.Parcels().Create(ctx, tracker.Parcel{ID: "one", Barcode: "P1", Devices: []tracker.DeviceID{"tag"}})
	if err != nil {
		t.Fatal(err)
	}
	for member, wrong := range map[string]tracker.Parcel{
		"barcode":   {ID: "two", Barcode: "P1"},
		"devices":   {ID: "two", Devices: []tracker.DeviceID{"tag"}},
		"sent_with": {ID: "two", SentWith: "none"},
	} {
		var refused *tracker.MemberError
		if _, err := f.Parcels().Create(ctx, wrong); !errors.As(err, &refused) || refused.Member != member {
			t.Errorf("%s: %v", member, err)
		}
	}
	for _, wrong := range []tracker.DeviceID{"none", "box"} {
		if _, err := f.Parcels().Create(ctx, tracker.Parcel{ID: "two", Devices: []tracker.DeviceID{wrong}}); !errors.Is(err, tracker.ErrBadInput) {
			t.Errorf("device %s: %v", wrong, err)
		}
	}
	if _, err := f.Vehicles().Create(ctx, tracker.Vehicle{ID: "bike", Devices: []tracker.DeviceID{"tag"}}); !errors.Is(err, tracker.ErrBadInput) {
		t.Errorf("a parcel's tracker in a vehicle: %v", err)
	}
	if s := f.ParcelStanding(p); s != (tracker.ParcelStanding{State: tracker.ParcelWaiting}) {
		t.Errorf("it stands at %+v", s)
	}
	d := deliver(t, f) // of P1 and P2
	if s := f.ParcelStanding(p); s.State != tracker.ParcelWaiting || s.Delivery != d.ID {
		t.Errorf("ordered, it stands at %+v", s)
	}
	if p, err = f.Parcels().Change(ctx, "one", p.Version, func(p *tracker.Parcel) error { p.SentWith = "van"; return nil }); err != nil {
		t.Fatal(err)
	}
	f = f.crash(t)
	p, ok := f.ParcelByBarcode("P1")
	if s := f.ParcelStanding(p); !ok || s.State != tracker.ParcelAboard || s.Vehicle != "van" {
		t.Errorf("sent with a van, it stands at %+v", s)
	}
	if w := f.World().Device("tag"); w.Carrier != "box" || w.Destination != "" {
		t.Errorf("the engine knows %+v", w)
	}
	if err := f.Vehicles().Remove(ctx, "van", tracker.AnyVersion); !errors.Is(err, tracker.ErrBadInput) {
		t.Errorf("removed a vehicle with a parcel in it: %v", err)
	}
	if err := f.Parcels().Remove(ctx, "one", tracker.AnyVersion); err != nil {
		t.Fatal(err)
	}
	if _, ok := f.ParcelOfDevice("tag"); ok || f.World().Device("tag").Carrier != "" {
		t.Error("it is still there")
	}
}

// What the engine knows of devices follows the round, and survives a kill.
func TestErrandsFollowTheRound(t *testing.T) {
	f := startWith(t, newFile(t), geofence.Settings{})
	r, stops := tagged(t, f)
	want := func(when string, tag int, carrier string, destination tracker.DeliveryID) {
		t.Helper()
		for name, f := range map[string]*running{"running": f, "killed": f.crash(t)} {
			d := f.World().Device(geofence.DeviceID(fmt.Sprintf("tag-%d", tag)))
			if string(d.Carrier) != carrier || string(d.Destination) != string(destination) {
				t.Errorf("%s, %s: tag-%d has %+v", when, name, tag, d)
			}
		}
	}
	want("under way", 1, "box", stops[1].ID)
	if d := f.World().Device("box"); d.MaxSpeedMPS != 70 {
		t.Errorf("the van: %+v", d)
	}
	if _, err := f.MoveDelivery(t.Context(), stops[1].ID, tracker.AnyVersion, cancelled, "not wanted"); err != nil {
		t.Fatal(err)
	}
	want("cancelled, still aboard", 1, "box", "")
	if _, err := f.MoveDelivery(t.Context(), stops[0].ID, tracker.AnyVersion, delivered, ""); err != nil {
		t.Fatal(err)
	}
	want("delivered", 0, "", "")
	p, _ := f.Parcel("tag-0")
	if s := f.ParcelStanding(p); s.State != tracker.ParcelDelivered || s.Vehicle != "" || s.Delivery != stops[0].ID {
		t.Errorf("delivered: %+v", s)
	}
	if _, err := f.EndRound(t.Context(), r.ID, tracker.AnyVersion); err != nil {
		t.Fatal(err)
	}
	want("over", 1, "", "")
	want("over", 2, "", "")
	if f.World().Carries() || f.World().Device("box").MaxSpeedMPS != 0 {
		t.Error("the round is over, but not for the engine")
	}
}

// A parcel that is taken off its van is told of once, by name, whenever the
// server is killed, and told of again when it is back.
func TestParcelIsTakenOffItsVan(t *testing.T) {
	f := startWith(t, newFile(t), geofence.Settings{})
	_, stops := tagged(t, f)
	p := newPair(t, noon, "tag-2")
	p.stand(f, time.Minute)
	p.drive(f, 1500)
	p.apart = true
	p.drive(f, 1700)
	f = f.crash(t)
	p.drive(f, 2800)
	f = f.crash(t)
	want := "tag-2 parcel.separated box 3m40s"
	f.wantTold(t, want)
	f.wantParcelAlert(t, "parcel.separated", stops[2].ID)
	events, _, err := f.Events(0, 1000, tracker.EventFilter{Type: "parcel.separated"})
	var said struct{ Parcel, Barcode, Delivery string }
	if err != nil || json.Unmarshal(events[0].Detail, &said) != nil || said.Parcel != "tag-2" || said.Barcode != "tag-2" || said.Delivery != string(stops[2].ID) {
		t.Errorf("it says %s", events[0].Detail)
	}
	// Somebody brings it after the van, which waits.
	for p.tag.x < p.van.x {
		p.tag.x += 50
		p.van.report(f)
		p.tag.report(f)
	}
	p.stand(f, time.Minute)
	f.wantTold(t, want, "tag-2 parcel.reunited box 7m50s")
	f.wantTold(t, f.crash(t).told(t)...)
}

func (f *running) wantParcelAlert(t *testing.T, typ string, id tracker.DeliveryID) (found tracker.Alert) {
	t.Helper()
	f.eventually(t, "alert "+typ, func() bool {
		for _, a := range f.Alerts([]tracker.AlertState{tracker.AlertOpen}, 0, 100) {
			if a.Type == typ && a.Delivery == id {
				found = a
				return true
			}
		}
		return false
	})
	return found
}

func (f *running) eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	deadline := time.Now().Add(15 * time.Second)
	for !is() {
		if time.Now().After(deadline) {
			t.Fatalf("%s does not come", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// Where a parcel is handed over, its own tracker says where; the van going on is
// no separation.
func TestParcelIsHandedOver(t *testing.T) {
	for name, c := range map[string]struct {
		door   float64 // where the parcel is left, the stop being at 1000 m
		silent bool    // the parcel's tracker says nothing from the stop on
		want   tracker.PositionVerdict
		told   []string
	}{
		"at the door":            {1000, false, tracker.PositionConfirmed, []string{"tag-0 drop.confirmed"}},
		"at a wrong door":        {1150, false, tracker.PositionWrong, []string{"tag-0 drop.wrong_address"}},
		"by a tracker not heard": {1000, true, tracker.PositionConfirmed, []string{"box drop.confirmed"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := startWith(t, newFile(t), geofence.Settings{})
			_, stops := tagged(t, f)
			p := newPair(t, recently(), "tag-0")
			p.stand(f, time.Minute)
			p.drive(f, 1000)
			p.stand(f, time.Minute)
			if c.silent {
				p.van.stand(f, 4*time.Minute)
			}
			p.tag.x, p.apart = c.door, true
			stay := func(during time.Duration) {
				for range int(during / (5 * time.Second)) {
					p.van.report(f)
					if !c.silent {
						p.tag.report(f)
					}
				}
			}
			stay(50 * time.Second)
			if _, err := f.HandOff(t.Context(), stops[0].ID, tracker.AnyVersion, tracker.Handoff{Time: p.van.at}); err != nil {
				t.Fatal(err)
			}
			f.wantPosition(t, stops[0].ID, c.want)
			for range 40 {
				p.van.x += 50
				stay(5 * time.Second)
			}
			var told []string
			for _, line := range f.told(t) {
				told = append(told, strings.Join(strings.Fields(line)[:2], " "))
			}
			if !slices.Equal(told, c.told) {
				t.Errorf("told %q, want %q", told, c.told)
			}
			if got := f.typesAbout(t, stops[0].ID); slices.Contains(got, "route.stop_skipped") {
				t.Errorf("the stop counts as skipped: %v", got)
			}
			f.checkLog(t)
		})
	}
}

// A parcel that the van leaves at its stop, though nobody says so, is judged by
// its tracker.
func TestParcelIsLeftWithoutAWord(t *testing.T) {
	f := startWith(t, newFile(t), geofence.Settings{})
	_, stops := tagged(t, f)
	p := newPair(t, noon, "tag-0")
	p.stand(f, time.Minute)
	p.drive(f, 1000)
	p.stand(f, 3*time.Minute)
	p.apart = true
	p.drive(f, 2000)
	f.wantTold(t, "tag-0 drop.confirmed "+string(stops[0].ID)+" 5m50s")
}
