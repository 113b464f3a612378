// Package broker is the MQTT broker that devices connect to (MQTT 3.1, 3.1.1
// and 5, with or without TLS), built on mochi-mqtt.
//
// Start at [New] and [Broker.Run]. What devices publish goes into a
// [tracker.Fleet] and nowhere else: no device ever receives what another one
// publishes, retains or wills.
//
// # Acknowledgements
//
// A QoS 1 publish is acknowledged after the commit that made its report
// durable, never before. Most never reach mochi, which would acknowledge too
// early: a connection takes the reports of MQTT 3.1.1 out of what it reads;
// those of MQTT 5 the hook hands over, and tells mochi to drop the packet. When
// the fleet calls back, the acknowledgement joins the queue of its connection,
// and a courier that goes round all of them sends what has gathered in one
// write, in the order of the publishes. The fleet's committer never waits for a
// connection: a device that does not take its acknowledgements within a
// deadline is disconnected. A device that outruns the disk is slowed down, by
// the fleet's bounded queue and by the number of publishes that may be
// unacknowledged, and loses nothing. A QoS 2 publish waits for its commit
// before PUBREC; one of QoS 0 is handed over and forgotten.
//
// A report that can never be right is put into the fleet's quarantine and then
// acknowledged, with a reason code where the device speaks MQTT 5: refusing it
// would make a device of MQTT 3.1.1 send it for ever. Where the fleet cannot
// store for the moment, the publish stays unacknowledged and the connection is
// closed, so that the device sends it again.
//
// # Who may do what
//
// A device proves itself with a user name and its secret or, over TLS, with a
// client certificate that the fleet has given it; the user name is then its id
// or is left out. It may publish, subscribe and leave a will where a
// [tracker.Door] says that the topic is its own,
// and on the topics of the native protocol that carry its id: wg/1/ID/up and
// wg/1/ID/online to publish, wg/1/ID/online for the will, wg/1/ID/down to
// subscribe. Whatever it publishes elsewhere goes to the quarantine.
//
// Sessions end with their connection, also where a device asks for a lasting
// one: reports are told apart by their keys and commands are sent until they
// are confirmed, so a session would hold nothing that matters. A second
// connection of the same device under the same client id replaces the first;
// under that of another device it has nothing to do with it. A connection is
// closed when what it was opened with ends: the secret or certificate was
// replaced or has expired, or the device was deleted. One that is to end takes
// no more publishes, and is over within a second although its device reads
// nothing.
//
// A device that sends more than its limits allow is read from more slowly, on
// all its connections together, and loses nothing.
//
// # What is desired of devices
//
// A device that subscribes to wg/1/ID/down is sent what is desired of it, in the
// form that package firmware specifies, unless it has answered that already;
// again when it changes, and from time to time until the device answers.
// Only the server writes there, and each time under an issue of its own.
//
// # Lab
//
// With [Options].Lab there are no rights: the broker is a general one for tests,
// on loopback only, but what belongs to a door is taken and acknowledged as ever.
//
// # Adding a door
//
// A door is a package of its own on this floor with a type that implements
// [tracker.Door]; cmd passes it in [Options].Doors. Its Publishes and Subscribes are
// the device's rights, so they must accept nothing but topics that contain the
// device's own id. owntracks.Door is the model.
package broker

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/prometheus/client_golang/prometheus"

	"wayguard/tracker"
)

// Options configure a Broker. Fleet is required.
type Options struct {
	// Address is where to listen, such as ":1883".
	Address string
	// TLS is nil for plain TCP. Client certificates are seen to here.
	TLS *tls.Config
	// Fleet knows the devices and takes their reports. It must run as long as
	// the broker does.
	Fleet *tracker.Fleet
	// Doors are asked in order whose topic a topic is.
	Doors []tracker.Door
	// Limits are the defaults where they are zero.
	Limits Limits
	// Lab lets anyone in, without credentials and to any topic, for tests of the
	// broker itself; New then wants a loopback address. Topics that are not of
	// devices work as on any broker, and a device that OwnTracks' topics name is
	// registered by its first report. Never for real devices.
	Lab bool
	// Metrics receives the broker's collectors; nil for none.
	Metrics prometheus.Registerer
	// Log defaults to slog.Default.
	Log *slog.Logger
}

// Broker is a listening MQTT broker.
type Broker struct {
	listener net.Listener
	server   *mqtt.Server
	options  Options
	metrics  *metrics
	roster   *roster
	downs    *downs
	serving  sync.WaitGroup // one for each connection
}

// New listens, so that an address in use is known at once: the error then
// wraps what package net says. Devices are served from Run on; a broker that
// is not wanted after all is released by Run with a context that has ended.
func New(o Options) (*Broker, error) {
	if o.Fleet == nil {
		return nil, errors.New("the MQTT broker needs a fleet")
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	o.Limits = o.Limits.withDefaults()
	o.TLS = withDevices(o.TLS, o.Fleet)
	listener, err := net.Listen("tcp", o.Address)
	if err != nil {
		return nil, fmt.Errorf("listen for MQTT on %s: %w", o.Address, err)
	}
	settings := serverOptions
	if o.Lab {
		settings = labOptions
		if err := checkLoopback(listener); err != nil {
			return nil, errors.Join(err, listener.Close())
		}
	}
	b := &Broker{
		listener: listener,
		server:   mqtt.New(settings(o.Limits, o.Log)),
		options:  o,
		roster:   newRoster(o.Limits),
	}
	o.Fleet.OnRevoke(func(id tracker.DeviceID) {
		for _, c := range b.roster.of(id) {
			if !o.Fleet.Holds(c.session.login) {
				c.disconnect(causeRevoked)
			}
		}
	})
	if b.metrics, err = newMetrics(o.Metrics, b.roster, b.server.Info); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	b.downs = newDowns(o.Fleet, b.roster, b.metrics.desired)
	return b, nil
}

// Addr is where the broker listens.
func (b *Broker) Addr() net.Addr { return b.listener.Addr() }

// Connected reports whether a device has a connection.
func (b *Broker) Connected(id tracker.DeviceID) bool { return b.roster.connected(id) }

// Run serves devices until ctx ends. Then it takes no more publishes, sends the
// acknowledgements for what is committed, closes every connection and returns
// when all its goroutines have ended. It is called once.
func (b *Broker) Run(ctx context.Context) error {
	if err := b.server.AddHook(newHook(ctx, b), nil); err != nil {
		return errors.Join(fmt.Errorf("start the MQTT broker: %w", err), b.listener.Close())
	}
	if err := b.server.Serve(); err != nil {
		return errors.Join(fmt.Errorf("start the MQTT broker: %w", err), b.listener.Close())
	}
	accepting := make(chan struct{})
	go func() {
		defer close(accepting)
		b.accept(ctx)
	}()
	telling := make(chan struct{})
	go func() {
		defer close(telling)
		b.downs.Run(ctx)
	}()
	<-ctx.Done()
	err := b.listener.Close()
	<-accepting
	b.disconnectAll()
	<-telling
	return errors.Join(err, b.server.Close())
}
