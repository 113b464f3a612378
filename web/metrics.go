package web

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics are the server's own. Their labels come from fixed sets: a route's
// pattern, a status class, a reason or a kind of frame named in this package, a
// door's name or a reason of a door.
type metrics struct {
	requests  *prometheus.CounterVec
	durations *prometheus.HistogramVec
	refusals  *prometheus.CounterVec
	// reports and reportRefusals are those of the doors for devices.
	reports, reportRefusals *prometheus.CounterVec
	enrolments              *prometheus.CounterVec
	liveOpen                prometheus.Gauge
	liveEnded               *prometheus.CounterVec
	frames                  *prometheus.CounterVec
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		requests: counter("requests_total", "Requests answered.", "route", "class"),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "wayguard_http_request_duration_seconds",
			Help:    "Time from a request's header to the end of its answer; for the live feed, to its start.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10, 60},
		}, []string{"route"}),
		refusals:       counter("auth_failures_total", "Requests refused for their credentials, role, origin or sign-in code.", "reason"),
		reports:        counter("reports_total", "Requests of devices by what became of them.", "door", "outcome"),
		reportRefusals: counter("report_refusals_total", "Requests of devices that can never be right, by the door they came to and the reason.", "door", "reason"),
		enrolments:     counter("enrolments_total", "Uses of enrolment codes by what became of them: enrolled, wrong_code, refused, limited or unavailable.", "outcome"),
		liveOpen: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "wayguard_http_live_connections",
			Help: "Open live feeds.",
		}),
		liveEnded: counter("live_closed_total", "Live feeds closed, by who or what closed them.", "reason"),
		frames:    counter("live_frames_total", "Frames written to live feeds.", "kind"),
	}
	for _, c := range []prometheus.Collector{m.requests, m.durations, m.refusals, m.reports, m.reportRefusals, m.enrolments, m.liveOpen, m.liveEnded, m.frames} {
		if err := reg.Register(c); err != nil {
			return nil, fmt.Errorf("register metrics: %w", err)
		}
	}
	return m, nil
}

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "wayguard_http_" + name, Help: help}, labels)
}

// answered counts one request; status 0 is an answer that never began.
func (m *metrics) answered(route string, status int, took time.Duration) {
	class := "none"
	if status != 0 {
		class = strconv.Itoa(status/100) + "xx"
	}
	m.requests.WithLabelValues(route, class).Inc()
	m.durations.WithLabelValues(route).Observe(took.Seconds())
}

// refused counts a failed authentication: missing, token, session, code,
// device, role, origin or limited.
func (m *metrics) refused(reason string) { m.refusals.WithLabelValues(reason).Inc() }

func (s *Server) showMetrics() handler {
	h := promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{})
	return func(w http.ResponseWriter, r *http.Request, _ principal) error {
		h.ServeHTTP(w, r)
		return nil
	}
}
