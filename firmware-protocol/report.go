package firmware

import "errors"

// Version is that of the binary form.
const Version = 1

// Limits of a frame.
const (
	// MaxFrame is the most bytes of a frame.
	MaxFrame = 64 << 10
	// MaxFixes and MaxReadings are the most fixes and readings of a report.
	MaxFixes    = 1024
	MaxReadings = 1024
	// MaxAccuracy is in decimetres, MaxSpeed in decimetres per second; the
	// altitudes are in decimetres above the ellipsoid.
	MaxAccuracy = 1_000_000_000
	MaxSpeed    = 1_000_000
	MinAltitude = -10_000
	MaxAltitude = 10_000_000
	// MaxTime is the last millisecond of the year 9999.
	MaxTime = Millis(253_402_300_799_999)
	// MaxText is the most bytes of a text.
	MaxText = 128
)

// Errors of decoding. An error wraps one of them, and what was decoded is zero.
var (
	// ErrVersion: the frame is of a version, kind or seal that is not known.
	ErrVersion = errors.New("unknown version")
	// ErrFrame: the frame is cut short or contradicts the specification.
	ErrFrame = errors.New("bad frame")
	// ErrTag: the frame was not sealed with this key, or was changed.
	ErrTag = errors.New("bad authentication tag")
	// ErrValue: what is to be encoded does not fit the format.
	ErrValue = errors.New("value does not fit")
)

// Millis is an instant: milliseconds since 1970-01-01T00:00:00Z, not negative.
type Millis int64

// Report is what a device says in one message.
type Report struct {
	// Boot counts the device's starts, Sequence its reports since, from 1.
	Boot, Sequence uint32
	// Time is the device's time as it made the report, 0 if it has none.
	Time Millis
	// Fixes are at most MaxFixes in order of time.
	Fixes []Fix
	// Applied is what became of the newest desired state; its zero value says
	// that there was none.
	Applied Applied
	// Firmware is the version that runs, empty if not said.
	Firmware string
	// Readings are those of sensors, at most MaxReadings in order of kind.
	Readings []Reading
}

// Fix is one position.
type Fix struct {
	Time Millis
	// Lon and Lat are in units of 1e-7 degrees, WGS 84. A Lon of 180 degrees
	// becomes -180 on the way.
	Lon, Lat int32
	// Known tells which of the next four fields there are; the others are 0.
	Known Known
	// Accuracy is in decimetres: the radius that holds the true place with a
	// probability of 68 %.
	Accuracy uint32
	// Speed is in decimetres per second, rounded to 2 on the way.
	Speed uint32
	// Heading is in degrees clockwise from true north, 0 to 359, rounded to 2
	// on the way.
	Heading uint16
	// Altitude is in decimetres above the ellipsoid.
	Altitude int32
	Flags    Flags
}

// Known says which optional fields of a Fix there are.
type Known uint8

// The optional fields of a Fix.
const (
	KnownAccuracy Known = 1 << iota
	KnownSpeed
	KnownHeading
	KnownAltitude
)

// Flags are what a receiver says against its own fix.
type Flags uint8

// The flags. Others may come to be known, and are kept.
const (
	Mocked Flags = 1 << iota
	Jammed
)

// Applied is what a device made of a desired state.
type Applied struct {
	Version uint32
	Outcome Outcome
}

// Outcome is how far a device got.
type Outcome uint8

// The outcomes.
const (
	InForce Outcome = iota
	Refused
	Fetching
	Failed
)

// Kind is that of a reading, and the number of its field.
type Kind uint8

// The kinds of readings.
const (
	Battery     Kind = 16 + iota // Value percent, More millivolts, 0 unknown
	Temperature                  // Value hundredths of a degree Celsius
	Light                        // Value lux
	Shock                        // Value thousandths of 9.80665 m/s^2
	Seal                         // Value SealClosed, SealOpen or SealCut
	Ignition                     // Value 0 off, 1 on
	Button                       // Value the number of the button, from 1
	Scan                         // Text a code of 1 to MaxText bytes
)

// Values of Seal.
const (
	SealClosed = iota
	SealOpen
	SealCut
)

// Reading is what a sensor said.
type Reading struct {
	Time  Millis
	Kind  Kind
	Value int64
	More  int64
	Text  string
}
