// Package native decodes the reports of Wayguard's own trackers, in the binary
// and in the JSON form of package firmware, which specifies both.
//
// Start at [Door], which a broker asks whose topic is whose and what a payload
// says, or at [Decode], which is the format alone. Both are pure, the keys of
// devices aside: no clock, no I/O, no state.
//
// # What is taken from a report
//
// All of it. Boot and sequence make the report's key, so that a report sent again
// is known in either form, sealed or not. A device that does not know the time
// reports fixes from 1970 on, which the fleet stores and marks, and readings that
// count as of their receipt.
//
// # Seals
//
// A plain frame is taken from a session that has proved which device it is. A
// sealed one must have been sealed with the device's frame secret, whatever
// carried it. From its first sealed report on, until it is given a new secret,
// plain ones of a device are refused: they may be anybody's who has found out
// how it signs in. A frame that somebody records and sends again is dropped as
// a duplicate.
package native

import (
	"strings"
	"time"

	"wayguard/tracker"
)

// Keys tells the keys that may open a device's sealed reports, and whether its
// reports must be sealed; where sealed is false, the latter alone.
// tracker.Fleet.UpKeys is one.
type Keys func(device tracker.DeviceID, sealed bool) (keys []tracker.SealKey, required bool)

// Door is the native protocol as a family of MQTT topics. A device publishes
// reports to wg/1/ID/up. Its other topics, online and down, are the broker's.
type Door struct {
	// Keys is nil where no seal can be opened, and none is required.
	Keys Keys
}

// Name stands in metrics and in the quarantine.
func (Door) Name() string { return "native" }

// Publishes reports whether topic is where device's reports go.
func (Door) Publishes(device tracker.DeviceID, topic string) bool {
	rest, ok := strings.CutPrefix(topic, "wg/1/")
	id, leaf, cut := strings.Cut(rest, "/")
	return ok && cut && leaf == "up" && device != "" && id == string(device)
}

// Owner is the device in a topic that reports go to.
func (Door) Owner(topic string) (tracker.DeviceID, bool) {
	rest, ok := strings.CutPrefix(topic, "wg/1/")
	id, leaf, _ := strings.Cut(rest, "/")
	if !ok || leaf != "up" {
		return "", false
	}
	device, err := tracker.ParseDeviceID(id)
	return device, err == nil
}

// Filters are the topic of all devices' reports.
func (Door) Filters() []string { return []string{"wg/1/+/up"} }

// Wills is false: that a device has gone is said on its topic online.
func (Door) Wills(tracker.DeviceID, string) bool { return false }

// Subscribes is false: the broker itself gives a device its topic down.
func (Door) Subscribes(tracker.DeviceID, string) bool { return false }

// Decode is [Decode] with the door's keys. A report that says nothing is in order
// and ignored.
func (d Door) Decode(device tracker.DeviceID, payload []byte, received time.Time) (tracker.Report, error) {
	r, err := Decode(d.Keys, device, payload, received)
	if err != nil {
		return tracker.Report{}, err
	}
	a := r.Answer
	if len(r.Fixes) == 0 && len(r.Readings) == 0 && a.Applied.Version == 0 && a.Firmware == "" {
		return tracker.Report{}, tracker.Refuse(tracker.ReasonIgnored, "the report says nothing")
	}
	return r, nil
}

// Reasons of a tracker.Refusal. They are part of metrics and of the quarantine and do
// not change.
const (
	// ReasonFrame: the payload is cut short or contradicts the specification.
	ReasonFrame = "bad_frame"
	// ReasonVersion: it is of another version of the protocol, or none of it.
	ReasonVersion = "unknown_version"
	// ReasonSealed: it is sealed, and the server has no key to open it.
	ReasonSealed = "sealed"
	// ReasonPlain: it is not sealed, and must be.
	ReasonPlain = "not_sealed"
	// ReasonTag: it was not sealed with the device's key, or was changed.
	ReasonTag = "bad_tag"
)
