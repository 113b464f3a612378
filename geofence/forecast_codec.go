package geofence

import (
	"encoding/binary"
	"math"
)

// The binary form of a forecast: its round's id, as length and bytes; flags (1
// byte: bit 0 moved, 1 leg set, 2 leg on a route, 3 origin set); looked,
// surveyed and counted, each as last less it; whole, recent, service and the
// two noises, each used and expected; of the leg, if set, last less since, point, and on a route
// its place and metres; of the origin, if set, last less time, and metres; the
// count of the notices and of each: stop, as length and bytes; flags (1 byte:
// bit 0 told, 1 turning, 2 delayed); episode if delayed; last less since and
// the point if turning or delayed.
const (
	flagMoved = 1 << iota
	flagLeg
	flagOn
	flagOrigin
)

const (
	flagTold = 1 << iota
	flagNoticeTurning
	flagDelayed
)

func flag(set bool, bit byte) byte {
	if set {
		return bit
	}
	return 0
}

func (f *forecast) append(b []byte, s *State) []byte {
	last := s.last.Time
	b = append(binary.AppendUvarint(b, uint64(len(f.round))), f.round...)
	b = append(b, flag(f.moved, flagMoved)|flag(f.leg.set, flagLeg)|flag(f.leg.set && f.leg.on, flagOn)|flag(f.origin.set, flagOrigin))
	for _, t := range [3]Millis{f.looked, f.surveyed, f.trip.counted} {
		b = binary.AppendUvarint(b, uint64(last-t))
	}
	for _, t := range [5]tally{f.trip.whole, f.trip.recent, f.trip.service, f.trip.driveNoise, f.trip.serviceNoise} {
		b = appendFloat(appendFloat(b, t.used), t.expected)
	}
	if f.leg.set {
		b = f.leg.append(b, last)
	}
	if f.origin.set {
		b = appendFloat(binary.AppendUvarint(b, uint64(last-f.origin.time)), f.origin.meters)
	}
	b = binary.AppendUvarint(b, uint64(len(f.notices)))
	for i := range f.notices {
		b = f.notices[i].append(b, last)
	}
	return b
}

func (l *hop) append(b []byte, last Millis) []byte {
	b = appendPoint(binary.AppendUvarint(b, uint64(last-l.since)), l.point)
	if l.on {
		b = appendFloat(binary.AppendUvarint(b, uint64(l.route)), l.meters)
	}
	return b
}

func (n *notice) append(b []byte, last Millis) []byte {
	b = append(binary.AppendUvarint(b, uint64(len(n.stop))), n.stop...)
	b = append(b, flag(n.told, flagTold)|flag(n.turning, flagNoticeTurning)|flag(n.episode != 0, flagDelayed))
	if n.episode != 0 {
		b = binary.AppendUvarint(b, n.episode)
	}
	if n.turning || n.episode != 0 {
		b = appendPoint(binary.AppendUvarint(b, uint64(last-n.since)), n.point)
	}
	return b
}

// amount reads a number that is at least 0 and not beyond all measure.
func (d *decoder) amount() float64 {
	x := math.Float64frombits(d.uint64())
	if !(x >= 0 && x <= 1e15) {
		d.fail("an amount is beyond all measure")
	}
	return x
}

func (d *decoder) forecast(s *State) forecast {
	last := s.last.Time
	before := func() Millis { return last - Millis(d.uvarint()) }
	f := forecast{begun: true, round: RoundID(d.take(d.uvarint()))}
	flags := d.byte()
	f.moved = flags&flagMoved != 0
	f.looked, f.surveyed, f.trip.counted = before(), before(), before()
	for _, t := range [5]*tally{&f.trip.whole, &f.trip.recent, &f.trip.service, &f.trip.driveNoise, &f.trip.serviceNoise} {
		t.used, t.expected = d.amount(), d.amount()
	}
	if flags&flagLeg != 0 {
		f.leg = hop{set: true, since: before(), point: d.point(), on: flags&flagOn != 0}
		if f.leg.on {
			route := d.uvarint()
			if route > math.MaxInt32 {
				d.fail("there are not so many routes")
			}
			f.leg.route, f.leg.meters = int(route), d.amount()
		}
	}
	if flags&flagOrigin != 0 {
		f.origin = origin{true, before(), d.amount()}
	}
	d.notices(s, &f)
	return f
}

func (d *decoder) notices(s *State, f *forecast) {
	for n := d.uvarint(); n > 0 && d.err == nil; n-- {
		f.notices = append(f.notices, d.notice(s))
		if i := len(f.notices) - 1; i > 0 && f.notices[i-1].stop >= f.notices[i].stop {
			d.fail("stops are not in order")
		}
	}
}

func (d *decoder) notice(s *State) notice {
	n := notice{stop: StopID(d.take(d.uvarint()))}
	flags := d.byte()
	n.told, n.turning = flags&flagTold != 0, flags&flagNoticeTurning != 0
	if flags == 0 {
		d.fail("nothing was told of a stop")
	}
	if flags&flagDelayed != 0 {
		if n.episode = d.uvarint(); n.episode == 0 || n.episode > s.episodes {
			d.fail("an episode was never given")
		}
	}
	if n.turning || n.episode != 0 {
		n.since, n.point = s.last.Time-Millis(d.uvarint()), d.point()
	}
	return n
}
