package geofence

// passedMeters is how far behind a stop a device has driven past it: twice as far
// as a stay that serves it may be by default.
const passedMeters = 80.0

// outlook goes through the stops that remain in the order in which they will be
// reached.
type outlook struct {
	world    *World
	round    *round
	calls    []call // of its stops; none if nothing is known
	table    *timetable
	guess    guess
	usual    float64 // seconds for a stop that does not say
	standing int     // the stop that the device is at, -1 for none

	whereabouts
	order
	sum sum // what lies before the stop
}

// order is the order of the stops.
type order struct {
	first, step int     // the stop to begin with, and how many have been looked at
	stop        int     // the one that was looked at last
	service     float64 // seconds that it is expected to take; 0 before the first
}

// whereabouts is where the device is, and after that the stops.
type whereabouts struct {
	on     bool // on is how the device is on the route
	route  int  // -1 for none
	meters float64
	spot   spot
}

func (s *State) outlook(w *World, r *round, g sighting) outlook {
	o := outlook{world: w, round: r, standing: -1, whereabouts: s.whereabouts(r, g)}
	o.usual = w.settings.Forecasts.Service.Seconds()
	if s.tour.round == r.ID && len(s.tour.calls) == len(r.Stops) {
		o.calls = s.tour.calls
	}
	o.begin(g)
	o.table = s.forecast.timetable(w, o.path(), g)
	o.table.slow = w.threats.of(r, o.route).slow
	return o
}

func (s *State) whereabouts(r *round, g sighting) whereabouts {
	at := whereabouts{route: -1, spot: g.spot}
	if route, meters, on, ok := s.progress.at(); ok && route >= 0 && route < len(r.paths) && !r.Routes[route].Rough {
		at.on, at.route = on, route
		at.meters = max(0, min(meters, r.paths[route].length()))
	}
	return at
}

// path is the route that the device is or was on, nil for none.
func (o *outlook) path() *path {
	if o.route < 0 {
		return nil
	}
	return o.round.paths[o.route]
}

// foretell makes o ready for next.
func (o *outlook) foretell(s *State, g sighting) {
	o.guess = s.forecast.trip.guess(o.table.known())
	o.wait(s, g)
	if p := o.path(); p != nil && !o.on {
		o.goBack(p, g)
	}
}

// reached tells whether a stop no longer remains.
func (o *outlook) reached(stop int) bool { return o.calls != nil && o.calls[stop].arrived != 0 }

// place is where a stop lies along the route.
func (o *outlook) place(stop int) float64 {
	at := o.round.along(o.route, stop)
	if !(at > 0) {
		return 0
	}
	return min(at, o.path().length())
}

// begin finds the stop to begin with.
func (o *outlook) begin(g sighting) {
	newest := -1
	for i, c := range o.calls {
		if c.arrived != 0 && (newest < 0 || c.arrived >= o.calls[newest].arrived) {
			newest = i
		}
	}
	if newest >= 0 && !o.calls[newest].served() {
		o.standing = newest
	}
	o.first = newest + 1
	if !o.on || o.standing >= 0 {
		return
	}
	for o.first < len(o.round.Stops) && o.passed(o.first, g) {
		o.first++
	}
	if o.first == len(o.round.Stops) {
		o.first = newest + 1
	}
}

func (o *outlook) passed(stop int, g sighting) bool {
	return o.reached(stop) || o.meters > o.place(stop)+passedMeters+2*g.uncertainty
}

// goBack returns to the route, at the latest at the next stop.
func (o *outlook) goBack(p *path, g sighting) {
	to := o.meters
	if o.first < len(o.round.Stops) {
		to = max(to, o.place(o.first))
	}
	meters, distance := p.nearest(g.spot, max(0, o.meters-passedMeters), to)
	if distance-distance != 0 {
		return
	}
	o.meters = meters
	distance *= o.world.settings.Forecasts.Detour
	o.sum.drive(distance, o.table.off(distance))
}

// driven is how far the device got in a stretch, and the seconds expected.
func (o *outlook) driven(from *hop, now hop) (meters, expected float64) {
	if now.on {
		return now.meters - from.meters, o.table.between(from.meters, now.meters).seconds
	}
	meters = haversine(newSpot(from.point), newSpot(now.point)) * o.world.settings.Forecasts.Detour
	return meters, meters * o.table.flat
}

// atStops is how many seconds between two times were spent at stops.
func (o *outlook) atStops(from, to Millis) float64 {
	total := 0.0
	for _, c := range o.calls {
		if c.served() && c.departed > from {
			total += max(0, secondsBetween(max(c.arrived, from), min(c.departed, to)))
		}
	}
	return total
}

// expectedService is the seconds that serving a stop was planned to take.
func (o *outlook) expectedService(stop int) float64 {
	if s := o.round.Stops[stop].Service; s > 0 {
		return s.Seconds()
	}
	return o.usual
}

// next goes on to the next stop that remains.
func (o *outlook) next() bool {
	count := len(o.round.Stops)
	for ; o.step < count; o.step++ {
		stop := o.first + o.step
		if stop >= count {
			stop -= count
		}
		if o.reached(stop) {
			continue
		}
		o.step++
		o.sum.serve(o.service)
		o.sum.stops++
		o.drive(stop)
		o.stop, o.service = stop, o.expectedService(stop)
		return true
	}
	return false
}

// target is the stop that next has come to.
func (o *outlook) target() *Stop { return &o.round.Stops[o.stop] }

// arrival is when it will be reached, in seconds from now.
func (o *outlook) arrival() spread { return o.guess.total(&o.sum) }

// leftOut tells whether it comes after others of the round that follow on it.
func (o *outlook) leftOut() bool { return o.stop < o.first }

// drive goes on to a stop.
func (o *outlook) drive(stop int) {
	if o.route >= 0 {
		to := o.place(stop)
		o.sum.drive(max(to-o.meters, o.meters-to), o.table.between(o.meters, to))
		o.meters = to
		return
	}
	to := o.round.stops[stop].spot
	meters := haversine(o.spot, to) * o.world.settings.Forecasts.Detour
	o.sum.drive(meters, o.table.off(meters))
	o.spot = to
}

// wait adds what keeps the device from driving on now.
func (o *outlook) wait(s *State, g sighting) {
	if o.round.Start != 0 && g.time < o.round.Start {
		o.sum.waiting.mean = secondsBetween(g.time, o.round.Start)
		return
	}
	if o.standing >= 0 {
		passed := secondsBetween(o.calls[o.standing].arrived, g.time)
		o.sum.waiting = o.guess.visit(o.expectedService(o.standing)).rest(passed)
	} else if passed := secondsBetween(s.standSince(g), g.time); passed >= longStand {
		// Whatever it does takes as long as a stop, or longer.
		o.sum.waiting = o.guess.visit(o.usual).rest(passed)
	}
}

// standSince is when the device came to stand, now if it does not.
func (s *State) standSince(g sighting) Millis {
	if at, ok := s.motion.current(); ok && at.since < g.time {
		return at.since
	}
	return g.time
}
