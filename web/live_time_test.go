package web

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"wayguard/tracker"
)

// pipeListener accepts the ends of net.Pipe, which work with the clock of a
// synctest bubble. A pipe holds nothing: a write waits for its reader.
type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
	close  func()
}

func newPipeListener() *pipeListener {
	l := &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
	l.close = sync.OnceFunc(func() { close(l.closed) })
	return l
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error { l.close(); return nil }

func (l *pipeListener) Addr() net.Addr { return pipeAddr{} }

type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "localhost" }

func (l *pipeListener) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case l.conns <- server:
		return client, nil
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// inBubble runs test on a site whose clock stands still while nothing else
// can go on.
func inBubble(t *testing.T, test func(t *testing.T, s *testSite, l *pipeListener)) {
	synctest.Test(t, func(t *testing.T) {
		// A bubble's clock starts in the year 2000, when no fix is believed.
		time.Sleep(time.Until(time.Date(2026, 3, 3, 12, 0, 0, 0, time.UTC)))
		l := newPipeListener()
		test(t, startSite(t, func(o *Options) { o.Listen.Listener = l }), l)
	})
}

// connect opens a live feed with the token, or as the browser of a session.
func (l *pipeListener) connect(s *testSite, headers http.Header) *websocket.Conn {
	s.t.Helper()
	dialer := websocket.Dialer{NetDialContext: l.dial}
	conn, _, err := dialer.DialContext(s.t.Context(), "ws://localhost/api/v1/live", headers)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func tokenHeader() http.Header { return http.Header{"Authorization": {"Bearer " + testToken}} }

// readToEnd reads until the connection ends and returns how.
func readToEnd(conn *websocket.Conn) error {
	for {
		if _, _, err := conn.ReadMessage(); err != nil {
			return err
		}
	}
}

func TestSlowReaderIsToldSo(t *testing.T) {
	inBubble(t, func(t *testing.T, s *testSite, l *pipeListener) {
		s.device("v")
		conn := l.connect(s, tokenHeader())
		s.report("v", fixAt(time.Now(), 8, 50))
		time.Sleep(slowAfter + 5*time.Second) // meanwhile hello waits to be read
		err := readToEnd(conn)
		var closed *websocket.CloseError
		if !errors.As(err, &closed) || closed.Code != closeTooSlow || closed.Text != "too slow, resume with after=" {
			t.Errorf("ended with %v", err)
		}
	})
}

func TestReaderThatStopsIsGivenUp(t *testing.T) {
	inBubble(t, func(t *testing.T, s *testSite, l *pipeListener) {
		conn := l.connect(s, tokenHeader())
		time.Sleep(writeWithin + closeWithin + time.Second)
		if n := s.openFeeds(); n != 0 {
			t.Errorf("%d feeds still open", n)
		}
		if err := readToEnd(conn); !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrClosedPipe) && !websocket.IsUnexpectedCloseError(err) {
			t.Errorf("ended with %v", err)
		}
	})
}

func TestReaderSlowerThanOneFrameButNotTooSlowStays(t *testing.T) {
	inBubble(t, func(t *testing.T, s *testSite, l *pipeListener) {
		s.device("v")
		conn := l.connect(s, tokenHeader())
		for i := range 5 {
			time.Sleep(slowAfter - time.Second)
			s.report("v", fixAt(time.Now(), 8, 50))
			if _, _, err := conn.ReadMessage(); err != nil {
				t.Fatalf("frame %d: %v", i, err)
			}
		}
	})
}

func TestPositionsAreCoalescedForASlowReader(t *testing.T) {
	inBubble(t, func(t *testing.T, s *testSite, l *pipeListener) {
		s.device("v")
		conn := l.connect(s, tokenHeader())
		var last time.Time
		for range 50 {
			last = time.Now()
			s.report("v", fixAt(last, 8, 50))
			time.Sleep(100 * time.Millisecond)
		}
		f := &liveFeed{t: t, spec: s.spec, conn: conn, positions: make(map[tracker.DeviceID]positionJSON)}
		f.until("the newest position", func(string) bool { return f.positions["v"].Time.Equal(last.Truncate(time.Millisecond)) })
		if f.updates > 2 {
			t.Errorf("%d positions, want the newest only", f.updates)
		}
	})
}

func TestPings(t *testing.T) {
	inBubble(t, func(t *testing.T, s *testSite, l *pipeListener) {
		conn := l.connect(s, tokenHeader())
		var at []time.Duration
		started := time.Now()
		pong := conn.PingHandler()
		conn.SetPingHandler(func(data string) error {
			at = append(at, time.Since(started).Round(time.Second))
			return pong(data)
		})
		_ = conn.SetReadDeadline(started.Add(10 * time.Minute))
		var timeout net.Error
		if err := readToEnd(conn); !errors.As(err, &timeout) || !timeout.Timeout() {
			t.Errorf("a client that answers was dropped: %v", err)
		}
		if len(at) < 19 || at[0] != pingEvery || at[18] != 19*pingEvery {
			t.Errorf("pings after %v", at)
		}
	})
}

func TestClientThatAnswersNoPingIsDropped(t *testing.T) {
	inBubble(t, func(t *testing.T, s *testSite, l *pipeListener) {
		conn := l.connect(s, tokenHeader())
		conn.SetPingHandler(func(string) error { return nil })
		started := time.Now()
		err := readToEnd(conn)
		if took := time.Since(started); took < 3*pingEvery || took > pongWithin+closeWithin {
			t.Errorf("dropped after %s: %v", took, err)
		}
	})
}

func TestSessionEndsItsFeedsAfterTwelveHours(t *testing.T) {
	inBubble(t, func(t *testing.T, s *testSite, l *pipeListener) {
		id, _, err := s.server.sessions.start(t.Context(), person{})
		if err != nil {
			t.Fatal(err)
		}
		conn := l.connect(s, http.Header{"Cookie": {"wayguard=" + id}, "Origin": {"http://localhost"}})
		started := time.Now()
		err = readToEnd(conn)
		var closed *websocket.CloseError
		if !errors.As(err, &closed) || closed.Code != closeSessionEnded {
			t.Errorf("ended with %v", err)
		}
		if took := time.Since(started).Round(time.Minute); took != sessionLifetime {
			t.Errorf("after %s", took)
		}
		time.Sleep(sessionSweep)
		synctest.Wait()
		if keys := s.sessionKeys(); len(keys) != 0 {
			t.Errorf("still stored: %q", keys)
		}
	})
}

func TestStopCutsOffReadersThatHang(t *testing.T) {
	inBubble(t, func(t *testing.T, s *testSite, l *pipeListener) {
		l.connect(s, tokenHeader())
		synctest.Wait()
		started := time.Now()
		s.stop()
		if took := time.Since(started); took > stopWithin+closeWithin {
			t.Errorf("took %s", took)
		}
	})
}
