package owntracks

import (
	"strings"

	"wayguard/tracker"
)

// prefix begins every topic of OwnTracks.
const prefix = "owntracks/"

// topic is owntracks/USER/DEVICE, or owntracks/USER/DEVICE/SUB.
type topic struct{ user, device, sub string }

// splitTopic takes s apart without copying. It does not check the names: they
// are compared with a device's id, which was checked when it was registered.
func splitTopic(s string) (topic, bool) {
	rest, ok := strings.CutPrefix(s, prefix)
	if !ok {
		return topic{}, false
	}
	user, rest, ok := strings.Cut(rest, "/")
	if !ok {
		return topic{}, false
	}
	device, sub, deeper := strings.Cut(rest, "/")
	if user == "" || device == "" || deeper && sub == "" {
		return topic{}, false
	}
	return topic{user, device, sub}, true
}

// of reports whether t belongs to id.
func (t topic) of(id tracker.DeviceID) bool {
	n := len(t.user)
	return len(id) == n+1+len(t.device) && id[n] == ':' &&
		string(id[:n]) == t.user && string(id[n+1:]) == t.device
}

// published reports whether apps publish to t. The subtopics are those of the
// booklet's section on topics; cmd is the server's.
func (t topic) published() bool {
	switch t.sub {
	case "", "beacon", "dump", "event", "info", "request", "status", "step", "waypoint", "waypoints":
		return true
	}
	return false
}

// Device returns the device that a topic of OwnTracks belongs to:
// owntracks/USER/DEVICE, with or without a subtopic, is that of USER:DEVICE.
// ok is false for any other topic and for names that no device can have.
func Device(mqttTopic string) (id tracker.DeviceID, ok bool) {
	t, ok := splitTopic(mqttTopic)
	if !ok {
		return "", false
	}
	id, err := tracker.ParseDeviceID(t.user + ":" + t.device)
	return id, err == nil
}
