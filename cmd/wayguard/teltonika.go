package main

import (
	"context"
	"log/slog"
	"net"
	"net/netip"

	"wayguard/tracker/ingest/teltonika"
)

// boxes is the door for Teltonika boxes, which is shut unless it is asked for:
// a box proves itself with nothing but its IMEI.
type boxes struct {
	Address string         `name:"teltonika" placeholder:":5027" help:"Address of the door for Teltonika boxes (Codec 8, 8 Extended, 16); shut unless given. A box has only its IMEI to prove itself: bind an address that only boxes reach (a VPN), or give --teltonika-from."`
	From    []netip.Prefix `name:"teltonika-from" help:"Networks that Teltonika boxes may call from, such as 10.0.0.0/8; anywhere unless given."`
	Plain   bool           `name:"teltonika-plain" help:"Plain TCP for Teltonika boxes although there is --tls-cert."`
}

// open binds the address; o lacks only what the flags say. The result is nil
// where the door stays shut.
func (b boxes) open(o teltonika.Options) (*teltonika.Server, error) {
	if b.Address == "" {
		return nil, nil
	}
	o.Address, o.Networks = b.Address, b.From
	if b.Plain {
		o.TLS = nil
	}
	s, err := teltonika.New(o)
	if err != nil {
		return nil, listenError("--teltonika", b.Address, err)
	}
	b.warn(o.Log, s.Addr())
	return s, nil
}

func (b boxes) warn(log *slog.Logger, bound net.Addr) {
	tcp, ok := bound.(*net.TCPAddr)
	if ok && (tcp.IP.IsLoopback() || tcp.IP.IsPrivate()) || len(b.From) > 0 {
		return
	}
	log.Warn("whoever reaches --teltonika and knows an IMEI can report for that box; bind an address that only boxes reach, or give --teltonika-from",
		"address", bound)
}

// releaseBoxes gives the address back if the server does not come to run.
func (s *server) releaseBoxes() error {
	if s.boxes == nil {
		return nil
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return s.boxes.Run(ctx)
}
