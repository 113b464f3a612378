package geofence

import "math"

// Mode is how a device gets about.
type Mode uint8

const (
	ModeUnknown Mode = iota
	// OnFoot: walking, standing, or sitting in a vehicle that does not drive.
	OnFoot
	// Driving: in a vehicle on its way, short halts included only where the
	// vehicle goes on within 10 s.
	Driving
)

// Motion is the newest run of fixes of one mode, as far as it is decided. What
// decides on a fix are those up to 10 s later, or the next one.
type Motion struct {
	Mode Mode
	// Since and Until are the first and the newest fix of the run.
	Since, Until Millis
}

// Motion tells how the device gets about.
func (s *State) Motion() Motion { return s.motion.gait.now }

// The thresholds are for strides, from one fix to the next that is strideMillis
// later or more. They are round numbers on a plateau: on the tracks of delivery
// agents each may be moved by a fifth at the cost of less than a hundredth of
// the share of fixes that come out right.
const (
	// strideMillis keeps the white part of the error, a metre or two, well
	// below walking speed.
	strideMillis = Millis(4_000)
	// aheadMillis is up to how much later fixes decide on the mode of one:
	// 10 s, the tracker's clock rounded. decideMillis is from when on there is
	// nothing more to wait for.
	aheadMillis, decideMillis = Millis(10_500), Millis(9_500)
	// startMPS over a stride and startPaceMPS over two begin a drive: people
	// with parcels walk at 1.4 m/s and run no farther than to the door. Two
	// strides tell a run from an outlier, which comes back.
	startMPS, startPaceMPS = 3.0, 2.0
	// keepMPS ahead keeps a drive going that slows down, as at a corner.
	keepMPS = 2.5
	// rollMPS is how fast the stride must have been that leads to the last fix
	// of a drive: at its end the vehicle has come to rest. Another one must be
	// faster than people walk.
	rollMPS, creepMPS = 1.0, 1.8
	// sharpMeters is the accuracy that the thresholds are for; what is worse
	// is taken off the length of a stride.
	sharpMeters = 10.0
)

// stride is a fix at the end of a step.
type stride struct {
	time Millis
	spot spot
	blur float64 // how much worse than sharpMeters
}

// gait decides on the mode. Its strides are the newest: the last one that is
// decided, if any, and those that are not yet.
type gait struct {
	now     Motion
	strides [5]stride
	count   int
	rolled  bool // the newest fix that is decided was the end of a drive
}

// take takes the next fix.
func (q *gait) take(g sighting) {
	if q.count > 0 && elapsed(q.strides[q.count-1].time, g.time) < strideMillis {
		return
	}
	q.strides[q.count] = stride{g.time, g.spot, max(0, g.uncertainty-sharpMeters)}
	q.count++
	for q.count > 1 && elapsed(q.strides[q.first()].time, g.time) >= decideMillis {
		q.decide()
	}
}

// first is the oldest stride that is not decided.
func (q *gait) first() int {
	if q.now.Mode == ModeUnknown {
		return 0
	}
	return 1
}

// decide settles the mode of the first stride, and forgets the one before.
func (q *gait) decide() {
	i, mode, rolled := q.first(), OnFoot, false
	into, step, pace := q.paces(i)
	switch {
	case step >= startMPS && pace >= startPaceMPS:
		mode = Driving
	case q.now.Mode == Driving && (step >= keepMPS || into >= creepMPS):
		mode = Driving
	case q.now.Mode == Driving && into >= rollMPS && !q.rolled:
		mode, rolled = Driving, true
	}
	q.rolled = rolled
	at := q.strides[i].time
	if mode != q.now.Mode {
		q.now = Motion{Mode: mode, Since: at}
	}
	q.now.Until = at
	if i > 0 {
		copy(q.strides[:], q.strides[1:q.count])
		q.count--
		q.strides[q.count] = stride{}
	}
}

// paces are the speed of the stride that leads to stride i, and the highest
// ahead over one stride and over two; where nothing is known of what is ahead,
// that of the stride before.
func (q *gait) paces(i int) (into, step, pace float64) {
	if i > 0 {
		into = q.speed(i-1, i)
	}
	if i+1 == q.count || elapsed(q.strides[i].time, q.strides[i+1].time) > aheadMillis {
		return into, into, into
	}
	for k := i + 1; k < q.count && elapsed(q.strides[i].time, q.strides[k].time) <= aheadMillis; k++ {
		step = max(step, q.speed(k-1, k))
		pace = max(pace, q.speed(max(k-2, 0), k))
	}
	return into, step, pace
}

// speed is that from stride i to stride k, which is later, in m/s.
func (q *gait) speed(i, k int) float64 {
	a, b := &q.strides[i], &q.strides[k]
	east, north := offset(a.spot, b.spot)
	d := math.Sqrt(east*east+north*north) - max(a.blur, b.blur)
	return max(0, d) / (float64(elapsed(a.time, b.time)) / 1000)
}

// drove tells whether the device has driven after t.
func (q *gait) drove(t Millis) bool {
	return q.now.Mode == Driving && q.now.Until > t || q.now.Mode == OnFoot && q.now.Since > t
}
