package geofence

import (
	"math"
	"slices"
	"testing"
)

func places(xy ...float64) []place {
	var all []place
	for _, p := range onMap(xy...) {
		all = append(all, place{spot: newSpot(p)})
	}
	return all
}

func TestStationsOnTheRightBranch(t *testing.T) {
	shape := shapes()
	for name, c := range map[string]struct {
		path  *path
		stops []place
		want  []float64
	}{
		"out and back, houses on either side": {
			newTestPath(t, shape["out and back"]), places(500, 10, 2000, -10, 2500, 10, 1500, -10, 500, -10), []float64{500, 2000, 2500, 4500, 5500},
		},
		"the same place twice": {newTestPath(t, shape["out and back"]), places(500, 10, 3000, 0, 500, 10), []float64{500, 3000, 5500}},
		"one far off the line": {newTestPath(t, onMap(0, 0, 5000, 0)), places(1000, 20, 2000, 3000, 3000, -20), []float64{1000, 2000, 3000}},
		"one out of order":     {newTestPath(t, onMap(0, 0, 5000, 0)), places(1000, 0, 4000, 0, 2000, 0, 3000, 0), []float64{1000, 2000, 2000, 3000}},
		"second time round":    {newTestPath(t, shape["block twice"]), places(-400, 0, 0, 150, 300, 150, 0, -500), []float64{400, 1850, 2450, 3700}},
		"none":                 {newTestPath(t, onMap(0, 0, 1, 0)), nil, nil},
	} {
		got := c.path.stations(c.stops)
		for i := range c.want {
			if math.Abs(got[i]-c.want[i]) > 2 {
				t.Errorf("%s: %.0f, want %.0f", name, got, c.want)
				break
			}
		}
	}
}

// They are in order, and where the order of the stops is that of the route, no
// farther off in all than where the route was when they were chosen.
func TestStationsAreInOrder(t *testing.T) {
	for run := range 60 {
		random, seed := seeded(run)
		p := newTestPath(t, randomLine(random, 2+random.IntN(300)))
		var truth []float64
		for range 1 + random.IntN(30) {
			truth = append(truth, p.length()*random.Float64())
		}
		if run%2 == 0 {
			slices.Sort(truth)
		}
		var stops []place
		allowed := 0.0
		for _, x := range truth {
			s := newSpot(destination(p.at(x), random.Float64()*2*math.Pi, 40*random.Float64()))
			stops = append(stops, place{spot: s})
			_, d := p.nearest(s, x, x)
			allowed += d
		}
		got := p.stations(stops)
		sum := 0.0
		for i, x := range got {
			if !(x >= 0 && x <= p.length()) || i > 0 && x < got[i-1] {
				t.Fatalf("seed %d: %g", seed, got)
			}
			_, d := p.nearest(stops[i].spot, x, x)
			sum += d
		}
		if run%2 == 0 && sum > allowed+float64(len(stops)) {
			t.Errorf("seed %d: %g m off in all, the truth is %g: %.0f, truth %.0f", seed, sum, allowed, got, truth)
		}
	}
}
