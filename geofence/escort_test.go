package geofence

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/paulmach/orb"
)

// pairInput is a fix of the parcel's tracker or of the vehicle.
type pairInput struct {
	fix     Fix
	carrier bool
}

// feed takes inputs and returns what is told of the pair and of drops.
func feed(w *World, s *State, inputs []pairInput) []Event {
	var events []Event
	for _, in := range inputs {
		if in.carrier {
			events = Accompany(w, s, in.fix, events)
		} else {
			events = Step(w, s, in.fix, events)
		}
	}
	return slices.DeleteFunc(events, func(e Event) bool {
		return !slices.Contains([]EventType{Separated, Reunited, DropConfirmed, DropWrongAddress, DropUnverifiable}, e.Type)
	})
}

// journey is where the two are, in metres east of door by the second.
type journey func(second int) (own, carrier float64)

// gauss is a correlated error: a first-order Gauss-Markov process with a time
// constant of 120 s, and a small white part.
type gauss struct {
	random    *rand.Rand
	sigma     float64
	at        int
	east, nor float64
}

func (g *gauss) next(second int) (east, north float64) {
	keep := math.Exp(-float64(second-g.at) / 120)
	fresh := g.sigma * math.Sqrt(1-keep*keep)
	g.at = second
	g.east = keep*g.east + fresh*g.random.NormFloat64()
	g.nor = keep*g.nor + fresh*g.random.NormFloat64()
	return g.east + 0.2*g.sigma*g.random.NormFloat64(), g.nor + 0.2*g.sigma*g.random.NormFloat64()
}

// record samples a journey of so many seconds, with errors of the accuracy, in the
// order in which they happen.
func record(random *rand.Rand, x journey, seconds, ownEvery, carrierEvery int, accuracy float64) []pairInput {
	var all []pairInput
	errors := [2]*gauss{}
	for i := range errors {
		errors[i] = &gauss{random: random, sigma: accuracy * sigmaPerAccuracy, at: -1000}
	}
	take := func(second int, metres float64, carrier bool) {
		g := errors[0]
		if carrier {
			g = errors[1]
		}
		east, north := g.next(second)
		p := shifted(door, metres+east, north)
		all = append(all, pairInput{Fix{Time: Millis(second) * 1000, Point: p, AccuracyMeters: float32(accuracy), Known: KnownAccuracy}, carrier})
	}
	phase := random.IntN(carrierEvery)
	for second := range seconds {
		own, carrier := x(second)
		if second%ownEvery == 0 {
			take(second, own, false)
		}
		if second%carrierEvery == phase {
			take(second, carrier, true)
		}
	}
	return all
}

// Journeys: the van drives at 10 m/s, with a stop of 3 minutes each 5 minutes.
func van(second int) float64 {
	cycle, rest := second/480, second%480
	return float64(3000*cycle + 10*min(rest, 300))
}

func aboard(second int) (own, carrier float64) { return van(second), van(second) }

// leftBehind: at the first stop, from second 300 to 480, the parcel stays.
func leftBehind(second int) (own, carrier float64) { return min(3000, van(second)), van(second) }

// fetched: the van comes back for it after 10 minutes.
func fetched(second int) (own, carrier float64) {
	if at := van(second); second < 780 {
		return min(3000, at), at
	}
	back := math.Max(3000, 6000-10*float64(second-780))
	if second < 1200 {
		return 3000, back
	}
	return 3000 + 10*float64(second-1200), 3000 + 10*float64(second-1200)
}

func pairWorld(t testing.TB, destination StopID, stops ...Stop) *World {
	t.Helper()
	w, err := newWorld(t, Settings{}).WithRounds(2, []Round{{ID: "r", Devices: []DeviceID{"van"}, Stops: stops}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return w.WithDevices(3, []Device{{ID: "parcel", Carrier: "van", Destination: destination}}, nil)
}

func names(events []Event) string {
	text := ""
	for _, e := range events {
		text += fmt.Sprintf("%s %s %d; ", e.Type, e.Subject, e.Time/1000)
	}
	return text
}

// At any sampling of the two a parcel aboard is never called separated, one left
// behind always, once, within some minutes, and one fetched reunited.
func TestSeparations(t *testing.T) {
	w := pairWorld(t, "")
	for run, every := range [][2]int{{1, 1}, {1, 60}, {60, 1}, {10, 10}, {30, 45}, {60, 60}, {5, 30}} {
		for _, accuracy := range []float64{5, 30} {
			for again := range 5 {
				random, seed := seeded(4*run + again)
				fail := func(what string, events []Event) {
					t.Errorf("seed %d, %v s, %g m: %s: %s", seed, every, accuracy, what, names(events))
				}
				s := NewState("parcel")
				if events := feed(w, &s, record(random, aboard, 3600, every[0], every[1], accuracy)); len(events) != 0 {
					fail("aboard", events)
				}
				s = NewState("parcel")
				events := feed(w, &s, record(random, leftBehind, 1800, every[0], every[1], accuracy))
				if len(events) != 1 || events[0].Type != Separated || events[0].Time < 480_000 || events[0].Time > 660_000 {
					fail("left behind", events)
				}
				s = NewState("parcel")
				events = feed(w, &s, record(random, fetched, 2400, every[0], every[1], accuracy))
				if len(events) != 2 || events[0].Type != Separated || events[1].Type != Reunited || events[1].Episode != events[0].Episode ||
					events[1].Time < 1000_000 || events[1].Time > 1500_000 {
					fail("fetched", events)
				}
			}
		}
	}
}

// Of a pair of which one is silent nothing is told, nor of one that has never
// been together.
func TestNoSeparationUnseen(t *testing.T) {
	w := pairWorld(t, "")
	random, seed := seeded(0)
	for name, quiet := range map[string]func(pairInput) bool{
		"the parcel says nothing": func(in pairInput) bool { return !in.carrier && in.fix.Time > 400_000 },
		"the van says nothing":    func(in pairInput) bool { return in.carrier && in.fix.Time > 400_000 },
		"never seen together":     func(in pairInput) bool { return in.fix.Time < 600_000 },
	} {
		s := NewState("parcel")
		inputs := slices.DeleteFunc(record(random, leftBehind, 1800, 10, 10, 5), quiet)
		if events := feed(w, &s, inputs); len(events) != 0 {
			t.Errorf("seed %d, %s: %s", seed, name, names(events))
		}
	}
}

// shuffle delays either stream by up to so many seconds, each in order.
func shuffle(random *rand.Rand, inputs []pairInput, most int) []pairInput {
	var streams [2][]pairInput
	for _, in := range inputs {
		i := 0
		if in.carrier {
			i = 1
		}
		streams[i] = append(streams[i], in)
	}
	var mixed []pairInput
	next := 0
	for len(streams[0])+len(streams[1]) > 0 {
		if random.IntN(50) == 0 {
			next = 1 - next
		}
		i := next
		if len(streams[i]) == 0 {
			i = 1 - i
		}
		if other := streams[1-i]; len(other) > 0 && streams[i][0].fix.Time > other[0].fix.Time+Millis(most)*1000 {
			i = 1 - i
		}
		mixed, streams[i] = append(mixed, streams[i][0]), streams[i][1:]
	}
	return mixed
}

// In whatever order the fixes of the two come, within two minutes, the same is
// told; duplicates change nothing, nor does writing and reading the State.
func TestPairsInAnyOrder(t *testing.T) {
	w := pairWorld(t, "")
	for run := range 12 {
		random, seed := seeded(run)
		inputs := record(random, fetched, 2400, 1+random.IntN(60), 1+random.IntN(60), 10)
		s := NewState("parcel")
		want := feed(w, &s, inputs)
		for range 5 {
			var got []Event
			s := NewState("parcel")
			for _, in := range shuffle(random, inputs, 110) {
				got = append(got, feed(w, &s, []pairInput{in, in})...)
				if random.IntN(4) == 0 {
					s = checkForm(t, &s)
				}
				if random.IntN(4) == 0 {
					s = s.Clone()
				}
			}
			if !slices.Equal(got, want) {
				t.Fatalf("seed %d: %s, want %s", seed, names(got), names(want))
			}
		}
	}
}

// However far one is ahead of the other, what is told is the same, or Outrun has
// said that it need not be.
func TestOutrun(t *testing.T) {
	w := pairWorld(t, "")
	same, late := 0, 0
	for run := range 400 {
		random, seed := seeded(run)
		inputs := record(random, fetched, 2400, 1+random.IntN(20), 1+random.IntN(150), 10)
		s := NewState("parcel")
		want := feed(w, &s, inputs)
		var got []Event
		outrun := false
		s = NewState("parcel")
		for _, in := range shuffle(random, inputs, 100+random.IntN(400)) {
			outrun = outrun || s.Outrun(w, in.fix.Time, in.carrier)
			got = append(got, feed(w, &s, []pairInput{in})...)
		}
		switch {
		case outrun:
			late++
		case !slices.Equal(got, want):
			t.Errorf("seed %d: %s, want %s", seed, names(got), names(want))
		default:
			same++
		}
	}
	if same < 20 || late < 20 {
		t.Errorf("%d the same, %d too late: the test shows little", same, late)
	}
}

// Another carrier begins anew.
func TestCarrierChanges(t *testing.T) {
	w := pairWorld(t, "")
	random, _ := seeded(0)
	inputs := record(random, leftBehind, 1800, 10, 10, 5)
	s := NewState("parcel")
	feed(w, &s, inputs[:110])
	other := w.WithDevices(9, []Device{{ID: "parcel", Carrier: "truck"}}, nil)
	if events := feed(other, &s, inputs[110:]); len(events) != 0 || s.escort.carrier != "truck" {
		t.Errorf("%s", names(events))
	}
	none := w.WithDevices(10, nil, []DeviceID{"parcel"})
	if events := feed(none, &s, []pairInput{{Fix{Time: 1e9, Point: orb.Point{1, 1}}, true}}); len(events) != 0 {
		t.Errorf("%s", names(events))
	}
}

// Where on the globe it is does not matter.
func TestPairsAnywhere(t *testing.T) {
	w := pairWorld(t, "")
	random, seed := seeded(0)
	inputs := record(random, fetched, 2400, 10, 30, 10)
	s := NewState("parcel")
	want := names(feed(w, &s, inputs))
	for _, by := range []float64{180 - door.lon, -180 - door.lon, -door.lon, 164.39} {
		moved := slices.Clone(inputs)
		for i := range moved {
			p := &moved[i].fix.Point
			p[0] = math.Remainder(p[0]+by, 360)
		}
		s := NewState("parcel")
		if got := names(feed(w, &s, moved)); got != want || got == "" {
			t.Errorf("seed %d, moved by %g: %s, want %s", seed, by, got, want)
		}
	}
}

// A pair that is together costs next to nothing and no memory.
func BenchmarkEscort(b *testing.B) {
	w := pairWorld(b, "")
	random, _ := seeded(0)
	inputs := record(random, aboard, 4800, 1, 1, 5)
	s := NewState("parcel")
	feed(w, &s, inputs)
	span := inputs[len(inputs)-1].fix.Time
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		in := inputs[i%len(inputs)]
		in.fix.Time += Millis(i/len(inputs)+1) * (span + 1000)
		if in.carrier {
			Accompany(w, &s, in.fix, nil)
		} else {
			s.escorted(w, w.settings.sight(&in.fix), &in.fix, nil)
		}
	}
}
