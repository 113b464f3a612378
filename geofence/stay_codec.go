package geofence

import (
	"encoding/binary"
	"math"
)

// The binary form of motion:
//
//	flags     1 byte: bits 0 here, 1 pause, 2 last are there; 3 away, 4 lost,
//	          5 warned, 6 judged, 7 unsure
//	gait      its mode (1 byte: bits 0 and 1, bit 2 rolled); if known since and until, as differences from
//	          the last fix; the count of strides, and of each time (after the
//	          one before, the first before the last fix), place and blur
//	here      its cluster, then inner, close and about as time before until, outs, out
//	          (if outs) as time before the last fix, episode, looked
//	pause     its cluster
//	last      episode, until (as time before the last fix), since (before
//	          until), center, uncertainty, fixes
//
// and of a cluster: until (before the last fix), since (before until), first
// and center, fixes, weight, worth, spread, covered, idle. The number of fixes
// is 2^32 higher where all of them are weak.
const (
	flagHere = 1 << iota
	flagPause
	flagLast
	flagAway
	flagLost
	flagWarned
	flagJudged
	flagUnsure
)

func (m *motion) clone() motion { return *m }

func (m *motion) renumber(number func(uint64) uint64) {
	for _, episode := range []*uint64{&m.episode, &m.last.episode} {
		if *episode != 0 {
			*episode = number(*episode)
		}
	}
}

func (m *motion) empty() bool { return m.gait.count == 0 }

func (m *motion) flags() byte {
	flags := byte(0)
	for bit, set := range [8]bool{m.here.fixes > 0, m.pause.fixes > 0, m.last.fixes > 0, m.away, m.lost, m.warned, m.judged, m.unsure} {
		if set {
			flags |= 1 << bit
		}
	}
	return flags
}

func (m *motion) append(b []byte, s *State) []byte {
	last := s.last.Time
	flags := m.flags()
	b = m.gait.append(append(b, flags), last)
	if flags&flagHere != 0 {
		b = m.here.append(b, last)
		for _, t := range [3]Millis{m.inner, m.close, m.about} {
			b = binary.AppendUvarint(b, uint64(m.here.until-t))
		}
		b = binary.AppendUvarint(b, uint64(m.outs))
		if m.outs > 0 {
			b = binary.AppendUvarint(b, uint64(last-m.out))
		}
		b = binary.AppendUvarint(b, m.episode)
		b = binary.AppendUvarint(b, uint64(m.looked))
	}
	if flags&flagPause != 0 {
		b = m.pause.append(b, last)
	}
	if flags&flagLast != 0 {
		b = m.last.append(b, last)
	}
	return b
}

func (c *cluster) append(b []byte, last Millis) []byte {
	b = binary.AppendUvarint(b, uint64(last-c.until))
	b = binary.AppendUvarint(b, uint64(c.until-c.since))
	b = appendPoint(appendPoint(b, c.first.point()), c.center.point())
	b = appendFixes(b, c.fixes, c.weak)
	b = appendFloat(appendFloat(appendFloat(b, c.weight), c.worth), c.spread)
	b = binary.AppendUvarint(b, uint64(c.covered))
	return binary.AppendUvarint(b, uint64(c.idle))
}

func (st *stay) append(b []byte, last Millis) []byte {
	b = binary.AppendUvarint(b, st.episode)
	b = binary.AppendUvarint(b, uint64(last-st.until))
	b = binary.AppendUvarint(b, uint64(st.until-st.since))
	b = appendFloat(appendPoint(b, st.center.point()), st.uncertainty)
	return appendFixes(b, st.fixes, st.weak)
}

// weakFixes is what is added to the number of fixes that are all weak.
const weakFixes = 1 << 32

func appendFixes(b []byte, n int, weak bool) []byte {
	if weak {
		n += weakFixes
	}
	return binary.AppendUvarint(b, uint64(n))
}

func (d *decoder) motion(s *State) motion {
	flags := d.byte()
	has := func(flag byte) bool { return flags&flag != 0 }
	m := motion{report: report{
		away: has(flagAway), lost: has(flagLost), unsure: has(flagUnsure), warned: has(flagWarned), judged: has(flagJudged),
	}}
	m.gait = d.gait(s)
	if has(flagHere) {
		m.here = d.cluster(s.last.Time)
		m.inner, m.close, m.about = d.earlier(m.here.until), d.earlier(m.here.until), d.earlier(m.here.until)
		if m.outs = d.count(); m.outs > 0 {
			m.out = d.earlier(s.last.Time)
		}
		m.episode = d.episode(s)
		m.looked = d.span()
		if min(m.inner, m.close, m.about) < m.here.since || m.outs > 0 && m.out < m.here.until {
			d.fail("the times of a stay are out of order")
		}
	}
	if has(flagPause) {
		m.pause = d.cluster(s.last.Time)
	}
	if has(flagLast) {
		m.last = d.stay(s)
	}
	if m.episode == 0 && (m.away || m.lost || m.warned) || m.here.fixes == 0 && (m.judged || m.unsure) {
		d.fail("something was told of no stay")
	}
	return m
}

func (d *decoder) cluster(last Millis) cluster {
	c := cluster{until: d.earlier(last)}
	c.since = d.earlier(c.until)
	c.first = newSpot(d.point())
	p := d.point()
	c.center = spot{p[0], p[1], c.first.cos}
	c.fixes, c.weak = d.fixes()
	c.weight, c.worth, c.spread = d.size(), d.size(), d.size()
	c.covered, c.idle = d.span(), d.span()
	if c.fixes == 0 || c.weight == 0 || c.idle > c.covered || c.covered > elapsed(c.since, c.until) {
		d.fail("fixes do not add up")
	}
	return c
}

func (d *decoder) stay(s *State) stay {
	st := stay{episode: d.episode(s), until: d.earlier(s.last.Time), stop: -1}
	st.since = d.earlier(st.until)
	st.center, st.uncertainty = newSpot(d.point()), d.size()
	if st.fixes, st.weak = d.fixes(); st.fixes == 0 || st.episode == 0 {
		d.fail("a stay that is over has no fixes or no episode")
	}
	return st
}

// earlier reads a time that is not after another.
func (d *decoder) earlier(than Millis) Millis {
	t := than - Millis(d.uvarint())
	if t > than {
		d.fail("a time is out of range")
	}
	return t
}

// span reads a time that is not negative.
func (d *decoder) span() Millis {
	t := Millis(d.uvarint())
	if t < 0 {
		d.fail("a time is out of range")
	}
	return t
}

// count reads a number of fixes.
func (d *decoder) count() int {
	n := d.uvarint()
	if n > math.MaxInt32 {
		d.fail("there are too many fixes")
		return 0
	}
	return int(n)
}

// fixes reads what appendFixes wrote.
func (d *decoder) fixes() (n int, weak bool) {
	m := d.uvarint()
	if weak = m >= weakFixes; weak {
		m -= weakFixes
	}
	if m > math.MaxInt32 {
		d.fail("there are too many fixes")
		return 0, false
	}
	return int(m), weak
}

// size reads a number that is finite and not negative.
func (d *decoder) size() float64 {
	x := math.Float64frombits(d.uint64())
	if !(x >= 0 && x <= math.MaxFloat64) || math.Signbit(x) {
		d.fail("a size is none")
		return 0
	}
	return x
}

// episode reads a number that was given, or 0 for none.
func (d *decoder) episode(s *State) uint64 {
	n := d.uvarint()
	if n > s.episodes {
		d.fail("an episode was never given")
	}
	return n
}
