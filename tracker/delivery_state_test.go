package tracker

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// Whatever is asked of a delivery in whatever order, it goes only where the
// drawing of the life cycle lets it, and what is final stays.
func TestLifeCycle(t *testing.T) {
	all := make([]DeliveryState, 0, len(lifeCycle))
	for s, next := range lifeCycle {
		all = append(all, s)
		for _, n := range next {
			if _, ok := lifeCycle[n]; !ok {
				t.Errorf("%s leads to %s, which is no state", s, n)
			}
		}
	}
	slices.Sort(all)
	reached := make(map[DeliveryState]bool)
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	at := time.Now()
	for range 2000 {
		c := Course{State: DeliveryCreated, Since: at}
		for range 30 {
			before, to := c, all[r.IntN(len(all))]
			err := c.move(to, at, "")
			legal := slices.Contains(lifeCycle[before.State], to)
			if legal != (err == nil) {
				t.Fatalf("seed %d: %s to %s: %v", seed, before.State, to, err)
			}
			if err != nil && c != before {
				t.Fatalf("seed %d: a refused move changed %+v to %+v", seed, before, c)
			}
			if err == nil && c.State != to {
				t.Fatalf("seed %d: moved to %s, not %s", seed, c.State, to)
			}
			reached[c.State] = true
		}
	}
	for _, s := range all {
		if !reached[s] {
			t.Errorf("%s was never reached", s)
		}
	}
}

func TestOutcomesAreNotOpen(t *testing.T) {
	for s, next := range lifeCycle {
		final := len(next) == 0
		if final && s.Open() {
			t.Errorf("%s is final and open", s)
		}
		if s.OnTheWay() && !s.Open() {
			t.Errorf("%s is on the way and not open", s)
		}
		if s.OnTheWay() && !slices.Contains(next, DeliveryCancelled) {
			t.Errorf("%s cannot be cancelled", s)
		}
	}
}
