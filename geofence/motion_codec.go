package geofence

import "encoding/binary"

// What stands beside the mode.
const (
	flagRolled = 1 << (2 + iota)
	flagParked
	flagWalked
)

func (q *gait) append(b []byte, last Millis) []byte {
	b = append(b, q.flags())
	if q.now.Mode != ModeUnknown {
		b = binary.AppendUvarint(b, uint64(last-q.now.Until))
		b = binary.AppendUvarint(b, uint64(q.now.Until-q.now.Since))
	}
	if q.vehicle.known {
		b = appendPoint(b, q.vehicle.spot.point())
	}
	b = binary.AppendUvarint(b, uint64(q.count))
	before := last
	for i, st := range q.strides[:q.count] {
		apart := st.time - before
		if i == 0 {
			apart = -apart
		}
		b = binary.AppendUvarint(b, uint64(apart))
		b = appendFloat(appendPoint(b, st.spot.point()), st.blur)
		before = st.time
	}
	return b
}

// flags are the mode and what stands beside it.
func (q *gait) flags() byte {
	flags := byte(q.now.Mode)
	if q.rolled {
		flags |= flagRolled
	}
	if q.vehicle.known {
		flags |= flagParked
	}
	if q.vehicle.walked {
		flags |= flagWalked
	}
	return flags
}

func (d *decoder) gait(s *State) gait {
	last := s.last.Time
	flags := d.byte()
	q := gait{
		now:     Motion{Mode: Mode(flags &^ (flagRolled | flagParked | flagWalked))},
		rolled:  flags&flagRolled != 0,
		vehicle: parking{known: flags&flagParked != 0, walked: flags&flagWalked != 0},
	}
	if q.now.Mode != ModeUnknown {
		q.now.Until = d.earlier(last)
		q.now.Since = d.earlier(q.now.Until)
	}
	if q.vehicle.known {
		q.vehicle.spot = newSpot(d.point())
	}
	n := d.uvarint()
	if n == 0 || n >= uint64(len(q.strides)) || !q.sound() || !s.seen {
		d.fail("there is no such motion")
		return gait{}
	}
	for q.count < int(n) && d.err == nil {
		q.strides[q.count] = d.stride(&q, last)
		q.count++
	}
	// No more than fit in before the first of them is decided.
	if d.err == nil && (q.first() >= q.count || elapsed(q.strides[q.first()].time, q.strides[q.count-1].time) >= decideMillis) {
		d.fail("a mode has not been decided")
	}
	return q
}

// sound tells whether the parts of q can go together.
func (q *gait) sound() bool {
	v := &q.vehicle
	return q.now.Mode <= Driving && (!q.rolled || q.now.Mode == Driving) &&
		(!v.known || q.now.Mode == OnFoot) && (!v.walked || v.known)
}

// stride reads the next of those of q.
func (d *decoder) stride(q *gait, last Millis) stride {
	var st stride
	if q.count == 0 {
		st.time = d.earlier(last)
	} else {
		before := q.strides[q.count-1].time
		st.time = before + Millis(d.uvarint())
		if st.time < before || elapsed(before, st.time) < strideMillis || st.time > last {
			d.fail("fixes are too close")
		}
	}
	st.spot, st.blur = newSpot(d.point()), d.size()
	return st
}
