package broker

import (
	"testing"

	"wayguard/tracker"
)

func TestNativeLeaf(t *testing.T) {
	for _, c := range []struct {
		device tracker.DeviceID
		topic  string
		want   string
	}{
		{"van7", "wg/1/van7/up", "up"},
		{"van7", "wg/1/van7/online", "online"},
		{"anna:van7", "wg/1/anna:van7/down", "down"},
		{"van7", "wg/1/van7/", ""},
		{"van7", "wg/1/van7", ""},
		{"van7", "wg/1/van77/up", ""},
		{"van77", "wg/1/van7/up", ""},
		{"anna", "wg/1/anna:van7/up", ""},
		{"van7", "wg/2/van7/up", ""},
		{"van7", "wg/1/+/up", ""},
		{"van7", "/wg/1/van7/up", ""},
		{"van7", "wg/1/van7/up/deeper", "up/deeper"},
		{"", "wg/1//up", ""},
	} {
		if got := nativeLeaf(c.device, c.topic); got != c.want {
			t.Errorf("nativeLeaf(%q, %q) = %q, want %q", c.device, c.topic, got, c.want)
		}
	}
}
