package tracker

import "time"

// Door is a family of MQTT topics and the format spoken on them. The broker of
// this server asks it about devices that it knows, the bridge to another one
// about topics alone. Its methods are called from many goroutines, Publishes,
// Owner and Decode for every report.
type Door interface {
	// Name stands in metrics and in the quarantine.
	Name() string
	// Publishes reports whether topic is device's own to publish to.
	Publishes(device DeviceID, topic string) bool
	// Owner is the device whose own topic is to publish to: the one for which
	// Publishes is true. ok is false for topics of other doors and for names
	// that no device can have.
	Owner(topic string) (device DeviceID, ok bool)
	// Filters are what a subscriber asks for to receive what all devices
	// publish through this door.
	Filters() []string
	// Wills reports whether topic is device's own to leave a will on.
	Wills(device DeviceID, topic string) bool
	// Subscribes reports whether filter is device's own to subscribe to.
	Subscribes(device DeviceID, filter string) bool
	// Decode reads what device published and the server received at received.
	// It keeps nothing of payload, which is about to be overwritten.
	// An error that is a *Refusal says what to do with the payload; any other
	// sends it to the quarantine as a bad payload. Whoever asks keeps the report.
	Decode(device DeviceID, payload []byte, received time.Time) (Report, error)
}
