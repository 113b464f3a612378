package owntracks

import (
	"slices"
	"strings"

	"wayguard/tracker"
)

// prefix begins every topic of OwnTracks.
const prefix = "owntracks/"

// topic is owntracks/USER/DEVICE, or owntracks/USER/DEVICE/SUB.
type topic struct{ user, name, sub string }

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
	return len(id) == n+1+len(t.name) && id[n] == ':' &&
		string(id[:n]) == t.user && string(id[n+1:]) == t.name
}

// subtopics are those that apps publish to beside the topic itself, from the
// booklet's section on topics; cmd is the server's.
var subtopics = [...]string{"beacon", "dump", "event", "info", "request", "status", "step", "waypoint", "waypoints"}

// published reports whether apps publish to t.
func (t topic) published() bool { return t.sub == "" || slices.Contains(subtopics[:], t.sub) }

// device is the one that t belongs to; ok is false for names that no device can
// have.
func (t topic) device() (id tracker.DeviceID, ok bool) {
	id, err := tracker.ParseDeviceID(t.user + ":" + t.name)
	return id, err == nil
}
