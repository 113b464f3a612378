package geofence

import (
	"math"
	"time"

	"github.com/paulmach/orb"
)

// leg is the way from one fix to a later one, taken to be straight on a map of
// longitude and latitude.
type leg struct {
	from, to    sighting
	east, north float64 // degrees from the one to the other
	length      float64 // metres
}

func newLeg(from, to sighting) leg {
	l := leg{from: from, to: to, east: eastward(from.lon, to.lon), north: to.lat - from.lat}
	middle := newSpot(orb.Point{0, (from.lat + to.lat) / 2})
	l.length = metersPerDegree * math.Hypot(l.east*middle.cos, l.north)
	return l
}

// eastward is how many degrees it is from one longitude to another, the
// shorter way round.
func eastward(from, to float64) float64 {
	switch d := to - from; {
	case d > 180:
		return d - 360
	case d < -180:
		return d + 360
	default:
		return d
	}
}

// apart is the distance from a to b in metres, both near the latitude whose
// cosine is cos.
func apart(a, b orb.Point, cos float64) float64 {
	x, y := eastward(a[0], b[0])*cos, b[1]-a[1]
	return metersPerDegree * math.Sqrt(x*x+y*y)
}

func (l *leg) gap() time.Duration { return (l.to.time - l.from.time).duration() }

func (l *leg) uncertainty() float64 { return max(l.from.uncertainty, l.to.uncertainty) }

// share is how much of the leg lies before x metres along it.
func (l *leg) share(x float64) float64 {
	if l.length == 0 {
		return 0
	}
	return x / l.length
}

// at is the place x metres along.
func (l *leg) at(x float64) spot {
	t := l.share(x)
	return newSpot(orb.Point{math.Remainder(l.from.lon+t*l.east, 360), l.from.lat + t*l.north})
}

// when is the time at which a device of steady speed is x metres along.
func (l *leg) when(x float64) Millis {
	return l.from.time + Millis(l.share(x)*float64(l.to.time-l.from.time))
}

func (l *leg) altitude(x float64) float64 {
	return l.from.altitude + l.share(x)*(l.to.altitude-l.from.altitude)
}

// steady is a little less than how much farther apart two places are than
// their distances to a boundary differ: the planes that these are measured on
// are not quite the same.
const steady = 0.98

// deepest is where the leg is deepest inside z, and how deep, if that is at
// least need. Distances are never farther apart than places: where the leg is
// d metres deep, it takes at least need-d metres to be need metres deep, so
// these are skipped. The depth is up to need/20 or a 500th of the leg too
// small.
func (l *leg) deepest(z *zone, need float64) (at, depth float64) {
	within := l.length + need
	step := max(need/20, l.length/500)
	for x := 0.0; x <= l.length && l.length > 0; {
		d := z.shape.distance(l.at(x), within)
		if d > depth {
			at, depth = x, d
		}
		x += step + steady*max(max(depth, need)-d, 0)
	}
	return at, depth
}

// tooFar tells that the leg, of which both ends lie outside, cannot be so deep
// in z, by the distances of the ends alone.
func (l *leg) tooFar(z *zone, need float64) bool {
	within := l.length + need
	a := z.shape.distance(l.from.spot, within)
	if a >= 0 || a+l.length < steady*need {
		return true
	}
	b := z.shape.distance(l.to.spot, within)
	return b >= 0 || (a+b+l.length)/2 < steady*need
}

// edge is where the boundary of z is, seen from x metres along, inside, in the
// direction of way, 1 or -1: within a decimetre, the end of the leg if it comes
// first.
func (l *leg) edge(z *zone, x, way float64) float64 {
	const precise = 0.1
	depth := func(x float64) float64 { return z.shape.distance(l.at(x), math.Inf(1)) }
	in, out := x, x
	for d := depth(x); d > 0; d = depth(out) {
		in = out
		if out = max(0, min(in+way*max(steady*d, precise, l.length/500), l.length)); out == in {
			return in
		}
	}
	for math.Abs(out-in) > precise {
		if middle := (in + out) / 2; depth(middle) > 0 {
			in = middle
		} else {
			out = middle
		}
	}
	return in
}
