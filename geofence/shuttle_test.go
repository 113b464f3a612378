package geofence

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// Who goes to and fro between two places some way apart, staying at each for
// minutes, has moved each time: no visit is lost.
func TestShuttle(t *testing.T) {
	for _, c := range []struct {
		radius, away, accuracy float64
		noisy                  bool
	}{{25, 80, 10, false}, {25, 60, 5, false}, {50, 90, 10, false}, {25, 80, 10, true}, {25, 60, 5, true}, {25, 100, 10, true}} {
		w := newWorld(t, fencesAlone(), Fence{ID: "a", Center: at{0, 0, 0}.fix().Point, RadiusMeters: c.radius})
		missed, visits := 0, 0
		for seed := range uint64(8) {
			noise := newDrift(rand.New(rand.NewPCG(seed, 2)), c.accuracy, 2*time.Minute)
			var places []at
			second := 0
			for range 8 {
				for _, leg := range []struct{ from, to float64 }{{c.away, c.away}, {c.away, 0}, {0, 0}, {0, c.away}} {
					for k := range 180 {
						if leg.from != leg.to && k >= 45 {
							break
						}
						x := leg.from + (leg.to-leg.from)*float64(k)/45
						if c.noisy {
							east, _ := noise.next(time.Second)
							x += east
						}
						places = append(places, at{second, x, float32(c.accuracy)})
						second++
					}
				}
			}
			visits += 8
			for _, e := range run(w, fixesOf(places)) {
				if e.Type == Enter {
					missed--
				}
			}
			missed += 8
		}
		line := fmt.Sprintf("radius %g m, %g m away, accuracy %g m, noisy %v: %d of %d visits missed", c.radius, c.away, c.accuracy, c.noisy, missed, visits)
		t.Log(line)
		if missed > 0 && !c.noisy || missed*20 > visits || missed < 0 {
			t.Error(line)
		}
	}
}
