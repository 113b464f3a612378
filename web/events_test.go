package web

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// log makes 12 events of van-1 and 8 of van-2, in this order, each visit one
// of depot.
func (s *testSite) eventLog() {
	s.t.Helper()
	s.fence("depot", 8, 50, 100)
	start := time.Now().UTC().Truncate(time.Second).Add(-time.Hour)
	s.device("van-1")
	s.device("van-2")
	s.report("van-1", fixAt(start, 8.1, 50))
	s.report("van-2", fixAt(start, 8.1, 50))
	s.visit("van-1", start.Add(time.Second), 6)
	s.visit("van-2", start.Add(time.Second), 4)
}

func seqsOf(page eventsJSON) (seqs []uint64) {
	for _, e := range page.Events {
		seqs = append(seqs, e.Seq)
	}
	return seqs
}

func TestEvents(t *testing.T) {
	s := startSite(t)
	s.eventLog()
	for _, tt := range []struct {
		query string
		want  []uint64
		next  uint64
	}{
		{"", upTo(1, 20), 20},
		{"?limit=5", upTo(1, 5), 5},
		{"?after=5&limit=3", upTo(6, 8), 8},
		{"?after=18&limit=3", upTo(19, 20), 20},
		{"?after=20", nil, 20},
		{"?after=99", nil, 99},
		{"?last=3", upTo(18, 20), 20},
		{"?last=1000", upTo(1, 20), 20},
		{"?device=van-2", upTo(13, 20), 20},
		{"?device=van-2&limit=2", upTo(13, 14), 14},
		{"?device=van-1&after=10", upTo(11, 12), 20},
		{"?device=van-1&last=2", upTo(11, 12), 20},
		{"?device=nobody", nil, 20},
		{"?type=geofence.enter&device=van-2", []uint64{13, 15, 17, 19}, 20},
		{"?type=geofence.exit&last=2", []uint64{18, 20}, 20},
		{"?subject=depot&after=17", upTo(18, 20), 20},
		{"?subject=depot&last=4&device=van-1", upTo(9, 12), 20},
	} {
		var page eventsJSON
		s.api(http.StatusOK, http.MethodGet, "/api/v1/events"+tt.query).decode(&page)
		if got := seqsOf(page); !slices.Equal(got, tt.want) || page.NextAfter != tt.next {
			t.Errorf("%s: %v then %d, want %v then %d", tt.query, got, page.NextAfter, tt.want, tt.next)
		}
	}
	var nothing eventsJSON
	s.api(http.StatusOK, http.MethodGet, "/api/v1/events?subject=nowhere").decode(&nothing)
	if len(nothing.Events) != 0 {
		t.Errorf("events about nowhere: %v", nothing)
	}
}

func upTo(first, last uint64) (seqs []uint64) {
	for n := first; n <= last; n++ {
		seqs = append(seqs, n)
	}
	return seqs
}

// Whoever follows next_after to the end has seen everything once.
func TestEventsCanBeFollowed(t *testing.T) {
	s := startSite(t)
	s.eventLog()
	for _, filter := range []string{"", "&device=van-2", "&type=geofence.exit", "&subject=depot"} {
		var all []uint64
		for after, more := uint64(0), true; more; {
			var page eventsJSON
			s.api(http.StatusOK, http.MethodGet, fmt.Sprintf("/api/v1/events?after=%d&limit=3%s", after, filter)).decode(&page)
			all = append(all, seqsOf(page)...)
			more = page.NextAfter != after
			after = page.NextAfter
		}
		var whole eventsJSON
		s.api(http.StatusOK, http.MethodGet, "/api/v1/events?"+strings.TrimPrefix(filter, "&")).decode(&whole)
		if !slices.Equal(all, seqsOf(whole)) || len(all) < 8 {
			t.Errorf("filter %q: followed %v, want %v", filter, all, seqsOf(whole))
		}
	}
}

func TestBadEventRequests(t *testing.T) {
	s := startSite(t)
	for query, parameter := range map[string]string{
		"?after=-1": "after", "?after=x": "after", "?after=18446744073709551616": "after", "?after=+1": "after",
		"?limit=0": "limit", "?limit=1001": "limit", "?limit=1.0": "limit",
		"?last=0": "last", "?last=1001": "last", "?last=5&after=1": "last", "?last=5&limit=1": "last",
		"?devices=van-1": "devices", "?type=a&type=b": "type",
	} {
		p := s.api(http.StatusBadRequest, http.MethodGet, "/api/v1/events"+query).problem()
		if p.Parameter != parameter {
			t.Errorf("%s: %+v", query, p)
		}
	}
	if p := s.api(http.StatusBadRequest, http.MethodGet, "/api/v1/events?limit=1001").problem(); !strings.Contains(p.Detail, "1 to 1000") {
		t.Errorf("detail %q", p.Detail)
	}
}
