package broker

import (
	"bytes"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"

	"wayguard/tracker"
)

// verdict is what a publish amounts to.
type verdict struct {
	// outcome is stored, online, ignored or quarantined.
	outcome outcome
	// code is the reason code of the acknowledgement in MQTT 5.
	code byte
	// report is set where the outcome is stored.
	report tracker.Report
	// refusal says who sent what, and for quarantined what is wrong with it.
	refusal tracker.Refused
}

// refuse sends the payload to the quarantine.
func (v *verdict) refuse(reason, detail string, code byte) {
	v.outcome, v.code = quarantined, code
	v.refusal.Reason, v.refusal.Detail = reason, detail
	// It may lie in a buffer that is about to be used again.
	v.refusal.Payload = bytes.Clone(v.refusal.Payload)
}

// judge looks at a publish of device.
func (h *hook) judge(device tracker.DeviceID, topic string, payload []byte, received time.Time) verdict {
	received = h.fleet.Clock().At(received)
	v := verdict{refusal: tracker.Refused{Device: device, Received: received, Door: noDoor, Payload: payload}}
	if d := h.door(device, topic); d != nil {
		v.refusal.Door = d.Name()
		v.decode(d)
		return v
	}
	switch nativeLeaf(device, topic) {
	case "online":
		v.outcome = online
	case "up":
		v.refusal.Door = nativeDoor
		v.refuse("no_door", "this server does not read the native protocol", packets.ErrTopicNameInvalid.Code)
	default:
		v.refuse("foreign_topic", "the topic is not one that this device may publish to", packets.ErrNotAuthorized.Code)
	}
	return v
}

func (v *verdict) decode(d tracker.Door) {
	report, err := d.Decode(v.refusal.Device, v.refusal.Payload, v.refusal.Received)
	if err == nil {
		v.outcome, v.report = stored, report
		return
	}
	r := tracker.RefusalOf(err)
	if r.Ignored() {
		v.outcome = ignored
		return
	}
	v.refuse(r.Reason(), r.Error(), packets.ErrPayloadFormatInvalid.Code)
}

// will is what a device wants said when it disappears. It is kept here and
// not in mochi, which asks nobody where a will may go. A delay that a device
// of MQTT 5 asks for is not kept.
type will struct {
	topic   string
	payload []byte
}

// deliver publishes c's will as if c had sent it with QoS 0.
func (h *hook) deliver(c *conn) {
	w := c.session.will
	h.submit(h.judge(c.session.device, w.topic, w.payload, time.Now()), ticket{h: h})
}
