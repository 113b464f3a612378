package tracker

import (
	"slices"
	"sync"
	"time"
)

// maxTrips is how many rounds of a vehicle are remembered: more than one can
// drive within veilMemory.
const maxTrips = 16

// trips are the rounds that each vehicle was on, the newest last: where it stands
// at the start of one is where the last one ended.
type trips struct {
	mu        sync.RWMutex
	byVehicle map[string][]RoundID
}

func newTrips() *trips { return &trips{byVehicle: make(map[string][]RoundID)} }

// note remembers who is on a round that runs or ran.
func (t *trips) note(_, after *Round) {
	if after.State == RoundPlanned || after.Vehicle == "" {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	rounds := t.byVehicle[after.Vehicle]
	if slices.Contains(rounds, after.ID) {
		return
	}
	if len(rounds) == maxTrips {
		rounds = slices.Delete(rounds, 0, 1)
	}
	t.byVehicle[after.Vehicle] = append(rounds, after.ID)
}

// stops are those of r, which runs, and of the rounds that its vehicle was on in
// the last veilMemory; those taken off count.
func (t *trips) stops(f *Fleet, r *Round, now time.Time) []DeliveryID {
	stops := append(slices.Clone(r.Stops), r.Left...)
	t.mu.RLock()
	rounds := slices.Clone(t.byVehicle[r.Vehicle])
	t.mu.RUnlock()
	for _, id := range rounds {
		other, ok := f.Round(id)
		if ok && id != r.ID && (other.State == RoundRunning || now.Sub(other.Updated) < veilMemory) {
			stops = append(append(stops, other.Stops...), other.Left...)
		}
	}
	return stops
}
