package notify

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	made, joined, trouble prometheus.Counter
	outcomes              *prometheus.CounterVec
	seconds               *prometheus.HistogramVec
	// sentBy counts what was sent over each channel; dead is the number of dead
	// letters that nobody has looked after.
	sentBy map[Channel]*atomic.Int64
	dead   atomic.Int64
}

func newMetrics(n *Notifier, reg prometheus.Registerer) (*metrics, error) {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	gauge := func(name, help string, labels prometheus.Labels, value func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels}, value)
	}
	m := &metrics{
		made:    counter("wayguard_messages_made_total", "Messages made of events."),
		joined:  counter("wayguard_messages_joined_total", "Times that an event joined a message that waited."),
		trouble: counter("wayguard_messages_trouble_total", "Times that messages were held up by the store or a message that could not be written; the log says why."),
		outcomes: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "wayguard_messages_total",
			Help: "What became of messages, by channel and outcome: sent, retried, passed on (to the next channel), dropped (not to be sent after all) or dead (no carrier took it)."},
			[]string{"channel", "outcome"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "wayguard_messages_send_seconds",
			Help: "Time that a carrier took for a message.", Buckets: prometheus.ExponentialBuckets(0.001, 2, 16)}, []string{"channel"}),
		sentBy: counters(),
	}
	dead, err := n.outbox.countDead()
	if err != nil {
		return nil, err
	}
	m.dead.Store(int64(dead))
	if reg == nil {
		return m, nil
	}
	reg.MustRegister(m.made, m.joined, m.trouble, m.outcomes, m.seconds,
		gauge("wayguard_messages_dead", "Dead letters: messages that no carrier took and nobody has sent again.", nil, func() float64 { return float64(m.dead.Load()) }),
		gauge("wayguard_messages_behind_events", "Events that have yet to be read.", nil, func() float64 { return float64(n.reader.behind()) }))
	for c, l := range n.lanes {
		reg.MustRegister(gauge("wayguard_messages_soon", "Messages in memory: being sent, or due soon.", prometheus.Labels{"channel": string(c)},
			func() float64 { return float64(l.waiting()) }),
			gauge("wayguard_messages_paused_seconds", "For how long the service, which takes no more for now, is left alone.", prometheus.Labels{"channel": string(c)},
				func() float64 { return l.open(n.now()).Sub(n.now()).Seconds() }))
	}
	return m, nil
}

func (m *metrics) took(c Channel, d time.Duration) {
	m.seconds.WithLabelValues(string(c)).Observe(d.Seconds())
}

func (m *metrics) settled(c *change) {
	m.outcomes.WithLabelValues(string(c.channel), c.outcome).Inc()
	switch c.entry.State {
	case Dead:
		m.dead.Add(1)
	case Sent:
		m.sentBy[c.channel].Add(1)
	}
}
