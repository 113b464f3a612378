package sms

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	sent, callbacks *prometheus.CounterVec
	segments        prometheus.Counter
}

func newMetrics() *metrics {
	return &metrics{
		sent: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "wayguard_sms_messages_total",
			Help: "Attempts to give a text message to Twilio by what became of them: sent, temporary, permanent, dead, unsure or capped.",
		}, []string{"outcome"}),
		callbacks: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "wayguard_sms_callbacks_total",
			Help: "Requests to Twilio's callbacks: delivered, failed, under_way, stop, start, other, refused or unavailable.",
		}, []string{"outcome"}),
		segments: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "wayguard_sms_segments_total",
			Help: "Segments sent, each of which is charged for.",
		}),
	}
}

func (m *metrics) register(r prometheus.Registerer) error {
	if r == nil {
		return nil
	}
	for _, c := range []prometheus.Collector{m.sent, m.callbacks, m.segments} {
		if err := r.Register(c); err != nil {
			return fmt.Errorf("register metrics: %w", err)
		}
	}
	return nil
}
