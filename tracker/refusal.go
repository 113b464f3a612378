package tracker

import (
	"errors"
	"fmt"
)

// Reasons of a Refusal that mean something to whoever carries it. Like all
// reasons they are part of metrics and of the quarantine and do not change.
const (
	// ReasonIgnored: what was sent is in order and has nothing to store.
	ReasonIgnored = "nothing_to_store"
	// ReasonForeign: it speaks for another device than the one that sent it.
	ReasonForeign = "foreign_device"
	// ReasonPayload: a door could not read it and did not say why.
	ReasonPayload = "bad_payload"
)

// Refusal is the error of a door that makes no report of what a device sent. It
// holds nothing of that but names that the format itself defines.
type Refusal struct{ reason, detail string }

// Refuse makes a Refusal. The reason is a short stable code, the rest, as for
// fmt.Sprintf, a sentence for people.
func Refuse(reason, format string, args ...any) *Refusal {
	return &Refusal{reason, fmt.Sprintf(format, args...)}
}

// RefusalOf is err, which a door's decoding ended with, as a Refusal; one that is
// none counts as ReasonPayload.
func RefusalOf(err error) *Refusal {
	if r := (*Refusal)(nil); errors.As(err, &r) {
		return r
	}
	return &Refusal{ReasonPayload, err.Error()}
}

// Error is a sentence for people.
func (r *Refusal) Error() string { return r.detail }

// Reason is a short stable code.
func (r *Refusal) Reason() string { return r.reason }

// Ignored reports that what was sent is acknowledged and forgotten. Otherwise it
// can never be right and goes to the quarantine.
func (r *Refusal) Ignored() bool { return r.reason == ReasonIgnored }

// Foreign reports that it speaks for another device.
func (r *Refusal) Foreign() bool { return r.reason == ReasonForeign }
