package broker

import (
	"time"

	"wayguard/tracker"
)

// Door is a family of topics and the format spoken on them. Its methods are
// called from many goroutines, Publishes and Decode for every report.
type Door interface {
	// Name stands in metrics and in the quarantine.
	Name() string
	// Publishes reports whether topic is device's own to publish to.
	Publishes(device tracker.DeviceID, topic string) bool
	// Wills reports whether topic is device's own to leave a will on.
	Wills(device tracker.DeviceID, topic string) bool
	// Subscribes reports whether filter is device's own to subscribe to.
	Subscribes(device tracker.DeviceID, filter string) bool
	// Decode reads what device published and the server received at received.
	// An error that is a *tracker.Refusal says what to do with the payload; any other
	// sends it to the quarantine as a bad payload. The broker keeps the report.
	Decode(device tracker.DeviceID, payload []byte, received time.Time) (tracker.Report, error)
}
