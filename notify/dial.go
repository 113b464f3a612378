package notify

import (
	"errors"
	"fmt"
	"net/netip"
	"syscall"
)

// ErrPrivate: an address that only this machine or its neighbours can reach.
var ErrPrivate = errors.New("the address is not a public one")

// PublicOnly is a net.Dialer's Control that refuses to connect to anything but
// public addresses. It sees the address that is connected to, after names were
// resolved, so that a name that resolves otherwise the second time does not get
// around it. Use it wherever somebody else says what to connect to; through a
// proxy it sees only the proxy. Errors wrap ErrPrivate.
func PublicOnly(network, address string, _ syscall.RawConn) error {
	if network != "tcp4" && network != "tcp6" {
		return fmt.Errorf("%w: %s is no TCP over IP", ErrPrivate, network)
	}
	at, err := netip.ParseAddrPort(address)
	if err != nil || !public(at.Addr()) {
		return ErrPrivate
	}
	return nil
}

// public tells whether an address is one of the internet's, by IANA's registries
// of special-purpose addresses (RFC 6890).
func public(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	if !a.IsValid() || !a.IsGlobalUnicast() || a.IsPrivate() {
		return false
	}
	for _, p := range special {
		if p.Contains(a) {
			return embedded(a)
		}
	}
	return a.Is4() || global.Contains(a)
}

// global is what IANA gives out addresses of version 6 from.
var global = netip.MustParsePrefix("2000::/3")

// nat64 translates an address of version 4 that it ends with (RFC 6052).
var nat64 = netip.MustParsePrefix("64:ff9b::/96")

// embedded tells whether a is a public address behind nat64.
func embedded(a netip.Addr) bool {
	if !nat64.Contains(a) {
		return false
	}
	b := a.As16()
	return public(netip.AddrFrom4([4]byte(b[12:])))
}

// special are the blocks that are not for the internet, beyond those that
// netip.Addr knows: this network, shared by carriers, protocol assignments,
// documentation, 6to4 relays, benchmarks, reserved; translated, protocol
// assignments with Teredo, documentation, 6to4, segment routing.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("100.64.0.0/10"),
	netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"),
	netip.MustParsePrefix("192.88.99.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("240.0.0.0/4"),
	nat64,
	netip.MustParsePrefix("64:ff9b:1::/48"),
	netip.MustParsePrefix("2001::/23"),
	netip.MustParsePrefix("2001:db8::/32"),
	netip.MustParsePrefix("2002::/16"),
	netip.MustParsePrefix("3fff::/20"),
	netip.MustParsePrefix("5f00::/16"),
}
