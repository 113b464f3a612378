// Package traccar decodes what the Traccar Client apps, OsmAnd and the many
// trackers that speak their protocol send over HTTP
// (https://www.traccar.org/osmand/).
//
// Start at [Door], which a server asks what a request says, or at [Decode],
// which is the format alone. Both are pure: no clock, no I/O, no state.
//
// One request is one report. It comes in three forms, told apart by their first
// character: the query of a GET or POST (Traccar Client up to version 8) and the
// fields of a form (from version 10 on), which name the same things, and an
// object of JSON (version 9), which begins with a brace. The apps send a request
// again and again, and nothing behind it, until it is answered with success.
//
// # What is taken from a request
//
//	query, form                  JSON
//	id or deviceid               device_id                    required; the sender's own id
//	lat and lon, or location     location.coords.latitude,    degrees; location is LAT,LON
//	                             .longitude
//	timestamp                    location.timestamp           Unix seconds or, from 10^11 on, milliseconds;
//	                                                          or RFC 3339; or a date and a time of day in
//	                                                          UTC. JSON must have it; without it a query is
//	                                                          of the moment of its receipt
//	accuracy                     .accuracy                    metres; unknown if 0 or negative
//	speed (knots)                .speed (metres per second)   unknown if negative
//	bearing or heading           .heading                     degrees from true north, 0 to 360
//	altitude                     .altitude                    metres; unknown if altitude_accuracy is
//	                                                          negative, which is how iOS marks it as invalid
//	batt (percent)               location.battery.level       unknown unless a whole number of percent from
//	                             (1 is full)                  0 to 100, since some trackers send volts
//	mock                         location.mock                true if the position was not measured
//	valid                                                     false if it is not a position of now
//
// A field that is empty or null counts as absent, and so does one beside the
// position that says NaN. One with a value that cannot
// be read, or that stands there twice, refuses the request: a sender that gets
// one field wrong is not believed in the others. hdop is not an accuracy in
// metres and is not made into one. Other names may hold anything.
//
// A request without a position is in order where it has a battery, a cell, a
// wireless network or an event instead, or as a query or form its time, which is
// how the app of version 10 says that it found none; only the battery is stored.
package traccar

import (
	"encoding/binary"
	"time"

	"github.com/cespare/xxhash/v2"

	"wayguard/geofence"
	"wayguard/tracker"
)

// Door is the protocol as a door for HTTP. The zero value is ready.
type Door struct{}

// Name is the door's part of the address, and stands in metrics and in the
// quarantine.
func (Door) Name() string { return "traccar" }

// Answer is empty: apps read the status alone.
func (Door) Answer() string { return "" }

// Decode is [Decode].
func (Door) Decode(device tracker.DeviceID, payload []byte, received time.Time) (tracker.Report, error) {
	return Decode(device, payload, received)
}

// MaxPayload is the longest payload that is looked at, in bytes: some twenty
// times what apps send.
const MaxPayload = 16 << 10

// Decode reads one request of device, its query or its body, that the server
// received at received. The report's key is the xxHash64 of the payload, so that
// the same request sent again is found to be the same; for a payload that gives
// no time, of the payload and received, since a vehicle that stands sends the
// same every time.
//
// An error is always a *tracker.Refusal.
func Decode(device tracker.DeviceID, payload []byte, received time.Time) (tracker.Report, error) {
	m, refused := read(payload)
	if refused == nil {
		refused = m.refused(device)
	}
	if refused != nil {
		return tracker.Report{}, refused
	}
	r := tracker.Report{Device: device, Received: received, Key: key(&m, payload, received), Battery: m.charge()}
	if m.located() {
		r.Fixes = []geofence.Fix{m.fix(received)}
	}
	return r, nil
}

func read(payload []byte) (message, *tracker.Refusal) {
	switch {
	case len(payload) > MaxPayload:
		return message{}, tracker.Refuse(ReasonTooLarge, "the request has %d bytes, at most %d are accepted", len(payload), MaxPayload)
	case len(payload) > 0 && payload[0] == '{':
		return readJSON(payload)
	}
	return readForm(string(payload))
}

func key(m *message, payload []byte, received time.Time) tracker.ReportKey {
	if m.timed {
		return tracker.ReportKey(xxhash.Sum64(payload))
	}
	at := binary.BigEndian.AppendUint64(nil, uint64(received.UnixMilli()))
	return tracker.ReportKey(xxhash.Sum64(append(at, payload...)))
}
