package broker

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"
)

// newPair is two ends of one TCP connection with small buffers, and a server's
// end that a courier serves.
func newPair(t *testing.T, letters *courier, l Limits) (*conn, *net.TCPConn) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer listener.Close()
	device, err := net.Dial("tcp", listener.Addr().String())
	must(t, err)
	server, err := listener.Accept()
	must(t, err)
	must(t, device.(*net.TCPConn).SetReadBuffer(4096))
	must(t, server.(*net.TCPConn).SetWriteBuffer(4096))
	c := newConn(server, netip.MustParseAddr("127.0.0.1"), l.withDefaults(), letters)
	t.Cleanup(func() {
		c.Close()
		c.acks.wait()
		device.Close()
	})
	return c, device.(*net.TCPConn)
}

// owe has n acknowledgements become due at once.
func owe(t *testing.T, c *conn, n int) (want []byte) {
	t.Helper()
	var places []uint64
	for i := range n {
		id := uint16(i%60_000 + 1)
		place, err := c.acks.take(id, time.Now(), false)
		must(t, err)
		places = append(places, place)
		want = append(want, 0x40, 2, byte(id>>8), byte(id))
	}
	// The first last, so that all of them leave together.
	for i := range places {
		c.acks.settle(places[len(places)-1-i], 0)
	}
	return want
}

// One device does not read: others have their acknowledgements meanwhile, and
// it has all of its own, in order, once it does.
func TestCourierDoesNotWait(t *testing.T) {
	const many = 60_000
	letters := &courier{epoch: time.Now(), sent: func(int, []time.Duration) {}}
	slow, slowDevice := newPair(t, letters, Limits{Unacknowledged: many, WriteTime: time.Minute})
	other, otherDevice := newPair(t, letters, Limits{Unacknowledged: many})
	wantSlow := owe(t, slow, many)
	for range 100 {
		receive(t, otherDevice, owe(t, other, 3))
	}
	receive(t, slowDevice, wantSlow)
	// What was slow is quick again.
	receive(t, slowDevice, owe(t, slow, 5))
}

func TestCourierGivesUpWhoNeverReads(t *testing.T) {
	const many = 60_000
	letters := &courier{epoch: time.Now(), sent: func(int, []time.Duration) {}}
	c, device := newPair(t, letters, Limits{Unacknowledged: many, WriteTime: 100 * time.Millisecond})
	owe(t, c, many)
	c.acks.mu.Lock()
	for !c.acks.closed {
		c.acks.changed.Wait()
	}
	c.acks.mu.Unlock()
	if got := cause(c.cause.Load()); got != causeSlow {
		t.Errorf("closed because of %s", got)
	}
	_ = device.SetReadDeadline(time.Now().Add(10 * time.Second))
	if n, err := io.Copy(io.Discard, device); errors.Is(err, net.ErrClosed) || n >= 4*many {
		t.Errorf("%d bytes came, %v", n, err)
	}
}

// A write without waiting must not fail because an earlier one had a deadline
// that has passed since.
func TestCourierAfterADeadline(t *testing.T) {
	letters := &courier{epoch: time.Now(), sent: func(int, []time.Duration) {}}
	c, device := newPair(t, letters, Limits{Unacknowledged: 9, WriteTime: 20 * time.Millisecond})
	_, err := c.Write([]byte("mochi's"))
	must(t, err)
	receive(t, device, []byte("mochi's"))
	time.Sleep(50 * time.Millisecond)
	if rest, held := c.begin([]byte("now")); len(rest) > 0 || held {
		t.Errorf("%d bytes are left, held %t", len(rest), held)
	}
	receive(t, device, []byte("now"))
}
