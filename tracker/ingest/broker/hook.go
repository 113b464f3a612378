package broker

import (
	"context"
	"log/slog"
	"sync/atomic"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"

	"wayguard/tracker"
)

// hook is what mochi asks and tells.
type hook struct {
	mqtt.HookBase
	// ctx is that of Run: mochi's hooks are given none.
	ctx     context.Context
	fleet   *tracker.Fleet
	doors   []tracker.Door
	limits  Limits
	metrics *metrics
	lab     *desk // nil unless this is a lab
	log     *slog.Logger
	roster  *roster
	guesses *guesses
	server  *mqtt.Server
	downs   *downs
	// connected numbers the connections.
	connected atomic.Uint64
}

func newHook(ctx context.Context, b *Broker) *hook {
	h := &hook{
		ctx:     ctx,
		fleet:   b.options.Fleet,
		doors:   b.options.Doors,
		limits:  b.options.Limits,
		metrics: b.metrics,
		log:     b.options.Log,
		roster:  b.roster,
		guesses: newGuesses(),
		server:  b.server,
		downs:   b.downs,
	}
	if b.options.Lab {
		h.lab = &desk{fleet: h.fleet}
	}
	return h
}

// ID names the hook in mochi's log.
func (h *hook) ID() string { return "wayguard" }

// Provides lists the methods of this type that mochi is to call.
func (h *hook) Provides(method byte) bool {
	switch method {
	case mqtt.OnConnect, mqtt.OnConnectAuthenticate, mqtt.OnACLCheck, mqtt.OnSubscribed, mqtt.OnUnsubscribed,
		mqtt.OnPublish, mqtt.OnPacketRead, mqtt.OnPacketProcessed, mqtt.OnPacketEncode, mqtt.OnDisconnect:
		return true
	}
	return false
}

// OnACLCheck decides on subscriptions and, once more, on each delivery. What
// may be published is decided by OnPublish: refused here, a publish would be
// acknowledged out of order in MQTT 5, and its connection closed in MQTT 3.1.1,
// whereupon the device would send it again, for ever.
func (h *hook) OnACLCheck(cl *mqtt.Client, topic string, write bool) bool {
	c, ok := cl.Net.Conn.(*conn)
	if ok && c.session.lab {
		return write || mayRead(topic)
	}
	return ok && (write || h.subscribes(c.session.device, topic))
}

// OnSubscribed counts the filters that were refused, and has a device that
// listens sent what is desired of it.
func (h *hook) OnSubscribed(cl *mqtt.Client, pk packets.Packet, codes []byte) {
	if c, ok := cl.Net.Conn.(*conn); ok {
		h.hear(c, pk.Filters, codes, fresh)
	}
	for _, code := range codes {
		if code >= packets.ErrUnspecifiedError.Code {
			h.metrics.subscribes.Inc()
		}
	}
}

// OnUnsubscribed ends what OnSubscribed began.
func (h *hook) OnUnsubscribed(cl *mqtt.Client, pk packets.Packet) {
	if c, ok := cl.Net.Conn.(*conn); ok {
		h.hear(c, pk.Filters, nil, deaf)
	}
}

// OnPacketProcessed catches publishes to topics that mochi drops without a
// word, those that begin with $: unacknowledged, they would block a device's
// window.
func (h *hook) OnPacketProcessed(cl *mqtt.Client, pk packets.Packet, err error) {
	if pk.FixedHeader.Type != packets.Publish || err != nil || mqtt.IsValidFilter(pk.TopicName, true) {
		return
	}
	if c, ok := cl.Net.Conn.(*conn); ok {
		h.metrics.publishes[refused].Inc()
		h.metrics.refusals.WithLabelValues(noDoor, "invalid_topic").Inc()
		c.disconnect(causeTopic)
	}
}

// OnPacketEncode corrects what mochi sends.
func (h *hook) OnPacketEncode(cl *mqtt.Client, pk packets.Packet) packets.Packet {
	v5 := cl.Properties.ProtocolVersion == 5
	switch {
	case pk.FixedHeader.Type == packets.Connack && v5 && h.lab == nil:
		// mochi keeps to these limits but does not tell.
		pk.Properties.MaximumPacketSize = uint32(h.limits.PacketBytes)
		pk.Properties.WildcardSubAvailableFlag = true
		pk.Properties.SharedSubAvailableFlag = true
	case pk.FixedHeader.Type == packets.Connack && !v5 && pk.ReasonCode == packets.ErrUnspecifiedError.Code:
		// A lasting session without a client id is all that mochi says this of,
		// which is no return code of MQTT 3.1.1.
		pk.ReasonCode = badIdentifier
	case pk.FixedHeader.Type == packets.Disconnect && !v5:
		// Before MQTT 5 a server has no DISCONNECT. mochi refuses to send a
		// packet without a type and closes the connection, as is right.
		pk.FixedHeader.Type = packets.Reserved
	}
	return pk
}

// OnDisconnect delivers the will of a device that did not say goodbye.
func (h *hook) OnDisconnect(cl *mqtt.Client, err error, _ bool) {
	if c, ok := cl.Net.Conn.(*conn); ok && err != nil && c.session.will.topic != "" {
		h.deliver(c)
	}
}
