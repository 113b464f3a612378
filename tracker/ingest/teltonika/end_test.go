package teltonika

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"math/big"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"wayguard/tracker"
)

// What is being committed when the end comes is acknowledged.
func TestStopAcknowledgesWhatIsCommitted(t *testing.T) {
	var store *gate
	h := open(t, []tracker.DeviceID{box, other}, func(_ *Options, g *gate) { store = g })
	busy, idle := h.connect(box), h.connect(other)
	pass := make(chan error)
	store.hold(pass)
	busy.send(appendPacket(nil, packetOf(Codec8, 2)))
	busy.wantNothing(100 * time.Millisecond)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		h.stopServer()
	}()
	idle.wantClosed()
	close(pass)
	busy.want(0, 0, 0, 2)
	busy.wantClosed()
	<-stopped
	h.wantStored(box, 0, 1)
	h.wantMetric(`disconnects_total{reason="stopping"}`, 2)
}

func TestStopIsBounded(t *testing.T) {
	var store *gate
	h := open(t, []tracker.DeviceID{box}, func(_ *Options, g *gate) { store = g })
	c := h.connect(box)
	pass := make(chan error)
	store.hold(pass)
	defer close(pass)
	c.send(appendPacket(nil, packetOf(Codec8, 2)))
	c.wantNothing(50 * time.Millisecond)
	began := time.Now()
	h.stopServer()
	if d := time.Since(began); d > flushTime+2*time.Second {
		t.Errorf("stopping took %v", d)
	}
	c.wantClosed()
}

func TestStopLeavesNoGoroutine(t *testing.T) {
	h := open(t, []tracker.DeviceID{box}, nil)
	for range 10 {
		h.dial()
		h.connect(box)
	}
	if serving() < 5 {
		t.Fatal("does not see the goroutines of connections")
	}
	h.stopServer()
	if n := serving(); n > 0 {
		t.Errorf("%d goroutines are left", n)
	}
}

// serving is the number of goroutines that serve connections.
func serving() int {
	stacks := make([]byte, 1<<20)
	n := 0
	for s := range strings.SplitSeq(string(stacks[:runtime.Stack(stacks, true)]), "\n\n") {
		if strings.Contains(s, "teltonika.(*Server).converse") {
			n++
		}
	}
	return n
}

func TestDeadlines(t *testing.T) {
	h := open(t, []tracker.DeviceID{box, other}, func(o *Options, _ *gate) {
		o.Limits.HandshakeTime, o.Limits.IdleTime, o.Limits.PacketTime = 100*time.Millisecond, 300*time.Millisecond, 100*time.Millisecond
	})
	mute, idle, slow := h.dial(), h.connect(box), h.connect(other)
	slow.send([]byte{0, 0})
	for _, c := range []*client{mute, idle, slow} {
		c.wantClosed()
	}
	h.wantMetric(`connects_refused_total{reason="timeout"}`, 1)
	h.wantMetric(`disconnects_total{reason="timeout"}`, 2)
}

func TestTheNewConnectionReplacesTheOld(t *testing.T) {
	h := open(t, []tracker.DeviceID{box, other}, nil)
	first, bystander := h.connect(box), h.connect(other)
	second := h.connect(box)
	first.wantClosed()
	h.wantMetric(`disconnects_total{reason="replaced"}`, 1)
	h.wantMetric("connections", 2)
	for _, c := range []*client{second, bystander} {
		c.send(appendPacket(nil, packetOf(Codec8, 1)))
		c.want(0, 0, 0, 1)
	}
}

func TestRevokedBoxesAreCutOff(t *testing.T) {
	h := open(t, []tracker.DeviceID{box}, nil)
	c := h.connect(box)
	must(t, h.fleet.DeleteDevice(t.Context(), box, tracker.AnyVersion))
	c.wantClosed()
	h.wantMetric(`disconnects_total{reason="revoked"}`, 1)
	again := h.dial()
	again.hello(string(box))
	again.want(0)
}

func TestConnectionsAreBounded(t *testing.T) {
	h := open(t, nil, func(o *Options, _ *gate) { o.Limits.Connections = 2 })
	first := h.dial()
	h.dial()
	h.dial().wantClosed()
	h.wantMetric(`connects_refused_total{reason="too_many_connections"}`, 1)
	first.Close()
	h.wantMetric(`connects_refused_total{reason="client"}`, 1)
	h.dial().wantNothing(50 * time.Millisecond)
}

func TestTLS(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(t, err)
	leaf, err := x509.ParseCertificate(der)
	must(t, err)
	h := open(t, []tracker.DeviceID{box}, func(o *Options, _ *gate) {
		o.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	})
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	raw, err := tls.Dial("tcp", h.server.Addr().String(), &tls.Config{RootCAs: roots})
	must(t, err)
	defer raw.Close()
	c := &client{t, raw}
	c.hello(string(box))
	c.want(1)
	c.send(appendPacket(nil, packetOf(Codec8, 2)))
	c.want(0, 0, 0, 2)
	h.wantStored(box, 0, 1)
	plain := h.dial()
	plain.hello(string(box))
	h.wantMetric(`connects_refused_total{reason="closed"}`, 1)
}

// A server that is not wanted after all gives its address back.
func TestRunWithAnEndedContext(t *testing.T) {
	h := open(t, nil, nil)
	address := "127.0.0.1:0"
	for range 2 {
		s, err := New(Options{Address: address, Fleet: h.fleet, Log: slog.New(slog.DiscardHandler)})
		must(t, err)
		address = s.Addr().String()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		must(t, s.Run(ctx))
	}
}
