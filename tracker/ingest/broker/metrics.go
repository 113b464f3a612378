package broker

import (
	"sync/atomic"
	"time"

	"github.com/mochi-mqtt/server/v2/system"
	"github.com/prometheus/client_golang/prometheus"
)

// outcome is what became of a publish.
type outcome int

const (
	stored outcome = iota
	online
	ignored
	quarantined
	refused
	unavailable
	outcomeCount
)

func (o outcome) String() string {
	return [...]string{"acknowledged", "online", "ignored", "quarantined", "refused", "unavailable"}[o]
}

type metrics struct {
	connects        prometheus.Counter
	connectsRefused *prometheus.CounterVec
	disconnects     *prometheus.CounterVec
	publishes       [outcomeCount]prometheus.Counter
	refusals        *prometheus.CounterVec
	subscribes      prometheus.Counter
	desired         prometheus.Counter
	latency         prometheus.Histogram
	slowed, rested  prometheus.Counter
	info            *system.Info
}

// newMetrics registers the collectors with r, if that is not nil.
func newMetrics(r prometheus.Registerer, conns *roster, info *system.Info) (*metrics, error) {
	m := &metrics{
		info:     info,
		connects: counter("connects_total", "Connections that a device has proved itself on."),
		connectsRefused: counters("connects_refused_total", "Connections closed before a device was known on them, by reason.",
			"reason"),
		disconnects: counters("disconnects_total", "Connections of devices that ended, by reason.", "reason"),
		refusals: counters("refusals_total",
			"Publishes that can never be right, by the door they came to and the reason.", "door", "reason"),
		slowed:     counter("slowed_total", "Packets after which a device above its limits was made to wait."),
		rested:     counter("slowed_seconds_total", "Seconds that devices above their limits were made to wait."),
		subscribes: counter("subscribes_refused_total", "Subscriptions to topics that are not the device's own."),
		desired:    counter("desired_sent_total", "Desired states sent to devices, each time that they were."),
		latency: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "wayguard_mqtt_ack_seconds",
			Help:    "Time from a QoS 1 publish to its acknowledgement.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14),
		}),
	}
	publishes := counters("publishes_total", "Publishes by what became of them.", "outcome")
	for o := range outcomeCount {
		m.publishes[o] = publishes.WithLabelValues(o.String())
	}
	m.announce()
	if r == nil {
		return m, nil
	}
	for _, c := range append(m.gauges(conns), m.connects, m.connectsRefused, m.disconnects, publishes, m.refusals, m.subscribes, m.desired, m.latency, m.slowed, m.rested) {
		if err := r.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func counter(name, help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Name: "wayguard_mqtt_" + name, Help: help})
}

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "wayguard_mqtt_" + name, Help: help}, labels)
}

// announce has the refusals that this package makes stand at zero from the
// start, where an alert can see them grow.
func (m *metrics) announce() {
	for _, reason := range []string{
		"wrong_secret", "unknown_device", "bad_certificate", "revoked_certificate", "rate_limited", "bad_client_id", "bad_will", "too_many_connections",
		"too_large", "timeout", "protocol", "closed",
	} {
		m.connectsRefused.WithLabelValues(reason)
	}
	for _, reason := range []string{"too_large", "foreign_topic", "invalid_topic"} {
		m.refusals.WithLabelValues(noDoor, reason)
	}
	m.refusals.WithLabelValues(nativeDoor, "no_door")
}

// gauges read what is counted elsewhere.
func (m *metrics) gauges(conns *roster) []prometheus.Collector {
	return []prometheus.Collector{
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "wayguard_mqtt_connections",
			Help: "Open connections of devices.",
		}, func() float64 { return float64(conns.known()) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "wayguard_mqtt_received_bytes_total",
			Help: "Bytes of MQTT packets received.",
		}, func() float64 { return float64(atomic.LoadInt64(&m.info.BytesReceived)) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "wayguard_mqtt_sent_bytes_total",
			Help: "Bytes of MQTT packets sent.",
		}, func() float64 { return float64(atomic.LoadInt64(&m.info.BytesSent)) }),
	}
}

// acknowledged notes one write of acknowledgements that were that long coming.
func (m *metrics) acknowledged(bytes int, latencies []time.Duration) {
	atomic.AddInt64(&m.info.BytesSent, int64(bytes))
	atomic.AddInt64(&m.info.PacketsSent, int64(len(latencies)))
	for _, d := range latencies {
		m.latency.Observe(d.Seconds())
	}
}
