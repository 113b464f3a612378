package broker

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"
)

// newQueue is the queue of a real connection and the device's end of it.
func newQueue(t *testing.T, l Limits, v5 bool) (*conn, net.Conn) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer listener.Close()
	device, err := net.Dial("tcp", listener.Addr().String())
	must(t, err)
	server, err := listener.Accept()
	must(t, err)
	letters := &courier{epoch: time.Now(), sent: func(int, []time.Duration) {}}
	c := newConn(server, netip.MustParseAddr("127.0.0.1"), l.withDefaults(), letters)
	c.acks.speak(v5)
	t.Cleanup(func() {
		c.Close()
		c.acks.wait()
		device.Close()
	})
	return c, device
}

func receive(t *testing.T, from net.Conn, want []byte) {
	t.Helper()
	_ = from.SetReadDeadline(time.Now().Add(time.Minute))
	got := make([]byte, len(want))
	if n, err := io.ReadFull(from, got); err != nil || !bytes.Equal(got, want) {
		t.Fatalf("received %d bytes, %v, want %d; they begin with % x", n, err, len(want), got[:min(n, 64)])
	}
}

// Places are settled in every order, by several goroutines.
func TestAcksLeaveInOrder(t *testing.T) {
	const publishes = 1000
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	c, device := newQueue(t, Limits{Unacknowledged: publishes}, false)
	var want []byte
	var places []uint64
	for id := range uint16(publishes) {
		n, err := c.acks.take(id, time.Now(), false)
		must(t, err)
		places = append(places, n)
		want = append(want, 0x40, 2, byte(id>>8), byte(id))
	}
	random := rand.New(rand.NewPCG(seed, 0))
	random.Shuffle(publishes, func(i, j int) { places[i], places[j] = places[j], places[i] })
	var settling sync.WaitGroup
	for part := range 4 {
		settling.Go(func() {
			for _, n := range places[part*publishes/4 : (part+1)*publishes/4] {
				c.acks.settle(n, 0)
			}
		})
	}
	settling.Wait()
	receive(t, device, want)
}

func TestAcksCarryReasonsInMQTT5Only(t *testing.T) {
	for _, c := range []struct {
		v5   bool
		want []byte
	}{
		{false, []byte{0x40, 2, 1, 2, 0x40, 2, 1, 3}},
		{true, []byte{0x40, 2, 1, 2, 0x40, 3, 1, 3, 0x99}},
	} {
		q, device := newQueue(t, Limits{}, c.v5)
		first, _ := q.acks.take(0x102, time.Now(), false)
		second, _ := q.acks.take(0x103, time.Now(), false)
		q.acks.settle(second, 0x99)
		q.acks.settle(first, 0)
		receive(t, device, c.want)
	}
}

func TestAcksEndAtAnAbandonedPlace(t *testing.T) {
	q, device := newQueue(t, Limits{}, true)
	first, _ := q.acks.take(1, time.Now(), false)
	second, _ := q.acks.take(2, time.Now(), false)
	third, _ := q.acks.take(3, time.Now(), false)
	q.acks.settle(third, 0)
	q.acks.abandon(second, 0x89)
	q.acks.settle(first, 0)
	receive(t, device, []byte{0x40, 2, 0, 1, 0xe0, 2, 0x89, 0})
	if n, err := device.Read(make([]byte, 1)); err != io.EOF {
		t.Fatalf("%d bytes, %v after the end", n, err)
	}
}

func TestAcksAreBounded(t *testing.T) {
	q, device := newQueue(t, Limits{Unacknowledged: 2}, false)
	first, _ := q.acks.take(1, time.Now(), true)
	q.acks.take(2, time.Now(), true)
	if _, err := q.acks.take(3, time.Now(), false); !errors.Is(err, errFull) {
		t.Fatalf("a third place of two: %v", err)
	}
	got := make(chan error)
	go func() {
		_, err := q.acks.take(3, time.Now(), true)
		got <- err
		_, err = q.acks.take(4, time.Now(), true)
		got <- err
	}()
	select {
	case <-got:
		t.Fatal("did not wait for a place")
	case <-time.After(50 * time.Millisecond):
	}
	q.acks.settle(first, 0)
	must(t, <-got)
	receive(t, device, []byte{0x40, 2, 0, 1})
	q.Close()
	if err := <-got; !errors.Is(err, net.ErrClosed) {
		t.Fatalf("a place in a closed queue: %v", err)
	}
}

// However long a device does not read, settling takes no time, and in the end
// its connection is closed.
func TestAcksGiveUpOnStuckReaders(t *testing.T) {
	const wait = time.Second
	q, _ := newQueue(t, Limits{WriteTime: wait, Unacknowledged: 1 << 15}, false)
	must(t, q.Conn.(*net.TCPConn).SetWriteBuffer(4<<10))
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		for {
			start := time.Now()
			n, err := q.acks.take(1, start, true)
			if err != nil {
				return
			}
			settling := time.Now()
			q.acks.settle(n, 0)
			if d := time.Since(settling); d > wait/2 {
				t.Errorf("settling took %v", d)
			}
		}
	}()
	select {
	case <-closed:
	case <-time.After(30 * time.Second):
		t.Fatal("a reader that is stuck keeps its connection")
	}
	if why := cause(q.cause.Load()); why != causeSlow {
		t.Errorf("closed because of %v", why)
	}
}
