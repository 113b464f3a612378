package notify_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"wayguard/notify"
)

func TestPublicOnly(t *testing.T) {
	for address, want := range map[string]bool{
		"9.9.9.9": true, "198.17.255.255": true, "198.20.0.1": true, "172.32.0.1": true, "100.128.0.1": true,
		"2620:fe::fe": true, "::ffff:9.9.9.9": true, "64:ff9b::909:909": true,
		"127.0.0.1": false, "127.9.9.9": false, "0.0.0.0": false, "0.1.2.3": false, "10.0.0.1": false, "172.16.0.1": false,
		"192.168.1.1": false, "169.254.169.254": false, "100.64.0.1": false, "192.0.0.8": false, "192.0.2.1": false,
		"198.18.0.1": false, "203.0.113.9": false, "224.0.0.1": false, "240.0.0.1": false, "255.255.255.255": false,
		"::": false, "::1": false, "fe80::1": false, "fe80::1%eth0": false, "fc00::1": false, "fd12::1": false, "ff02::1": false,
		"::ffff:10.0.0.1": false, "::ffff:127.0.0.1": false, "::127.0.0.1": false, "64:ff9b::a00:1": false, "64:ff9b:1::9": false,
		"2001:db8::1": false, "2001::1": false, "2002:7f00:1::": false, "3fff::1": false, "5f00::1": false, "4000::1": false, "fec0::1": false,
	} {
		network := "tcp4"
		if at := netip.MustParseAddr(address); at.Is6() {
			network = "tcp6"
		}
		err := notify.PublicOnly(network, net.JoinHostPort(address, "443"), nil)
		if (err == nil) != want || err != nil && !errors.Is(err, notify.ErrPrivate) {
			t.Errorf("%s: %v, want allowed: %v", address, err, want)
		}
	}
	for _, bad := range [][2]string{{"udp4", "9.9.9.9:53"}, {"unix", "/run/socket"}, {"tcp4", "host:80"}, {"tcp4", ""}} {
		if err := notify.PublicOnly(bad[0], bad[1], nil); !errors.Is(err, notify.ErrPrivate) {
			t.Errorf("%v: %v", bad, err)
		}
	}
}

// A name that resolves to this machine is refused before anything is sent.
func TestPublicOnlyAtDial(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	d := net.Dialer{Control: notify.PublicOnly}
	for _, host := range []string{"localhost", "127.0.0.1", "0.0.0.0"} {
		conn, err := d.DialContext(ctx, "tcp", net.JoinHostPort(host, port))
		if err == nil {
			conn.Close()
		}
		if !errors.Is(err, notify.ErrPrivate) {
			t.Errorf("%s: %v", host, err)
		}
	}
}
