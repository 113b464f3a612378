package geofence

import (
	"math"
	"time"

	"github.com/paulmach/orb"
)

// How long driving takes is the expectation of the timetable times two factors
// that are learned on the way. One belongs to the trip (the driver, the
// vehicle, the city, the weather) and stays; one is the traffic of the moment,
// which comes and goes. Each is estimated by credibility (H. Bühlmann,
// "Experience rating and credibility", ASTIN Bulletin 4, 1967): with E seconds
// expected and A used, the estimate is (k + A) / (k + E), where k is the
// variance of what is seen over that of the factor. Time is added up, not
// logarithms of pace, so that it stays right on average whatever the
// distribution is.
const (
	// lightsNoise is by how many square seconds the time for a drive varies, for
	// each second of it, even if all factors are known: a red light every 40 s,
	// of which half are met and hold the vehicle for half a minute or so.
	lightsNoise = 15.0
	// Roads that no model knows are slower or faster than the rest of the trip
	// by roadVariance, and alike over about roadLasts seconds of driving: 25 %,
	// as between a main road and the streets beside it, and 2 to 3 km.
	roadVariance, roadLasts = 0.25 * 0.25, 300.0
	// drivingNoise is both together, as seen in what was driven.
	drivingNoise = lightsNoise + 2*roadVariance*roadLasts
	// tripVariance and trafficVariance are those of the factors: 50 %, since
	// London's centre, its outskirts and all of it are 40 % apart, and vans,
	// bicycles and expressways further, or 20 % where a model has seen the
	// roads; and 30 %, as between London's peaks and free roads.
	tripVariance, knownTripVariance = 0.5 * 0.5, 0.2 * 0.2
	trafficVariance                 = 0.3 * 0.3
	// trafficLasts is how long the traffic of the moment is remembered for.
	trafficLasts = 2700.0

	// serviceVariance is that of a service time over its expectation squared,
	// roundVariance that of the factor that all of a round share: some rounds
	// have lifts and queues at the door, some have front gardens.
	serviceVariance, roundVariance = 0.8 * 0.8, 0.5 * 0.5
	// A service longer than so many times what was planned, and some minutes,
	// is cut there: a lunch break is no service.
	mostService, andMinutes = 5.0, 300.0
	// leastService is the shortest plan that a factor is learned from: a visit
	// of a minute where none was planned says nothing of other plans.
	leastService = 30.0
	// mostDriving and mostServices are what is remembered: a day's worth, in
	// seconds and visits.
	mostDriving, mostServices = 4 * 3600.0, 100.0
	// Some trips are more regular than others: driveCredit and visitCredit are
	// how many drives and visits the usual noise is worth against what was seen:
	// the first four kilometres, the first eight stops. None counts for more
	// than mostNoise, three deviations, and all for no more than mostNoises.
	driveCredit, visitCredit, mostNoise, mostNoises = 15.0, 8.0, 9.0, 100.0
	// arrivalNoise is the variance in square seconds of the moment of arrival
	// itself, and of the last metres to a place to stop.
	arrivalNoise = 20.0 * 20
)

// tally is what was used and what had been expected.
type tally struct{ used, expected float64 }

// add keeps a share of what there was and takes in more. Nothing counts for
// more than most, so that a vehicle that is seldom seen to rest forgets its
// trips of other days.
func (t *tally) add(used, expected, kept, most float64) {
	t.used, t.expected = t.used*kept+used, t.expected*kept+expected
	if beyond := max(t.used, t.expected) / most; beyond > 1 {
		t.used, t.expected = t.used/beyond, t.expected/beyond
	}
}

// trip is what was learned on the way.
type trip struct {
	whole, recent, service tally
	// driveNoise and serviceNoise are the squares of what came out less what was
	// foretold, in units of the variance foretold, and their number.
	driveNoise, serviceNoise tally
	// counted is the newest departure that is in service.
	counted Millis
}

// took takes in a drive that took so long, and began so long ago.
func (t *trip) took(seconds, expected, ago, known float64) {
	g := t.guess(known)
	typical := expected * g.trip.factor
	off := seconds - typical*g.traffic.factor
	t.driveNoise.add(min(off*off/g.legVariance(expected), mostNoise), 1, 1, mostNoises)
	// What the whole trip explains is not traffic.
	t.whole.add(seconds, expected, 1, mostDriving)
	t.recent.add(seconds, typical, math.Exp(-ago/trafficLasts), mostDriving)
}

// served takes in the visits that have ended, each once.
func (t *trip) served(o *outlook) {
	newest := t.counted
	for i, c := range o.calls {
		if !c.served() || c.arrived == 0 || c.departed <= t.counted {
			continue
		}
		newest = max(newest, c.departed)
		planned := o.expectedService(i)
		took := max(0, min(secondsBetween(c.arrived, c.departed), mostService*planned+andMinutes))
		g := t.guess(0)
		off := took - g.service.factor*planned
		t.serviceNoise.add(min(off*off/g.visitVariance(planned), mostNoise), 1, 1, mostNoises)
		unit := max(planned, leastService)
		t.service.add(took/unit, planned/unit, 1, mostServices)
	}
	t.counted = newest
}

// hop is the stretch that is being driven.
type hop struct {
	set   bool
	since Millis
	point orb.Point
	// on and meters: how far along which route, if it was on one.
	on     bool
	route  int
	meters float64
}

// maxSilence is how long a device may say nothing without its stretch being
// given up: it may have done anything.
const maxSilence = 600.0

// learn takes in what was driven and served up to g.
func (s *State) learn(o *outlook, g sighting) {
	f := &s.forecast
	f.trip.served(o)
	now := hop{set: true, since: g.time, point: g.point()}
	if o.on {
		now.on, now.route, now.meters = true, o.route, o.meters
	}
	l := &f.leg
	if !l.set || l.on != now.on || l.route != now.route || s.seen && secondsBetween(s.last.Time, g.time) > maxSilence {
		f.restart(now)
		return
	}
	meters, expected := o.driven(l, now)
	switch {
	case meters < -2*stretchMeters || meters > 4*maxTraversalMeters:
		f.restart(now)
	case meters >= stretchMeters && o.standing < 0:
		f.close(now, meters, expected, o.atStops(l.since, g.time))
	}
}

func (f *forecast) restart(now hop) { f.leg, f.drive = now, Traversal{} }

// close ends the stretch, of which so many seconds were spent at stops.
func (f *forecast) close(now hop, meters, expected, stood float64) {
	l := f.leg
	f.restart(now)
	f.moved = true
	ago := secondsBetween(l.since, now.since)
	seconds := ago - stood
	if seconds < meters*fastestPace {
		return
	}
	f.drive = Traversal{l.point, now.point, l.since, meters, time.Duration(min(seconds, 1e9) * float64(time.Second))}
	f.trip.took(min(seconds, expected+longStand), expected, ago, f.table.known())
}

// Traversal is the drive of about 250 m that ended with the newest fix, of
// which a SpeedModel can learn. Ask after each Step; a State that was just
// decoded has none.
func (s *State) Traversal() (t Traversal, ok bool) {
	f := &s.forecast
	return f.drive, s.seen && f.leg.set && f.drive.Took > 0 && f.leg.since == s.last.Time
}
