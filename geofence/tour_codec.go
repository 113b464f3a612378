package geofence

import "encoding/binary"

// The binary form of a tour:
//
//	round     length and bytes
//	begun     time
//	calls     their count, then a bit for each, from the lowest of the first
//	          byte on, that tells whether there was a visit; of those the stop
//	          (length and bytes), arrived, episode, and departed as time after
//	          arrived, plus 1, or 0 if the visit goes on
//	last stop the stop of the last stay that is over, from 1; 0 for none
//
// where times are differences from the last fix.
func (t *tour) empty() bool { return t.round == "" && t.begun == 0 && len(t.calls) == 0 }

func (t *tour) append(b []byte, s *State) []byte {
	b = binary.AppendUvarint(b, uint64(len(t.round)))
	b = append(b, t.round...)
	b = binary.AppendVarint(b, int64(t.begun))
	b = binary.AppendUvarint(b, uint64(len(t.calls)))
	start := len(b)
	b = append(b, make([]byte, (len(t.calls)+7)/8)...)
	for i, c := range t.calls {
		if !c.made() {
			continue
		}
		b[start+i/8] |= 1 << (i % 8)
		b = binary.AppendUvarint(b, uint64(len(c.stop)))
		b = append(b, c.stop...)
		b = binary.AppendVarint(b, int64(s.last.Time-c.arrived))
		b = binary.AppendUvarint(b, c.episode)
		departed := uint64(0)
		if c.served() {
			departed = uint64(c.departed-c.arrived) + 1
		}
		b = binary.AppendUvarint(b, departed)
	}
	return binary.AppendUvarint(b, uint64(s.lastStop()))
}

// lastStop is the stop of the last stay that is over, from 1; 0 for none.
func (s *State) lastStop() int {
	if s.motion.last.fixes == 0 {
		return 0
	}
	return s.motion.last.stop + 1
}

func (d *decoder) tour(s *State) tour {
	t := tour{round: RoundID(d.take(d.uvarint())), begun: Millis(d.varint())}
	n := d.uvarint()
	if n > 8*uint64(len(d.rest)) {
		d.fail("it is cut short")
	}
	visited := d.take((n + 7) / 8)
	if d.err != nil {
		return tour{}
	}
	if n > 0 {
		t.calls = make([]call, n)
	}
	for i := range t.calls {
		if visited[i/8]&(1<<(i%8)) != 0 && d.err == nil {
			t.calls[i] = d.call(s)
		}
	}
	d.place(s, &t)
	return t
}

func (d *decoder) call(s *State) call {
	c := call{stop: StopID(d.take(d.uvarint())), arrived: s.last.Time - Millis(d.varint())}
	c.episode = d.episode(s)
	if after := d.uvarint(); after > 0 {
		c.departed = c.arrived + Millis(after-1)
	}
	if c.arrived == 0 || c.episode == 0 || c.open() && s.motion.episode == 0 {
		d.fail("a visit has no time, no episode or no stay")
	}
	return c
}

// place puts the stays of s at their stops.
func (d *decoder) place(s *State, t *tour) {
	last := d.uvarint()
	if last > uint64(len(t.calls)) || last > 0 && s.motion.last.fixes == 0 {
		d.fail("a stay was at no stop of the round")
		return
	}
	if last > 0 {
		s.motion.last.stop = int(last) - 1
	}
	s.motion.stop = t.first()
}
