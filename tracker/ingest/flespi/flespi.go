// Package flespi decodes the messages that flespi, a gateway for telematics
// devices, sends over HTTP: a JSON array of flat objects
// (https://flespi.com/kb/messages-basic-information-units).
//
// Start at [Door], which a server asks what a request says, or at [Decode],
// which is the format alone. Both are pure: no clock, no I/O, no state.
//
// A request becomes one report. It must hold messages of one device only, the
// one whose credentials it comes with: a stream of flespi is to be set up for
// each device.
//
// # What is taken from a message
//
//	ident                 required; the sender's own id
//	timestamp             Unix time in seconds; required
//	position.latitude     degrees, -90 to 90
//	position.longitude    degrees, -180 to 180
//	position.valid        if false, the position is an old one and left out
//	position.speed        km/h; unknown if negative
//	position.direction    degrees from true north, 0 to 360; unknown otherwise
//	position.altitude     metres
//	battery.level         percent; unknown unless a whole number from 0 to 100
//	engine.ignition.status  true or false; told where it changes
//
// A parameter that is null counts as absent. One of these with a value of
// another type, or that stands there twice, refuses the request: a sender that
// gets one field wrong is not believed in the others. position.hdop is not an
// accuracy in metres and is not made into one. Other names may hold anything.
package flespi

import (
	"math"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/go-json-experiment/json"

	"wayguard/tracker"
)

// Door is flespi as a door for HTTP. The zero value is ready.
type Door struct{}

// Name is the door's part of the address, and stands in metrics and in the
// quarantine.
func (Door) Name() string { return "flespi" }

// Answer is empty: flespi reads the status alone.
func (Door) Answer() string { return "" }

// Decode is [Decode].
func (Door) Decode(device tracker.DeviceID, payload []byte, received time.Time) (tracker.Report, error) {
	return Decode(device, payload, received)
}

// Decode reads the body of one request of device that the server received at
// received. The report's key is the xxHash64 of the body, so that the same
// request sent again is found to be the same. The battery is that of the newest
// message that has one.
//
// An error is always a *tracker.Refusal. An array is taken whole or refused whole.
func Decode(device tracker.DeviceID, payload []byte, received time.Time) (tracker.Report, error) {
	var messages []message
	if err := json.Unmarshal(payload, &messages); err != nil {
		return tracker.Report{}, tracker.RefuseJSON(err)
	}
	r := tracker.Report{Device: device, Received: received, Key: tracker.ReportKey(xxhash.Sum64(payload))}
	charged := math.Inf(-1)
	for i := range messages {
		m := &messages[i]
		if err := m.refused(device); err != nil {
			return tracker.Report{}, err
		}
		if m.located() {
			r.Fixes = append(r.Fixes, m.fix())
		}
		if b := m.charge(); b != nil && *m.Timestamp >= charged {
			charged, r.Battery = *m.Timestamp, b
		}
		if x, said := m.ignition(); said && (len(r.Readings) == 0 || r.Readings[len(r.Readings)-1].Value != x.Value) {
			r.Readings = append(r.Readings, x)
		}
	}
	switch {
	case len(messages) == 0:
		return tracker.Report{}, tracker.Refuse(tracker.ReasonIgnored, "there are no messages")
	case len(r.Fixes) > tracker.MaxFixes:
		return tracker.Report{}, tracker.Refuse(ReasonTooLarge, "the array has %d positions, at most %d are accepted", len(r.Fixes), tracker.MaxFixes)
	case len(r.Fixes)+len(r.Readings) == 0 && r.Battery == nil:
		return tracker.Report{}, tracker.Refuse(tracker.ReasonIgnored, "no message has a position, a battery or an ignition to store")
	}
	return r, nil
}

// Reasons of a tracker.Refusal. They are part of metrics and of the quarantine and do
// not change.
const (
	// ReasonTooLarge: there are more positions than a report can hold.
	ReasonTooLarge = "too_large"
	// ReasonJSON: not an array of objects in JSON, or a value has the wrong type.
	ReasonJSON = tracker.ReasonJSON
	// ReasonDevice: a message does not name its device.
	ReasonDevice = "no_device"
	// ReasonTime: a timestamp is missing, 0 or less, or beyond the year 9999.
	ReasonTime = "bad_time"
	// ReasonPosition: there is half a position, or one out of range.
	ReasonPosition = "bad_position"
)
