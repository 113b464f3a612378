package geofence

import (
	"cmp"
	"slices"

	"github.com/paulmach/orb"
)

// notice is what has been told of a stop that remains, or may soon be.
type notice struct {
	stop StopID
	told bool // that it is approaching
	// episode of the delay, 0 for none.
	episode uint64
	// turning: since then, and from that point on, it looks as if the delay had
	// begun, or ended.
	turning bool
	since   Millis
	point   orb.Point

	alive bool // seen in this survey
}

// notice is what was told of a stop, and where that is kept or would be.
func (f *forecast) notice(id StopID) (i int, found bool) {
	return slices.BinarySearchFunc(f.notices, id, func(n notice, id StopID) int { return cmp.Compare(n.stop, id) })
}

// tellApproach tells once of a stop that will be reached soon. A vehicle that
// has not driven yet on this round, or stands, is not on its way.
func (s *State) tellApproach(o *outlook, g sighting, events []Event) []Event {
	f, wanted := &s.forecast, &o.world.settings.Forecasts
	soon := wanted.ApproachingWithin.Seconds()
	if o.leftOut() || !f.moved || s.idle(o, g) {
		return events
	}
	id := o.target().ID
	i, found := f.notice(id)
	if found && f.notices[i].told {
		return events
	}
	if _, middle, _ := o.arrival().quantiles(); middle > soon {
		return events
	}
	if !found {
		f.notices = slices.Insert(f.notices, i, notice{stop: id})
	}
	f.notices[i].told = true
	e := Event{Type: Approaching, Time: g.time, Episode: s.newEpisode(), Point: g.point()}
	e.prospect(o)
	e.Facts.add("approaching_within_s", soon)
	e.Facts.add("approaching_stops", wanted.ApproachingStops)
	return append(events, e)
}

// idle tells whether the device stands where nobody asked it to.
func (s *State) idle(o *outlook, g sighting) bool {
	return o.standing < 0 && secondsBetween(s.standSince(g), g.time) >= longStand
}

// prospect fills in what e is about and what lies before the stop.
func (e *Event) prospect(o *outlook) {
	low, middle, high := o.arrival().quantiles()
	e.Subject = string(o.target().ID)
	e.Facts.add("in_p10_s", low)
	e.Facts.add("in_p50_s", middle)
	e.Facts.add("in_p90_s", high)
	e.Facts.add("remaining_m", o.sum.meters)
	e.Facts.add("stops_away", float64(o.sum.stops))
}

// tellDelay tells when a stop with a window becomes late, and when it does not
// look like that any more.
func (s *State) tellDelay(o *outlook, g sighting, events []Event) []Event {
	f, wanted, stop := &s.forecast, &o.world.settings.Forecasts, o.target()
	i, found := f.notice(stop.ID)
	if found {
		f.notices[i].alive = true
	}
	switch {
	case !found && !o.mayBeLate(g):
		return events
	case !found:
		f.notices = slices.Insert(f.notices, i, notice{stop: stop.ID, alive: true})
	case stop.WindowEnd == 0:
		f.notices[i].episode, f.notices[i].turning = 0, false
		return events
	}
	left := secondsBetween(g.time, stop.WindowEnd)
	n := &f.notices[i]
	arrival := o.arrival()
	late := lateness{left: left, by: arrival.median() - left, probability: arrival.beyond(left)}
	if !n.turns(late, wanted, g) {
		return events
	}
	e := Event{Type: Delayed, Time: n.since, Point: n.point}
	e.prospect(o)
	e.Facts.add("late_s", late.by)
	e.Facts.add("probability", late.probability)
	if n.episode != 0 {
		e.Type, e.Episode, n.episode = OnTimeAgain, n.episode, 0
		e.Facts.add("on_time_probability", wanted.OnTimeProbability)
		return append(events, e)
	}
	n.episode = s.newEpisode()
	e.Episode = n.episode
	e.Facts.add("delayed_probability", wanted.DelayedProbability)
	return append(events, e)
}

// mayBeLate is quick, and true wherever a delay may have to be told.
func (o *outlook) mayBeLate(g sighting) bool {
	end := o.target().WindowEnd
	if end == 0 {
		return false
	}
	// By Markov's inequality nothing is beyond x with more than mean/x.
	left := secondsBetween(g.time, end)
	return left <= 0 || o.guess.atMost(&o.sum) >= o.world.settings.Forecasts.DelayedProbability*left
}

// lateness is how an arrival stands to the end of its window.
type lateness struct {
	left        float64 // seconds until the end
	by          float64 // seconds from the end to the median
	probability float64 // of being late
}

// turns tells whether the delay of n has begun, or ended, for certain.
func (n *notice) turns(late lateness, wanted *ForecastSettings, g sighting) bool {
	margin := wanted.DelayedBy.Seconds()
	other := late.probability >= wanted.DelayedProbability && late.by >= margin
	if n.episode != 0 {
		other = late.probability <= wanted.OnTimeProbability && late.by <= -margin
	}
	if other && !n.turning {
		n.since, n.point = g.time, g.point()
	}
	// What is past needs no confirmation.
	sure := late.left <= -margin || other && secondsBetween(n.since, g.time) >= wanted.DelayedAfter.Seconds()
	n.turning = other && !sure
	return other && sure
}

// watched tells whether every survey must look at n.
func (n notice) watched() bool { return n.turning || n.episode != 0 }

// dropNotices forgets the stops that no longer remain. One that was reached
// before the end of its window was not late after all.
func (s *State) dropNotices(o *outlook, g sighting, events []Event) []Event {
	f := &s.forecast
	kept := f.notices[:0]
	for _, n := range f.notices {
		stop := -1
		if !n.alive {
			stop = o.round.stop(n.stop)
		}
		remains := n.alive || stop >= 0 && !n.watched() && !o.reached(stop)
		if n.alive = false; remains && (n.told || n.watched()) {
			kept = append(kept, n)
		}
		if n.episode != 0 && stop >= 0 && o.reached(stop) {
			events = n.reached(o.round.Stops[stop].WindowEnd, o.calls[stop].arrived, g, events)
		}
	}
	clear(f.notices[len(kept):])
	f.notices = kept
	return events
}

// reached ends the delay of a stop that was arrived at before its window's end.
func (n *notice) reached(end, arrived Millis, g sighting, events []Event) []Event {
	late := secondsBetween(end, arrived)
	if late > 0 || end == 0 {
		return events
	}
	e := Event{Type: OnTimeAgain, Time: max(arrived, n.since), Subject: string(n.stop), Episode: n.episode, Point: g.point()}
	e.Facts.add("late_s", late)
	return append(events, e)
}
