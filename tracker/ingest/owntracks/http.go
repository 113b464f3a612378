package owntracks

import (
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"wayguard/tracker"
)

// HTTP is OwnTracks as a door for HTTP, the apps' other mode
// (https://owntracks.org/booklet/tech/http/). The zero value is ready.
type HTTP struct{}

// Name is the door's part of the address, and stands in metrics and in the
// quarantine.
func (HTTP) Name() string { return Door{}.Name() }

// Answer is what apps read as: no news of friends.
func (HTTP) Answer() string { return "[]" }

// Decode is [Decode] for one request. A message may name the topic that it would
// have over MQTT, which must then be one of device's. An empty request, which is
// how apps delete what is retained, is ignored.
func (HTTP) Decode(device tracker.DeviceID, payload []byte, received time.Time) (tracker.Report, error) {
	if len(payload) == 0 {
		return tracker.Report{}, tracker.Refuse(tracker.ReasonIgnored, "the request is empty")
	}
	r, err := Decode(device, payload, received)
	if err != nil {
		return tracker.Report{}, err
	}
	for _, name := range topics(payload) {
		if t, ok := splitTopic(name); ok && !t.of(device) {
			return tracker.Report{}, tracker.Refuse(tracker.ReasonForeign, "topic is not that of the device whose credentials were sent")
		}
	}
	return r, nil
}

// topics are those that the messages of payload, which is well-formed, name.
// What is not a string names none.
func topics(payload []byte) []string {
	type message struct {
		Topic jsontext.Value `json:"topic"`
	}
	var messages []message
	if json.Unmarshal(payload, &messages, jsontext.AllowDuplicateNames(true)) != nil {
		messages = make([]message, 1)
		if json.Unmarshal(payload, &messages[0], jsontext.AllowDuplicateNames(true)) != nil {
			return nil
		}
	}
	var names []string
	for _, m := range messages {
		if name, err := jsontext.AppendUnquote(nil, m.Topic); err == nil {
			names = append(names, string(name))
		}
	}
	return names
}
