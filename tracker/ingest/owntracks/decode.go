package owntracks

import (
	"errors"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"wayguard/geofence"
	"wayguard/tracker"
)

// MaxPayload is the longest payload that is looked at, in bytes. The largest
// messages that apps send, cards with a face, stay under it.
const MaxPayload = 64 << 10

// Decode reads one payload that device published and the server received at
// received, without a key for what is encrypted. The report's key is the
// xxHash64 of the payload, so that the same message sent again is found to be
// the same.
//
// An error is always a *tracker.Refusal. An array is taken whole or refused whole.
func Decode(device tracker.DeviceID, payload []byte, received time.Time) (tracker.Report, error) {
	return Door{}.Decode(device, payload, received)
}

func (c *content) decode(payload []byte, received time.Time) (tracker.Report, error) {
	if len(payload) > MaxPayload {
		return tracker.Report{}, tracker.Refuse(ReasonTooLarge, "the payload has %d bytes, at most %d are accepted", len(payload), MaxPayload)
	}
	if err := c.unmarshal(payload); err != nil {
		return tracker.Report{}, badJSON("payload", err)
	}
	if err := c.check(); err != nil {
		return tracker.Report{}, err
	}
	return tracker.Report{
		Device:   c.device,
		Received: received,
		Key:      tracker.ReportKey(xxhash.Sum64(payload)),
		Fixes:    c.fixes,
		Battery:  c.battery,
	}, nil
}

// unmarshal reads an object or an array of them. Names that stand there twice
// are refused by message.readField where they matter; remembering all the others
// costs a third of the time.
func (c *content) unmarshal(b []byte) error {
	return json.Unmarshal(b, c, jsontext.AllowDuplicateNames(true))
}

// badJSON says where JSON ends to be JSON; the library's own text quotes what
// it found there.
func badJSON(what string, err error) *tracker.Refusal {
	if at := (*jsontext.SyntacticError)(nil); errors.As(err, &at) {
		return tracker.Refuse(ReasonJSON, "the %s is not JSON from byte %d on", what, at.ByteOffset)
	}
	return tracker.Refuse(ReasonJSON, "the %s is not JSON", what)
}

// content gathers what the messages of a payload say.
type content struct {
	device tracker.DeviceID
	keys   Keys
	// opened: the messages were encrypted. foreign: one names the topic of
	// another device.
	opened, foreign bool

	fixes   []geofence.Fix
	battery *uint8
	// refused is the first message that is wrong, ignored the first that is
	// right and has no fix.
	refused, ignored *tracker.Refusal
}

// check returns why there is no report, if so.
func (c *content) check() error {
	switch {
	case c.refused != nil:
		return c.refused
	case len(c.fixes) > tracker.MaxFixes:
		return tracker.Refuse(ReasonTooLarge, "the payload has %d fixes, at most %d are accepted", len(c.fixes), tracker.MaxFixes)
	case len(c.fixes) > 0:
		return nil
	case c.ignored != nil:
		return c.ignored
	}
	return tracker.Refuse(ReasonJSON, "the payload is an empty array")
}

// UnmarshalJSONFrom reads an object or an array of objects. Only broken JSON
// is an error; what else is wrong goes to c.refused.
func (c *content) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	if dec.PeekKind() != '[' {
		return c.readMessage(dec)
	}
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	for dec.PeekKind() != ']' {
		if err := c.readMessage(dec); err != nil {
			return err
		}
	}
	_, err := dec.ReadToken()
	return err
}

func (c *content) readMessage(dec *jsontext.Decoder) error {
	if dec.PeekKind() != '{' {
		c.refuse(tracker.Refuse(ReasonJSON, "the payload must be a JSON object or an array of them"))
		return dec.SkipValue()
	}
	var m message
	if err := m.read(dec); err != nil {
		return err
	}
	c.take(&m)
	return nil
}

func (c *content) take(m *message) {
	if t, ok := splitTopic(m.topic); ok && !t.of(c.device) {
		c.foreign = true
	}
	if m.kind == typeEncrypted && !m.bad.has(fieldType) {
		c.open(m)
		return
	}
	if r := m.otherType(); r != nil {
		if !r.Ignored() {
			c.refuse(r)
		} else if c.ignored == nil {
			c.ignored = r
		}
		return
	}
	fix, r := m.fix()
	if r != nil {
		c.refuse(r)
		return
	}
	c.fixes = append(c.fixes, fix)
	if b := m.battery(); b != nil {
		c.battery = b
	}
}

func (c *content) refuse(r *tracker.Refusal) {
	if c.refused == nil {
		c.refused = r
	}
}
