package web

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// customerMetrics count what those with a link do. No label tells which link.
type customerMetrics struct {
	pages, wishes *prometheus.CounterVec
	watching      prometheus.Gauge
	watched       *prometheus.CounterVec
}

func newCustomerMetrics(reg prometheus.Registerer) (*customerMetrics, error) {
	m := &customerMetrics{
		pages:  counter("customer_links_total", "Links to deliveries opened, by what they showed: shown, unknown (wrong, replaced or dead) or limited.", "result"),
		wishes: counter("customer_wishes_total", "Wishes sent by customers, by kind, or refused.", "kind"),
		watching: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "wayguard_http_customer_watchers",
			Help: "Open live feeds of customers.",
		}),
		watched: counter("customer_watchers_closed_total", "Live feeds of customers closed, by who or what closed them.", "reason"),
	}
	for _, c := range []prometheus.Collector{m.pages, m.wishes, m.watching, m.watched} {
		if err := reg.Register(c); err != nil {
			return nil, fmt.Errorf("register metrics: %w", err)
		}
	}
	return m, nil
}
