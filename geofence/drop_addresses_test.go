package geofence

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/paulmach/orb"
)

// knownAddresses are the house numbers of the shared data.
func knownAddresses(t testing.TB) []Address {
	t.Helper()
	files, err := filepath.Glob(dataFile(t, "osm_addresses/addr_*.csv"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no addresses, %v", err)
	}
	var all []Address
	for _, name := range files {
		for i, row := range readCSV(t, "osm_addresses/"+filepath.Base(name)) {
			p := orb.Point{number(t, row["lon"]), number(t, row["lat"])}
			all = append(all, Address{ID: fmt.Sprintf("%s#%d", filepath.Base(name), i), Place: Place{Point: p}})
		}
	}
	return all
}

// neighbors are two addresses.
type neighbors struct{ planned, other Address }

// neighborsIn are the pairs of addresses from near to far metres apart, each
// either way.
func neighborsIn(t testing.TB, all []Address, near, far float64) []neighbors {
	t.Helper()
	var pairs []neighbors
	for _, a := range all {
		for _, b := range all {
			if d := haversine(newSpot(a.Point), newSpot(b.Point)); d >= near && d <= far {
				pairs = append(pairs, neighbors{a, b})
			}
		}
	}
	if len(pairs) == 0 {
		t.Fatalf("no addresses are %g to %g m apart", near, far)
	}
	return pairs
}

// trial is a kind of experiment: the parcel is handed over at the right door or
// at a neighbour's, each in half of the cases.
type trial struct {
	settings DropSettings
	accuracy float64
	geocode  float64 // how far the stop's point is from the right door, 68 %
	alone    bool    // the neighbours are unknown
	// understated is how many times worse than the accuracy the errors are; 0
	// for one.
	understated float64
	// slow adds an error that lasts longer than the recorded stays, so that the
	// stay's center is no better than the accuracy of a single fix.
	slow bool
}

// dropTally counts verdicts.
type dropTally struct {
	right, wrong map[EventType]int
	named        int // wrong ones told with the right name
}

func (c dropTally) precision() float64 {
	hits, false_ := c.wrong[DropWrongAddress], c.right[DropWrongAddress]
	return float64(hits) / float64(max(1, hits+false_))
}

// precise tells whether at least 97 of 100 alerts are right, as far as that can
// be seen: one or two of less than 200 are no share.
func (c dropTally) precise() bool {
	return c.wrong[DropWrongAddress]+c.right[DropWrongAddress] < 200 || c.precision() >= 0.97
}

func share(counts map[EventType]int, kind EventType) float64 {
	all := 0
	for _, n := range counts {
		all += n
	}
	return float64(counts[kind]) / float64(all)
}

func (c dropTally) String() string {
	falseAlarms := share(c.right, DropWrongAddress)
	recall := share(c.wrong, DropWrongAddress)
	return fmt.Sprintf("precision %.4f recall %.3f named %.3f | of the right ones confirmed %.3f wrong %.4f | of the wrong ones confirmed %.4f | precision at 1 %% wrong %.3f",
		c.precision(), recall, float64(c.named)/float64(max(1, c.wrong[DropWrongAddress])),
		share(c.right, DropConfirmed), falseAlarms, share(c.wrong, DropConfirmed),
		0.01*recall/max(1e-12, 0.01*recall+0.99*falseAlarms))
}

// run tries each pair with some windows of errors.
func (x trial) run(t testing.TB, all []Address, pairs []neighbors, pieces []wander, each int, random *rand.Rand) dropTally {
	t.Helper()
	world := newWorld(t, Settings{Drops: x.settings})
	if !x.alone {
		var err error
		if world, err = world.WithAddresses(2, all, nil); err != nil {
			t.Fatal(err)
		}
	}
	c := dropTally{map[EventType]int{}, map[EventType]int{}, 0}
	for _, pair := range pairs {
		for range each {
			v := x.verdict(t, world, pair.planned, pair.planned, pieces, random)
			c.right[v.kind]++
			v = x.verdict(t, world, pair.planned, pair.other, pieces, random)
			c.wrong[v.kind]++
			if v.kind == DropWrongAddress && v.likely != nil && v.likely.id == pair.other.ID {
				c.named++
			}
		}
	}
	return c
}

// verdict is what is said of a parcel for planned handed over at door.
func (x trial) verdict(t testing.TB, w *World, planned, door Address, pieces []wander, random *rand.Rand) verdict {
	sigma := max(x.geocode, 1e-3) * sigmaPerAccuracy
	if x.geocode <= 1 {
		sigma = 0
	}
	p := shifted(newSpot(planned.Point), sigma*random.NormFloat64(), sigma*random.NormFloat64())
	r, err := newRound(Round{ID: "r", Stops: []Stop{{ID: "s", Place: Place{Point: p}, GeocodeAccuracyMeters: max(1, x.geocode)}}})
	if err != nil {
		t.Fatal(err)
	}
	s := State{duty: &duty{round: r}}
	at := door.Point
	if x.slow {
		// The medians of the windows alone are within 0.68 of the accuracy as
		// often as fixes within all of it.
		sigma := x.accuracy * math.Sqrt(1-0.68*0.68) * sigmaPerAccuracy
		at = shifted(newSpot(at), sigma*random.NormFloat64(), sigma*random.NormFloat64())
	}
	fixes := pieces[random.IntN(len(pieces))].at(at, x.accuracy*cmp.Or(x.understated, 1), randomAngle(random))
	st := simpleStay(fixes, x.accuracy)
	return judgeDrop(st, s.lineup(w, r, 0, st), &w.settings.Drops)
}

// The bars: with half of the drops wrong, stated as the prior, at most 3 of 100
// alerts may be false; at an accuracy of 5 m 95 of 100 wrong drops at a neighbour
// 10 to 40 m away must be told; at 30 m nobody can tell, and that is said. With
// the default prior, at which nine in ten of the alerts would be right if one
// drop in a hundred were wrong, only the surer ones are told.
func TestDropBars(t *testing.T) {
	all, pieces := knownAddresses(t), windows(wanders(t))
	pairs := neighborsIn(t, all, 10, 40)
	t.Logf("%d addresses, %d pairs, %d windows", len(all), len(pairs)/2, len(pieces))
	random, seed := seeded(1)
	half, rare := DropSettings{WrongPrior: 0.5}, DropSettings{WrongPrior: 0.01}
	for _, c := range []struct {
		name         string
		trial        trial
		recall       float64
		unverifiable float64
	}{
		{"5 m", trial{settings: half, accuracy: 5}, 0.95, 0},
		{"5 m, stop off by 3 m", trial{settings: half, accuracy: 5, geocode: 3}, 0.9, 0},
		{"5 m, neighbours unknown", trial{settings: half, accuracy: 5, alone: true}, 0.2, 0},
		{"5 m, slow errors", trial{settings: half, accuracy: 5, slow: true}, 0.9, 0},
		{"10 m", trial{settings: half, accuracy: 10}, 0.6, 0},
		{"10 m, slow errors", trial{settings: half, accuracy: 10, slow: true}, 0.5, 0},
		{"30 m", trial{settings: half, accuracy: 30}, 0, 0.95},
		{"30 m, slow errors", trial{settings: half, accuracy: 30, slow: true}, 0, 0.95},
		{"30 m, neighbours unknown", trial{settings: half, accuracy: 30, alone: true}, 0, 0.95},
		{"1 %, 5 m", trial{settings: rare, accuracy: 5}, 0.6, 0},
		{"1 %, 5 m, stop off by 3 m", trial{settings: rare, accuracy: 5, geocode: 3}, 0.5, 0},
		{"1 %, 5 m, slow errors", trial{settings: rare, accuracy: 5, slow: true}, 0.5, 0},
		{"1 %, 10 m", trial{settings: rare, accuracy: 10}, 0, 0.3},
		{"1 %, 30 m", trial{settings: rare, accuracy: 30}, 0, 0.95},
	} {
		got := c.trial.run(t, all, pairs, pieces, 1+2000/len(pairs), random)
		t.Logf("%s: %v", c.name, got)
		unverifiable := (share(got.right, DropUnverifiable) + share(got.wrong, DropUnverifiable)) / 2
		if !got.precise() || share(got.wrong, DropWrongAddress) < c.recall || unverifiable < c.unverifiable {
			t.Errorf("%s, seed %d: %v, %.3f unverifiable", c.name, seed, got, unverifiable)
		}
	}
}

// What limits recall is how far the neighbour is; an accuracy that is twice as
// bad as the device says shows in the precision first.
func TestDropRecallByDistance(t *testing.T) {
	if testing.Short() {
		t.Skip("a table of figures")
	}
	all, pieces := knownAddresses(t), windows(wanders(t))
	random, _ := seeded(1)
	for _, prior := range []float64{0.01, 0.5} {
		last := 0.0
		for d := 10.0; d < 40; d += 10 {
			pairs := neighborsIn(t, all, d, d+10)
			x := trial{accuracy: 5, settings: DropSettings{WrongPrior: prior}}
			got := x.run(t, all, pairs, pieces, 1+2000/len(pairs), random)
			t.Logf("prior %g, %g to %g m: %v", prior, d, d+10, got)
			if recall := share(got.wrong, DropWrongAddress); recall < last-0.01 {
				t.Errorf("prior %g: recall %.3f at %g m, less than the %.3f nearer by", prior, recall, d, last)
			} else {
				last = recall
			}
		}
		x := trial{accuracy: 5, understated: 2, settings: DropSettings{WrongPrior: prior}}
		pairs := neighborsIn(t, all, 10, 40)
		got := x.run(t, all, pairs, pieces, 1+2000/len(pairs), random)
		t.Logf("prior %g, errors twice what the device says: %v", prior, got)
		if got.precision() < 0.9 {
			t.Errorf("prior %g, errors twice what the device says: %v", prior, got)
		}
	}
}
