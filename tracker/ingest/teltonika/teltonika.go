// Package teltonika is the door for Teltonika's vehicle trackers, which speak
// Codec 8, Codec 8 Extended and Codec 16 over TCP, with or without TLS
// (https://wiki.teltonika-gps.com/view/Teltonika_Data_Sending_Protocols).
//
// Start at [New] and [Server.Run], or at [Decode] and [ParsePacket], which are
// the format alone and pure.
//
// # The conversation
//
// A box says its IMEI and is answered 0x01 if a device with the IMEI as its id
// is registered and the box calls from an allowed network; else 0x00, a little
// later, and the connection ends. Then it sends one packet after the other, and
// between them perhaps bytes 0xFF to keep the connection open. Each packet is
// answered with four bytes, the number of its records, after the commit that
// made the positions durable, never before; the next packet is read only then.
// A box keeps what it was not given the number of and sends it again. What is
// sent twice is stored once, also in packets that are put together differently.
//
// A packet that can never be right is answered 0, counted, and kept in the
// fleet's quarantine, once however often it comes. The box will send it again;
// after three such answers in a row the connection ends. Where the fleet cannot
// store for the moment there is no answer: the connection stays silent until
// the commit's deadline, so that a box does not call again at once, and ends.
//
// # What is taken from a record
//
//	time        milliseconds since 1970, up to the year 9999
//	position    1e-7 degrees. There is none if the box sees no satellite, since
//	            it then repeats an old one, if both coordinates are 0, which is
//	            what it says before its first fix, or if it is off the globe
//	altitude    metres above the sea; the difference from the ellipsoid, up to
//	            some 100 m, is not made up for
//	angle       degrees from true north, 0 to 360; unknown otherwise
//	speed       km/h; unknown if 0xFFFF
//
// There is no accuracy in it, so the engine assumes its default: the elements
// for PDOP and HDOP say how the satellites stand, not by how many metres the
// position is wrong. A record without a position or with an impossible time
// gives no fix and is acknowledged with the rest of its packet, for refusing it
// would keep back all that the box holds behind it. Of the elements, ignition
// (239), level (113) and voltage (67) of the battery become readings; the others
// are decoded and not interpreted, since one number means different things on
// different models.
//
// # Who may come in
//
// An IMEI is no secret: whoever knows one can speak for its box, and without
// TLS whoever is on the way can read it. The door should therefore listen on an
// address that only the boxes reach (a VPN, a private access point of the
// mobile network), know the networks they come from, or speak TLS, which keeps
// the IMEI from others and still does not prove it. Hence every fix is marked
// weak ([geofence.FlagWeak]): what a box says alone confirms no drop. A device
// whose id looks like an IMEI is taken for a box, also if it has a secret and
// usually speaks MQTT.
package teltonika

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"wayguard/tracker"
)

// doorName stands in the quarantine.
const doorName = "teltonika"

// Options configure a Server. Fleet is required.
type Options struct {
	// Address is where to listen, such as ":5027".
	Address string
	// TLS is nil for plain TCP.
	TLS *tls.Config
	// Networks are where boxes may call from; empty for anywhere.
	Networks []netip.Prefix
	// Fleet knows the boxes and takes their reports. It must run as long as the
	// server does.
	Fleet *tracker.Fleet
	// Limits are the defaults where they are zero.
	Limits Limits
	// Metrics receives the server's collectors; nil for none.
	Metrics prometheus.Registerer
	// Log defaults to slog.Default.
	Log *slog.Logger
}

// Server listens for boxes.
type Server struct {
	listener net.Listener
	options  Options
	metrics  *metrics
	roster   *roster
	refused  refused
	serving  sync.WaitGroup // one for each connection
}

// New listens, so that an address in use is known at once: the error then
// wraps what package net says. Boxes are served from Run on; a server that is
// not wanted after all is released by Run with a context that has ended.
func New(o Options) (*Server, error) {
	if o.Fleet == nil {
		return nil, errors.New("the door for Teltonika boxes needs a fleet")
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	o.Limits = o.Limits.withDefaults()
	listener, err := net.Listen("tcp", o.Address)
	if err != nil {
		return nil, fmt.Errorf("listen for Teltonika boxes on %s: %w", o.Address, err)
	}
	s := &Server{listener: listener, options: o, roster: newRoster(o.Limits)}
	if s.metrics, err = newMetrics(o.Metrics, s.roster); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	o.Fleet.OnRevoke(func(id tracker.DeviceID) {
		if c := s.roster.of(id); c != nil {
			c.end(endRevoked)
		}
	})
	return s, nil
}

// Addr is where the server listens.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// flushTime is what commits under way and their acknowledgements are given at
// the end.
const flushTime = 3 * time.Second

// Run serves boxes until ctx ends. Then it reads no more packets, acknowledges
// what is being committed, within a bound, and returns when all connections
// are closed and their goroutines have ended. It is called once.
func (s *Server) Run(ctx context.Context) error {
	work, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	accepting := make(chan struct{})
	go func() {
		defer close(accepting)
		s.accept(ctx, work)
	}()
	<-ctx.Done()
	err := s.listener.Close()
	<-accepting
	for _, c := range s.roster.all() {
		c.stop()
	}
	bound := time.AfterFunc(flushTime, func() {
		cut()
		for _, c := range s.roster.all() {
			c.end(endStopping)
		}
	})
	defer bound.Stop()
	s.serving.Wait()
	return err
}
