package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"wayguard/tracker"
)

// pageFeed is the page's side of its live feed.
type pageFeed struct {
	s    *testSite
	conn *websocket.Conn
}

func (s *testSite) watch(page string) *pageFeed {
	s.t.Helper()
	conn, resp, err := websocket.DefaultDialer.DialContext(s.t.Context(), strings.Replace(s.base, "http", "ws", 1)+page+"/live", nil)
	if err != nil {
		s.t.Fatalf("%v %v", err, resp)
	}
	s.t.Cleanup(func() { _ = conn.Close() })
	return &pageFeed{s, conn}
}

func (f *pageFeed) next() (n customerNews, err error) {
	f.s.t.Helper()
	if err := f.conn.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return n, err
	}
	_, frame, err := f.conn.ReadMessage()
	if err != nil {
		return n, err
	}
	f.s.spec.checkValue(f.s.t, "News", frame)
	return n, json.Unmarshal(frame, &n)
}

// until reads news until there are those wanted.
func (f *pageFeed) until(what string, enough func(*customerNews) bool) customerNews {
	f.s.t.Helper()
	for {
		n, err := f.next()
		if err != nil {
			f.s.t.Fatalf("waiting for %s: %v", what, err)
		}
		if enough(&n) {
			return n
		}
	}
}

func (f *pageFeed) closeCode() int {
	f.s.t.Helper()
	for {
		_, err := f.next()
		var closed *websocket.CloseError
		if errors.As(err, &closed) {
			return closed.Code
		}
		if err != nil {
			f.s.t.Fatalf("no close frame: %v", err)
		}
	}
}

func TestPageFeedFollowsTheDelivery(t *testing.T) {
	s := startDay(t)
	d := s.ordered()
	feed := s.watch(s.link(d.ID))
	n, err := feed.next()
	if err != nil || n.State != tracker.DeliveryCreated || n.Vehicle != nil || n.Door != nil || len(n.History) != 1 {
		t.Errorf("%+v, %v", n, err)
	}
	s.started(d)
	s.driven(800)
	n = feed.until("the vehicle", func(n *customerNews) bool { return n.Vehicle != nil })
	if n.Text["stops"] != "You are next" || n.Text["expected"] == "" || n.Door == nil || n.Vehicle.Time.IsZero() {
		t.Errorf("%+v", n)
	}
	if want := east(800); n.Vehicle.Lon != round7(want[0]) || n.Vehicle.Lat != round7(want[1]) {
		t.Errorf("the vehicle is at %+v, want %v", n.Vehicle, want)
	}
	s.moved(d.ID, tracker.DeliveryArrived)
	feed.until("the arrival", func(n *customerNews) bool { return n.State == tracker.DeliveryArrived && n.Vehicle == nil })
	s.moved(d.ID, tracker.DeliveryDelivered)
	n = feed.until("the hand-off", func(n *customerNews) bool { return n.State == tracker.DeliveryDelivered })
	if n.Vehicle != nil || n.Door != nil || n.Text["expected"] != "" || n.History[0].Text != "Handed over" {
		t.Errorf("after the hand-off: %+v", n)
	}
}

func round7(x float64) float64 { return float64(int64(x*1e7+0.5)) / 1e7 }

func TestPageFeedEndsWithTheLink(t *testing.T) {
	s := startDay(t)
	d := s.ordered()
	page := s.link(d.ID)
	feed := s.watch(page)
	if _, err := s.fleet.RenewLink(t.Context(), d.ID, tracker.AnyVersion); err != nil {
		t.Fatal(err)
	}
	if code := feed.closeCode(); code != closeLinkDead {
		t.Errorf("closed with %d", code)
	}
	if _, resp, err := websocket.DefaultDialer.DialContext(t.Context(), strings.Replace(s.base, "http", "ws", 1)+page+"/live", nil); err == nil || resp.StatusCode != http.StatusNotFound {
		t.Errorf("the dead link opened a feed: %v", err)
	}
	open := s.watch(s.link(d.ID))
	s.eventually("the feeds to be counted", func() bool {
		return testutil.ToFloat64(s.server.guests.metrics.watching) == 1 && testutil.ToFloat64(s.server.guests.metrics.watched.WithLabelValues("link")) == 1
	})
	s.stop()
	if code := open.closeCode(); code != websocket.CloseGoingAway {
		t.Errorf("closed with %d", code)
	}
}

func TestPageFeedForProgramsWithoutWebSocket(t *testing.T) {
	s := startDay(t)
	d := s.ordered()
	a := s.send(http.MethodGet, s.link(d.ID)+"/live", header("Accept", "application/json"))
	var n customerNews
	a.decode(&n)
	if a.status != http.StatusOK || n.Text["headline"] != "Your delivery is announced" || a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := s.send(http.MethodGet, "/t/wrong/live"); a.status != http.StatusNotFound {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestPageFeedsAreFew(t *testing.T) {
	s := startDay(t)
	page := s.link(s.ordered().ID)
	for range maxWatchersPerDelivery {
		s.watch(page)
	}
	_, resp, err := websocket.DefaultDialer.DialContext(t.Context(), strings.Replace(s.base, "http", "ws", 1)+page+"/live", nil)
	if err == nil || resp.StatusCode != http.StatusTooManyRequests {
		t.Errorf("one more: %v", err)
	}
	s.watch(s.link(s.ordered().ID))
}
