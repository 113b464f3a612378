package main

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// benchFigures is what a measurement prints. Rates are by the second.
type benchFigures struct {
	Devices      int          `json:"devices"`
	InFlight     int          `json:"in_flight"`
	Batch        int          `json:"batch"`
	Topic        string       `json:"topic"`
	Rate         float64      `json:"rate"`
	Seconds      float64      `json:"seconds"`
	Acknowledged int64        `json:"acknowledged"`
	Reports      float64      `json:"reports_per_second"`
	Latency      benchLatency `json:"latency_ms"`
	// Refused counts connections that the broker refused, Reconnects those that
	// were lost.
	Refused    int64 `json:"refused"`
	Reconnects int64 `json:"reconnects"`
	// Processors is how many the load itself had busy. Where that is most of what
	// the server leaves, the load is what limits.
	Processors float64      `json:"processors"`
	Live       *benchFanOut `json:"live,omitempty"`
	Server     *benchServer `json:"server,omitempty"`
}

// benchLatency is in milliseconds.
type benchLatency struct {
	P50  float64 `json:"p50"`
	P90  float64 `json:"p90"`
	P99  float64 `json:"p99"`
	P999 float64 `json:"p99_9"`
	Max  float64 `json:"max"`
}

// benchFanOut is what live feeds saw.
type benchFanOut struct {
	Clients   int          `json:"clients"`
	Positions float64      `json:"positions_per_second"`
	Frames    float64      `json:"frames_per_second"`
	Latency   benchLatency `json:"latency_ms"`
}

// benchServer is what the server says of itself.
type benchServer struct {
	Stored      float64 `json:"stored"`
	Duplicate   float64 `json:"duplicate"`
	Quarantined float64 `json:"quarantined"`
	Memory      float64 `json:"resident_bytes"`
	// Processors is how many the server had busy.
	Processors float64 `json:"processors"`
}

func (b *bench) figures(took time.Duration, before, after benchCounters) benchFigures {
	l, latencies := b.command.Load, b.meter.acknowledged()
	f := benchFigures{
		Devices: l.Devices, InFlight: l.InFlight, Batch: l.Batch, Topic: l.Topic, Rate: l.Rate,
		Seconds:      took.Seconds(),
		Acknowledged: latencies.TotalCount(),
		Reports:      float64(latencies.TotalCount()) / took.Seconds(),
		Latency:      latencyOf(latencies),
		Refused:      b.meter.refused.Load(),
		Reconnects:   b.meter.reconnects.Load(),
		Processors:   b.meter.spent.Seconds() / took.Seconds(),
	}
	if len(b.feeds) > 0 {
		f.Live = &benchFanOut{
			Clients:   len(b.feeds),
			Positions: float64(b.meter.positions.Load()) / took.Seconds(),
			Frames:    float64(b.meter.frames.Load()) / took.Seconds(),
			Latency:   latencyOf(b.meter.shown()),
		}
	}
	if b.api != nil {
		f.Server = &benchServer{
			Stored: after.stored - before.stored, Duplicate: after.duplicate - before.duplicate,
			Quarantined: after.quarantined - before.quarantined, Memory: after.memory,
			Processors: (after.processor - before.processor) / took.Seconds(),
		}
	}
	return f
}

func latencyOf(h *hdrhistogram.Histogram) benchLatency {
	at := func(percent float64) float64 {
		return float64(h.ValueAtPercentile(percent)) / float64(time.Millisecond)
	}
	return benchLatency{at(50), at(90), at(99), at(99.9), at(100)}
}

func (l benchLatency) String() string {
	return fmt.Sprintf("p50 %.3g ms\tp90 %.3g ms\tp99 %.3g ms\tp99.9 %.3g ms\tmax %.3g ms", l.P50, l.P90, l.P99, l.P999, l.Max)
}

// write prints f as text or JSON.
func (f benchFigures) write(out io.Writer, format string) error {
	if format == "json" {
		return json.NewEncoder(out).Encode(f)
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	f.writeText(w)
	return w.Flush()
}

// writeText prints lines of columns; a failed write shows when w is flushed.
func (f benchFigures) writeText(w io.Writer) {
	const mega = 1 << 20
	line := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format+"\n", args...) }
	line("load\t%d devices\t%d in flight\t%d fixes a report\t%s\t%.1f s", f.Devices, f.InFlight, f.Batch, f.Topic, f.Seconds)
	line("acknowledged\t%.0f reports/s\t%.0f fixes/s\t%d reports", f.Reports, f.Reports*float64(f.Batch), f.Acknowledged)
	if f.Acknowledged > 0 {
		line("acknowledged after\t%v", f.Latency)
	}
	line("connections\t%d refused\t%d lost", f.Refused, f.Reconnects)
	line("load\t%.2f processors", f.Processors)
	if l := f.Live; l != nil {
		line("live feeds\t%d clients\t%.0f positions/s\t%.0f frames/s", l.Clients, l.Positions, l.Frames)
		line("shown after\t%v", l.Latency)
	}
	if s := f.Server; s != nil {
		line("server\t%.0f stored\t%.0f duplicates\t%.0f quarantined\t%.0f MiB of memory\t%.2f processors", s.Stored, s.Duplicate, s.Quarantined, s.Memory/mega, s.Processors)
	}
}
