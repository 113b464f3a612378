package broker

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"

	"wayguard/tracker"
)

func TestAddressInUse(t *testing.T) {
	h := open(t, nil, nil)
	_, err := New(Options{Address: h.broker.Addr().String(), Fleet: h.fleet})
	if !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("%v, want one that wraps EADDRINUSE", err)
	}
	if op := (*net.OpError)(nil); !errors.As(err, &op) {
		t.Errorf("%v, want one that wraps a *net.OpError", err)
	}
}

func TestConnectionsAreBounded(t *testing.T) {
	h := open(t, []tracker.DeviceID{van}, func(o *Options, _ *gate) { o.Limits.Connections = 2 })
	first, second := h.dial(4), h.dial(4)
	eventually(t, "two are served", func() bool { return len(h.broker.roster.all()) == 2 })
	h.dial(4).wantClosed()
	h.wantMetric(`connects_refused_total{reason="too_many_connections"}`, 1)
	_ = first.conn.Close()
	eventually(t, "one is left", func() bool { return len(h.broker.roster.all()) == 1 })
	h.connect(4, van, nil).wantAlive()
	_ = second.conn.Close()
}

func TestOldestConnectionOfADeviceGives(t *testing.T) {
	h := open(t, []tracker.DeviceID{van}, func(o *Options, _ *gate) { o.Limits.ConnectionsPerDevice = 2 })
	var conns []*raw
	for i := range 3 {
		conns = append(conns, h.connect(5, van, as(fmt.Sprint("client", i), true)))
	}
	if reason := conns[0].wantClosed(); reason != packets.ErrQuotaExceeded.Code {
		t.Errorf("DISCONNECT %#x", reason)
	}
	conns[1].wantAlive()
	conns[2].wantAlive()
}

func TestRosterCountsByAddress(t *testing.T) {
	l := Limits{ConnectionsPerAddress: 1}.withDefaults()
	r := newRoster(l)
	add := func(address string) *conn {
		c := newConn(nil, addressOf(netip.MustParseAddr(address)), l, nil)
		r.add(c)
		return c
	}
	v4, v6 := add("192.0.2.1"), add("2001:db8::1")
	add("127.0.0.1")
	for address, want := range map[string]bool{
		"192.0.2.1": false, "192.0.2.2": true, "::ffff:192.0.2.1": false,
		"2001:db8::2": false, "2001:db8:0:1::1": true, "127.0.0.1": true, "::1": true,
	} {
		if got := r.room(addressOf(netip.MustParseAddr(address))); got != want {
			t.Errorf("room for %s: %t, want %t", address, got, want)
		}
	}
	r.remove(v4)
	r.remove(v6)
	if !r.room(v4.from) || !r.room(v6.from) || len(r.byAddress) != 1 {
		t.Error("addresses are not forgotten")
	}
}

func TestSilentConnectionIsClosed(t *testing.T) {
	h := open(t, nil, func(o *Options, _ *gate) { o.Limits.ConnectTime = 100 * time.Millisecond })
	h.dial(4).wantClosed()
	h.wantMetric(`connects_refused_total{reason="timeout"}`, 1)
	half := h.dial(4)
	_, err := half.conn.Write([]byte{0x10, 0x20, 0, 4, 'M', 'Q'})
	must(t, err)
	half.wantClosed()
	h.wantMetric(`connects_refused_total{reason="timeout"}`, 2)
}

func TestGarbageIsCounted(t *testing.T) {
	h := open(t, nil, nil)
	for _, b := range [][]byte{[]byte("GET / HTTP/1.1\r\n\r\n"), {0x30, 2, 0, 0}, {0x10, 4, 0, 0, 9, 9}} {
		r := h.dial(4)
		_, err := r.conn.Write(b)
		must(t, err)
		// A CONNECT that makes no sense may be answered before the end.
		for {
			if _, err := r.tryRead(10 * time.Second); err != nil {
				break
			}
		}
	}
	h.wantMetric(`connects_refused_total{reason="protocol"}`, 3)
	big := h.dial(4)
	_, _ = big.conn.Write(append([]byte{0x10, 0xff, 0xff, 0xff, 0x7f}, bytes.Repeat([]byte{0}, 100)...))
	big.wantClosed()
	h.wantMetric(`connects_refused_total{reason="too_large"}`, 1)
}

func TestKeepAliveIsBounded(t *testing.T) {
	h := open(t, []tracker.DeviceID{van}, func(o *Options, _ *gate) {
		o.Limits.MinKeepAlive, o.Limits.MaxKeepAlive = 2*time.Second, 2*time.Second
	})
	for _, asked := range []uint16{0, 60, 65535} {
		for _, version := range versions {
			r := h.connect(version, van, func(pk *packets.Packet) { pk.Connect.Keepalive = asked })
			told := r.connack.Properties
			if version == 5 && (!told.ServerKeepAliveFlag || told.ServerKeepAlive != 2) {
				t.Errorf("asked for %d s, told %d s", asked, told.ServerKeepAlive)
			}
			_ = r.conn.Close()
		}
	}
	silent := h.connect(4, van, func(pk *packets.Packet) { pk.Connect.Keepalive = 0 })
	start := time.Now()
	silent.wantClosed()
	if d := time.Since(start); d < 2*time.Second || d > 8*time.Second {
		t.Errorf("closed after %v, want about 3 s", d)
	}
	h.wantMetric(`disconnects_total{reason="timeout"}`, 1)
}

// A device of MQTT 5 knows how many publishes may be unacknowledged.
func TestReceiveMaximum(t *testing.T) {
	pass := make(chan error)
	h := open(t, []tracker.DeviceID{van}, func(o *Options, g *gate) {
		g.pass = pass
		o.Limits.Unacknowledged = 3
	})
	defer close(pass)
	r := h.connect(5, van, nil)
	if r.connack.Properties.ReceiveMaximum != 3 {
		t.Errorf("receive maximum %d in CONNACK", r.connack.Properties.ReceiveMaximum)
	}
	for id := range uint16(4) {
		r.publish(1, id+1, vanTopic, location(int(id)))
	}
	if reason := r.wantClosed(); reason != packets.ErrReceiveMaximum.Code {
		t.Errorf("DISCONNECT %#x", reason)
	}
	h.wantMetric(`disconnects_total{reason="receive_maximum"}`, 1)
}

// A device of MQTT 3.1.1 does not know, is slowed down, and loses nothing.
func TestSlowedDownWithoutLoss(t *testing.T) {
	pass := make(chan error)
	h := open(t, []tracker.DeviceID{van}, func(o *Options, g *gate) {
		g.pass = pass
		o.Limits.Unacknowledged = 3
	})
	r := h.connect(4, van, nil)
	const publishes = 500
	var sent atomic.Int32
	go func() {
		for id := range uint16(publishes) {
			if _, err := r.conn.Write(r.encode(publication(1, id+1, vanTopic, location(int(id))))); err != nil {
				t.Error(err)
			}
			sent.Add(1)
		}
	}()
	r.wantNothing(100 * time.Millisecond)
	if n := h.metric("publishes_total" + `{outcome="acknowledged"}`); n != 0 {
		t.Errorf("%v acknowledged", n)
	}
	close(pass)
	for id := range uint16(publishes) {
		r.want(packets.Puback, id+1)
	}
	if n := len(h.stored(van)); n != publishes {
		t.Errorf("%d stored of %d", n, publishes)
	}
}

// A device that reads no acknowledgements loses its connection; the others
// are served meanwhile.
func TestStuckReaderIsClosed(t *testing.T) {
	h := open(t, []tracker.DeviceID{van, bike}, func(o *Options, _ *gate) {
		o.Limits.WriteTime = 300 * time.Millisecond
		o.Limits.MessagesPerSecond, o.Limits.BytesPerSecond = 1e6, 1e9
	})
	stuck := h.connect(4, van, nil)
	lwt := stuck.encode(publication(1, 1, vanTopic, []byte(`{"_type":"lwt"}`)))
	flood := bytes.Repeat(lwt, 1000)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			if _, err := stuck.conn.Write(flood); err != nil {
				return
			}
		}
	}()
	other := h.connect(4, bike, nil)
	for id := uint16(1); ; id++ {
		start := time.Now()
		other.publish(1, id, "owntracks/bert/bike2", location(int(id)))
		other.want(packets.Puback, id)
		if d := time.Since(start); d > 2*time.Second {
			t.Errorf("another device waited %v", d)
		}
		select {
		case <-ended:
			h.wantMetric(`disconnects_total{reason="slow_reader"}`, 1)
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
}
