package owntracks

import "wayguard/tracker"

// Reasons of a tracker.Refusal. They are part of metrics and of the quarantine and do
// not change.
const (
	// ReasonTooLarge: the payload is longer than MaxPayload.
	ReasonTooLarge = "too_large"
	// ReasonJSON: not JSON, or neither an object nor an array of objects.
	ReasonJSON = tracker.ReasonJSON
	// ReasonUnknownType: no _type, or none that OwnTracks has.
	ReasonUnknownType = "unknown_type"
	// ReasonTime: tst is missing, no number, 0 or less, or beyond the year 9999.
	ReasonTime = "bad_time"
	// ReasonPosition: lat or lon is missing, no number, or out of range.
	ReasonPosition = "bad_position"
	// ReasonField: an optional field is no number, or a field stands there
	// twice.
	ReasonField = "bad_field"
	// ReasonKey: the message is encrypted and the device has no key here.
	ReasonKey = "no_key"
	// ReasonSeal: it does not open with the device's key.
	ReasonSeal = "bad_seal"
)
