package geofence

import (
	"slices"
	"testing"

	"github.com/paulmach/orb"
)

// The vehicle left at second 0; now it is some seconds later, the vehicle so far
// away, and the parcel "at" so many metres from its stop, where it stands since
// a second, if it does.
func TestParcelsLeft(t *testing.T) {
	at := func(east float64) Place { return Place{Point: eastOf(door, east)} }
	round := Round{
		ID: "r", Devices: []DeviceID{"van"}, Stops: []Stop{exactly("s", 0), exactly("s2", 2000)},
		Depots: []Depot{{ID: "yard", Place: at(-5000)}},
	}
	w, err := newWorld(t, Settings{}).WithRounds(2, []Round{round}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if w, err = w.WithAddresses(3, []Address{addressAt("n", 30), addressAt("far", 300)}, nil); err != nil {
		t.Fatal(err)
	}
	w = w.WithDevices(4, []Device{{ID: "parcel", Carrier: "van", Destination: "s"}, {ID: "lost", Carrier: "van", Destination: "none"}}, nil)
	for _, c := range []struct {
		name     string
		device   DeviceID
		second   Millis
		distance float64
		at, u    float64
		since    Millis // seconds; 1 for moving
		told     bool   // that they are separated
		want     []EventType
		says     string // likely or reason
		settled  bool
	}{
		{"at its stop", "parcel", 70, 200, 1, 5, -120, false, []EventType{DropConfirmed}, "", true},
		{"carried to the door meanwhile", "parcel", 150, 200, 1, 5, 60, false, []EventType{DropConfirmed}, "", true},
		{"at the neighbour's, the van near", "parcel", 70, 200, 30, 5, -120, false, nil, "", false},
		{"at the neighbour's, the van far", "parcel", 70, 600, 30, 5, -120, false, []EventType{DropWrongAddress}, "n", true},
		{"at the neighbour's, the van long gone", "parcel", 301, 200, 30, 5, -120, false, []EventType{DropWrongAddress}, "n", true},
		{"at another stop", "parcel", 301, 900, 2000, 5, -120, true, []EventType{DropWrongAddress}, "s2", true},
		{"at nobody's", "parcel", 301, 900, 700, 5, -120, true, nil, "", true},
		{"at a door that nobody knows of", "parcel", 301, 900, 140, 5, -120, true, []EventType{DropWrongAddress}, "", true},
		{"at a door near another stop", "parcel", 301, 900, 1900, 5, -120, true, []EventType{DropWrongAddress}, "", true},
		{"at a known address", "parcel", 301, 900, 305, 5, -120, true, []EventType{DropWrongAddress}, "far", true},
		{"on the street before one", "parcel", 301, 900, 360, 5, -120, true, nil, "", true},
		{"too coarse to tell yet", "parcel", 70, 200, 10, 40, -120, false, nil, "", false},
		{"too coarse to tell", "parcel", 301, 200, 10, 40, -120, false, []EventType{DropUnverifiable}, "poor_accuracy", true},
		{"stood at the kerb, carried to the door", "parcel", 70, 600, 1, 5, -121, false, nil, "", false},
		{"stood at the kerb, never clear", "parcel", 301, 600, 1, 5, -121, false, []EventType{DropUnverifiable}, "ambiguous", true},
		{"left in the depot", "parcel", 301, 900, -5050, 5, -120, true, nil, "", true},
		{"left in the depot, not told", "parcel", 301, 900, -5050, 5, -120, false, []EventType{Separated}, "", true},
		{"taken elsewhere", "parcel", 900, 900, 300, 5, 700, true, nil, "", true},
		{"on its way, taken", "parcel", 200, 900, 400, 5, 1, false, []EventType{Separated}, "", false},
		{"on its way, told", "parcel", 200, 900, 400, 5, 1, true, nil, "", false},
		{"at its stop, moved about", "parcel", 200, 900, 10, 5, 1, false, nil, "", false},
		{"at its stop, never at rest", "parcel", 301, 900, 10, 5, 1, false, []EventType{DropUnverifiable}, "no_stay", true},
		{"meant for nowhere any more", "lost", 70, 200, 1, 5, -120, false, nil, "", true},
	} {
		s := NewState(c.device)
		s.seen, s.last = true, Fix{Time: c.second * 1000, Point: eastOf(door, c.at)}
		s.follow(w)
		s.escort = escort{carrier: "van", pairing: pairState{bond: parted, left: mark{0, eastOf(door, c.at), c.u}, distance: c.distance}}
		if c.told {
			s.escort.pairing.episode = s.newEpisode()
		}
		st := stayOf(c.at, c.u)
		st.since, st.until = c.since*1000, c.second*1000
		if c.since == -121 { // in which most of the stay was at the kerb
			st.center = newSpot(eastOf(door, 40))
		}
		g := sighting{spot: newSpot(eastOf(door, c.at)), time: c.second * 1000, uncertainty: c.u}
		events := s.resolveBy(w, g, st, c.since != 1, nil)
		var got []EventType
		for _, e := range events {
			got = append(got, e.Type)
			f := &e.Facts
			if e.Time != 0 || e.Type != Separated && (f.Text("handoff") != "implied" || f.Text("likely")+f.Text("reason") != c.says) {
				t.Errorf("%s: %+v", c.name, e)
			}
		}
		if !slices.Equal(got, c.want) || s.escort.pairing.settled != c.settled {
			t.Errorf("%s: %v, settled %v", c.name, got, s.escort.pairing.settled)
		}
		checkForm(t, &s)
		if again := s.resolve(w, g, nil); c.settled && len(again) != 0 {
			t.Errorf("%s: again %s", c.name, names(again))
		}
	}
}

// A parcel that is left at its stop is not called separated, and has one
// verdict; one that is left before, at an earlier stop, is separated. One that
// was fetched again may be left again.
func TestParcelLeftAtItsStop(t *testing.T) {
	here, later := exactly("here", 3000), exactly("later", 9000)
	for run := range 5 {
		random, seed := seeded(run)
		for _, c := range []struct {
			destination StopID
			separated   bool
		}{{"here", false}, {"later", true}, {"none", true}} {
			w := pairWorld(t, c.destination, here, later)
			s := NewState("parcel")
			events := feed(w, &s, record(random, leftBehind, 2400, 10, 10, 5))
			counts := map[EventType]int{}
			for _, e := range events {
				counts[e.Type]++
			}
			drops := counts[DropConfirmed] + counts[DropUnverifiable]
			if counts[Separated] == 1 != c.separated || !c.separated && (drops != 1 || len(events) != 1) || c.separated && drops != 0 {
				t.Errorf("seed %d, for %s: %s", seed, c.destination, names(events))
			}
		}
		w := pairWorld(t, "here", here, later)
		s := NewState("parcel")
		if events := feed(w, &s, record(random, fetched, 2400, 10, 10, 5)); len(events) != 1 {
			t.Errorf("seed %d, fetched: %s", seed, names(events))
		}
	}
}

// A parcel that lies at nobody's door is separated and nothing more, until
// somebody says that it was handed over.
func TestParcelLiesNowhere(t *testing.T) {
	x := scene{stops: []Stop{exactly("s", 0)}, device: Device{Carrier: "van", Destination: "s"}}
	w, s := x.build(t, Settings{})
	s.escort.with("van")
	s.escort.pairing = pairState{bond: parted, left: mark{0, eastOf(door, 700), 5}, distance: 900, episode: s.newEpisode()}
	st := stayOf(700, 5)
	st.since, st.until = 0, 301_000
	g := sighting{spot: newSpot(eastOf(door, 700)), time: 301_000, uncertainty: 5}
	if events := s.resolveBy(w, g, st, true, nil); len(events) != 0 || !s.escort.pairing.settled {
		t.Errorf("%s, settled %v", names(events), s.escort.pairing.settled)
	}
	Deliver(w, s, Handoff{Time: 302_000, Stop: "s", Noted: true}, nil)
	if s.escort.pairing.settled {
		t.Fatal("the hand-off left it settled")
	}
	events := s.resolveBy(w, g, st, true, nil)
	if len(events) != 1 || events[0].Type != DropWrongAddress {
		t.Errorf("handed over: %s", names(events))
	}
}

// A hand-off that told the same, before the vehicle left, leaves nothing to say.
func TestHandoffThenDeparture(t *testing.T) {
	for _, c := range []struct {
		handoff float64 // where the device stayed at the hand-off
		want    []EventType
	}{
		{0, []EventType{DropConfirmed}},
		{30, []EventType{DropWrongAddress, DropConfirmed}},
	} {
		x := scene{stops: []Stop{exactly("s", 0)}, addresses: []Address{addressAt("n", 30)}, device: Device{Carrier: "van", Destination: "s"}}
		w, s := x.build(t, Settings{})
		s.escort.with("van")
		events := s.tellDrop(w, handover{Handoff: Handoff{Time: -1, Stop: "s"}, stay: stayOf(c.handoff, 5)}, nil)
		s.escort.pairing = pairState{bond: parted, left: mark{0, orb.Point{}, 5}}
		events = s.resolveBy(w, sighting{spot: door, time: 70_000, uncertainty: 5}, stayOf(0, 5), true, events)
		var got []EventType
		for _, e := range events {
			got = append(got, e.Type)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%g m: %v", c.handoff, got)
		}
	}
}
