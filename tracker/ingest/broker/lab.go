package broker

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"

	mqtt "github.com/mochi-mqtt/server/v2"

	"wayguard/tracker"
)

// ErrNotLoopback is wrapped by New where a lab would be open to other machines.
var ErrNotLoopback = errors.New("the lab mode is for loopback addresses only, such as 127.0.0.1:1883")

// ownTracksPrefix begins the topics whose devices a lab enrols.
const ownTracksPrefix = "owntracks/"

// refusedFilters are what nobody may subscribe to in a lab: with them the test
// suites of Eclipse Paho look at how a broker says no.
var refusedFilters = [...]string{"test/nosubscribe", "nosubscribe"}

// checkLoopback fails unless nobody but this machine can reach l.
func checkLoopback(l net.Listener) error {
	if tcp, ok := l.Addr().(*net.TCPAddr); !ok || !tcp.IP.IsLoopback() {
		return fmt.Errorf("%s: %w", l.Addr(), ErrNotLoopback)
	}
	return nil
}

// labOptions set mochi up as the general broker that it is: sessions outlive
// connections, and messages are kept for those who subscribed.
func labOptions(l Limits, log *slog.Logger) *mqtt.Options {
	o := serverOptions(l, log)
	own := o.Capabilities
	o.Capabilities = mqtt.NewDefaultServerCapabilities()
	o.Capabilities.MaximumClients = own.MaximumClients
	o.Capabilities.MaximumPacketSize = own.MaximumPacketSize
	// A refused subscription gets the one answer that MQTT 3.1.1 has for it.
	o.Capabilities.Compatibilities.ObscureNotAuthorized = true
	return o
}

// admitAnyone lets a client of a lab in as whoever it says it is. Its client id,
// its session and its will are mochi's.
func (h *hook) admitAnyone(cl *mqtt.Client, c *conn) {
	c.session = session{lab: true, client: cl, clientID: strings.Clone(cl.ID), v5: cl.Properties.ProtocolVersion == 5}
	c.acks.speak(c.session.v5)
	h.metrics.connects.Inc()
}

// ordinary reports whether topic is none of a device's, so that a lab leaves a
// publish to it to mochi.
func ordinary(topic string) bool {
	return !strings.HasPrefix(topic, ownTracksPrefix) && !strings.HasPrefix(topic, nativePrefix)
}

// mayRead reports whether a client of a lab may subscribe to filter.
func mayRead(filter string) bool {
	for _, refused := range refusedFilters {
		if filter == refused {
			return false
		}
	}
	return true
}

// sender is the device that a publish counts as one of: the one that signed in
// or, in a lab, the one that the topic names, which is registered if it is of
// OwnTracks and not known yet. Empty stands for none. The error is temporary.
func (h *hook) sender(c *conn, topic string) (tracker.DeviceID, error) {
	if !c.session.lab {
		return c.session.device, nil
	}
	device, ok := h.owner(topic)
	if !ok {
		return "", nil
	}
	if _, known := h.fleet.Device(device); known {
		return device, nil
	}
	if !strings.HasPrefix(topic, ownTracksPrefix) {
		return "", nil
	}
	return device, h.lab.register(h.ctx, device)
}

func (h *hook) owner(topic string) (tracker.DeviceID, bool) {
	for _, d := range h.doors {
		if device, ok := d.Owner(topic); ok {
			return device, true
		}
	}
	return "", false
}
