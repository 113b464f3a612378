package owntracks

import (
	"time"

	"wayguard/tracker"
)

// HTTP is OwnTracks as a door for HTTP, the apps' other mode
// (https://owntracks.org/booklet/tech/http/). The zero value is ready and opens
// no encrypted message.
type HTTP struct{ Keys Keys }

// Name is the door's part of the address, and stands in metrics and in the
// quarantine.
func (HTTP) Name() string { return Door{}.Name() }

// Answer is what apps read as: no news of friends.
func (HTTP) Answer() string { return "[]" }

// Decode is that of [Door] for one request. A message may name the topic that it
// would have over MQTT, which must then be one of device's. An empty request,
// which is how apps delete what is retained, is ignored.
func (h HTTP) Decode(device tracker.DeviceID, payload []byte, received time.Time) (tracker.Report, error) {
	if len(payload) == 0 {
		return tracker.Report{}, tracker.Refuse(tracker.ReasonIgnored, "the request is empty")
	}
	c := content{device: device, keys: h.Keys}
	r, err := c.decode(payload, received)
	if err != nil {
		return tracker.Report{}, err
	}
	if c.foreign {
		return tracker.Report{}, tracker.Refuse(tracker.ReasonForeign, "topic is not that of the device whose credentials were sent")
	}
	return r, nil
}
