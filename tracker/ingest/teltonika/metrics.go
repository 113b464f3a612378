package teltonika

import "github.com/prometheus/client_golang/prometheus"

// outcome is what became of a packet.
type outcome int

const (
	stored outcome = iota
	ignored
	quarantined
	unavailable
	outcomeCount
)

func (o outcome) String() string {
	return [...]string{"acknowledged", "ignored", "quarantined", "unavailable"}[o]
}

type metrics struct {
	connects               prometheus.Counter
	connectsRefused        *prometheus.CounterVec
	disconnects            *prometheus.CounterVec
	packets                [outcomeCount]prometheus.Counter
	refusals               *prometheus.CounterVec
	positions, noPositions prometheus.Counter
	latency                prometheus.Histogram
}

// newMetrics registers the collectors with r, if that is not nil.
func newMetrics(r prometheus.Registerer, conns *roster) (*metrics, error) {
	m := &metrics{
		connects:        prometheus.NewCounter(named("connects_total", "Connections on which a registered box said its IMEI.")),
		connectsRefused: counters("connects_refused_total", "Connections closed before a box was known on them, by reason.", "reason"),
		disconnects:     counters("disconnects_total", "Connections of boxes that ended, by reason.", "reason"),
		refusals:        counters("refusals_total", "Packets that can never be right, by reason.", "reason"),
		latency: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "wayguard_teltonika_ack_seconds", Help: "Time from a packet to its acknowledgement.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14),
		}),
	}
	packets := counters("packets_total", "Packets by what became of them.", "outcome")
	for o := range outcomeCount {
		m.packets[o] = packets.WithLabelValues(o.String())
	}
	records := counters("records_total", "Records of acknowledged packets, by whether they had a position.", "position")
	m.positions, m.noPositions = records.WithLabelValues("yes"), records.WithLabelValues("no")
	m.announce()
	if r == nil {
		return m, nil
	}
	open := prometheus.NewGaugeFunc(prometheus.GaugeOpts(named("connections", "Open connections of boxes.")),
		func() float64 { return float64(conns.known()) })
	for _, c := range []prometheus.Collector{
		open, m.connects, m.connectsRefused, m.disconnects, packets, m.refusals, records, m.latency,
	} {
		if err := r.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func named(name, help string) prometheus.CounterOpts {
	return prometheus.CounterOpts{Name: "wayguard_teltonika_" + name, Help: help}
}

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(named(name, help), labels)
}

// announce has refusals stand at zero from the start, where an alert can see
// them grow.
func (m *metrics) announce() {
	for _, why := range []ending{endUnknown, endHandshake, endCrowded, endForeign, endTimeout, endClient, endBroken} {
		m.connectsRefused.WithLabelValues(string(why))
	}
	for _, reason := range []string{ReasonFrame, ReasonCRC, ReasonCodec, ReasonTooLarge, ReasonReport} {
		m.refusals.WithLabelValues(reason)
	}
}
