package geofence

// ETA is when a stop will be reached, as it looks at a device's newest fix: it
// will be before P10, P50 and P90 with a probability of 10, 50 and 90 %.
type ETA struct {
	Stop          StopID
	P10, P50, P90 Millis
	// RemainingMeters is how far there is to drive.
	RemainingMeters float64
	// StopsAway is 1 for the next stop.
	StopsAway int
}

// ETAs appends to buffer when the stops that remain will be reached, in the
// order in which they are expected to be. It goes by w, which should be the
// World that the newest fix was stepped with.
//
// The stops behind the one arrived at last come next, in the round's order;
// stops that were left out on the way there, or driven past by 80 m, come
// after all others. A vehicle is not expected to wait for a window to begin,
// since it may deliver early unless somebody tells the driver not to, nor to
// take a break, since a Break says when it may and not that it will. Before
// the round's Start it leaves at Start.
//
// What remains to be driven is taken along the route, or where the device has
// never been on one, straight from stop to stop times the detour factor; off
// the route, first back to its nearest point. Its time is that of the
// timetable with what was learned on the way; the time at the stops in between
// and the rest of that at the present one is added. Errors add up in three
// ways: stretches and services each have their own, which grow with the root
// of their number; the factors of the trip, of the traffic and of the round's
// services are off for all stretches and stops alike, so that their errors
// grow with the sum itself. The sum is taken to be log-normal, as times for
// drives in towns about are.
//
// Where the route leads through a hazard that holds vehicles up, driving takes
// as much longer as its Peril says, even if it may be over by then. Away from a
// route hazards count for nothing.
func (s *State) ETAs(w *World, buffer []ETA) []ETA {
	d := s.duty
	if d == nil || s.version != w.version {
		d = w.duty(s.device)
	}
	if !s.seen || d.round == nil || w.settings.Raw {
		return buffer
	}
	g := w.settings.sight(&s.last)
	o := s.outlook(w, d.round, g)
	o.foretell(s, g)
	for o.next() {
		low, middle, high := o.arrival().quantiles()
		buffer = append(buffer, ETA{
			o.target().ID,
			plus(g.time, low), plus(g.time, middle), plus(g.time, high),
			o.sum.meters, o.sum.stops,
		})
	}
	return buffer
}
