package broker

import (
	"errors"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"

	"wayguard/tracker"
)

// OnPublish takes publishes over from mochi.
func (h *hook) OnPublish(cl *mqtt.Client, pk packets.Packet) (packets.Packet, error) {
	c, ok := cl.Net.Conn.(*conn)
	if !ok || c.session.lab && ordinary(pk.TopicName) {
		return pk, nil // the server's own client, which writes to devices, or a lab's
	}
	device, err := h.sender(c, pk.TopicName)
	if err != nil {
		c.disconnect(causeUnavailable)
		return pk, packets.ErrRejectPacket
	}
	if c.ending() {
		return pk, packets.ErrRejectPacket
	}
	received := time.Now()
	switch pk.FixedHeader.Qos {
	case 0:
		h.submit(h.judge(device, pk.TopicName, pk.Payload, received), ticket{h: h})
	case 1:
		_ = h.publishOnce(c, device, pk.TopicName, pk.Payload, pk.PacketID, received)
	default:
		return h.publishExactlyOnce(cl, c, pk, h.judge(device, pk.TopicName, pk.Payload, received))
	}
	return pk, packets.ErrRejectPacket
}

// publishOnce takes a publish of QoS 1. It fails where the connection is about
// to end.
func (h *hook) publishOnce(c *conn, device tracker.DeviceID, topic string, payload []byte, id uint16, received time.Time) error {
	// A device of MQTT 5 was told how many publishes may be under way.
	n, err := c.acks.take(id, received, !c.session.v5)
	if errors.Is(err, errFull) {
		c.disconnect(causeTooMuch)
	}
	if err == nil {
		h.submit(h.judge(device, topic, payload, received), ticket{h: h, conn: c, place: n})
	}
	return err
}

// publishExactlyOnce waits for the commit of a QoS 2 publish. mochi does the rest for
// a device of MQTT 5, which is two rounds of packets and no delivery. It would
// disconnect a device of MQTT 3.1.1, which is not told the receive maximum,
// for sending that many ahead; such a device gets its PUBREC here, and mochi
// confirms the PUBREL of a packet id that it does not know. No state is needed
// for that: what is published again is found by its key.
func (h *hook) publishExactlyOnce(cl *mqtt.Client, c *conn, pk packets.Packet, v verdict) (packets.Packet, error) {
	code, err := h.await(v, c)
	if err != nil {
		c.disconnect(causeOf(err))
		return pk, packets.ErrRejectPacket
	}
	if c.session.v5 && code < packets.ErrUnspecifiedError.Code {
		pk.Ignore = true
		return pk, nil
	}
	// A reason to refuse ends the exchange in MQTT 5 (4.3.3).
	_ = cl.WritePacket(packets.Packet{
		FixedHeader: packets.FixedHeader{Type: packets.Pubrec},
		PacketID:    pk.PacketID,
		ReasonCode:  code,
	})
	return pk, packets.ErrRejectPacket
}

// await does what v says and returns the reason code for MQTT 5 after the
// commit.
func (h *hook) await(v verdict, c *conn) (code byte, err error) {
	t := ticket{h: h, conn: c, result: make(chan result, 1)}
	h.submit(v, t)
	select {
	case r := <-t.result:
		return r.code, r.err
	case <-h.ctx.Done():
		return 0, h.ctx.Err()
	}
}

// ticket is what must happen once the outcome of a publish is known: nothing
// for QoS 0, an acknowledgement at a place for QoS 1, a result for QoS 2.
type ticket struct {
	h      *hook
	conn   *conn
	place  uint64
	result chan result
}

type result struct {
	code byte
	err  error
}

// done is what the fleet calls with the outcome of a commit. It does not
// block.
func (t ticket) done(v *verdict) func(error) {
	o, code := v.outcome, v.code
	return func(err error) { t.settle(o, code, err) }
}

func (t ticket) settle(o outcome, code byte, err error) {
	if err != nil {
		o = unavailable
	}
	t.h.metrics.publishes[o].Inc()
	switch {
	case t.conn == nil:
	case t.result != nil:
		t.result <- result{code, err}
	case err != nil:
		why := causeOf(err)
		t.conn.blame(why)
		t.conn.acks.abandon(t.place, why.code())
	default:
		t.conn.acks.settle(t.place, code)
	}
}

func causeOf(err error) cause {
	if errors.Is(err, tracker.ErrUnknownDevice) {
		return causeRevoked
	}
	return causeUnavailable
}

// submit does what v says and settles t, now or after the commit.
func (h *hook) submit(v verdict, t ticket) {
	var err error
	switch v.outcome {
	case stored:
		err = h.fleet.Enqueue(h.ctx, v.report, t.done(&v))
		if errors.Is(err, tracker.ErrBadReport) {
			h.submitBad(v, t)
			return
		}
	case quarantined:
		h.metrics.refusals.WithLabelValues(v.refusal.Door, v.refusal.Reason).Inc()
		err = h.fleet.Quarantine(h.ctx, v.refusal, t.done(&v))
	default:
		t.settle(v.outcome, v.code, nil)
	}
	if err != nil {
		t.settle(v.outcome, v.code, err)
	}
}

// submitBad has a report that the fleet does not take go to the quarantine.
func (h *hook) submitBad(v verdict, t ticket) {
	v.refuse("bad_report", "the report was decoded but cannot be stored", packets.ErrPayloadFormatInvalid.Code)
	h.submit(v, t)
}
