package bridge

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// relay is the network between a bridge and its broker, and can fail.
type relay struct {
	listener net.Listener
	target   string
	// deaf: nothing reaches the broker any more, until cut.
	deaf atomic.Bool
	mu   sync.Mutex
	open []net.Conn
	work sync.WaitGroup
}

func startRelay(t *testing.T, target string) *relay {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	r := &relay{listener: listener, target: target}
	r.work.Go(r.accept)
	t.Cleanup(func() {
		_ = listener.Close()
		r.cut()
		r.work.Wait()
	})
	return r
}

func (r *relay) address() string { return r.listener.Addr().String() }

// cut closes all connections and makes later ones whole.
func (r *relay) cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.open {
		_ = c.Close()
	}
	r.open = nil
	r.deaf.Store(false)
}

func (r *relay) accept() {
	for {
		client, err := r.listener.Accept()
		if err != nil {
			return
		}
		broker, err := net.Dial("tcp", r.target)
		if err != nil {
			_ = client.Close()
			continue
		}
		r.mu.Lock()
		r.open = append(r.open, client, broker)
		r.mu.Unlock()
		r.work.Go(func() { pipe(client, broker) })
		r.work.Go(func() { pipe(hearing{broker, r}, client) })
	}
}

// pipe copies until one end closes, then closes the other.
func pipe(to io.WriteCloser, from io.Reader) {
	_, _ = io.Copy(to, from)
	_ = to.Close()
}

// hearing writes to the broker unless the relay is deaf.
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
