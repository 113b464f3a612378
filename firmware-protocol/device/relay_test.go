package device

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// relay is the network between a device and its broker, and can fail.
type relay struct {
	listener net.Listener
	target   string
	deaf     atomic.Bool

	mu   sync.Mutex
	open []net.Conn
	work sync.WaitGroup
}

func startRelay(t *testing.T, target string) *relay {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{listener: listener, target: target}
	var accepting sync.WaitGroup
	accepting.Go(r.accept)
	t.Cleanup(func() {
		_ = listener.Close()
		accepting.Wait()
		r.cut()
		r.work.Wait()
	})
	return r
}

func (r *relay) address() string { return r.listener.Addr().String() }

// deafen lets nothing from the broker reach the device any more, on this or
// any later connection, until cut.
func (r *relay) deafen() { r.deaf.Store(true) }

// cut closes all connections and makes later ones whole.
func (r *relay) cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.deaf.Store(false)
	for _, c := range r.open {
		_ = c.Close()
	}
	r.open = nil
}

func (r *relay) accept() {
	for {
		device, err := r.listener.Accept()
		if err != nil {
			return
		}
		broker, err := net.Dial("tcp", r.target)
		if err != nil {
			_ = device.Close()
			continue
		}
		r.mu.Lock()
		r.open = append(r.open, device, broker)
		r.mu.Unlock()
		r.work.Go(func() { pipe(broker, device) })
		r.work.Go(func() { pipe(hearing{device, r}, broker) })
	}
}

// pipe copies until one end closes, then closes the other.
func pipe(to io.WriteCloser, from io.Reader) {
	_, _ = io.Copy(to, from)
	_ = to.Close()
}

// hearing writes to the device unless the relay is deaf.
type hearing struct {
	net.Conn
	relay *relay
}

func (h hearing) Write(b []byte) (int, error) {
	if h.relay.deaf.Load() {
		return len(b), nil
	}
	return h.Conn.Write(b)
}
