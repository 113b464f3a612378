package geofence

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// drift is the error of a receiver: one that keeps its value for about memory
// (Gauss and Markov), and a tenth of its variance anew each time. One fix in a
// thousand is up to ten times worse.
type drift struct {
	random      *rand.Rand
	memory      time.Duration
	sigma       float64 // of each axis, metres
	east, north float64 // the lasting part
}

// newDrift is an error that is within accuracy 68 % of the time.
func newDrift(random *rand.Rand, accuracy float64, memory time.Duration) *drift {
	d := &drift{random: random, memory: memory, sigma: accuracy / 1.51}
	d.east, d.north = d.lasting()*random.NormFloat64(), d.lasting()*random.NormFloat64()
	return d
}

func (d *drift) lasting() float64 { return d.sigma * math.Sqrt(0.9) }

// next is the error so long after the last one, in metres east and north.
func (d *drift) next(after time.Duration) (east, north float64) {
	keep := math.Exp(-after.Seconds() / d.memory.Seconds())
	fresh := d.lasting() * math.Sqrt(1-keep*keep)
	d.east = keep*d.east + fresh*d.random.NormFloat64()
	d.north = keep*d.north + fresh*d.random.NormFloat64()
	white := d.sigma * math.Sqrt(0.1)
	if d.random.IntN(1000) == 0 {
		white = 10 * d.sigma * d.random.Float64()
	}
	return d.east + white*d.random.NormFloat64(), d.north + white*d.random.NormFloat64()
}

// walker is how many metres inside the west edge of field a device truly is,
// by the second.
type walker func(second int) float64

// seen are its fixes, one each period, that claim to be so accurate.
func (walk walker) seen(d *drift, seconds, period int, claimed float64) []Fix {
	var fixes []Fix
	for second := 0; second < seconds; second += period {
		east, north := d.next(time.Duration(period) * time.Second)
		f := at{second, walk(second) + east, float32(claimed)}.fix()
		f.Point[1] += north / metersPerDegree
		fixes = append(fixes, f)
	}
	return fixes
}

func count(events []Event, kind EventType) int {
	n := 0
	for _, e := range events {
		if e.Type == kind {
			n++
		}
	}
	return n
}

// edges are a field and a circle that touches its edge from inside.
func edges(t *testing.T) map[string]*World {
	t.Helper()
	return map[string]*World{
		"polygon": newWorld(t, fencesAlone(), field("a")),
		"circle":  newWorld(t, fencesAlone(), Fence{ID: "a", Center: at{0, 50, 0}.fix().Point, RadiusMeters: 50}),
	}
}

// A device that stands for 8 hours on the edge of a fence, or less than its
// accuracy off it, is told to leave and come back once at most, and is on the
// right side in the end.
func TestParkedOnTheEdge(t *testing.T) {
	const night = 8 * 3600
	seeds := 2
	if testing.Short() {
		seeds = 1
	}
	wrong, nights := 0, 0
	for name, w := range edges(t) {
		for _, accuracy := range []float64{3, 5, 10, 20} {
			for i, memory := range []time.Duration{time.Minute, 2 * time.Minute, 5 * time.Minute} {
				for _, off := range []float64{0, 0.7, -0.7} {
					for seed := range seeds {
						random := rand.New(rand.NewPCG(uint64(seed), uint64(i)))
						still := walker(func(int) float64 { return off * accuracy })
						fixes := still.seen(newDrift(random, accuracy, memory), night, 1, accuracy)
						events := run(w, fixes)
						if len(events) > 5 || flaps(events) > 0 && len(events) > 3 {
							t.Errorf("%s, %g m, %s, %g off, seed %d: %q", name, accuracy, memory, off, seed, brief(events))
						}
						nights++
						if n := len(events); off != 0 && n > 0 && (events[n-1].Type == Enter) != (off > 0) {
							wrong++
						}
					}
				}
			}
		}
	}
	if wrong*10 > nights {
		t.Errorf("on the wrong side after %d of %d nights", wrong, nights)
	}
}

// Where a receiver is twice as bad as it says, errors look like moves; margins
// that grow keep most of them from being told.
func TestParkedWithAReceiverThatBoasts(t *testing.T) {
	w := newWorld(t, fencesAlone(), field("a"))
	most := 0
	for seed := range 8 {
		random := rand.New(rand.NewPCG(uint64(seed), 9))
		still := walker(func(int) float64 { return 0 })
		events := run(w, still.seen(newDrift(random, 20, time.Minute), 8*3600, 1, 10))
		most = max(most, len(events))
	}
	t.Logf("up to %d changes in 8 h", most)
	if most > 150 {
		t.Errorf("%d changes in a night", most)
	}
}

// Whoever walks out after standing well inside, or on the very edge for an
// hour, is told to have left once he is as far outside as margins and errors
// ask for.
func TestWalkingOut(t *testing.T) {
	const pace, start = 1.4, 3600
	for name, w := range edges(t) {
		for _, accuracy := range []float64{3, 5, 10, 20} {
			for _, c := range []struct{ stand, within float64 }{{2.4 * accuracy, 3.5}, {0, 6}} {
				for seed := range 4 {
					random := rand.New(rand.NewPCG(uint64(seed), 11))
					walk := walker(func(second int) float64 { return c.stand - pace*float64(max(0, second-start)) })
					fixes := walk.seen(newDrift(random, accuracy, 2*time.Minute), start+600, 1, accuracy)
					s := NewState("d")
					var events []Event
					told := -1
					for i, fix := range fixes {
						if events = Step(w, &s, fix, events); s.outside() && i >= start && told < 0 {
							told = i
						}
					}
					if late := -walk(told); told < 0 || late > c.within*accuracy {
						t.Errorf("%s, %g m, from %g, seed %d: told %g m outside; %q", name, accuracy, c.stand, seed, late, brief(events))
					}
				}
			}
		}
	}
}

// outside tells whether s is in no fence.
func (s *State) outside() bool {
	for _, r := range s.relations {
		if r.side != sideOutside {
			return false
		}
	}
	return true
}

// One wild fix is no visit and ends none, wherever it falls.
func TestOneWildFix(t *testing.T) {
	w := newWorld(t, fencesAlone(), field("a"), Fence{ID: "b", Center: at{0, -150, 0}.fix().Point, RadiusMeters: 60})
	for seed := range 200 {
		random := rand.New(rand.NewPCG(uint64(seed), 13))
		truth := []float64{-300, -20, 20, 300}[seed%4]
		d := newDrift(random, 5, time.Minute)
		d.random = rand.New(rand.NewPCG(uint64(seed), 14))
		fixes := walker(func(int) float64 { return truth }).seen(d, 100, 1+random.IntN(9), 5)
		before := run(w, fixes)
		wild := random.IntN(len(fixes)-3) + 2
		fixes[wild].Point = destination(fixes[wild].Point, 2*math.Pi*random.Float64(), 200+800*random.Float64())
		if got := run(w, fixes); len(got) > len(before) {
			t.Errorf("seed %d: %q, without it %q", seed, brief(got), brief(before))
		}
	}
}
