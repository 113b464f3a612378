package broker

import (
	"log/slog"
	"math"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
)

// Limits bound what devices can ask of the server. Zero fields stand for the
// defaults.
type Limits struct {
	// PacketBytes is the largest MQTT packet; a larger one closes the
	// connection. Default 64 KiB.
	PacketBytes int
	// Unacknowledged is the most QoS 1 publishes of one connection that wait
	// for their commit, the receive maximum of MQTT 5. A device of MQTT 3.1.1
	// that sends more is made to wait, one of MQTT 5 is disconnected. Default
	// 256.
	Unacknowledged int
	// Connections is the most connections at a time, default 20,000;
	// ConnectionsPerAddress the most from one address (IPv6: one /64), default
	// 1,000, not applied to loopback, where proxies and load generators are;
	// ConnectionsPerDevice the most of one device, default 8: beyond it the
	// oldest is closed, for it is likely a dead one.
	Connections, ConnectionsPerAddress, ConnectionsPerDevice int
	// ConnectTime is how long a connection may take, TLS included, until its
	// CONNECT has come. Default 10 s.
	ConnectTime time.Duration
	// WriteTime is how long a device may take to accept what is sent to it.
	// Default 10 s.
	WriteTime time.Duration
	// MinKeepAlive and MaxKeepAlive bound the keep-alive that a device asks
	// for; none counts as the maximum. A connection without a packet for one
	// and a half of it is closed. Defaults 10 s and 1 h; at least 2 s and at
	// most 12 h.
	MinKeepAlive, MaxKeepAlive time.Duration
	// MessagesPerSecond and BytesPerSecond are what a device may send that has
	// no limits of its own, every MQTT packet counted; see pace. Defaults 5,000
	// and 4 MiB, some twentieth of what a small server takes.
	MessagesPerSecond, BytesPerSecond float64
}

func (l Limits) withDefaults() Limits {
	for _, v := range []struct {
		field *int
		value int
	}{
		{&l.PacketBytes, 64 << 10},
		{&l.Unacknowledged, 256},
		{&l.Connections, 20_000},
		{&l.ConnectionsPerAddress, 1_000},
		{&l.ConnectionsPerDevice, 8},
	} {
		if *v.field <= 0 {
			*v.field = v.value
		}
	}
	for _, v := range []struct {
		field *time.Duration
		value time.Duration
	}{
		{&l.ConnectTime, 10 * time.Second},
		{&l.WriteTime, 10 * time.Second},
		{&l.MinKeepAlive, 10 * time.Second},
		{&l.MaxKeepAlive, time.Hour},
	} {
		if *v.field <= 0 {
			*v.field = v.value
		}
	}
	if l.MessagesPerSecond <= 0 {
		l.MessagesPerSecond = 5_000
	}
	if l.BytesPerSecond <= 0 {
		l.BytesPerSecond = 4 << 20
	}
	l.Unacknowledged = min(l.Unacknowledged, math.MaxUint16)
	l.MinKeepAlive = max(l.MinKeepAlive, 2*deadlineStep)
	l.MaxKeepAlive = max(l.MinKeepAlive, min(l.MaxKeepAlive, longestKeepAlive))
	return l
}

// longestKeepAlive: mochi adds half of the keep-alive to itself in 16 bits, so
// more than 43,690 s would wrap around to a short one.
const longestKeepAlive = 12 * time.Hour

// serverOptions set mochi up. Sizes matter with ten thousand idle devices:
// mochi's defaults take 64 KiB for each connection's outgoing queue alone.
func serverOptions(l Limits, log *slog.Logger) *mqtt.Options {
	c := mqtt.NewDefaultServerCapabilities()
	c.MaximumClients = int64(l.Connections)
	c.MaximumClientWritesPending = 32
	c.MaximumSessionExpiryInterval = 0
	c.MaximumPacketSize = uint32(min(l.PacketBytes, math.MaxUint32))
	c.ReceiveMaximum = uint16(l.Unacknowledged)
	c.MaximumInflight = 64
	c.TopicAliasMaximum = 0
	c.SharedSubAvailable = 0
	c.WildcardSubAvailable = 0
	return &mqtt.Options{
		Capabilities: c,
		// It reads from memory, see inbound.
		ClientNetReadBufferSize:  64,
		ClientNetWriteBufferSize: 512,
		Logger:                   slog.New(quieted{log.Handler()}),
		// No device can read $SYS topics, so there is no point in keeping them
		// fresh, which stops the world each time.
		SysTopicResendInterval: int64((24 * time.Hour).Seconds()),
	}
}

// readBuffer is what each connection reads into: some ten reports; busyBuffer
// once a device sends more at a time, such as a backlog.
const (
	readBuffer = 2 << 10
	busyBuffer = 2 * readBuffer
)
