package geofence

import (
	"cmp"
	"math"
	"slices"
	"testing"

	"github.com/paulmach/orb"
)

// door is where the stop of drop tests is; everything else lies so many metres
// east of it.
var door = newSpot(orb.Point{15.6, 48.4})

func eastOf(s spot, metres float64) orb.Point { return shifted(s, metres, 0) }

// scene is a round with a stop "s" at door and others.
type scene struct {
	stops     []Stop
	addresses []Address
	device    Device
}

func (x scene) build(t testing.TB, settings Settings) (*World, *State) {
	t.Helper()
	device := cmp.Or(x.device.ID, "d")
	x.device.ID = device
	w, err := newWorld(t, settings).WithAddresses(2, x.addresses, nil)
	if err != nil {
		t.Fatal(err)
	}
	if w, err = w.WithRounds(3, []Round{{ID: "r", Stops: x.stops}}, nil); err != nil {
		t.Fatal(err)
	}
	w = w.WithDevices(4, []Device{x.device}, nil)
	s := NewState(device)
	s.follow(w)
	return w, &s
}

// stayOf is one of 3 minutes, so many metres east of door, until time 0.
func stayOf(east, uncertainty float64) stay {
	return stay{since: -180_000, until: 0, center: newSpot(eastOf(door, east)), uncertainty: uncertainty, fixes: 18, stop: -1}
}

func exactly(id StopID, east float64) Stop {
	return Stop{ID: id, Place: Place{Point: eastOf(door, east)}, GeocodeAccuracyMeters: 1}
}

func addressAt(id string, east float64) Address {
	return Address{ID: id, Place: Place{Point: eastOf(door, east)}}
}

func premises(east, width float64) Place {
	return Place{Polygons: orb.MultiPolygon{house(eastOf(door, east), width, 40)}}
}

//	-100 m        0          30 m                 500 m
//	   s2         s    (stay)  n
//
// The stay is so many metres east of the stop s.
func TestVerdicts(t *testing.T) {
	s, next := exactly("s", 0), addressAt("n", 30)
	rough := s
	rough.GeocodeAccuracyMeters = 30
	yard := Stop{ID: "s", Place: premises(0, 60), GeocodeAccuracyMeters: 1}
	for _, c := range []struct {
		name     string
		scene    scene
		at, u    float64
		want     EventType
		reason   string
		likely   string
		distance float64
	}{
		{"at the door", scene{stops: []Stop{s}, addresses: []Address{next}}, 1, 5, DropConfirmed, "", "", 1},
		{"at the neighbour's", scene{stops: []Stop{s}, addresses: []Address{next}}, 30, 5, DropWrongAddress, "", "n", 30},
		{"the neighbour is a stop", scene{stops: []Stop{s, exactly("s2", 30)}}, 30, 5, DropWrongAddress, "", "s2", 30},
		{"at the next stop but one", scene{stops: []Stop{s, exactly("s2", 3000), exactly("s3", 8000)}}, 8004, 5, DropWrongAddress, "", "s3", 8004},
		{"in between", scene{stops: []Stop{s}, addresses: []Address{next}}, 15, 5, DropUnverifiable, "ambiguous", "", 15},
		{"too coarse", scene{stops: []Stop{s}, addresses: []Address{next}}, 0, 40, DropUnverifiable, "poor_accuracy", "", 0},
		{"coarse, yet far too far", scene{stops: []Stop{s}, addresses: []Address{next}}, 900, 40, DropWrongAddress, "", "", 900},
		{"too coarse for 100 m", scene{stops: []Stop{s}, addresses: []Address{next}}, 100, 200, DropUnverifiable, "poor_accuracy", "", 100},
		{"a stop that nobody knows better", scene{stops: []Stop{rough}}, 0, 5, DropUnverifiable, "poor_accuracy", "", 0},
		{"no neighbour known", scene{stops: []Stop{s}}, 1, 5, DropConfirmed, "", "", 1},
		{"at an unknown place", scene{stops: []Stop{s}}, 60, 5, DropWrongAddress, "", "", 60},
		{"at another unknown place", scene{stops: []Stop{s}, addresses: []Address{next}}, 500, 5, DropWrongAddress, "", "", 500},
		{"two stops at one address", scene{stops: []Stop{s, exactly("s2", 0)}}, 1, 5, DropConfirmed, "", "", 1},
		{"its own address is known", scene{stops: []Stop{s}, addresses: []Address{addressAt("own", 3), next}}, 1, 5, DropConfirmed, "", "", 1},
		{"anywhere on the premises", scene{stops: []Stop{yard}, addresses: []Address{addressAt("n", 45)}}, 24, 5, DropConfirmed, "", "", 0},
		{"on the neighbour's premises", scene{stops: []Stop{s}, addresses: []Address{{"n", premises(40, 40)}}}, 40, 5, DropWrongAddress, "", "n", 40},
		{"a phone in the hand", scene{stops: []Stop{s}}, 40, 5, DropWrongAddress, "", "", 40},
		{"a van parked", scene{stops: []Stop{s}, device: Device{HandoverMeters: 20}}, 40, 5, DropUnverifiable, "ambiguous", "", 40},
	} {
		w, state := c.scene.build(t, Settings{})
		e := state.dropEvent(w, handover{Handoff: Handoff{Time: 1, Stop: "s"}, stay: stayOf(c.at, c.u)})
		f := &e.Facts
		likely := f.Text("likely")
		if e.Type == DropUnverifiable {
			likely = ""
		}
		if e.Type != c.want || f.Text("reason") != c.reason || likely != c.likely || math.Abs(f.Number("distance_m")-c.distance) > 0.1+c.distance/1000 {
			t.Errorf("%s: %+v", c.name, e)
		}
		if e.Type != DropUnverifiable && f.Number("probability") < 0.9 || f.Number("stay_s") != 180 || f.Number("uncertainty_m") != c.u || e.Time != 1 || e.Subject != "s" {
			t.Errorf("%s: %+v", c.name, e)
		}
	}
}

// The farther from the stop, the likelier wrong; and where on the globe it is
// does not matter.
func TestVerdictGrowsWithDistance(t *testing.T) {
	for _, at := range []orb.Point{{15.6, 48.4}, {179.9999, 48.4}, {-180, -48.4}} {
		s := newSpot(at)
		x := scene{stops: []Stop{{ID: "s", Place: Place{Point: at}, GeocodeAccuracyMeters: 3}}}
		w, state := x.build(t, Settings{})
		last := 0.0
		for east := range 200 {
			st := stayOf(0, 8)
			st.center = newSpot(shifted(s, float64(east), 0))
			e := state.dropEvent(w, handover{Handoff: Handoff{Stop: "s"}, stay: st})
			p := e.Facts.Number("p_wrong")
			if p < last || p > 1 {
				t.Fatalf("%v: %g at %d m, %g before", at, p, east, last)
			}
			last = p
		}
		if math.Abs(last-1) > 1e-6 {
			t.Errorf("%v: in the end %.9f", at, last)
		}
	}
}

// The densities of a point and of premises sum up to one.
func TestDensitiesSumUp(t *testing.T) {
	st := stayOf(0, 6)
	for name, p := range map[string]Place{"point": {Point: door.point()}, "premises": premises(0, 30)} {
		made, err := newPlace(p)
		if err != nil {
			t.Fatal(err)
		}
		o := suspect{geocode: 3, handover: 2}
		o.area, o.outline = extent(p.Polygons)
		sum := 0.0
		for x := -100.0; x < 100; x++ {
			for y := -100.0; y < 100; y++ {
				o.distance = made.distance(newSpot(shifted(door, x, y)))
				sum += o.density(st)
			}
		}
		if math.Abs(sum-1) > 0.01 {
			t.Errorf("%s: %g", name, sum)
		}
	}
}

// Whatever stands around, in whatever order, the probabilities are some, and the
// verdict follows from them.
func TestVerdictsOfRandomLineups(t *testing.T) {
	settings, err := Settings{}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	told := map[EventType]int{}
	for run := range 2000 {
		random, seed := seeded(run)
		some := func() suspect {
			return suspect{distance: random.ExpFloat64() * 50, apart: random.ExpFloat64() * 50, geocode: random.ExpFloat64() * 10, handover: random.ExpFloat64() * 10}
		}
		l := lineup{planned: some()}
		for range random.IntN(6) {
			l.others = append(l.others, some())
		}
		st := stay{uncertainty: 3 + random.ExpFloat64()*10}
		v := judgeDrop(st, l, &settings.Drops)
		told[v.kind]++
		slices.Reverse(l.others)
		again := judgeDrop(st, l, &settings.Drops)
		if math.Abs(v.right+v.wrong-1) > 1e-9 || math.Abs(v.right-again.right) > 1e-9 || v.kind == DropWrongAddress && v.wrong < settings.Drops.Certainty {
			t.Fatalf("seed %d: %+v, %+v", seed, v, again)
		}
	}
	if len(told) != 3 {
		t.Errorf("only %v", told)
	}
}

func BenchmarkVerdict(b *testing.B) {
	var x scene
	for i := range 150 {
		x.stops = append(x.stops, exactly(StopID(rune('a'+i)), float64(i)*200))
		x.addresses = append(x.addresses, addressAt(string(rune('a'+i)), float64(i)*15))
	}
	w, s := x.build(b, Settings{})
	b.ReportAllocs()
	for b.Loop() {
		s.dropEvent(w, handover{Handoff: Handoff{Stop: "a"}, stay: stayOf(5, 5)})
	}
}
