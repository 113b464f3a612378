package geofence

import (
	"time"

	"github.com/paulmach/orb"
)

// DeviceID names a device: 1 to MaxIDBytes bytes.
type DeviceID string

// RouteID, StopID and RoundID name routes, stops and rounds: 1 to MaxIDBytes
// bytes.
type (
	RouteID string
	StopID  string
	RoundID string
)

// Device is what a World says of one device. Devices that it says nothing of
// go by the settings.
type Device struct {
	ID DeviceID
	// MaxSpeedMPS is how fast it can move; 0 for the setting.
	MaxSpeedMPS float64
	// SilentAfter is how long it may say nothing; 0 for the setting.
	SilentAfter time.Duration
	// HandoverMeters is how far from the door it is when a parcel is handed
	// over, see DropSettings; 0 for the setting.
	HandoverMeters float64
	// Carrier is, of a parcel's tracker, the device of the vehicle that it is
	// in; empty for none. What is carried follows no round of its own.
	Carrier DeviceID
	// Destination is, of a parcel's tracker, the stop of its carrier's round
	// at which it is to be left; empty if unknown.
	Destination StopID
}

// Place is a point, or premises where Polygons is not empty.
type Place struct {
	Point    orb.Point
	Polygons orb.MultiPolygon
}

// Route is a line to be followed.
type Route struct {
	ID   RouteID
	Line orb.LineString
	// CorridorMeters is how far to either side of the line is still on it; 0
	// for the setting.
	CorridorMeters float64
	// Rough: the line is not the way itself. Only leaving its corridor is told,
	// and coming back; it says neither which way to go along it nor when.
	Rough bool
}

// Stop is a place to be served.
type Stop struct {
	ID StopID
	Place
	// WindowStart and WindowEnd are when it is to be served; 0 where open.
	WindowStart, WindowEnd Millis
	// GeocodeAccuracyMeters is the radius around the point, or around the
	// premises, that holds what the address means with a probability of 68 %;
	// 0 for the setting.
	GeocodeAccuracyMeters float64
	// Service is how long serving it is expected to take; 0 for the setting.
	Service time.Duration
}

// Depot is a place where a vehicle may stand for as long as it likes.
type Depot struct {
	ID string
	Place
	// RadiusMeters is how far around a point the depot reaches; 0 for the
	// setting.
	RadiusMeters float64
}

// Break is a time in which a vehicle may stand anywhere.
type Break struct{ From, To Millis }

// Address is a place that a parcel may be left at by mistake.
type Address struct {
	ID string
	Place
}

// Round is what vehicles are to do.
type Round struct {
	ID RoundID
	// Devices follow the round; none for every device that no other round
	// names. A device follows one round.
	Devices []DeviceID
	// Routes are usually one; more are alternatives, on any of which a device
	// is on its way. None if it is not known.
	Routes []Route
	// Stops are in the order in which they are to be served.
	Stops  []Stop
	Depots []Depot
	Breaks []Break
	// Start is when it is to begin, 0 if that is not known.
	Start Millis
}

// duty is what a World wants of one device, prepared.
type duty struct {
	device Device
	round  *round // nil for none
}
