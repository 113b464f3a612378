package web

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"wayguard/tracker"
)

func TestLiveFeedTellsWhatHappens(t *testing.T) {
	s := startSite(t)
	s.device("van-1")
	s.fence("depot", 8, 50, 100)
	start := time.Now().UTC().Truncate(time.Second).Add(-time.Minute)
	s.report("van-1", fixAt(start, 8.1, 50))

	f := s.live("")
	if f.hello.Seq != 0 || f.hello.WorldVersion == 0 {
		t.Errorf("hello %+v", f.hello)
	}
	f.want("positions")
	if p := f.positions["van-1"]; p.Lon != 8.1 {
		t.Errorf("first position %+v", p)
	}
	s.visit("van-1", start.Add(time.Second), 1)
	f.until("two events", func(string) bool { return len(f.seqs) == 2 })
	f.wantSeqs(1, 2)

	before := f.world
	s.fence("customer", 9, 50, 50)
	f.want("world")
	if f.world <= before {
		t.Errorf("world %d after %d", f.world, before)
	}
}

func TestLiveFeedStartsAtNewestEventOrAfterTheGivenOne(t *testing.T) {
	s := startSite(t)
	s.device("van-1")
	s.fence("depot", 8, 50, 100)
	start := time.Now().UTC().Truncate(time.Second).Add(-time.Hour)
	s.report("van-1", fixAt(start, 8.1, 50))
	const visits = 600 // more events than are read from the log at once
	s.visit("van-1", start.Add(time.Second), visits)

	for _, tt := range []struct {
		query string
		first uint64
	}{
		{"?after=0", 1}, {"?after=1", 2}, {"?after=1150", 1151}, {"?after=1199", 1200},
		{"", 1201}, {"?after=1200", 1201}, {"?after=5000", 1201},
	} {
		f := s.live(tt.query)
		if f.hello.Seq != 2*visits {
			t.Errorf("%s: hello.seq %d", tt.query, f.hello.Seq)
		}
		// The event to stop at is one that follows.
		if tt.first <= 2*visits {
			f.until("all events", func(string) bool { return len(f.seqs) > 0 && f.seqs[len(f.seqs)-1] == 2*visits })
			f.wantSeqs(tt.first, 2*visits)
		}
	}
	none := s.live("?after=5000")
	s.visit("van-1", start.Add(50*time.Minute), 1)
	none.until("new events", func(string) bool { return len(none.seqs) == 2 })
	none.wantSeqs(2*visits+1, 2*visits+2)
}

// Devices report while clients come, go and come back.
func TestResumeUnderLoadMissesNothingAndRepeatsNothing(t *testing.T) {
	const devices, visits, clients = 20, 40, 8
	s := startSite(t)
	s.fence("depot", 8, 50, 100)
	start := time.Now().UTC().Truncate(time.Second).Add(-time.Hour)
	for i := range devices {
		id := tracker.DeviceID(fmt.Sprint("van-", i))
		s.device(id)
		s.report(id, fixAt(start, 8.1, 50))
	}
	var running sync.WaitGroup
	for i := range devices {
		running.Go(func() { s.visit(tracker.DeviceID(fmt.Sprint("van-", i)), start.Add(time.Second), visits) })
	}
	const total = devices * visits * 2
	for i := range clients {
		running.Go(func() { s.comeAndGo(7+31*i, total) })
	}
	running.Wait()
}

// comeAndGo reads total events, leaving after every so many.
func (s *testSite) comeAndGo(each int, total uint64) {
	var seen uint64
	for seen < total {
		f, _ := s.dial(fmt.Sprint("?after=", seen), http.Header{"Authorization": {"Bearer " + testToken}})
		for seen < total && len(f.seqs) < each {
			if _, err := f.next(); err != nil {
				s.t.Errorf("after %d: %v", seen, err)
				return
			}
			if n := len(f.seqs); n > 0 && f.seqs[n-1] != seen {
				if f.seqs[n-1] != seen+1 {
					s.t.Errorf("event %d after %d", f.seqs[n-1], seen)
					return
				}
				seen++
			}
		}
		_ = f.conn.Close()
	}
}

func TestPositionsComeTenAFrame(t *testing.T) {
	const devices = 137
	s := startSite(t)
	at := time.Now().UTC().Truncate(time.Second)
	for i := range devices {
		id := tracker.DeviceID(fmt.Sprint("van-", i))
		s.device(id)
		s.report(id, fixAt(at, 8, 50))
	}
	f := s.live("")
	f.until("every device", func(string) bool { return len(f.positions) == devices })
	if f.largest != perFrame {
		t.Errorf("%d positions in the largest frame, want %d", f.largest, perFrame)
	}
	if f.updates != devices {
		t.Errorf("%d positions for %d devices that stand still", f.updates, devices)
	}
}

func TestDeletedDeviceIsNotShown(t *testing.T) {
	s := startSite(t)
	at := time.Now().UTC().Truncate(time.Second)
	for _, id := range []tracker.DeviceID{"gone", "here"} {
		s.device(id)
		s.report(id, fixAt(at, 8, 50))
	}
	s.live("").until("both devices", func(string) bool { return true })
	s.api(http.StatusNoContent, http.MethodDelete, "/api/v1/devices/gone")
	f := s.live("")
	f.want("positions")
	if _, ok := f.positions["gone"]; ok || len(f.positions) != 1 {
		t.Errorf("positions %+v", f.positions)
	}
}

func TestStopClosesLiveFeedsWith1001(t *testing.T) {
	s := startSite(t)
	feeds := []*liveFeed{s.live(""), s.live("?after=0")}
	var waiting sync.WaitGroup
	for _, f := range feeds {
		waiting.Go(func() {
			if code := f.closeCode(); code != websocket.CloseGoingAway {
				t.Errorf("close code %d", code)
			}
		})
	}
	started := time.Now()
	s.stop()
	waiting.Wait()
	if took := time.Since(started); took > stopWithin {
		t.Errorf("took %s", took)
	}
}

func TestLiveFeedLimits(t *testing.T) {
	s := startSite(t, func(o *Options) { o.Limits.LivePerClient, o.Limits.LiveTotal = 2, 3 })
	token := http.Header{"Authorization": {"Bearer " + testToken}}
	first := s.live("")
	s.live("")
	if _, a := s.dial("", token); a.status != http.StatusTooManyRequests {
		t.Errorf("third feed of one client: %d", a.status)
	}
	cookie := s.signIn()
	s.dialWithCookie("", cookie)
	if _, a := s.dial("", s.browser(cookie)); a.status != http.StatusServiceUnavailable {
		t.Errorf("fourth feed of all: %d", a.status)
	}
	_ = first.conn.Close()
	s.eventually("room for another feed", func() bool {
		f, _ := s.dial("", token)
		return f != nil
	})
}

func TestIncomingMessagesAreDropped(t *testing.T) {
	s := startSite(t)
	s.device("van-1")
	f := s.live("")
	if err := f.conn.WriteMessage(websocket.TextMessage, []byte(`{"type":"hello"}`)); err != nil {
		t.Fatal(err)
	}
	s.report("van-1", fixAt(time.Now(), 8, 50))
	f.want("positions")
	if err := f.conn.WriteMessage(websocket.TextMessage, make([]byte, maxIncoming+1)); err != nil {
		t.Fatal(err)
	}
	if code := f.closeCode(); code != websocket.CloseMessageTooBig {
		t.Errorf("close code %d after a message too large", code)
	}
}

func TestBadLiveRequests(t *testing.T) {
	s := startSite(t)
	for _, tt := range []struct {
		query     string
		parameter string
	}{
		{"?after=-1", "after"}, {"?after=1.5", "after"}, {"?after=x", "after"}, {"?after=", "after"},
		{"?after=1&after=2", "after"}, {"?since=1", "since"},
	} {
		_, a := s.dial(tt.query, http.Header{"Authorization": {"Bearer " + testToken}})
		if a.status != http.StatusBadRequest || a.problem().Parameter != tt.parameter {
			t.Errorf("%s: %d %s", tt.query, a.status, a.body)
		}
	}
	if a := s.api(http.StatusUpgradeRequired, http.MethodGet, "/api/v1/live"); a.header.Get("Upgrade") != "websocket" {
		t.Errorf("no upgrade offered: %v", a.header)
	}
	s.api(http.StatusBadRequest, http.MethodGet, "/api/v1/live",
		header("Upgrade", "websocket"), header("Connection", "upgrade"), header("Sec-WebSocket-Version", "12"))
}

// openFeeds is how many live feeds the server holds.
func (s *testSite) openFeeds() int {
	l := s.server.live.sockets
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.open)
}
