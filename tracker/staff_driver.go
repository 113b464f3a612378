package tracker

import "time"

// RoundsOf returns the rounds of a driver that concern them at a time: those
// that run, and those that are to begin on that day, by the clocks at their
// depots. Newest first.
func (f *Fleet) RoundsOf(driver string, at time.Time) []Round {
	if driver == "" {
		return nil
	}
	return f.ledger.rounds.list("", true, -1, func(r *Round) bool { return f.concerns(r, driver, at) })
}

// RoundOf is the one of RoundsOf with an id.
func (f *Fleet) RoundOf(driver string, id RoundID, at time.Time) (r Round, ok bool) {
	r, ok = f.Round(id)
	if !ok || driver == "" || !f.concerns(&r, driver, at) {
		return Round{}, false
	}
	return r, true
}

func (f *Fleet) concerns(r *Round, driver string, at time.Time) bool {
	if r.Driver != driver || r.State == RoundRunning || r.Start.IsZero() {
		return r.Driver == driver && r.State == RoundRunning
	}
	d, _ := f.ledger.depots.get(r.Depot) // without one, in UTC
	return d.day(r.Start) == d.day(at)
}

// day is the date at the depot.
func (d *Depot) day(at time.Time) string { return d.Local(at).Format(time.DateOnly) }
