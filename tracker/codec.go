package tracker

import (
	"encoding/binary"
	"errors"
	"math"
	"time"

	"github.com/paulmach/orb"

	"wayguard/geofence"
)

// Resolution of what is stored. Positions are rounded to 1e-7 degrees (11 mm
// at the equator), accuracy and altitude to 0.1 m, speed to 0.01 m/s, heading
// to 0.1 degrees.
const (
	degreeSteps   = 1e7
	meterSteps    = 10
	speedSteps    = 100
	headingSteps  = 10
	maxStoredUnit = 1 << 30
)

// TrackPoint is one stored fix.
type TrackPoint struct {
	Fix      geofence.Fix
	Received time.Time
	Marks    Marks
}

// Marks say what is particular about a stored fix; zero for one that came in
// time and was believed.
type Marks uint8

// The marks.
const (
	// MarkClock: dated before 2020 or more than MaxAhead after its receipt; not
	// evaluated.
	MarkClock Marks = 1 << iota
	// MarkLate: not newer than the newest fix processed before it. Its stretch
	// is evaluated again, soon after it came.
	MarkLate
	// MarkUnevaluated: late by more than MaxLate; not evaluated.
	MarkUnevaluated
	// MarkImplausible: when it came, the engine found that it cannot be true
	// and kept it out of its decisions.
	MarkImplausible
)

// steps is a TrackPoint in whole steps of the resolution.
type steps struct {
	time, received           int64
	lon, lat                 int64
	accuracy, speed, heading int64
	altitude                 int64
}

func stepsOf(f geofence.Fix, received geofence.Millis) steps {
	return steps{
		time:     int64(f.Time),
		received: int64(received),
		lon:      int64(math.Round(f.Point[0] * degreeSteps)),
		lat:      int64(math.Round(f.Point[1] * degreeSteps)),
		accuracy: toSteps(f.AccuracyMeters, meterSteps),
		speed:    toSteps(f.SpeedMPS, speedSteps),
		heading:  toSteps(f.HeadingDegrees, headingSteps),
		altitude: toSteps(f.AltitudeMeters, meterSteps),
	}
}

// toSteps rounds v, whose magnitude is capped so that hostile values stay
// within what float32 and the varints hold.
func toSteps(v float32, perUnit float64) int64 {
	n := math.Round(float64(v) * perUnit)
	return int64(min(max(n, -maxStoredUnit), maxStoredUnit))
}

func (s steps) fix(known geofence.Known) geofence.Fix {
	f := geofence.Fix{
		Time:  geofence.Millis(s.time),
		Point: orb.Point{float64(s.lon) / degreeSteps, float64(s.lat) / degreeSteps},
		Known: known,
	}
	if known&geofence.KnownAccuracy != 0 {
		f.AccuracyMeters = float32(float64(s.accuracy) / meterSteps)
	}
	if known&geofence.KnownSpeed != 0 {
		f.SpeedMPS = float32(float64(s.speed) / speedSteps)
	}
	if known&geofence.KnownHeading != 0 {
		f.HeadingDegrees = float32(float64(s.heading) / headingSteps)
	}
	if known&geofence.KnownAltitude != 0 {
		f.AltitudeMeters = float32(float64(s.altitude) / meterSteps)
	}
	return f
}

// rounded is f as it will be read back from the store.
func rounded(f geofence.Fix) geofence.Fix {
	once := stepsOf(f, 0).fix(f.Known)
	once.Flags = f.Flags & storedFlags
	return once
}

// fixCodec codes fixes as differences to the one before. The zero value
// starts a stretch; both sides must start alike.
type fixCodec struct{ last steps }

const (
	knownBits = 4
	// flagged in place of marks, which no fix has all of, says that the low bits
	// are flags, and that the byte of marks and known fields comes next.
	flagged     = Marks(1<<knownBits - 1)
	storedFlags = geofence.Flags(1<<knownBits - 1)
)

// append adds one fix to b: where there are flags a byte of them, a byte of
// marks and known fields, then varints.
func (c *fixCodec) append(b []byte, p TrackPoint) []byte {
	s := stepsOf(p.Fix, geofence.MillisOf(p.Received))
	if flags := p.Fix.Flags & storedFlags; flags != 0 {
		b = append(b, byte(flags)|byte(flagged)<<knownBits)
	}
	b = append(b, byte(p.Fix.Known)|byte(p.Marks)<<knownBits)
	b = binary.AppendVarint(b, s.time-c.last.time)
	b = binary.AppendVarint(b, (s.received-s.time)-(c.last.received-c.last.time))
	b = binary.AppendVarint(b, s.lon-c.last.lon)
	b = binary.AppendVarint(b, s.lat-c.last.lat)
	for _, field := range c.fields(&s) {
		if p.Fix.Known&field.known == 0 {
			*field.now = *field.last
			continue
		}
		b = binary.AppendVarint(b, *field.now-*field.last)
	}
	c.last = s
	return b
}

// next reads what append wrote.
func (c *fixCodec) next(r *reader) TrackPoint {
	var flags geofence.Flags
	head := r.byte()
	if Marks(head>>knownBits) == flagged {
		flags, head = geofence.Flags(head)&storedFlags, r.byte()
	}
	known := geofence.Known(head & (1<<knownBits - 1))
	s := c.last
	s.time += r.varint()
	s.received = s.time + (c.last.received - c.last.time) + r.varint()
	s.lon += r.varint()
	s.lat += r.varint()
	for _, field := range c.fields(&s) {
		if known&field.known != 0 {
			*field.now += r.varint()
		}
	}
	c.last = s
	p := TrackPoint{Fix: s.fix(known), Received: time.UnixMilli(s.received).UTC(), Marks: Marks(head >> knownBits)}
	p.Fix.Flags = flags
	return p
}

// codedField is one optional field before and after.
type codedField struct {
	known     geofence.Known
	now, last *int64
}

func (c *fixCodec) fields(s *steps) [4]codedField {
	return [4]codedField{
		{geofence.KnownAccuracy, &s.accuracy, &c.last.accuracy},
		{geofence.KnownSpeed, &s.speed, &c.last.speed},
		{geofence.KnownHeading, &s.heading, &c.last.heading},
		{geofence.KnownAltitude, &s.altitude, &c.last.altitude},
	}
}

// errDamaged is wrapped by every error about stored bytes that do not decode.
var errDamaged = errors.New("damaged")

// reader takes a stored value apart; after the first thing that does not fit,
// everything it returns is zero and err is set.
type reader struct {
	b   []byte
	err error
}

func (r *reader) fail() {
	r.b, r.err = nil, errDamaged
}

func (r *reader) byte() byte {
	if len(r.b) == 0 {
		r.fail()
		return 0
	}
	v := r.b[0]
	r.b = r.b[1:]
	return v
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) uint64() uint64 {
	b := r.take(8)
	if b == nil {
		return 0
	}
	return binary.LittleEndian.Uint64(b)
}

// take returns the next n bytes without copying, nil if there are fewer.
func (r *reader) take(n uint64) []byte {
	if n > uint64(len(r.b)) {
		r.fail()
		return nil
	}
	v := r.b[:n]
	r.b = r.b[n:]
	return v
}

// count reads how many things follow that take at least one byte each.
func (r *reader) count() int {
	n := r.uvarint()
	if n > uint64(len(r.b)) {
		r.fail()
		return 0
	}
	return int(n)
}

func (r *reader) string() string { return string(r.take(r.uvarint())) }

// end is the error of a value that must be used up.
func (r *reader) end() error {
	if r.err == nil && len(r.b) > 0 {
		r.fail()
	}
	return r.err
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}
