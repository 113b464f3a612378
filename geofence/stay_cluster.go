package geofence

import "math"

// cluster sums up fixes near each other.
type cluster struct {
	fixes        int
	since, until Millis
	first        spot
	center       spot // its cos is that of first, which is near
	weak         bool // all of them
	// weight is the sum of the fixes' weights, worth that of weight times
	// accuracy, spread of weight times the square of the distance from center.
	weight, worth, spread float64
	// covered is how much of the time lies between fixes no farther apart than
	// MaxGap, idle how much of that counts towards UnplannedAfter.
	covered, idle Millis
}

func newCluster(g sighting) cluster {
	w := weightOf(g.uncertainty)
	return cluster{
		since: g.time, until: g.time, first: g.spot, center: g.spot, fixes: 1, weak: g.weak,
		weight: w, worth: w * g.uncertainty,
	}
}

// weightOf is what a fix of an accuracy counts in a mean.
func weightOf(uncertainty float64) float64 {
	u := max(uncertainty, 0.1)
	return 1 / (u * u)
}

// accuracy is the mean accuracy of the fixes in metres, each with its weight.
func (c *cluster) accuracy() float64 { return c.worth / c.weight }

// radius is the root of the mean square of the fixes' distances from center,
// those on the way off counting no more than the farthest that stand still.
func (c *cluster) radius() float64 { return math.Sqrt(c.spread / c.weight) }

// lasted is the time from the first fix to the newest.
func (c *cluster) lasted() Millis { return elapsed(c.since, c.until) }

// elapsed is the time from a to b, which is not before a, the longest there is
// where it is longer.
func elapsed(a, b Millis) Millis {
	if d := b - a; d >= 0 {
		return d
	}
	return math.MaxInt64
}

// stretched is a+b for a time a that has gone by and another.
func stretched(a, b Millis) Millis {
	if sum := a + b; sum >= a {
		return sum
	}
	return math.MaxInt64
}

// add takes in g, the next fix, and moves the centre: a weighted mean in which
// an offset counts up to 1.5 times the accuracy only (P. J. Huber, "Robust
// Estimation of a Location Parameter", Annals of Mathematical Statistics 35,
// 1964), so that reflections and walks from the vehicle and back pull at it
// little, however far they go.
func (c *cluster) add(g sighting, covered, idle Millis) {
	east, north := offset(c.center, g.spot)
	squared := east*east + north*north
	w := weightOf(g.uncertainty)
	c.weight += w
	c.worth += w * g.uncertainty
	gain := w / c.weight
	if limit := 1.5 * g.uncertainty; squared > limit*limit {
		gain *= limit / math.Sqrt(squared)
	}
	p := shifted(c.center, gain*east, gain*north)
	c.center.lon, c.center.lat = p[0], p[1]
	edge := pauseMeters + 2*g.uncertainty
	c.spread += w * min(squared, edge*edge)
	c.until = g.time
	c.fixes++
	c.weak = c.weak && g.weak
	c.covered = stretched(c.covered, covered)
	c.idle = stretched(c.idle, idle)
}

// near tells whether s is within meters of from.
func near(from, s spot, meters float64) bool {
	east, north := offset(from, s)
	return east*east+north*north <= meters*meters
}

const (
	// correlation is the time constant of the error of a receiver at rest, in
	// ms: it changes as the satellites move in relation to what reflects them,
	// within one to five minutes.
	correlation = 200_000.0
	// lasting is the part of the error that does not change as long as the
	// device stands: what blocks and reflects is the same.
	lasting = 0.5
)

// uncertainty is the radius around center, in metres, that holds the true place
// with a probability of 68 %. The mean over a time T of an error with standard
// deviation s and time constant t has the variance
//
//	s² · 2/x · (1 - (1-exp(-x))/x), x = T/t
//
// (A. Papoulis, "Probability, Random Variables and Stochastic Processes",
// 1965, chapter 9), but never less than n independent fixes would leave.
func (c *cluster) uncertainty() float64 {
	share := 1 / float64(c.fixes)
	if x := float64(c.covered) / correlation; x > 1e-3 {
		share = max(share, 2/x*(1+math.Expm1(-x)/x))
	} else if x > 0 {
		share = 1
	}
	return c.accuracy() * max(math.Sqrt(share), lasting)
}
