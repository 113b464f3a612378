package bridge

import "github.com/prometheus/client_golang/prometheus"

// noDoor stands for a door where none was found.
const noDoor = "none"

// outcome is what became of a message.
type outcome int

const (
	stored outcome = iota
	ignored
	quarantined
	refused
	unavailable
	outcomeCount
)

func (o outcome) String() string {
	return [...]string{"stored", "ignored", "quarantined", "refused", "unavailable"}[o]
}

type metrics struct {
	connected, inFlight prometheus.Gauge
	connects, failures  prometheus.Counter
	received, acked     prometheus.Counter
	desired             prometheus.Counter
	messages            [outcomeCount]prometheus.Counter
	refusals            *prometheus.CounterVec
}

// newMetrics registers the collectors with r, if that is not nil.
func newMetrics(r prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		connected: gauge("connected", "1 while there is a session with the upstream broker that it has granted the subscriptions of."),
		inFlight:  gauge("in_flight", "Messages of the upstream broker that wait for their commit."),
		connects:  counter("connects_total", "Connections that the upstream broker accepted; all but the first are reconnects."),
		failures:  counter("failures_total", "Attempts to connect to the upstream broker that failed, and sessions that ended without being asked to."),
		received:  counter("received_total", "Messages received from the upstream broker, those sent again included."),
		acked:     counter("acknowledged_total", "Messages acknowledged to the upstream broker."),
		desired:   counter("desired_sent_total", "Desired states that the upstream broker has taken for devices."),
		refusals: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: prefix + "refusals_total",
			Help: "Messages of the upstream broker that can never be right, by the door they are for and the reason.",
		}, []string{"door", "reason"}),
	}
	messages := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: prefix + "messages_total", Help: "Messages of the upstream broker by what became of them.",
	}, []string{"outcome"})
	for o := range outcomeCount {
		m.messages[o] = messages.WithLabelValues(o.String())
	}
	m.refusals.WithLabelValues(noDoor, "foreign_topic")
	if r == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{m.connected, m.inFlight, m.connects, m.failures, m.received, m.acked, m.desired, messages, m.refusals} {
		if err := r.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

const prefix = "wayguard_upstream_"

func gauge(name, help string) prometheus.Gauge {
	return prometheus.NewGauge(prometheus.GaugeOpts{Name: prefix + name, Help: help})
}

func counter(name, help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Name: prefix + name, Help: help})
}
