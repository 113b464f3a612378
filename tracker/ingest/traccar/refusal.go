package traccar

import "wayguard/tracker"

// Reasons of a tracker.Refusal. They are part of metrics and of the quarantine and do
// not change.
const (
	// ReasonTooLarge: the payload is longer than MaxPayload.
	ReasonTooLarge = "too_large"
	// ReasonJSON: it begins as JSON and is not JSON, or a value has the wrong
	// type.
	ReasonJSON = tracker.ReasonJSON
	// ReasonForm: it is not a well-formed query.
	ReasonForm = "bad_form"
	// ReasonDevice: it does not name its device.
	ReasonDevice = "no_device"
	// ReasonTime: the time is missing where it must be, or cannot be read.
	ReasonTime = "bad_time"
	// ReasonPosition: there is half a position, one out of range, or nothing
	// that could stand for one.
	ReasonPosition = "bad_position"
	// ReasonField: another field cannot be read, or stands there twice.
	ReasonField = "bad_field"
)
