package geofence

// tour is what is remembered of the stops of the round that a device follows.
type tour struct {
	round RoundID
	calls []call // of the round's stops, in its order
}

// call is how far a stop has been served.
type call struct {
	// arrived and departed are when the newest visit began and ended, 0 if
	// there was none or it has not ended.
	arrived, departed Millis
}

// served tells whether the device has been at the stop and left.
func (c call) served() bool { return c.departed != 0 }

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

func (t *tour) clone() tour                    { return *t }
func (t *tour) renumber(f func(uint64) uint64) {}
func (t *tour) empty() bool                    { return true }
func (t *tour) append(b []byte, s *State) []byte {
	return b
}

func (d *decoder) tour(s *State) tour { return tour{} }
