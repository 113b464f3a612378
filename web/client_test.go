package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"wayguard/tracker"
)

// liveFeed is the client's side of a live feed.
type liveFeed struct {
	t     testing.TB
	spec  *spec
	conn  *websocket.Conn
	hello helloJSON
	seqs  []uint64 // of the events so far
	world uint64
	// positions are the newest by device; updates counts them all.
	positions map[tracker.DeviceID]positionJSON
	updates   int
	largest   int // positions in one frame
}

// dial opens a live feed with the given header, or returns the refusal.
func (s *testSite) dial(query string, headers http.Header) (*liveFeed, answer) {
	s.t.Helper()
	address := strings.Replace(s.base, "http", "ws", 1) + "/api/v1/live" + query
	conn, resp, err := websocket.DefaultDialer.DialContext(s.t.Context(), address, headers)
	if errors.Is(err, websocket.ErrBadHandshake) {
		a := answer{t: s.t, status: resp.StatusCode, header: resp.Header, body: readAll(s.t, resp.Body)}
		s.spec.check(s.t, resp.Request, a)
		return nil, a
	}
	if err != nil {
		s.t.Fatal(err)
	}
	f := &liveFeed{t: s.t, spec: s.spec, conn: conn, positions: make(map[tracker.DeviceID]positionJSON)}
	s.t.Cleanup(func() { _ = conn.Close() })
	f.want("hello")
	return f, answer{status: resp.StatusCode, header: resp.Header}
}

// live opens a live feed with the admin token.
func (s *testSite) live(query string) *liveFeed {
	s.t.Helper()
	f, refusal := s.dial(query, http.Header{"Authorization": {"Bearer " + testToken}})
	if f == nil {
		s.t.Fatalf("refused: %d %s", refusal.status, refusal.body)
	}
	return f
}

// next reads a frame, checks it against its schema, and takes it in.
func (f *liveFeed) next() (kind string, err error) {
	f.t.Helper()
	if err := f.conn.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return "", err
	}
	_, frame, err := f.conn.ReadMessage()
	if err != nil {
		return "", err
	}
	var head struct{ Type string }
	f.decode(frame, &head)
	switch head.Type {
	case "hello":
		f.spec.checkValue(f.t, "HelloFrame", frame)
		f.decode(frame, &f.hello)
		f.world = f.hello.WorldVersion
	case "world":
		f.spec.checkValue(f.t, "WorldFrame", frame)
		var w versionJSON
		f.decode(frame, &w)
		f.world = w.Version
	case "alerts":
		f.spec.checkValue(f.t, "AlertsFrame", frame)
	case "positions":
		f.spec.checkValue(f.t, "PositionsFrame", frame)
		f.takePositions(frame)
	default:
		f.spec.checkValue(f.t, "Event", frame)
		var e tracker.Event
		f.decode(frame, &e)
		f.seqs = append(f.seqs, e.Seq)
		return "event", nil
	}
	return head.Type, nil
}

func (f *liveFeed) takePositions(frame []byte) {
	f.t.Helper()
	var p struct{ Positions []positionJSON }
	f.decode(frame, &p)
	f.largest = max(f.largest, len(p.Positions))
	for _, at := range p.Positions {
		if before, ok := f.positions[at.Device]; ok && !at.Time.After(before.Time) {
			f.t.Errorf("%s: position of %s after that of %s", at.Device, at.Time, before.Time)
		}
		f.positions[at.Device] = at
		f.updates++
	}
}

func (f *liveFeed) decode(frame []byte, v any) {
	f.t.Helper()
	if err := json.Unmarshal(frame, v); err != nil {
		f.t.Fatalf("%v in %.300s", err, frame)
	}
}

// want reads until a frame of that kind has come.
func (f *liveFeed) want(kind string) {
	f.t.Helper()
	f.until("a frame of kind "+kind, func(got string) bool { return got == kind })
}

// until reads frames until enough says so of the last one's kind.
func (f *liveFeed) until(what string, enough func(kind string) bool) {
	f.t.Helper()
	for {
		kind, err := f.next()
		if err != nil {
			f.t.Fatalf("waiting for %s: %v", what, err)
		}
		if enough(kind) {
			return
		}
	}
}

// closeCode reads to the end and returns the close code.
func (f *liveFeed) closeCode() int {
	f.t.Helper()
	for {
		_, err := f.next()
		var closed *websocket.CloseError
		if errors.As(err, &closed) {
			return closed.Code
		}
		if err != nil {
			f.t.Fatalf("no close frame: %v", err)
		}
	}
}

// wantSeqs wants the events so far to be those from first to last, each once
// and in order.
func (f *liveFeed) wantSeqs(first, last uint64) {
	f.t.Helper()
	if uint64(len(f.seqs)) != last-first+1 {
		f.t.Errorf("%d events, want %d to %d", len(f.seqs), first, last)
	}
	for i, seq := range f.seqs {
		if seq != first+uint64(i) {
			f.t.Fatalf("event %d is seq %d, want %d", i, seq, first+uint64(i))
		}
	}
}
