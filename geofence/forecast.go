package geofence

import (
	"fmt"
	"slices"
	"time"
)

// The facts about when a stop will be reached. The subject is the stop.
const (
	// Approaching: the device is near in time, and few stops away. Said once.
	Approaching EventType = "delivery.approaching"
	// Delayed: the stop will hardly be reached by the end of its window.
	Delayed EventType = "delivery.delayed"
	// OnTimeAgain ends the episode of a Delayed: it will be reached in time
	// after all, or has been.
	OnTimeAgain EventType = "delivery.on_time_again"
)

// ForecastSettings say how arrivals are foretold; zero values stand for the
// defaults.
type ForecastSettings struct {
	// SpeedMPS is how fast vehicles get on between stops, traffic included,
	// as long as nothing better is known. Default 7, 25 km/h: traffic in London
	// moved at 16 mph (7.1 m/s) in the peaks and 18.5 mph between them, from
	// 10 mph in the centre to 21.9 mph in the outskirts (House of Commons,
	// written answer of 2 December 2005, on the surveys of 1997 to 2000), and
	// who delivers leaves the main roads.
	SpeedMPS float64
	// Service is how long serving a stop takes where it does not say. Default
	// 3 min: rounds of 100 to 150 parcels take about 8 hours, of which half to
	// two thirds are spent at the stops (55 % in "A Time-Efficiency Study of
	// Medium-Duty Trucks Delivering in Urban Environments", Sustainability
	// 12(1) 425, 2020).
	Service time.Duration
	// Detour is how much longer streets are than the straight line. Default
	// 1.35: the mean on the way to the centres of 300 European cities is 1.343
	// (Environment and Planning B, doi 10.1177/23998083231168870, 2023).
	Detour float64
	// ApproachingWithin is how soon, as likely as not, a stop will be reached
	// that is told of as approaching. Default 10 min: time to come to the door.
	ApproachingWithin time.Duration
	// ApproachingStops is how many stops away it may be at most; 1 is the next
	// one. Default 1: with a stop in between it is another customer's turn, and
	// the order may still change.
	ApproachingStops float64
	// DelayedProbability is how likely it must be that a stop is reached after
	// the end of its window to tell of a delay. Default 0.8. OnTimeProbability
	// is how likely it may still be to take that back. Default 0.2. The
	// probability of a good forecast is a martingale: once at p it comes down
	// to q before the end in at most (1-p)/(1-q) of all cases, here one in four,
	// however noisy the way there is.
	DelayedProbability, OnTimeProbability float64
	// DelayedBy is how far beyond the end the arrival must be expected, and how
	// far before it to be on time again. Default 1 min: less is no delay to
	// anybody who waits.
	DelayedBy time.Duration
	// DelayedAfter is for how long all that must hold. Default 1 min: a red
	// light is no delay, nor is its end the end of one.
	DelayedAfter time.Duration
}

// standardSpeed is the default of SpeedMPS.
const standardSpeed = 7.0

func (s *ForecastSettings) settings() []setting {
	return []setting{
		amount("eta_speed_mps", &s.SpeedMPS, standardSpeed, 100),
		duration("eta_service_s", &s.Service, 3*time.Minute, year),
		amount("eta_detour", &s.Detour, 1.35, 10),
		duration("approaching_within_s", &s.ApproachingWithin, 10*time.Minute, year),
		amount("approaching_stops", &s.ApproachingStops, 1, maxSetting),
		amount("delayed_probability", &s.DelayedProbability, 0.8, 0.999),
		amount("on_time_probability", &s.OnTimeProbability, 0.2, 0.999),
		duration("delayed_by_s", &s.DelayedBy, time.Minute, year),
		duration("delayed_after_s", &s.DelayedAfter, time.Minute, year),
	}
}

// check compares the settings with each other. Errors: ErrSettings.
func (s *ForecastSettings) check() error {
	if s.OnTimeProbability >= s.DelayedProbability {
		return fmt.Errorf("%w: on_time_probability must be less than delayed_probability, or every delay ends as it begins", ErrSettings)
	}
	return nil
}

// forecast is what is remembered of what was foretold, and what it rests on.
type forecast struct {
	round RoundID
	// begun: there was a round. moved: the device has driven since.
	begun, moved bool
	// looked is when arrivals were last worked out, surveyed when they were
	// compared with the windows.
	looked, surveyed Millis
	trip             trip
	leg              hop
	origin           origin
	notices          []notice // in order of stop

	table timetable // made again when it is missing
	drive Traversal // that ended with the newest fix
}

const (
	// lookEvery is how often arrivals are worked out: a van that drives gets on
	// by 100 to 200 m.
	lookEvery = 15.0
	// surveyEvery is how often windows are looked at, of which a round may have
	// hundreds.
	surveyEvery = 60.0
	// longStand is how long a device may stand away from stops for the sake of
	// traffic: longer than the cycle of any traffic light, which is two minutes
	// or three at most.
	longStand = 240.0
)

// foresee brings the forecast up to date.
func (s *State) foresee(w *World, g sighting, fix *Fix, events []Event) []Event {
	f, r := &s.forecast, s.duty.round
	switch {
	case !f.begun || f.round != r.ID:
		f.begin(r.ID)
	case secondsBetween(f.looked, g.time) < lookEvery:
		return events
	}
	f.looked = g.time
	f.settle(w, s.whereabouts(r, g), g.time)
	o := s.outlook(w, r, g)
	s.learn(&o, g)
	if r.Start != 0 && g.time < r.Start {
		return events
	}
	o.foretell(s, g)
	survey := secondsBetween(f.surveyed, g.time) >= surveyEvery
	watching := slices.ContainsFunc(f.notices, notice.watched)
	near := int(w.settings.Forecasts.ApproachingStops)
	for (survey || o.sum.stops < near) && o.next() {
		if o.sum.stops <= near {
			events = s.tellApproach(&o, g, events)
		}
		if survey && (watching || o.mayBeLate(g)) {
			events = s.tellDelay(&o, g, events)
		}
	}
	if survey {
		f.surveyed = g.time
		events = s.dropNotices(&o, g, events)
	}
	return events
}

// begin takes up another round. What was learned of driving and serving on
// this trip still holds.
func (f *forecast) begin(id RoundID) {
	*f = forecast{round: id, begun: true, trip: f.trip, notices: f.notices[:0]}
}

// between is the time from a to b in seconds, negative where b is earlier.
func secondsBetween(a, b Millis) float64 { return (float64(b) - float64(a)) / 1000 }

// plus is t and so many seconds, or the end of time.
func plus(t Millis, seconds float64) Millis {
	if float64(t)+seconds*1000 >= 1<<63 {
		return 1<<63 - 1
	}
	// In two parts, since a float64 does not hold every Millis.
	return t + Millis(min(seconds*1000, 1<<62))
}

func (f *forecast) clone() forecast {
	c := *f
	c.notices = slices.Clone(f.notices)
	c.table = timetable{}
	return c
}

func (f *forecast) renumber(number func(uint64) uint64) {
	for i := range f.notices {
		if n := &f.notices[i]; n.episode != 0 {
			n.episode = number(n.episode)
		}
	}
}

func (f *forecast) empty() bool { return !f.begun }
