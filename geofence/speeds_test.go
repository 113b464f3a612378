package geofence

import (
	"bytes"
	"errors"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/paulmach/orb"
)

// traverse drives 250 m east along a street at a speed.
func traverse(from orb.Point, speed float64, start Millis) Traversal {
	return Traversal{
		From: from, To: shifted(newSpot(from), stretchMeters, 0), Start: start,
		Took: time.Duration(stretchMeters / speed * float64(time.Second)),
	}
}

// speedOf is what m says of the street that leads east from p.
func (m *SpeedModel) speedOf(p orb.Point, at Millis) float64 {
	s := newSpot(shifted(newSpot(p), pieceMeters/2, 0))
	pace, _ := m.pace(streetAt(s, 1, 0), hourAt(at, s.lon))
	return 1 / pace
}

func TestSpeedsAreLearned(t *testing.T) {
	here, parallel := orb.Point{0.001, 51.501}, orb.Point{0.001, 51.507}
	noon, rush := monday+3*3_600_000, monday-3_600_000
	var slow, fast, both []Traversal
	for range 40 {
		slow = append(slow, traverse(here, 3, rush))
		fast = append(fast, traverse(here, 12, noon))
	}
	both = append(slices.Clone(slow), fast...)
	back := fast[0]
	back.From, back.To = back.To, back.From
	for _, c := range []struct {
		name      string
		learn     []Traversal
		at        orb.Point
		time      Millis
		low, high float64
	}{
		{"nothing", nil, here, noon, 6.9, 7.1},
		{"one traversal moves a little", fast[:1], here, noon, 7.2, 9},
		{"many fast ones", fast, here, noon, 11, 12.5},
		{"another street goes like all", fast, parallel, noon, 8, 11.5},
		{"at another hour like the street", fast, here, rush, 10, 12.5},
		{"slow at eight", both, here, rush, 2.9, 3.8},
		{"fast at noon", both, here, noon, 9.5, 12.2},
		{"the weekend is not the week", both, here, rush - 2*86_400_000, 4.5, 8},
		{"the other way is another street", []Traversal{back, back, back}, here, noon, 6.9, 8.2},
	} {
		var m *SpeedModel
		if speed := m.Learn(c.learn).speedOf(c.at, c.time); speed < c.low || speed > c.high {
			t.Errorf("%s: %.2f m/s, want %g to %g", c.name, speed, c.low, c.high)
		}
	}
}

func TestSpeedsPassOver(t *testing.T) {
	here := orb.Point{0, 51.5}
	good := traverse(here, 8, monday)
	for name, change := range map[string]func(t *Traversal){
		"no way":        func(t *Traversal) { t.To = t.From },
		"far":           func(t *Traversal) { t.To = orb.Point{0.1, 51.5} },
		"longer inside": func(t *Traversal) { t.Meters = 2000 },
		"NaN":           func(t *Traversal) { t.From[0] = math.NaN() },
		"off the globe": func(t *Traversal) { t.To[1] = 100 },
		"no time":       func(t *Traversal) { t.Took = 0 },
		"back in time":  func(t *Traversal) { t.Took = -time.Minute },
		"a rocket":      func(t *Traversal) { t.Took = time.Second },
		"a parked van":  func(t *Traversal) { t.Took = 10 * time.Hour },
		"NaN metres":    func(t *Traversal) { t.Meters = math.NaN() },
	} {
		bad := good
		change(&bad)
		var m *SpeedModel
		if n := m.Learn([]Traversal{bad}).Len(); n != 0 {
			t.Errorf("%s: %d cells", name, n)
		}
	}
}

// randomTraversals are on a few streets, so that many meet.
func randomTraversals(run, count int) ([]Traversal, uint64) {
	random, seed := seeded(run)
	var all []Traversal
	for range count {
		p := orb.Point{179.99 + 0.02*random.Float64(), -40 + 0.02*random.Float64()}
		from := newSpot(orb.Point{math.Remainder(p[0], 360), p[1]})
		to := shifted(from, 600*(random.Float64()-0.5), 600*(random.Float64()-0.5))
		all = append(all, Traversal{from.point(), to, monday + Millis(random.IntN(7*86_400_000)),
			0, time.Duration(10+random.IntN(100)) * time.Second})
	}
	return all, seed
}

// The cells hold what a sum over all sightings gives.
func TestSpeedsAgainstSums(t *testing.T) {
	for run := range 8 {
		all, seed := randomTraversals(run, 60)
		var seen []paceSighting
		for _, t := range all {
			seen = t.sightings(seen)
		}
		sums := map[paceKey][3]float64{}
		for _, s := range seen {
			a := sums[s.key]
			sums[s.key] = [3]float64{a[0] + s.weight, a[1] + s.weight*s.logPace, a[2] + s.weight*s.logPace*s.logPace}
		}
		var m *SpeedModel
		m = m.Learn(all[:20]).Learn(all[20:])
		if m.Len() != len(sums) || len(sums) == 0 {
			t.Fatalf("seed %d: %d cells, want %d", seed, m.Len(), len(sums))
		}
		for _, c := range m.cells {
			a := sums[c.key]
			mean := a[1] / a[0]
			squares := a[2] - a[0]*mean*mean
			if math.Abs(float64(c.count)-a[0]) > 1e-3*a[0] || math.Abs(float64(c.mean)-mean) > 1e-3 || math.Abs(float64(c.squares)-squares) > 1e-2 {
				t.Errorf("seed %d: %+v, want %v, %v, %v", seed, c, a[0], mean, squares)
			}
		}
	}
}

// A model never changes, and one batch or many make the same one.
func TestSpeedsNeverChange(t *testing.T) {
	all, _ := randomTraversals(0, 300)
	var none *SpeedModel
	first := none.Learn(all[:100])
	before, _ := first.AppendBinary(nil)
	many := first
	for i := 100; i < 300; i += 50 {
		many = many.Learn(all[i : i+50])
	}
	if after, _ := first.AppendBinary(nil); !bytes.Equal(before, after) {
		t.Error("learning more changed a model")
	}
	a, _ := many.AppendBinary(nil)
	b, _ := none.Learn(all).AppendBinary(nil)
	if !bytes.Equal(a, b) {
		t.Error("many batches make another model than one")
	}
}

func TestSpeedsAreBounded(t *testing.T) {
	cells := []paceCell{{key: 1, count: 2}, {key: 2, count: 1}, {key: 3, count: 5}, {key: 4, count: 2}, {key: 5, count: 2}}
	for most, want := range map[int][]paceKey{5: {1, 2, 3, 4, 5}, 4: {1, 3, 4, 5}, 3: {1, 3, 4}, 2: {1, 3}, 1: {3}} {
		var got []paceKey
		for _, c := range boundedCells(slices.Clone(cells), most) {
			got = append(got, c.key)
		}
		if !slices.Equal(got, want) {
			t.Errorf("at most %d: %v, want %v", most, got, want)
		}
	}
}

func TestSpeedsFade(t *testing.T) {
	here := orb.Point{0, 51.5}
	var m *SpeedModel
	for _, speed := range []float64{12, 4} {
		var all []Traversal
		for range 300 {
			all = append(all, traverse(here, speed, monday))
		}
		m = m.Learn(all)
	}
	if speed := m.speedOf(here, monday); speed > 4.5 {
		t.Errorf("after 300 slow ones it is still %.1f m/s", speed)
	}
}

func TestSpeedsReadBack(t *testing.T) {
	all, _ := randomTraversals(0, 200)
	var m *SpeedModel
	for name, m := range map[string]*SpeedModel{"none": m, "some": m.Learn(all)} {
		b, _ := m.AppendBinary(nil)
		read, err := NewSpeedModel(b)
		if err != nil {
			t.Fatal(err)
		}
		if m != nil && !reflect.DeepEqual(m, read) {
			t.Errorf("%s: it reads back as another", name)
		}
		for n := range b {
			if _, err := NewSpeedModel(b[:n]); !errors.Is(err, ErrSpeeds) {
				t.Errorf("%s: cut at %d: %v", name, n, err)
			}
		}
		if _, err := NewSpeedModel(append(slices.Clone(b), 0)); err == nil {
			t.Errorf("%s: it takes a byte more", name)
		}
	}
}

func TestHours(t *testing.T) {
	for _, c := range []struct {
		time Millis
		lon  float64
		want int
	}{
		{monday, 0, 9}, {monday, 15, 10}, {monday, -150, 24 + 23}, {monday - 86_400_000, 0, 33},
		{0, 0, 0}, {-1, 0, 23}, {math.MaxInt64, 180, 31}, {math.MinInt64, -180, 40},
	} {
		if got := hourAt(c.time, c.lon); got != c.want {
			t.Errorf("%d at %g: hour %d, want %d", c.time, c.lon, got, c.want)
		}
	}
}

// Everywhere on the globe there is a street with a key in its range.
func TestStreetsEverywhere(t *testing.T) {
	for _, lon := range []float64{-180, -179.999, 0, 17.3, 179.999, 180} {
		for _, lat := range []float64{-90, -89.9999, -51, 0, 51, 89.9999, 90} {
			for _, way := range [][2]float64{{0, 0}, {1, 0}, {-1, -1}, {0, -1}} {
				if s := streetAt(newSpot(orb.Point{lon, lat}), way[0], way[1]); s == everywhere || s > maxStreet {
					t.Errorf("%g, %g: street %d", lon, lat, s)
				}
			}
		}
	}
	if a, b := streetAt(newSpot(orb.Point{180, 10}), 1, 0), streetAt(newSpot(orb.Point{-180, 10}), 1, 0); a != b {
		t.Error("the antimeridian is two streets")
	}
}
