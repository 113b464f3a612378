package geofence

import (
	"math/rand/v2"
	"testing"
)

// delivery is a device that drives up, stays with recorded errors and hands
// over.
func (x trial) delivery(t testing.TB, w *World, planned, door Address, pieces []wander, random *rand.Rand) Event {
	t.Helper()
	stop := Stop{ID: "s", Place: planned.Place, GeocodeAccuracyMeters: 1}
	w, err := w.WithRounds(3, []Round{{ID: "r", Stops: []Stop{stop}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	s := NewState("d")
	fixes := pieces[random.IntN(len(pieces))].at(door.Point, x.accuracy, randomAngle(random))
	first := fixes[0]
	for k := 12; k > 0; k-- {
		fix := first
		fix.Time -= Millis(k) * 5000
		fix.Point = shifted(newSpot(first.Point), float64(k)*40, 0)
		Step(w, &s, fix, nil)
	}
	for _, fix := range fixes {
		Step(w, &s, fix, nil)
	}
	if _, ok := s.motion.recent(); !ok {
		return Event{}
	}
	events := Deliver(w, &s, Handoff{Time: fixes[len(fixes)-1].Time, Stop: "s"}, nil)
	if len(events) != 1 {
		t.Fatalf("%+v", events)
	}
	return events[0]
}

// The bars of TestDropBars from fixes to events, with the engine's own stays.
func TestDropBarsFromFixes(t *testing.T) {
	all, pieces := knownAddresses(t), windows(wanders(t))
	pairs := neighborsIn(t, all, 10, 40)
	random, seed := seeded(1)
	for _, c := range []struct {
		trial                trial
		recall, unverifiable float64
	}{
		{trial{accuracy: 5, settings: DropSettings{WrongPrior: 0.5}}, 0.95, 0},
		{trial{accuracy: 10, settings: DropSettings{WrongPrior: 0.5}}, 0.6, 0},
		{trial{accuracy: 30, settings: DropSettings{WrongPrior: 0.5}}, 0, 0.9},
		{trial{accuracy: 5}, 0.95, 0},
		{trial{accuracy: 5, settings: DropSettings{WrongPrior: 0.01}}, 0.5, 0},
	} {
		w, err := newWorld(t, Settings{Drops: c.trial.settings}).WithAddresses(2, all, nil)
		if err != nil {
			t.Fatal(err)
		}
		got := dropTally{map[EventType]int{}, map[EventType]int{}, 0}
		for range 1000 {
			pair := pairs[random.IntN(len(pairs))]
			got.right[c.trial.delivery(t, w, pair.planned, pair.planned, pieces, random).Type]++
			e := c.trial.delivery(t, w, pair.planned, pair.other, pieces, random)
			got.wrong[e.Type]++
			if e.Type == DropWrongAddress && e.Facts.Text("likely") == pair.other.ID {
				got.named++
			}
		}
		t.Logf("prior %g, accuracy %g m: %v", w.settings.Drops.WrongPrior, c.trial.accuracy, got)
		unverifiable := (share(got.right, DropUnverifiable) + share(got.wrong, DropUnverifiable)) / 2
		if !got.precise() || share(got.wrong, DropWrongAddress) < c.recall || unverifiable < c.unverifiable {
			t.Errorf("prior %g, accuracy %g m, seed %d: %v, %.3f unverifiable", c.trial.settings.WrongPrior, c.trial.accuracy, seed, got, unverifiable)
		}
	}
}
