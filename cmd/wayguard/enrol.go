package main

import (
	"net"
	"net/url"

	"wayguard/tracker"
	"wayguard/tracker/ingest/broker"
	"wayguard/web"
)

// trackers is where devices find the broker and how fast they may report.
type trackers struct {
	PublicMQTT     *url.URL `name:"public-mqtt" placeholder:"mqtts://HOST:PORT" help:"Where devices find the MQTT broker, for their settings; the page's host with the port of --mqtt unless given."`
	DeviceMessages float64  `default:"5000" help:"MQTT packets a second that a device may send; above it, it is slowed down."`
	DeviceBytes    float64  `default:"4194304" help:"Bytes a second that a device may send over MQTT."`
}

func (t trackers) limits() broker.Limits {
	return broker.Limits{MessagesPerSecond: t.DeviceMessages, BytesPerSecond: t.DeviceBytes}
}

// announced is what the pages tell of the broker, which is bound after them.
func (s *server) announced(t trackers, encrypted bool) web.Broker {
	return web.Broker{
		Addr: func() net.Addr { return s.broker.Addr() }, TLS: encrypted, PublicURL: t.PublicMQTT,
		Connected: func(id tracker.DeviceID) bool { return s.broker.Connected(id) },
	}
}
