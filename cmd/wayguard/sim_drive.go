package main

import (
	"math"
	"math/rand/v2"
	"sort"
)

// How a delivery van is driven, in metres per second squared: well below the
// 3.4 that AASHTO's Green Book takes for comfortable braking.
const (
	simSpeedingUp = 1.4
	simBraking    = 1.9
	simCornering  = 2.2
	// simSlowest is as slow as a van takes any corner.
	simSlowest = 1.8
	// simStep is how far apart the points of a drive are.
	simStep = 3.0
)

// simDrive is one drive from standstill to standstill, planned ahead: where the
// van is at each moment and how fast.
type simDrive struct {
	points townLine
	// knots say when the van is at which point. Between two it speeds up or
	// slows down evenly.
	knots []simKnot
}

type simKnot struct {
	seconds float64
	point   int
	speed   float64
}

func (d *simDrive) seconds() float64 { return d.knots[len(d.knots)-1].seconds }

// at is the place, speed and direction after so many seconds.
func (d *simDrive) at(seconds float64) (p townVec, speed float64, dir townVec) {
	i := sort.Search(len(d.knots), func(i int) bool { return d.knots[i].seconds > seconds })
	i = min(max(i, 1), len(d.knots)-1)
	a, b := d.knots[i-1], d.knots[i]
	if a.point == b.point {
		return d.points[a.point], 0, d.direction(a.point)
	}
	share := min(1, max(0, (seconds-a.seconds)/(b.seconds-a.seconds)))
	speed = a.speed + (b.speed-a.speed)*share
	// The way grows with the mean of the speed so far.
	way := share * (a.speed + speed) / (a.speed + b.speed)
	return d.points[a.point].mix(d.points[b.point], way), speed, d.direction(a.point).mix(d.direction(b.point), way).unit()
}

func (d *simDrive) direction(i int) townVec {
	return d.points[min(i+1, len(d.points)-1)].minus(d.points[max(i-1, 0)]).unit()
}

// simPause is a wait at a point of a drive.
type simPause struct {
	point   int
	seconds float64
}

// planDrive drives the legs with the given driver's share of the speed limits.
func (w *simWorld) planDrive(legs []townLeg, zeal float64, rng *rand.Rand) *simDrive {
	path := w.path(legs)
	line := simRounded(path.line)
	n := max(3, int(line.length()/simStep))
	points := line.every(line.length() / float64(n))
	limits := make([]float64, len(points))
	for i := range limits {
		share := float64(i) / float64(len(points)-1)
		limits[i] = zeal * path.limit(share*path.line.length())
	}
	simSlowForCorners(points, limits)
	pauses := w.obey(path, points, limits, rng)
	return simSchedule(points, limits, pauses)
}

// simRounded takes the corners off a line the way a van steers around them.
func simRounded(line townLine) townLine {
	const reach = 7.0
	out := townLine{line[0]}
	for i := 1; i < len(line)-1; i++ {
		before, p, after := line[i-1], line[i], line[i+1]
		a := p.mix(before, min(0.45, reach/max(p.to(before), 1e-6)))
		c := p.mix(after, min(0.45, reach/max(p.to(after), 1e-6)))
		for _, t := range [5]float64{0, 0.25, 0.5, 0.75, 1} {
			out = append(out, a.mix(p, t).mix(p.mix(c, t), t))
		}
	}
	return append(out, line[len(line)-1])
}

// simSlowForCorners lowers limits to what simCornering allows for the circle
// through each point and its neighbours.
func simSlowForCorners(points townLine, limits []float64) {
	for i := 1; i < len(points)-1; i++ {
		in, out := points[i].minus(points[i-1]), points[i+1].minus(points[i])
		turn := math.Abs(math.Atan2(in.cross(out), in.dot(out)))
		if turn > 1e-4 {
			radius := (in.length() + out.length()) / 2 / turn
			limits[i] = min(limits[i], max(simSlowest, math.Sqrt(simCornering*radius)))
		}
	}
}

// simSchedule turns speed limits and pauses into knots: brake in time for what
// comes (from the end back), then speed up no faster than a van can.
func simSchedule(points townLine, limits []float64, pauses []simPause) *simDrive {
	last := len(points) - 1
	limits[0], limits[last] = 0, 0
	for _, p := range pauses {
		limits[p.point] = 0
	}
	for i := last - 1; i >= 0; i-- {
		limits[i] = min(limits[i], math.Sqrt(limits[i+1]*limits[i+1]+2*simBraking*points[i].to(points[i+1])))
	}
	d := &simDrive{points: points, knots: []simKnot{{}}}
	now := 0.0
	for i := 1; i <= last; i++ {
		gap := points[i-1].to(points[i])
		limits[i] = min(limits[i], math.Sqrt(limits[i-1]*limits[i-1]+2*simSpeedingUp*gap))
		now += 2 * gap / max(limits[i-1]+limits[i], 0.5)
		d.knots = append(d.knots, simKnot{now, i, limits[i]})
		if len(pauses) > 0 && pauses[0].point == i {
			now += pauses[0].seconds
			d.knots = append(d.knots, simKnot{now, i, 0})
			pauses = pauses[1:]
		}
	}
	return d
}
