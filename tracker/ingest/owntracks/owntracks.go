// Package owntracks decodes what the OwnTracks apps, and trackers that speak
// their JSON, publish over MQTT or post over HTTP
// (https://owntracks.org/booklet/tech/json/).
//
// Start at [Door], which a broker asks whose topic is whose and what a payload
// says, at [HTTP], which is the same for requests, or at [Decode], which is the
// format alone. All are pure: no clock, no I/O, no state.
//
// A message of type location becomes a report with one fix, an array of
// messages a report with the fixes of its location messages. Everything that is
// not of OwnTracks is refused, with a stable reason for machines and a sentence
// without personal data for people.
//
// # What becomes of each type
//
//	location       a fix, as below
//	encrypted      opened with the device's key, and what is in it taken as if
//	               it had come alone; refused where the device has no key here,
//	               or another one, so that nothing is lost unseen
//	transition     ignored: the server's own fences decide who went in or out,
//	               and apps send a location with each transition
//	waypoint(s)    ignored: fences are dispatch's to draw
//	card           ignored: dispatch names its devices
//	lwt, status    ignored: who is silent is found by the time of the last fix
//	cmd, request,  ignored: they are meant for apps, or answer what this server
//	configuration, does not ask
//	dump, beacon,
//	steps
//
// What is ignored is acknowledged, counted and not kept.
//
// A key is a passphrase of up to 32 bytes, padded with zeros; data is the base64
// of a nonce of 24 bytes and of libsodium's crypto_secretbox_easy. A device
// that has a key may still send plain messages: wills always are.
//
// # What is taken from a location
//
//	tst    Unix time of the fix in seconds, above 0; required
//	lat    degrees, -90 to 90; required
//	lon    degrees, -180 to 180; required
//	acc    metres; unknown if 0 or negative, as phones say without a fix
//	vel    km/h; unknown if negative
//	cog    degrees from true north, 0 to 360; unknown otherwise
//	alt    metres; unknown if vac is negative, which is how iOS marks an
//	       altitude as invalid. iOS measures from the sea, Android from the
//	       ellipsoid, and the message does not tell which.
//	batt   percent; unknown unless a whole number from 0 to 100, since Greenwich
//	       trackers send volts under this name
//
// A field that is null counts as absent. One of these with a value that is not
// a number, or that stands there twice, refuses the message: a sender that
// gets one field wrong is not believed in the others. Names that are not
// listed may hold anything.
package owntracks

import (
	"time"

	"wayguard/tracker"
)

// Keys tells the key that a device's messages are encrypted with, if it has one.
// Nil knows none.
type Keys func(tracker.DeviceID) (tracker.OwnTracksKey, bool)

// Door is OwnTracks as a family of MQTT topics. The zero value is ready and
// opens no encrypted message.
//
// A device with the id USER:DEVICE publishes to owntracks/USER/DEVICE and
// subtopics of it, and is sent commands on owntracks/USER/DEVICE/cmd.
type Door struct{ Keys Keys }

// Name stands in metrics and in the quarantine.
func (Door) Name() string { return "owntracks" }

// Publishes reports whether topic is one that device's app publishes to.
func (Door) Publishes(device tracker.DeviceID, topic string) bool {
	t, ok := splitTopic(topic)
	return ok && t.of(device) && t.published()
}

// Owner is the device whose app publishes to topic.
func (Door) Owner(topic string) (tracker.DeviceID, bool) {
	t, ok := splitTopic(topic)
	if !ok || !t.published() {
		return "", false
	}
	return t.device()
}

// Filters are the topics that apps publish to.
func (Door) Filters() []string {
	filters := []string{prefix + "+/+"}
	for _, sub := range subtopics {
		filters = append(filters, prefix+"+/+/"+sub)
	}
	return filters
}

// Wills reports whether topic is where device's last will may go: the topic
// that its positions go to.
func (Door) Wills(device tracker.DeviceID, topic string) bool {
	t, ok := splitTopic(topic)
	return ok && t.of(device) && t.sub == ""
}

// Subscribes reports whether filter is the topic of device's commands.
// Wildcards never are.
func (Door) Subscribes(device tracker.DeviceID, filter string) bool {
	t, ok := splitTopic(filter)
	return ok && t.of(device) && t.sub == "cmd"
}

// Decode is [Decode], and opens what is encrypted.
func (d Door) Decode(device tracker.DeviceID, payload []byte, received time.Time) (tracker.Report, error) {
	if r, ok, err := decodePlain(device, payload, received); ok {
		return r, err
	}
	c := content{device: device, keys: d.Keys}
	return c.decode(payload, received)
}
