package geofence

import "math"

const (
	// Who has been away on foot, and is back within besideMeters of where the
	// last drive ended, gets in again. What leads leaveMeters away from there,
	// and leaveMPS over a stride, is the vehicle that pulls out: slower than
	// startMPS, and still faster than people walk.
	besideMeters, leaveMeters, leaveMPS = 8.0, 15.0, 2.0
)

// parking is where the vehicle stands.
type parking struct {
	known  bool // a drive has ended, and none begun
	walked bool // the device has been away from there since
	spot   spot
}

// visit takes note of a fix on foot.
func (v *parking) visit(st *stride) {
	v.walked = v.walked || v.known && nearby(v.spot, st.spot) > besideMeters+st.blur
}

// reached tells whether the device has been away and is back.
func (v *parking) reached(st *stride) bool {
	return v.walked && nearby(v.spot, st.spot) <= besideMeters
}

// pullsOut tells whether a drive begins at stride i, where the vehicle stands,
// given the highest speed ahead and the last stride of those that are.
func (q *gait) pullsOut(i int, step float64, last int) bool {
	return step >= leaveMPS && q.vehicle.reached(&q.strides[i]) && q.length(i, last) >= leaveMeters
}

// nearby is the distance of two places near each other, in metres.
func nearby(a, b spot) float64 {
	east, north := offset(a, b)
	return math.Sqrt(east*east + north*north)
}
