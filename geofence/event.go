package geofence

import (
	"time"

	"github.com/paulmach/orb"
)

// EventType names a kind of fact, as it stands in the event log.
type EventType string

// The facts that Step finds.
const (
	Enter EventType = "geofence.enter"
	Exit  EventType = "geofence.exit"
	// Dwell: a visit has lasted as long as the fence's Dwell.
	Dwell EventType = "geofence.dwell"
)

// Event is one fact about one device.
type Event struct {
	Type EventType
	// Time is the device time at which it happened: that of the first fix on the
	// other side of the boundary, though it may have taken more to be sure. Of a
	// Dwell, when the time was up.
	Time Millis
	// Fence is the fence it happened at.
	Fence FenceID
	// Episode numbers the visit: the events of one visit have the same episode,
	// no two visits of one device do.
	Episode uint64
	// Point is where the device was at Time; of a Dwell, where it was at the
	// first fix inside after Time.
	Point orb.Point
	// DistanceMeters is the signed distance from Point to the fence's
	// boundary, positive inside.
	DistanceMeters float64
	// After is, of a Dwell, how long the visit had to last; 0 of others.
	After time.Duration
	// UncertaintyMeters is the accuracy of Point that the decision used, 0 in
	// raw mode.
	UncertaintyMeters float64
}
