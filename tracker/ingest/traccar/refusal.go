package traccar

import "fmt"

// Reasons of a Refusal. They are part of metrics and of the quarantine and do
// not change.
const (
	// ReasonTooLarge: the payload is longer than MaxPayload.
	ReasonTooLarge = "too_large"
	// ReasonJSON: it begins as JSON and is not JSON, or a value has the wrong
	// type.
	ReasonJSON = "bad_json"
	// ReasonForm: it is not a well-formed query.
	ReasonForm = "bad_form"
	// ReasonDevice: it does not name its device.
	ReasonDevice = "no_device"
	// ReasonForeign: it names another device than the one that sent it.
	ReasonForeign = "foreign_device"
	// ReasonTime: the time is missing where it must be, or cannot be read.
	ReasonTime = "bad_time"
	// ReasonPosition: there is half a position, one out of range, or nothing
	// that could stand for one.
	ReasonPosition = "bad_position"
	// ReasonField: another field cannot be read, or stands there twice.
	ReasonField = "bad_field"
	// ReasonIgnored: there is nothing to store. Nothing is wrong with that.
	ReasonIgnored = "nothing_to_store"
)

// Refusal says why a request gave no report. It holds nothing of the request
// but names that the protocol itself defines.
type Refusal struct{ reason, detail string }

// Error is a sentence for people.
func (r *Refusal) Error() string { return r.detail }

// Reason is one of the codes above.
func (r *Refusal) Reason() string { return r.reason }

// Ignored reports that the request is in order and has nothing to store.
func (r *Refusal) Ignored() bool { return r.reason == ReasonIgnored }

// Foreign reports that the request speaks for another device.
func (r *Refusal) Foreign() bool { return r.reason == ReasonForeign }

func refuse(reason, format string, args ...any) *Refusal {
	return &Refusal{reason, fmt.Sprintf(format, args...)}
}
