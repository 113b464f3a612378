package geofence

import "math"

// spread is a log-normal quantity: its mean and variance.
type spread struct{ mean, variance float64 }

// logs are the mean and the standard deviation of the logarithm. A mean of less
// than a second counts as one.
func (s spread) logs() (mu, sigma float64) {
	mean := max(s.mean, 1)
	variance := math.Log1p(s.variance / mean / mean)
	return math.Log(mean) - variance/2, math.Sqrt(variance)
}

// p90 is what a normal quantity is below with a probability of 90 %, in
// standard deviations.
const p90 = 1.2815515655446004

// quantiles are what s is below with probabilities of 10, 50 and 90 %.
func (s spread) quantiles() (low, middle, high float64) {
	mu, sigma := s.logs()
	middle = math.Exp(mu)
	step := math.Exp(min(p90*sigma, 100))
	return middle / step, middle, middle * step
}

func (s spread) median() float64 {
	mu, _ := s.logs()
	return math.Exp(mu)
}

// beyond is the probability that s is more than x.
func (s spread) beyond(x float64) float64 {
	if x <= 0 {
		return 1
	}
	mu, sigma := s.logs()
	return upper((math.Log(x) - mu) / max(sigma, 1e-9))
}

// upper is the probability of more than z standard deviations.
func upper(z float64) float64 { return math.Erfc(z/math.Sqrt2) / 2 }

// rest is what remains of s, of which some has passed: by the moments of a
// log-normal quantity that is known to be more than that. The longer it has
// taken already, the longer it will still take.
func (s spread) rest(passed float64) spread {
	mu, sigma := s.logs()
	// More than four deviations teach nothing new about so rare a case.
	passed = max(0, min(passed, math.Exp(mu+4*sigma)))
	z := (math.Log(passed) - mu) / max(sigma, 1e-9)
	if passed == 0 || z < -6 {
		return spread{max(0, s.mean-passed), s.variance}
	}
	beyond := upper(z)
	mean := math.Exp(mu+sigma*sigma/2) * upper(z-sigma) / beyond
	square := math.Exp(2*mu+2*sigma*sigma) * upper(z-2*sigma) / beyond
	return spread{max(0, mean-passed), max(0, square-mean*mean)}
}

// visit is how long a service takes that was so planned.
func (g *guess) visit(planned float64) spread {
	mean := g.service.factor * planned
	return spread{mean, mean * mean * g.serviceNoise * serviceVariance}
}

// sum is what lies between the device and a stop.
type sum struct {
	meters            float64
	driving, unknown  float64 // seconds by the timetable, and on unknown roads
	stops             int
	services, squares float64 // seconds as planned, and their squares
	waiting           spread  // until it drives on
}

func (s *sum) drive(meters float64, t ride) {
	s.meters += meters
	s.driving += t.seconds
	s.unknown += t.unknown
}

func (s *sum) serve(seconds float64) {
	s.services += seconds
	s.squares += seconds * seconds
}

// belief is what is thought of a factor, and by how much that may be off.
type belief struct{ factor, variance float64 }

// believe is what t says of a factor that varies by prior from trip to trip,
// where a unit of what is expected varies by noise.
func (t tally) believe(noise, prior float64) belief {
	credit := noise / prior
	return belief{(credit + t.used) / (credit + t.expected), noise / (credit + t.expected)}
}

// guess is what was learned on the way, ready for use.
type guess struct {
	trip, traffic, service belief
	// driveNoise and serviceNoise are how much drives and services vary, in
	// terms of what they usually do.
	driveNoise, serviceNoise float64
}

// guess makes use of what was learned where a share of the roads is known.
func (t *trip) guess(known float64) guess {
	drive, service := t.driveNoise.believe(driveCredit, 1).factor, t.serviceNoise.believe(visitCredit, 1).factor
	return guess{
		trip:         t.whole.believe(drive*drivingNoise, known*knownTripVariance+(1-known)*tripVariance),
		traffic:      t.recent.believe(drive*drivingNoise, trafficVariance),
		service:      t.service.believe(service*serviceVariance, roundVariance),
		driveNoise:   drive,
		serviceNoise: service,
	}
}

// atMost is no less than the mean of total, and quick.
func (g *guess) atMost(s *sum) float64 {
	return s.waiting.mean + g.trip.factor*max(g.traffic.factor, 1)*s.driving + g.service.factor*s.services
}

// total is when the stop behind s is reached, in seconds from now.
func (g *guess) total(s *sum) spread {
	// The farther ahead, the less the traffic of the moment says.
	ahead := g.trip.factor*s.driving + g.service.factor*s.services
	kept := 1 / (1 + ahead/(2*trafficLasts))
	factor := g.trip.factor * (1 + kept*(g.traffic.factor-1))
	driving, services := factor*s.driving, g.service.factor*s.services
	roads := roadVariance * s.unknown * s.unknown / (1 + s.unknown/(2*roadLasts))
	return spread{
		mean: s.waiting.mean + driving + services,
		variance: arrivalNoise + s.waiting.variance +
			factor*factor*g.driveNoise*(lightsNoise*s.driving+roads) +
			driving*driving*(g.trip.variance+kept*kept*g.traffic.variance+(1-kept)*trafficVariance) +
			g.service.factor*g.service.factor*g.serviceNoise*serviceVariance*s.squares +
			services*services*g.service.variance,
	}
}

// legVariance is by how much the time for one stretch varies of which so many
// seconds were expected.
func (g *guess) legVariance(expected float64) float64 {
	shared := roadVariance + g.trip.variance + g.traffic.variance
	return g.trip.factor * g.trip.factor * expected * (lightsNoise + expected*shared)
}

// visitVariance is by how much one service varies that was so planned.
func (g *guess) visitVariance(planned float64) float64 {
	return g.service.factor*g.service.factor*planned*planned*(serviceVariance+g.service.variance) + arrivalNoise
}
