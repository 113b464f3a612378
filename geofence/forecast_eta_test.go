package geofence

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

// What remains, as stop, metres and stops away.
//
//	depot ----- 6 ----- 12 -- 13 ---->
func TestETAs(t *testing.T) {
	stops := []Stop{stopAt(6, 0), stopAt(12, 0), stopAt(13, 0)}
	withRoute := Round{ID: "r", Routes: []Route{road}, Stops: stops}
	for _, c := range []struct {
		name  string
		round Round
		bends []bend
		north float64 // of the last fix
		want  string
	}{
		{"on its way", withRoute, []bend{{0, 0}, {5, 2}}, 0, "km6 4.0 1, km12 10.0 2, km13 11.0 3"},
		{"without a route", Round{ID: "r", Stops: stops}, []bend{{0, 0}, {5, 2}}, 0, "km6 5.4 1, km12 13.5 2, km13 14.8 3"},
		{"off its route", withRoute, []bend{{0, 0}, {5, 2}}, 1000, "km6 5.3 1, km12 11.3 2, km13 12.3 3"},
		{"at a stop", withRoute, []bend{{0, 0}, {12, 6}, {14, 6}}, 0, "km12 6.0 1, km13 7.0 2"},
		{"past a stop", withRoute, []bend{{0, 0}, {10, 7}}, 0, "km12 5.0 1, km13 6.0 2, km6 13.0 3"},
		{"a stop left out", withRoute, []bend{{0, 0}, {15, 12}, {18, 12}}, 0, "km13 1.0 1, km6 8.0 2"},
		{"past all", withRoute, []bend{{0, 0}, {20, 20}}, 0, "km6 14.0 1, km12 20.0 2, km13 21.0 3"},
	} {
		w, s := roundWorld(t, 2, c.round), NewState("van")
		fixes := fixesAlong(c.bends...)
		last := fixes[len(fixes)-1]
		last.Time += 10_000
		last.Point = onRoad(c.bends[len(c.bends)-1].km)
		last.Point[1] += c.north / metersPerDegree
		var got []string
		for _, fix := range append(fixes, last) {
			Step(w, &s, fix, nil)
		}
		for _, e := range s.ETAs(w, nil) {
			got = append(got, fmt.Sprintf("%s %.1f %d", e.Stop, e.RemainingMeters/1000, e.StopsAway))
		}
		if text := strings.Join(got, ", "); text != c.want {
			t.Errorf("%s: %s, want %s", c.name, text, c.want)
		}
	}
}

func TestETAsBeforeTheStart(t *testing.T) {
	r := Round{ID: "r", Routes: []Route{road}, Stops: []Stop{stopAt(6, 0)}}
	var medians []float64
	for _, start := range []Millis{0, monday + 3_600_000} {
		r.Start = start
		w, s := roundWorld(t, 2, r), NewState("van")
		Step(w, &s, Fix{Time: monday, Point: onRoad(0)}, nil)
		medians = append(medians, secondsBetween(monday, s.ETAs(w, nil)[0].P50))
	}
	if later := medians[1] - medians[0]; later < 3600 || later > 4200 {
		t.Errorf("it starts an hour later and arrives %.0f s later", later)
	}
}

// A jam that holds the van shows in what is foretold, and so does a driver who
// takes long at the doors.
func TestETAsLearn(t *testing.T) {
	median := func(id StopID, bends ...bend) float64 {
		r := Round{ID: "r", Routes: []Route{road}, Stops: []Stop{stopAt(4, 0), stopAt(8, 0), stopAt(10, 0), stopAt(20, 0)}}
		w, s := roundWorld(t, 2, r), NewState("van")
		fixes := fixesAlong(bends...)
		for _, fix := range fixes {
			Step(w, &s, fix, nil)
		}
		all := s.ETAs(w, nil)
		i := slices.IndexFunc(all, func(e ETA) bool { return e.Stop == id })
		return secondsBetween(fixes[len(fixes)-1].Time, all[i].P50)
	}
	quick := median("km20", bend{0, 0}, bend{5, 4}, bend{6, 4}, bend{11, 8}, bend{12, 8}, bend{13, 9})
	slow := median("km20", bend{0, 0}, bend{20, 4}, bend{21, 4}, bend{41, 8}, bend{42, 8}, bend{47, 9})
	knocking := median("km20", bend{0, 0}, bend{5, 4}, bend{11, 4}, bend{16, 8}, bend{24, 8}, bend{25, 9})
	if slow < 1.8*quick || knocking < quick+30 {
		t.Errorf("quick %.0f s, slow %.0f s, long at the doors %.0f s", quick, slow, knocking)
	}
}

// rest and the quantiles against many draws.
func TestSpreadAgainstDraws(t *testing.T) {
	for run := range 8 {
		random, seed := seeded(run)
		s := spread{10 + 1000*random.Float64(), 0}
		s.variance = s.mean * s.mean * (0.05 + random.Float64())
		mu, sigma := s.logs()
		passed := s.mean * 1.5 * random.Float64()
		low, middle, high := s.quantiles()
		var below [3]float64
		var count, sum, squares, beyond float64
		const draws = 200_000
		for range draws {
			x := math.Exp(mu + sigma*random.NormFloat64())
			for i, q := range [3]float64{low, middle, high} {
				if x < q {
					below[i] += 1.0 / draws
				}
			}
			if x > passed {
				count++
				sum += x - passed
				squares += (x - passed) * (x - passed)
			}
			if x > high {
				beyond += 1.0 / draws
			}
		}
		for i, want := range [3]float64{0.1, 0.5, 0.9} {
			if math.Abs(below[i]-want) > 0.01 {
				t.Errorf("seed %d: %.3f lie below the quantile of %g", seed, below[i], want)
			}
		}
		rest := s.rest(passed)
		mean := sum / count
		if deviation := math.Sqrt(squares/count - mean*mean); math.Abs(rest.mean-mean) > 0.05*mean || math.Abs(math.Sqrt(rest.variance)-deviation) > 0.15*deviation {
			t.Errorf("seed %d: after %.0f of %+v %+v remain, want %.0f ± %.0f", seed, passed, s, rest, mean, deviation)
		}
		if got := s.beyond(high); math.Abs(got-beyond) > 0.01 {
			t.Errorf("seed %d: beyond P90 with %g", seed, got)
		}
	}
}

// Numbers without measure stay numbers.
func TestSpreadAtTheEnds(t *testing.T) {
	for _, mean := range []float64{0, 1e-300, 1, 1e18} {
		for _, variance := range []float64{0, 1e-300, 1, 1e36} {
			s := spread{mean, variance}
			low, middle, high := s.quantiles()
			for _, passed := range []float64{-5, 0, 1, 1e18} {
				r := s.rest(passed)
				for _, x := range []float64{low, middle, high, s.beyond(passed), r.mean, r.variance} {
					if math.IsNaN(x) || math.IsInf(x, 0) || x < 0 {
						t.Errorf("%+v after %g: %g, %g, %g, rest %+v", s, passed, low, middle, high, r)
					}
				}
			}
		}
	}
}

func TestForecastSettings(t *testing.T) {
	for name, s := range map[string]ForecastSettings{
		"on time above delayed": {OnTimeProbability: 0.9},
		"certain":               {DelayedProbability: 1},
		"no time":               {ApproachingWithin: -time.Second},
	} {
		if _, err := NewWorld(1, Settings{Forecasts: s}, nil); !errors.Is(err, ErrSettings) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
