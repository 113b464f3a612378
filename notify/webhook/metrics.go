package webhook

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	taken, refused, givenUp prometheus.Counter
}

func newMetrics(registry prometheus.Registerer) (*metrics, error) {
	posts := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "wayguard_webhook_posts_total", Help: "Events posted to webhooks, by what came of it: taken, or refused, which is tried again.",
	}, []string{"result"})
	m := &metrics{taken: posts.WithLabelValues("taken"), refused: posts.WithLabelValues("refused"), givenUp: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "wayguard_webhook_given_up_total", Help: "Events that a webhook's address did not take within a day while it took others.",
	})}
	for _, c := range []prometheus.Collector{posts, m.givenUp} {
		if err := registry.Register(c); err != nil {
			return nil, fmt.Errorf("register the metrics of webhooks: %w", err)
		}
	}
	return m, nil
}

func (m *metrics) posted(err error) {
	if err == nil {
		m.taken.Inc()
		return
	}
	m.refused.Inc()
}
