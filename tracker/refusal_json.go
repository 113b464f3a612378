package tracker

import (
	"errors"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// ReasonJSON: what was sent is not the JSON that its door takes.
const ReasonJSON = "bad_json"

// RefuseJSON makes a Refusal of the error with which package json ended. It says
// where the body ceases to be what is taken; the library's own text quotes what it
// found there.
func RefuseJSON(err error) *Refusal {
	if at := (*jsontext.SyntacticError)(nil); errors.As(err, &at) {
		return Refuse(ReasonJSON, "the body is not JSON from byte %d on, or has a name twice", at.ByteOffset)
	}
	if at := (*json.SemanticError)(nil); errors.As(err, &at) {
		return Refuse(ReasonJSON, "the value before byte %d of the body is of the wrong type", at.ByteOffset)
	}
	return Refuse(ReasonJSON, "the body is not JSON")
}
