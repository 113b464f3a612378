package geofence

import (
	"encoding/binary"
	"math"
)

// The binary form of progress, after a byte of flags: the length and bytes of
// the round's id, the key of its stops, how many are reached and one more, then
// what the flags say is there.
const (
	phaseMask    = 1<<2 - 1
	flagFollows  = 1 << 2
	flagPresent  = 1 << 3
	flagOut      = 1 << 4
	flagIn       = 1 << 5
	flagReverse  = 1 << 6
	flagApproach = 1 << 7
)

func (p *progress) empty() bool {
	without := *p
	without.trail.edge = 0
	return without == progress{}
}

func (p *progress) append(b []byte, s *State) []byte {
	last := s.last.Time
	b = append(b, p.flags())
	b = binary.AppendUvarint(b, uint64(len(p.round)))
	b = append(b, p.round...)
	b = binary.LittleEndian.AppendUint64(b, p.order)
	b = binary.AppendUvarint(b, uint64(p.reached+1))
	if t := &p.trail; t.key != 0 {
		b = binary.LittleEndian.AppendUint64(b, t.key)
		b = binary.AppendUvarint(b, uint64(t.route))
		b = t.met.append(appendFloat(appendFloat(appendFloat(appendFloat(b, t.along), t.here), t.pace), t.sure), last)
	}
	if e := &p.out; e.fixes != 0 {
		b = append(b, byte(e.fixes), byte(e.clear))
		b = appendFloat(e.first.append(b, last), e.worst)
		b = binary.AppendUvarint(b, e.episode)
	}
	if n := &p.in; n.key != 0 {
		b = binary.LittleEndian.AppendUint64(b, n.key)
		b = append(appendFloat(n.first.append(b, last), n.from), byte(n.count))
	}
	if v := &p.reverse; v.count != 0 {
		b = append(b, byte(v.count))
		b = appendFloat(v.first.append(b, last), v.low)
		b = binary.AppendUvarint(b, v.episode)
	}
	if a := &p.approach; a.begun {
		b = a.anchor.append(a.first.append(b, last), last)
		b = appendFloat(appendFloat(b, a.least), a.way)
	}
	return b
}

// flags are what there is of p.
func (p *progress) flags() byte {
	flags := byte(p.phase)
	for i, is := range [...]bool{p.trail.key != 0, p.trail.present, p.out.fixes != 0, p.in.key != 0, p.reverse.count != 0, p.approach.begun} {
		if is {
			flags |= flagFollows << i
		}
	}
	return flags
}

// readUpTo reads a count of up to most.
func (d *decoder) readUpTo(most byte) int {
	n := d.byte()
	if n > most {
		d.fail("a count is too large")
	}
	return int(n)
}

func (d *decoder) progress(s *State) progress {
	last, flags := s.last.Time, d.byte()
	p := progress{phase: phase(flags & phaseMask)}
	id := d.take(d.uvarint())
	if len(id) > MaxIDBytes {
		d.fail("a round's id is too long")
	}
	p.round, p.order = RoundID(id), d.uint64()
	p.reached = d.readCount() - 1
	if flags&flagFollows != 0 {
		p.trail = footing{key: d.uint64(), route: d.readCount(), present: flags&flagPresent != 0, along: d.meters(), here: d.meters(), pace: d.meters(), sure: d.meters(), met: d.mark(last)}
	}
	if flags&flagOut != 0 {
		p.out = excursion{fixes: d.readUpTo(2), clear: d.readUpTo(2), first: d.mark(last), worst: d.meters(), episode: d.episode(s)}
	}
	if flags&flagIn != 0 {
		p.in = joining{key: d.uint64(), first: d.mark(last), from: d.meters(), count: d.readUpTo(2)}
	}
	if flags&flagReverse != 0 {
		p.reverse = reversal{count: d.readUpTo(2), first: d.mark(last), low: d.meters(), episode: d.episode(s)}
	}
	if flags&flagApproach != 0 {
		p.approach = approach{begun: true, first: d.mark(last), anchor: d.mark(last), least: d.meters(), way: d.meters()}
	}
	follows := p.phase == following || p.phase == finished
	if follows && p.trail.key == 0 || (p.phase == astray) != (p.out.episode != 0) {
		d.fail("the progress along a route contradicts itself")
	}
	return p
}

// readCount reads a number of things.
func (d *decoder) readCount() int {
	n := d.uvarint()
	if n > math.MaxInt32 {
		d.fail("a count is too large")
	}
	return int(n)
}
