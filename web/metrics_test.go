package web

import (
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
)

func TestMetrics(t *testing.T) {
	s := startSite(t)
	s.device("v")
	s.api(http.StatusOK, http.MethodGet, "/api/v1/devices/v")
	s.api(http.StatusNotFound, http.MethodGet, "/api/v1/devices/w")
	s.api(http.StatusNotFound, http.MethodGet, "/api/v1/devices/x")
	s.send(http.MethodGet, "/api/v1/devices")
	s.send(http.MethodGet, "/api/v1/devices", header("Authorization", "Bearer wrong"))
	s.send(http.MethodGet, "/signin/wrong")
	s.send(http.MethodGet, "/some/path/that/nobody/knows")
	feed := s.live("")
	s.fence("depot", 8, 50, 100)
	feed.want("world")

	s.eventually("both frames to be counted", func() bool {
		return testutil.ToFloat64(s.server.metrics.frames.WithLabelValues("world")) == 1
	})
	text := string(s.api(http.StatusOK, http.MethodGet, "/metrics").body)
	for _, line := range []string{
		`wayguard_http_requests_total{class="2xx",route="GET /api/v1/devices/{id}"} 1`,
		`wayguard_http_requests_total{class="4xx",route="GET /api/v1/devices/{id}"} 2`,
		`wayguard_http_requests_total{class="4xx",route="GET /api/v1/devices"} 2`,
		`wayguard_http_requests_total{class="4xx",route="/"} 1`,
		`wayguard_http_requests_total{class="1xx",route="GET /api/v1/live"} 1`,
		`wayguard_http_request_duration_seconds_count{route="GET /api/v1/devices/{id}"} 3`,
		`wayguard_http_auth_failures_total{reason="missing"} 1`,
		`wayguard_http_auth_failures_total{reason="token"} 1`,
		`wayguard_http_auth_failures_total{reason="code"} 1`,
		`wayguard_http_live_connections 1`,
		`wayguard_http_live_frames_total{kind="hello"} 1`,
		`wayguard_http_live_frames_total{kind="world"} 1`,
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("no line %s in\n%s", line, text)
		}
	}
	_ = feed.conn.Close()
	s.eventually("the feed to be counted as closed", func() bool {
		return testutil.ToFloat64(s.server.metrics.liveEnded.WithLabelValues("client")) == 1 &&
			testutil.ToFloat64(s.server.metrics.liveOpen) == 0
	})
	if problems, err := testutil.GatherAndLint(s.registry); err != nil || len(problems) > 0 {
		t.Errorf("lint: %v, %v", problems, err)
	}
}

// However many addresses and methods clients make up, the series stay few.
func TestMetricsStayBounded(t *testing.T) {
	s := startSite(t)
	for _, path := range []string{"/a", "/b", "/api/c", "/api/v1/devices/d", "/api/v1/devices/e", "/signin/f"} {
		for _, method := range []string{"GET", "POST", "BREW", "X-1"} {
			s.send(method, path, withToken)
		}
	}
	before := testutil.CollectAndCount(s.server.metrics.requests)
	for _, path := range []string{"/g", "/h", "/api/i", "/api/v1/devices/j", "/api/v1/devices/k", "/signin/l"} {
		for _, method := range []string{"GET", "POST", "STEEP", "X-2"} {
			s.send(method, path, withToken)
		}
	}
	if after := testutil.CollectAndCount(s.server.metrics.requests); after != before {
		t.Errorf("%d series, then %d", before, after)
	}
}
