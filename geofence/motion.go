package geofence

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
// decides on a fix are those up to 10 s later, or where fixes are sparse the next.
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
	// sparseMillis is how far apart fixes may be for the next one to decide on
	// the mode where there is none within 10 s: the slowest trackers in use on
	// the road report once a minute, and now and then late.
	sparseMillis = Millis(90_000)
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
	vehicle parking
	now     Motion
	strides [5]stride
	rolled  bool // the newest fix that is decided was the end of a drive
	count   int
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
	i := q.first()
	st := &q.strides[i]
	mode, rolled := q.mode(i)
	switch {
	case mode == Driving:
		q.vehicle = parking{}
	case q.now.Mode == Driving:
		q.vehicle = parking{known: true, spot: st.spot}
	default:
		q.vehicle.visit(st)
	}
	q.rolled = rolled
	if mode != q.now.Mode {
		q.now = Motion{Mode: mode, Since: st.time}
	}
	q.now.Until = st.time
	if i > 0 {
		copy(q.strides[:q.count-1], q.strides[1:q.count])
		q.count--
		q.strides[q.count] = stride{}
	}
}

// mode is that of stride i, and whether it is the end of a drive.
func (q *gait) mode(i int) (mode Mode, rolled bool) {
	if q.sparse(i) {
		return q.passage(i), false
	}
	step, last := q.ahead(i)
	switch driving := q.now.Mode == Driving; {
	case driving && step >= keepMPS, step >= startMPS && q.runs(i, last):
		return Driving, false
	case driving:
		return q.rolls(i)
	case q.pullsOut(i, step, last):
		return Driving, false
	}
	return OnFoot, false
}

// rolls is the mode of stride i if a drive has led there that does not go on.
func (q *gait) rolls(i int) (mode Mode, rolled bool) {
	into := q.into(i)
	switch {
	case into >= creepMPS:
		return Driving, false
	case into >= rollMPS && !q.rolled:
		return Driving, true
	}
	return OnFoot, false
}

// sparse tells whether the stride ahead of stride i is longer than the mode of a
// fix may wait, as that is how the device reports: after a gap, which is more
// than twice as long as the stride before, nobody knows.
func (q *gait) sparse(i int) bool {
	from := max(i-1, 0)
	before, ahead := elapsed(q.strides[from].time, q.strides[from+1].time), elapsed(q.strides[i].time, q.strides[i+1].time)
	return ahead > aheadMillis && ahead <= min(sparseMillis, 2*min(before, sparseMillis))
}

// passage is the mode of stride i where fixes are too far apart to see more than
// that the device has come from one place and goes on to another. An outlier
// goes back to where it came from.
func (q *gait) passage(i int) Mode {
	from, on := max(i-1, 0), q.speed(i, i+1)
	into := on
	if i > 0 {
		into = q.into(i)
	}
	longer := max(q.length(from, i), q.length(i, i+1))
	if into+on >= 2*creepMPS && q.length(from, i+1) >= longer/3 {
		return Driving
	}
	return OnFoot
}

// into is the speed of the stride that leads to stride i.
func (q *gait) into(i int) float64 {
	if i == 0 {
		return 0
	}
	return q.speed(i-1, i)
}

// ahead is the highest speed of the strides ahead of stride i, of which the last
// is told; where nothing is known of what is ahead, that of the stride before.
func (q *gait) ahead(i int) (step float64, last int) {
	last = i
	for last+1 < q.count && elapsed(q.strides[i].time, q.strides[last+1].time) <= aheadMillis {
		last++
		step = max(step, q.speed(last-1, last))
	}
	if last == i {
		step = q.into(i)
	}
	return step, last
}

// runs tells whether two strides together, the second of which is ahead of
// stride i, are fast enough for a drive. One ahead of which nothing is known
// has no second.
func (q *gait) runs(i, last int) bool {
	for k := i + 1; k <= last; k++ {
		if q.speed(max(k-2, 0), k) >= startPaceMPS {
			return true
		}
	}
	return i == last
}

// speed is that from stride i to stride k, which is later, in m/s.
func (q *gait) speed(i, k int) float64 {
	return q.length(i, k) / (float64(elapsed(q.strides[i].time, q.strides[k].time)) / 1000)
}

// length is how far it is for sure from stride i to stride k.
func (q *gait) length(i, k int) float64 {
	a, b := &q.strides[i], &q.strides[k]
	return max(0, nearby(a.spot, b.spot)-max(a.blur, b.blur))
}

// drove tells whether the device has driven after t.
func (q *gait) drove(t Millis) bool {
	return q.now.Mode == Driving && q.now.Until > t || q.now.Mode == OnFoot && q.now.Since > t
}
