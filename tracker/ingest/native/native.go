// Package native decodes the reports of Wayguard's own trackers, in the binary
// and in the JSON form of package firmware, which specifies both.
//
// Start at [Door], which a broker asks whose topic is whose and what a payload
// says, or at [Decode], which is the format alone. Both are pure: no clock, no
// I/O, no state.
//
// # What is taken from a report
//
// Fixes with all that they say, and the newest reading of the battery. Boot and
// sequence make the report's key, so that a report sent again is known in either
// form. A device that does not know the time reports fixes from 1970 on, which
// the fleet stores and marks. [Content] holds all the rest of a report, such as
// temperatures and seals, for which the fleet has no place yet.
//
// # Seals
//
// A frame is taken from a session that has proved which device it is, and must
// be plain. A sealed one is refused as ReasonSealed: opening it takes the
// device's secret, of which the server keeps a hash only.
package native

import (
	"strings"
	"time"

	"wayguard/tracker"
)

// Door is the native protocol as a family of MQTT topics. The zero value is
// ready. A device publishes reports to wg/1/ID/up. Its other topics, online and
// down, are the broker's.
type Door struct{}

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

// Decode is [Decode] without the rest of the report. A report that says nothing
// that the fleet has a place for is in order and ignored.
func (Door) Decode(device tracker.DeviceID, payload []byte, received time.Time) (tracker.Report, error) {
	c, err := Decode(device, payload, received)
	if err != nil {
		return tracker.Report{}, err
	}
	if len(c.Report.Fixes) == 0 && c.Report.Battery == nil {
		return tracker.Report{}, tracker.Refuse(tracker.ReasonIgnored, "the report has neither a position nor a battery")
	}
	return c.Report, nil
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
)
