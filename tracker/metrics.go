package tracker

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// counts is what a batch adds to the metrics once it is durable.
type counts struct {
	stored, duplicate int
	repeated          int
	fixes             [len(fates)]int
	events            map[string]int
	corrections       map[string]int
	reviews           int
	readings          int
}

func (c *counts) add(o *outcome) {
	if o.duplicate {
		c.duplicate++
		return
	}
	c.stored++
	c.repeated += o.again
	for _, m := range o.marks {
		c.fixes[m.fate()]++
	}
}

// fates are what metrics call what became of a fix.
var fates = [...]string{"evaluated", "clock", "unevaluated", "late", "implausible"}

// fate is the place in fates.
func (m Marks) fate() int {
	switch {
	case m == 0:
		return 0
	case m&MarkClock != 0:
		return 1
	case m&MarkUnevaluated != 0:
		return 2
	case m&MarkLate != 0:
		return 3
	}
	return 4
}

func count(counts *map[string]int, label string) {
	if *counts == nil {
		*counts = make(map[string]int)
	}
	(*counts)[label]++
}

func (c *counts) event(typ string) {
	count(&c.events, typ)
}

type metrics struct {
	reports, fixes, events *prometheus.CounterVec
	reviews, corrections   *prometheus.CounterVec
	failures, readings     prometheus.Counter
	dropped                *prometheus.CounterVec
	duration, size         prometheus.Histogram
}

func newMetrics(f *Fleet, reg prometheus.Registerer) *metrics {
	counter := func(name, help, label string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{label})
	}
	gauge := func(name, help string, value func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value)
	}
	m := &metrics{
		reports: counter("wayguard_reports_total", "Reports committed, by outcome: stored or duplicate.", "outcome"),
		fixes: counter("wayguard_fixes_total",
			"Fixes by what became of them: evaluated, implausible (kept out of decisions), late (evaluated in a review), unevaluated (stored, too late for that), clock (stored, not believed), duplicate (dropped).", "outcome"),
		events: counter("wayguard_events_total", "Events logged, by type.", "type"),
		reviews: counter("wayguard_reviews_total",
			"Stretches run again because of late fixes, by outcome: done or given up.", "outcome"),
		corrections: counter("wayguard_corrections_total",
			"What reviews found: events that were new, revised or retracted.", "kind"),
		dropped: counter("wayguard_tidied_total",
			"What tidying took away: blocks of fixes and events too old to be kept, and small blocks merged into others.", "what"),
		failures: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "wayguard_commit_failures_total", Help: "Commits that the store refused."}),
		readings: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "wayguard_readings_total", Help: "Readings of sensors stored."}),
		duration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "wayguard_commit_seconds", Help: "Time to make a batch durable.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14)}),
		size: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "wayguard_commit_reports", Help: "Reports in a batch.",
			Buckets: prometheus.ExponentialBuckets(1, 2, 13)}),
	}
	if reg != nil {
		reg.MustRegister(m.reports, m.fixes, m.events, m.reviews, m.corrections, m.dropped, m.failures, m.readings, m.duration, m.size,
			gauge("wayguard_queue_reports", "Reports, those that came together as one, and edits waiting for the engine.", func() float64 { return float64(len(f.intake.queue)) }),
			gauge("wayguard_reviews_waiting", "Devices with late fixes that wait for a review.", func() float64 { return float64(f.reviews.count()) }),
			gauge("wayguard_devices", "Registered devices.", func() float64 { return float64(f.registry.count()) }),
			gauge("wayguard_desired_behind", "Devices that have not answered what is desired of them.", func() float64 { return float64(f.behind()) }),
			gauge("wayguard_fences", "Fences.", func() float64 { return float64(f.fences.count()) }),
			gauge("wayguard_event_seq", "Sequence number of the newest event.", func() float64 { return float64(f.LastSeq()) }),
		)
		reg.MustRegister(f.registry.gauges()...)
	}
	return m
}

func (m *metrics) committed(b *batch, took time.Duration) {
	m.duration.Observe(took.Seconds())
	if n := b.counts.stored + b.counts.duplicate; n > 0 {
		m.size.Observe(float64(n))
	}
}

func (m *metrics) counted(b *batch) {
	c := &b.counts
	add := func(vec *prometheus.CounterVec, label string, n int) {
		if n > 0 {
			vec.WithLabelValues(label).Add(float64(n))
		}
	}
	add(m.reports, "stored", c.stored)
	add(m.reports, "duplicate", c.duplicate)
	add(m.fixes, "duplicate", c.repeated)
	add(m.reviews, "done", c.reviews)
	m.readings.Add(float64(c.readings))
	for fate, n := range c.fixes {
		add(m.fixes, fates[fate], n)
	}
	for kind, n := range c.corrections {
		add(m.corrections, kind, n)
	}
	for typ, n := range c.events {
		add(m.events, typ, n)
	}
}
