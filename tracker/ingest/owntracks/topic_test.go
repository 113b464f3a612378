package owntracks

import (
	"strings"
	"testing"

	"wayguard/tracker"
)

func TestDoorPublishes(t *testing.T) {
	for _, c := range []struct {
		device tracker.DeviceID
		topic  string
		want   bool
	}{
		{"anna:van7", "owntracks/anna/van7", true},
		{"anna:van7", "owntracks/anna/van7/event", true},
		{"anna:van7", "owntracks/anna/van7/waypoints", true},
		{"anna:van7", "owntracks/anna/van7/cmd", false},
		{"anna:van7", "owntracks/anna/van7/", false},
		{"anna:van7", "owntracks/anna/van7/event/deeper", false},
		{"anna:van7", "owntracks/anna/van8", false},
		{"anna:van7", "owntracks/bert/van7", false},
		{"anna:van7", "owntracks/anna", false},
		{"anna:van7", "owntracks/anna:van7", false},
		{"anna:van7", "/owntracks/anna/van7", false},
		{"anna:van7", "OwnTracks/anna/van7", false},
		{"anna:van7", "", false},
		{"van7", "owntracks/van7", false},
		{"van7", "owntracks//van7", false},
		{"van7", "owntracks/van7/", false},
		{"annavan:7", "owntracks/anna/van:7", false},
		{"a:b", "owntracks/a:b/", false},
	} {
		if got := (Door{}).Publishes(c.device, c.topic); got != c.want {
			t.Errorf("%s publishes to %q: %t, want %t", c.device, c.topic, got, c.want)
		}
	}
}

func TestDoorSubscribes(t *testing.T) {
	for _, c := range []struct {
		filter string
		want   bool
	}{
		{"owntracks/anna/van7/cmd", true},
		{"owntracks/anna/van7", false},
		{"owntracks/anna/van8/cmd", false},
		{"owntracks/anna/+/cmd", false},
		{"owntracks/anna/van7/#", false},
		{"owntracks/+/+", false},
		{"#", false},
		{"$share/g/owntracks/anna/van7/cmd", false},
	} {
		if got := (Door{}).Subscribes("anna:van7", c.filter); got != c.want {
			t.Errorf("subscribes to %q: %t, want %t", c.filter, got, c.want)
		}
	}
}

func TestDoorWills(t *testing.T) {
	for topic, want := range map[string]bool{
		"owntracks/anna/van7":       true,
		"owntracks/anna/van7/event": false,
		"owntracks/anna/van7/cmd":   false,
		"owntracks/anna/van8":       false,
		"wg/1/anna:van7/online":     false,
	} {
		if got := (Door{}).Wills("anna:van7", topic); got != want {
			t.Errorf("a will on %q: %t, want %t", topic, got, want)
		}
	}
}

func TestDoorOwner(t *testing.T) {
	for _, c := range []struct {
		topic string
		want  tracker.DeviceID
	}{
		{"owntracks/anna/van7", "anna:van7"},
		{"owntracks/anna/van7/event", "anna:van7"},
		{"owntracks/anna/van7/cmd", ""},
		{"owntracks/anna/van7/event/deeper", ""},
		{"owntracks/a:b/van7", ""},
		{"owntracks/an na/van7", ""},
		{"owntracks/anna/van:7", ""},
		{"owntracks/anna/" + strings.Repeat("v", 65), ""},
		{"owntracks/anna", ""},
		{"wg/1/van7/up", ""},
	} {
		id, ok := Door{}.Owner(c.topic)
		if ok != (c.want != "") || ok && id != c.want {
			t.Errorf("the owner of %q is %q, %t, want %q", c.topic, id, ok, c.want)
		}
		if ok && !(Door{}).Publishes(id, c.topic) {
			t.Errorf("%q is the owner of %q and may not publish to it", id, c.topic)
		}
	}
}

// A fleet asks this for every report.
func TestDoorAllocatesNothingForTopics(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { Door{}.Publishes("anna:van7", "owntracks/anna/van7") }); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}
