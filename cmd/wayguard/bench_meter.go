package main

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// benchMeter gathers what devices and feeds see while it is started.
type benchMeter struct {
	epoch      time.Time
	running    atomic.Bool
	started    time.Time
	spent      time.Duration            // of processors, by this process; until stop what it had used at the start
	tallies    [benchTallies]benchTally // of acknowledgements, by device
	live       benchTally               // from a report to a live feed
	positions  atomic.Int64             // delivered to live feeds
	frames     atomic.Int64
	reconnects atomic.Int64
	refused    atomic.Int64 // connections
}

// benchTallies keeps devices from waiting for each other; a power of two.
const benchTallies = 16

// Latencies are told apart from a microsecond to two minutes, to 1 %.
const (
	leastLatency = int64(time.Microsecond)
	mostLatency  = int64(2 * time.Minute)
	latencyDigit = 2
)

// benchTally counts latencies.
type benchTally struct {
	mu        sync.Mutex
	latencies *hdrhistogram.Histogram
	counting  bool
}

func newBenchMeter() *benchMeter {
	m := &benchMeter{epoch: time.Now()}
	m.live.latencies = newLatencies()
	for i := range m.tallies {
		m.tallies[i].latencies = newLatencies()
	}
	return m
}

func newLatencies() *hdrhistogram.Histogram {
	return hdrhistogram.New(leastLatency, mostLatency, latencyDigit)
}

// now is nanoseconds since the meter was made.
func (m *benchMeter) now() int64 { return int64(time.Since(m.epoch)) }

func (m *benchMeter) at(t time.Time) int64 { return int64(t.Sub(m.epoch)) }

func (m *benchMeter) start() {
	m.started, m.spent = time.Now(), processorTime()
	m.reconnects.Store(0)
	m.refused.Store(0)
	m.running.Store(true)
}

// stop returns for how long the meter counted.
func (m *benchMeter) stop() time.Duration {
	m.running.Store(false)
	m.spent = processorTime() - m.spent
	return time.Since(m.started)
}

// open locks a tally until close, any will do.
func (m *benchMeter) open(any int64) *benchTally {
	return m.lock(&m.tallies[any&(benchTallies-1)])
}

func (m *benchMeter) lock(t *benchTally) *benchTally {
	t.mu.Lock()
	t.counting = m.running.Load()
	return t
}

func (t *benchTally) close() { t.mu.Unlock() }

func (t *benchTally) record(nanoseconds int64) {
	if t.counting {
		// In range, it cannot fail.
		_ = t.latencies.RecordValue(min(max(nanoseconds, leastLatency), mostLatency))
	}
}

// acknowledged is all tallies of acknowledgements in one.
func (m *benchMeter) acknowledged() *hdrhistogram.Histogram {
	all := newLatencies()
	for i := range m.tallies {
		t := m.lock(&m.tallies[i])
		all.Merge(t.latencies)
		t.close()
	}
	return all
}

// shown is the tally of live feeds, which may still be counting.
func (m *benchMeter) shown() *hdrhistogram.Histogram {
	t := m.lock(&m.live)
	defer t.close()
	return t.latencies.Clone()
}
