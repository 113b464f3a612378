package geofence

import (
	"math"
	"time"

	"github.com/paulmach/orb"
)

// Millis is an instant: milliseconds since 1970-01-01T00:00:00Z.
type Millis int64

// MillisOf rounds t down to a Millis.
func MillisOf(t time.Time) Millis { return Millis(t.UnixMilli()) }

// Time is m as a time.Time in UTC.
func (m Millis) Time() time.Time { return time.UnixMilli(int64(m)).UTC() }

// duration is a difference of two Millis, the longest one where it is longer.
func (m Millis) duration() time.Duration {
	if m > math.MaxInt64/Millis(time.Millisecond) {
		return math.MaxInt64
	}
	return time.Duration(m) * time.Millisecond
}

// between is how long it is from one time to a later one, the longest duration
// where it is longer, 0 where it is not later.
func between(from, to Millis) time.Duration {
	switch passed := to - from; {
	case to <= from:
		return 0
	case passed < 0:
		return math.MaxInt64
	default:
		return passed.duration()
	}
}

// Known says which optional fields of a Fix the device gave.
type Known uint8

// The optional fields of a Fix.
const (
	KnownAccuracy Known = 1 << iota
	KnownSpeed
	KnownHeading
	KnownAltitude
)

// Flags are what speaks against a fix: what the device itself says, or how it
// came.
type Flags uint8

// The flags.
const (
	// FlagMock: the position was set by hand or by another program.
	FlagMock Flags = 1 << iota
	// FlagJamming: the receiver finds its signals disturbed.
	FlagJamming
	// FlagWeak: nobody proved that the fix is the device's, as with a tracker
	// that has nothing but its serial number to show. It is plausible, and moves
	// the device; a stay made of such fixes alone decides on no drop.
	FlagWeak
)

// Fix is one position of one device.
type Fix struct {
	// Time is the device's own time of the fix.
	Time Millis
	// Point is longitude and latitude in degrees, WGS 84.
	Point orb.Point
	// AccuracyMeters is the radius that holds the true position with a
	// probability of 68 %.
	AccuracyMeters float32
	// SpeedMPS is the ground speed in metres per second.
	SpeedMPS float32
	// HeadingDegrees is the course over ground, clockwise from true north.
	HeadingDegrees float32
	// AltitudeMeters is the height above the ellipsoid.
	AltitudeMeters float32
	// Known tells which of the four fields above were reported; the others
	// are zero and mean nothing.
	Known Known
	Flags Flags
}

// maxAccuracyMeters is the worst accuracy of a fix that says anything.
const maxAccuracyMeters = 100_000

// usable tells whether a decision can be taken on f: all numbers that the
// device gave are finite, the point is on the globe, and the accuracy is not
// hopeless.
func (f *Fix) usable() bool {
	return onGlobe(f.Point) &&
		f.gives(KnownAccuracy, f.AccuracyMeters) && f.gives(KnownSpeed, f.SpeedMPS) &&
		f.gives(KnownHeading, f.HeadingDegrees) && f.gives(KnownAltitude, f.AltitudeMeters) &&
		!(f.Known&KnownAccuracy != 0 && f.AccuracyMeters > maxAccuracyMeters)
}

// gives tells whether a field is finite, or was not given at all.
func (f *Fix) gives(known Known, value float32) bool {
	// x-x is 0 for all numbers but infinities and NaN.
	return f.Known&known == 0 || value-value == 0
}
