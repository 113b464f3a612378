package owntracks

import "fmt"

// Reasons of a Refusal. They are part of metrics and of the quarantine and do
// not change.
const (
	// ReasonTooLarge: the payload is longer than MaxPayload.
	ReasonTooLarge = "too_large"
	// ReasonJSON: not JSON, or neither an object nor an array of objects.
	ReasonJSON = "bad_json"
	// ReasonUnknownType: no _type, or none that OwnTracks has.
	ReasonUnknownType = "unknown_type"
	// ReasonTime: tst is missing, no number, 0 or less, or beyond the year 9999.
	ReasonTime = "bad_time"
	// ReasonPosition: lat or lon is missing, no number, or out of range.
	ReasonPosition = "bad_position"
	// ReasonField: an optional field is no number, or a field stands there
	// twice.
	ReasonField = "bad_field"
	// ReasonForeign: a request names the topic of another device than the one
	// that sent it.
	ReasonForeign = "foreign_device"
	// ReasonIgnored: a message of OwnTracks that has no position to store.
	// Nothing is wrong with it.
	ReasonIgnored = "ignored_type"
)

// Refusal says why a payload gave no report. It holds nothing of the payload
// but names that OwnTracks itself defines.
type Refusal struct{ reason, detail string }

// Error is a sentence for people.
func (r *Refusal) Error() string { return r.detail }

// Reason is one of the codes above.
func (r *Refusal) Reason() string { return r.reason }

// Ignored reports that the message is in order and has nothing to store, as
// opposed to one that can never be right.
func (r *Refusal) Ignored() bool { return r.reason == ReasonIgnored }

// Foreign reports that the message speaks for another device.
func (r *Refusal) Foreign() bool { return r.reason == ReasonForeign }

func refuse(reason, format string, args ...any) *Refusal {
	return &Refusal{reason, fmt.Sprintf(format, args...)}
}
