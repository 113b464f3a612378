package tracker

import "time"

// RoundsOf returns the rounds of a driver that concern them at a time: those
// that run, and those that are to begin on that day, by the clocks at their
// depots. Newest first.
func (f *Fleet) RoundsOf(driver string, at time.Time) []Round {
	if driver == "" {
		return nil
	}
	theirs := f.ledger.rounds.list("", true, -1, func(r *Round) bool {
		return r.Driver == driver && (r.State == RoundRunning || !r.Start.IsZero())
	})
	var found []Round
	for _, r := range theirs {
		if r.State == RoundRunning || f.begins(&r, at) {
			found = append(found, r)
		}
	}
	return found
}

// begins tells whether a round begins on the day that it is at its depot.
func (f *Fleet) begins(r *Round, at time.Time) bool {
	d, _ := f.ledger.depots.get(r.Depot) // without one, in UTC
	return d.day(r.Start) == d.day(at)
}

// day is the date at the depot.
func (d *Depot) day(at time.Time) string { return d.Local(at).Format(time.DateOnly) }
