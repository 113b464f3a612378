package geofence

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/paulmach/orb"
)

// decoder reads the binary form of a State. After the first error it reads
// nothing but zeros.
type decoder struct {
	rest []byte
	old  bool // the form before there were parts
	err  error
}

func (d *decoder) fail(reason string) {
	if d.err == nil {
		d.err = fmt.Errorf("%w: %s", ErrState, reason)
	}
	d.rest = nil
}

// take is the next n bytes.
func (d *decoder) take(n uint64) []byte {
	if uint64(len(d.rest)) < n {
		d.fail("it is cut short")
		return nil
	}
	b := d.rest[:n]
	d.rest = d.rest[n:]
	return b
}

func (d *decoder) byte() byte {
	if b := d.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (d *decoder) uvarint() uint64 {
	x, n := binary.Uvarint(d.rest)
	if n <= 0 {
		d.fail("a number is cut short or too large")
		return 0
	}
	d.rest = d.rest[n:]
	return x
}

func (d *decoder) varint() int64 {
	x := d.uvarint()
	return int64(x>>1) ^ -int64(x&1)
}

func (d *decoder) uint64() uint64 {
	if b := d.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

func (d *decoder) float32() float32 {
	if b := d.take(4); b != nil {
		return math.Float32frombits(binary.LittleEndian.Uint32(b))
	}
	return 0
}

// point reads a point on the globe.
func (d *decoder) point() orb.Point {
	p := orb.Point{math.Float64frombits(d.uint64()), math.Float64frombits(d.uint64())}
	if !onGlobe(p) {
		d.fail("a point is not on the globe")
	}
	return p
}

// state reads it all. What Step relies on is checked here: order, ranges, and
// that no visit has a number not yet given.
func (d *decoder) state() State {
	switch v := d.byte(); v {
	case stateVersion:
	case 1:
		return d.version1()
	default:
		d.fail(fmt.Sprintf("its version is %d, not %d", v, stateVersion))
		return State{}
	}
	flags := d.byte()
	s := State{seen: flags&flagSeen != 0, fog: flags&flagFog != 0}
	s.trail.known, s.trail.held, s.trail.marked = flags&flagTrail != 0, flags&flagHeld != 0, flags&flagMarked != 0
	s.version = d.uvarint()
	s.episodes = d.uvarint()
	present := d.byte()
	if s.seen {
		s.last = d.fix()
		if s.trail.known {
			d.trail(&s)
		}
		d.relations(&s)
	}
	d.parts(&s, present)
	return s
}

// version1 reads the form before there were parts: the last fix came before the
// World's version and the episodes, and a device never seen ended at its flags.
func (d *decoder) version1() State {
	d.old = true
	flags := d.byte()
	s := State{seen: flags&flagSeen != 0, fog: flags == flagSeen|flagFog}
	if s.seen {
		s.last = d.fix()
		s.version = d.uvarint()
		s.episodes = d.uvarint()
		d.relations(&s)
	}
	return s
}

func (d *decoder) relations(s *State) {
	for n := d.uvarint(); n > 0 && d.err == nil; n-- {
		r := d.relation(s.last.Time)
		if i := len(s.relations); i > 0 && s.relations[i-1].fence >= r.fence {
			d.fail("fences are not in order")
		}
		if r.episode > s.episodes {
			d.fail("an episode was never given")
		}
		if r.through && !s.trail.marked {
			d.fail("a step that is not held leads through a fence")
		}
		s.relations = append(s.relations, r)
	}
}

func (d *decoder) parts(s *State, present byte) {
	has := func(i int) bool { return present&(1<<i) != 0 && d.err == nil }
	if has(0) {
		s.guard = d.guard(s)
	}
	if has(1) {
		s.silence = d.silence(s)
	}
	if has(2) {
		s.motion = d.motion(s)
	}
	if has(3) {
		s.tour = d.tour(s)
	}
	if has(4) {
		s.progress = d.progress(s)
	}
	if has(5) {
		s.forecast = d.forecast(s)
	}
	if has(6) {
		s.escort = d.escort(s)
	}
	if has(7) {
		s.lookout = d.lookout(s)
	}
}

func (d *decoder) fix() Fix {
	f := Fix{Time: Millis(d.varint()), Point: d.point()}
	said := d.byte()
	f.Known, f.Flags = Known(said&knownMask), Flags(said>>flagShift)
	for _, field := range f.optional() {
		if f.Known&field.known != 0 {
			*field.value = d.float32()
		}
	}
	if !f.usable() {
		d.fail("the last fix is none that is ever taken")
	}
	return f
}

// trail reads the fix before the last.
func (d *decoder) trail(s *State) {
	s.trail.before = d.fix()
	if s.trail.before.Time >= s.last.Time || s.trail.before.Known&^(KnownAccuracy|KnownAltitude) != 0 {
		d.fail("the fix before the last is none")
	}
}

func (d *decoder) relation(last Millis) relation {
	r := relation{fence: FenceID(d.take(d.uvarint())), shape: d.uint64()}
	kind := d.byte()
	r.side, r.turning = side(kind&sideMask), kind&flagTurning != 0
	if len(r.fence) == 0 || len(r.fence) > MaxIDBytes || r.side > sideOutside {
		d.fail("a fence's id or side is none that there is")
	}
	if r.side == sideInside {
		if r.episode = d.uvarint(); r.episode == 0 {
			d.fail("a visit has no episode")
		}
		r.dwelt = kind&flagDwelt != 0
		r.since = last - Millis(d.uvarint())
	} else {
		r.through = kind&flagThrough != 0 && !d.old
	}
	if r.turning {
		r.likely = kind&flagLikely != 0
		r.turn = d.mark(last)
		if r.side == sideOutside {
			d.run(&r.attempt, last)
		}
	}
	if changes := kind >> changesShift; changes > 0 && !d.old {
		r.wariness = wariness{changes: changes, place: d.mark(last)}
		if r.wary() {
			r.mean = math.Float64frombits(d.uint64())
		}
		if !(math.Abs(r.mean) <= maxSetting) {
			d.fail("a mean depth is none")
		}
	}
	return r
}

// run reads the rest of a run of fixes inside. Older forms do not tell where it
// came from.
func (d *decoder) run(a *attempt, last Millis) {
	if d.old {
		a.from = a.turn
		return
	}
	a.from, a.depth = d.mark(last), d.meters()
	if a.from.time > a.turn.time {
		d.fail("a run begins before the fix before it")
	}
}

func (d *decoder) mark(last Millis) mark {
	return mark{time: last + Millis(d.varint()), point: d.point(), uncertainty: d.meters()}
}

// meters reads a length.
func (d *decoder) meters() float64 {
	x := math.Float64frombits(d.uint64())
	if !(x >= 0 && x <= math.MaxFloat32) || math.Signbit(x) {
		d.fail("a distance is no length")
	}
	return x
}
