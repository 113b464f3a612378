package geofence

import (
	"encoding/binary"
	"slices"
)

// The binary form of an escort; times are
// differences to that of the last fix:
//
//	handed           count, then of each: length and bytes of the stop, time,
//	                 verdict (1 byte)
//	carrier          length and bytes; where it has none, the end
//	kind             1 byte: bits 0 and 1 phase, bit 2 turning, bit 3 settled,
//	                 bit 4 compared
//	own, knots       count, then of each: time, lon, lat, uncertainty, speed
//	turn             if turning: time, lon, lat, uncertainty
//	apart            if apart: left as turn, distance, carrier's uncertainty,
//	                 far, episode
const (
	bondMask        = 1<<2 - 1
	flagPairTurning = 1 << 2
	flagSettled     = 1 << 3
	flagCompared    = 1 << 4
)

func (e *escort) clone() escort {
	c := *e
	c.own, c.knots, c.handed = slices.Clone(e.own), slices.Clone(e.knots), slices.Clone(e.handed)
	return c
}

func (e *escort) renumber(number func(uint64) uint64) {
	if p := &e.pairing; p.episode != 0 {
		p.episode = number(p.episode)
	}
}

func (e *escort) empty() bool { return e.carrier == "" && len(e.handed) == 0 }

func (e *escort) append(b []byte, s *State) []byte {
	b = binary.AppendUvarint(b, uint64(len(e.handed)))
	for _, h := range e.handed {
		b = appendText(b, string(h.stop))
		b = binary.AppendVarint(b, int64(h.time-s.last.Time))
		b = append(b, byte(h.kind))
	}
	b = appendText(b, string(e.carrier))
	if e.carrier == "" {
		return b
	}
	b = append(b, e.kind())
	for _, samples := range [][]sample{e.own, e.knots} {
		b = binary.AppendUvarint(b, uint64(len(samples)))
		for _, x := range samples {
			m := mark{x.time, x.point(), x.uncertainty}
			b = m.append(b, s.last.Time)
			b = appendFloat(b, x.speed)
		}
	}
	return e.pairing.append(b, s.last.Time)
}

func (e *escort) kind() byte {
	kind := byte(e.pairing.bond)
	if e.pairing.turning {
		kind |= flagPairTurning
	}
	if e.pairing.settled {
		kind |= flagSettled
	}
	if e.compared {
		kind |= flagCompared
	}
	return kind
}

func (p *pairState) append(b []byte, last Millis) []byte {
	if p.turning {
		b = p.turn.append(b, last)
	}
	if p.bond == parted {
		b = p.left.append(b, last)
		b = appendFloat(appendFloat(appendFloat(b, p.distance), p.carrier), p.far)
		b = binary.AppendUvarint(b, p.episode)
	}
	return b
}

func appendText(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

func (d *decoder) escort(s *State) escort {
	var e escort
	for n := d.uvarint(); n > 0 && d.err == nil; n-- {
		h := handed{stop: StopID(d.take(d.uvarint())), time: s.last.Time + Millis(d.varint()), kind: dropKind(d.byte())}
		if len(h.stop) == 0 || len(h.stop) > MaxIDBytes || int(h.kind) >= len(dropKinds) || len(e.handed) == maxHanded {
			d.fail("a hand-off is none that there is")
		}
		e.handed = append(e.handed, h)
	}
	e.carrier = DeviceID(d.take(d.uvarint()))
	if e.carrier == "" && len(e.handed) == 0 {
		d.fail("an escort has nothing to remember")
	}
	if e.carrier == "" || d.err != nil {
		return e
	}
	kind := d.byte()
	e.compared = kind&flagCompared != 0
	e.own, e.knots = d.samples(s.last.Time), d.samples(s.last.Time)
	e.pairing = d.pairing(s, kind)
	if e.compared && len(e.own) == 0 {
		d.fail("a comparison was of nothing")
	}
	return e
}

func (d *decoder) samples(last Millis) []sample {
	var samples []sample
	for n := d.uvarint(); n > 0 && d.err == nil; n-- {
		m := d.mark(last)
		x := sample{newSpot(m.point), m.time, m.uncertainty, d.meters()}
		if len(samples) == maxSamples || !follows(samples, m.time) {
			d.fail("fixes of a pair are too many, too close or not in order")
		}
		samples = append(samples, x)
		if x.uncertainty > maxAccuracyMeters || x.speed > maxPace {
			d.fail("a fix of a pair is none that is ever taken")
		}
	}
	return samples
}

func (d *decoder) pairing(s *State, kind byte) pairState {
	p := pairState{bond: bond(kind & bondMask), turning: kind&flagPairTurning != 0, settled: kind&flagSettled != 0}
	if p.bond > parted {
		d.fail("a pair's phase is none that there is")
	}
	if p.turning {
		p.turn = d.mark(s.last.Time)
	}
	if p.bond == parted {
		p.left = d.mark(s.last.Time)
		p.distance, p.carrier, p.far = d.meters(), d.meters(), d.meters()
		if p.episode = d.uvarint(); p.episode > s.episodes {
			d.fail("an episode was never given")
		}
	} else if p.settled || p.bond == unmet && p.turning {
		d.fail("a pair's phase contradicts itself")
	}
	return p
}
