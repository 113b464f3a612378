package broker

import (
	"strings"

	"wayguard/tracker"
)

// nativePrefix begins the topics of the native protocol, version 1:
// wg/1/ID/up, down and online.
const nativePrefix = "wg/1/"

// What stands for a door where none was found.
const (
	noDoor     = "none"
	nativeDoor = "native"
)

// nativeLeaf is the last part of a topic of the native protocol that belongs
// to device, and empty for any other topic.
func nativeLeaf(device tracker.DeviceID, topic string) string {
	rest, ok := strings.CutPrefix(topic, nativePrefix)
	if !ok {
		return ""
	}
	leaf, ok := strings.CutPrefix(rest, string(device))
	if !ok {
		return ""
	}
	leaf, ok = strings.CutPrefix(leaf, "/")
	if !ok || device == "" {
		return ""
	}
	return leaf
}

// subscribes reports whether device may receive what is published to a topic,
// or subscribe to it as a filter.
func (h *hook) subscribes(device tracker.DeviceID, topic string) bool {
	if nativeLeaf(device, topic) == "down" {
		return true
	}
	for _, d := range h.doors {
		if d.Subscribes(device, topic) {
			return true
		}
	}
	return false
}

// wills reports whether device may leave a will on topic.
func (h *hook) wills(device tracker.DeviceID, topic string) bool {
	if nativeLeaf(device, topic) == "online" {
		return true
	}
	for _, d := range h.doors {
		if d.Wills(device, topic) {
			return true
		}
	}
	return false
}

// door is the one that device publishes to topic through, nil if there is
// none.
func (h *hook) door(device tracker.DeviceID, topic string) tracker.Door {
	for _, d := range h.doors {
		if d.Publishes(device, topic) {
			return d
		}
	}
	return nil
}
