package geofence

import "slices"

// tour is what is remembered of the stops of the round that a device follows.
type tour struct {
	round RoundID
	begun Millis // the first fix on the round; 0 for none yet
	calls []call // of the round's stops, in its order
}

// call is how far a stop has been served.
type call struct {
	stop StopID // as long as there was no visit, empty
	// arrived and departed are when the newest visit began and ended, 0 if
	// there was none or it has not ended.
	arrived, departed Millis
	episode           uint64 // of the newest visit
}

// served tells whether the device has been at the stop and left.
func (c call) served() bool { return c.departed != 0 }

// made tells whether there was a visit, open whether it goes on.
func (c call) made() bool { return c.arrived != 0 }
func (c call) open() bool { return c.made() && !c.served() }

// next is the first stop behind the last one that was arrived at, len(calls)
// if there is none.
func (t *tour) next() int {
	for i := len(t.calls); i > 0; i-- {
		if t.calls[i-1].arrived != 0 {
			return i
		}
	}
	return 0
}

// nonzero is t, or the next instant where it would stand for none.
func nonzero(t Millis) Millis {
	if t == 0 {
		return 1
	}
	return t
}

// pursue makes r, nil for none, the round that is followed. Where it is the one
// of before with other stops, those that are still there keep their calls; of
// another round, those that the device stands at.
func (s *State) pursue(r *round) {
	t, m := &s.tour, &s.motion
	var known tour
	switch {
	case r == nil:
	case r.ID != t.round:
		known = tour{round: r.ID, calls: t.carried(r, call.open)}
	case t.fits(r):
		return
	default:
		known = tour{round: r.ID, begun: t.begun, calls: t.carried(r, call.made)}
	}
	m.lost = m.lost || known.opened() < t.opened()
	if m.last.fixes > 0 {
		m.last.stop = known.find(t, m.last.stop)
	}
	*t = known
	m.stop, m.looked, m.judged = t.first(), 0, false
}

// fits tells whether the calls are of r's stops.
func (t *tour) fits(r *round) bool {
	if len(t.calls) != len(r.Stops) {
		return false
	}
	for i := range t.calls {
		if c := &t.calls[i]; c.arrived != 0 && c.stop != r.Stops[i].ID {
			return false
		}
	}
	return true
}

// carried are the calls of r's stops, as far as they are known and wanted.
func (t *tour) carried(r *round, wanted func(call) bool) []call {
	calls := make([]call, len(r.Stops))
	for _, c := range t.calls {
		if i := r.stop(c.stop); i >= 0 && wanted(c) {
			calls[i] = c
		}
	}
	return calls
}

// find is where the stop that stood at place i of the calls of before stands
// now, -1 if it is gone.
func (t *tour) find(before *tour, i int) int {
	if i < 0 || i >= len(before.calls) {
		return -1
	}
	id := before.calls[i].stop
	return slices.IndexFunc(t.calls, func(c call) bool { return c.made() && c.stop == id })
}

// opened is how many stops the device stands at.
func (t *tour) opened() int {
	count := 0
	for _, c := range t.calls {
		if c.open() {
			count++
		}
	}
	return count
}

// first is the first stop, from 1, that the device stands at; 0 for none.
func (t *tour) first() int { return 1 + slices.IndexFunc(t.calls, call.open) }

func (t *tour) clone() tour {
	c := *t
	c.calls = slices.Clone(t.calls)
	return c
}

func (t *tour) renumber(number func(uint64) uint64) {
	for i := range t.calls {
		if c := &t.calls[i]; c.episode != 0 {
			c.episode = number(c.episode)
		}
	}
}
