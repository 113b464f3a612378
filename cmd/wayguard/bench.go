package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"time"

	"golang.org/x/sync/errgroup"
)

// benchCmd puts load on a running server, for sizing a machine. It registers
// devices of its own and deletes them afterwards; their tracks and events stay
// until they are too old, so a server with real vehicles is the wrong one.
type benchCmd struct {
	Broker   *url.URL      `default:"tcp://127.0.0.1:1883" help:"The MQTT broker: tcp://HOST:PORT, or tls://HOST:PORT."`
	API      *url.URL      `name:"api" default:"http://127.0.0.1:8080" help:"The server's API, with the token in WAYGUARD_ADMIN_TOKEN; not used with --plain."`
	Plain    bool          `help:"Any MQTT broker that lets in everybody, to compare: nothing is registered."`
	Load     benchLoad     `embed:""`
	Live     int           `help:"So many live feeds at the API, to measure from a report to the browser."`
	Duration time.Duration `default:"10s" help:"How long to measure. A fifth of it, at most 5s, goes before and does not count."`
	Format   string        `enum:"text,json" default:"text" help:"How to print what was measured: ${enum}."`
}

// benchLoad is what the devices do.
type benchLoad struct {
	Devices  int     `default:"200" help:"Number of devices, each on a connection of its own."`
	InFlight int     `default:"20" help:"Most reports of one device that wait for their acknowledgement."`
	Rate     float64 `default:"0" help:"Reports a second of all devices together; 0 is as fast as they are acknowledged."`
	Batch    int     `default:"1" help:"Fixes in a report."`
	Topic    string  `enum:"native,owntracks" default:"owntracks" help:"Format of the reports: ${enum}."`
	Idle     bool    `help:"Connect and say nothing, to see what connections cost."`
}

// Bounds of the flags: of InFlight by the packet ids, of Batch by the 64 KiB
// that a packet may have.
const (
	mostDevices  = 100_000
	mostInFlight = benchIDs / 2
	mostBatch    = 200
	// longestBench stays below the keep-alive that the server imposes, since the
	// devices of a measurement send no pings.
	longestBench = time.Hour
)

func (c *benchCmd) check() error {
	l := &c.Load
	switch {
	case c.Broker.Scheme != "tcp" && c.Broker.Scheme != "tls" || c.Broker.Port() == "":
		return errors.New("--broker must be tcp://HOST:PORT or tls://HOST:PORT")
	case !c.Plain && c.API.Scheme != "http" && c.API.Scheme != "https":
		return errors.New("--api must be http://HOST:PORT or https://HOST:PORT")
	case c.Plain && c.Live > 0:
		return errors.New("--live needs the API: leave --plain out")
	case !c.Plain && os.Getenv(adminTokenVariable) == "":
		return fmt.Errorf("devices are registered with the admin token: set %s, or give --plain for a broker that lets in everybody", adminTokenVariable)
	case l.Devices < 1 || l.Devices > mostDevices:
		return fmt.Errorf("--devices must be 1 to %d", mostDevices)
	case l.InFlight < 1 || l.InFlight > mostInFlight:
		return fmt.Errorf("--in-flight must be 1 to %d", mostInFlight)
	case l.Batch < 1 || l.Batch > mostBatch:
		return fmt.Errorf("--batch must be 1 to %d", mostBatch)
	case !(l.Rate >= 0) || l.Rate > 1e9 || c.Live < 0:
		return errors.New("--rate and --live must not be negative")
	case c.Duration <= 0 || c.Duration > longestBench:
		return fmt.Errorf("--duration must be more than nothing and at most %s", longestBench)
	}
	return nil
}

// Run is what kong calls.
func (c *benchCmd) Run(ctx context.Context) error { return c.run(ctx, os.Stdout) }

func (c *benchCmd) run(ctx context.Context, out io.Writer) (err error) {
	if err := c.check(); err != nil {
		return &inputError{err}
	}
	b := newBench(c)
	defer func() { err = errors.Join(err, b.tidy(ctx)) }()
	if err := b.register(ctx); err != nil {
		return interrupted(ctx, err)
	}
	figures, err := b.measure(ctx)
	if err != nil {
		return interrupted(ctx, err)
	}
	return figures.write(out, c.Format)
}

// bench is one measurement.
type bench struct {
	command *benchCmd
	api     *benchAPI // nil for a plain broker
	devices []*benchDevice
	feeds   []*benchFeed
	meter   *benchMeter
}

func newBench(c *benchCmd) *bench {
	b := &bench{command: c, meter: newBenchMeter()}
	if !c.Plain {
		b.api = newBenchAPI(c.API, os.Getenv(adminTokenVariable))
	}
	name := benchName()
	for i := range c.Load.Devices {
		b.devices = append(b.devices, newBenchDevice(name, i, c, b.meter))
	}
	return b
}

// warmUp is what goes before a measurement.
func warmUp(d time.Duration) time.Duration { return min(d/5, 5*time.Second) }

// measure connects everything, lets it run and counts.
func (b *bench) measure(ctx context.Context) (benchFigures, error) {
	if err := b.connect(ctx); err != nil {
		return benchFigures{}, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	running, ctx := errgroup.WithContext(ctx)
	start := time.Now()
	for i, d := range b.devices {
		running.Go(func() error { return d.run(ctx, start.Add(d.pace.offset(i, len(b.devices)))) })
	}
	for _, f := range b.feeds {
		running.Go(func() error { return f.run(ctx) })
	}
	figures, err := b.count(ctx)
	cancel(errMeasured)
	if ended := running.Wait(); ended != nil && !errors.Is(ended, context.Canceled) {
		return benchFigures{}, ended
	}
	return figures, err
}

// errMeasured ends the devices.
var errMeasured = errors.New("measured")

// count waits for the warm-up and the measurement.
func (b *bench) count(ctx context.Context) (benchFigures, error) {
	if err := pause(ctx, warmUp(b.command.Duration)); err != nil {
		return benchFigures{}, err
	}
	before, err := b.counters(ctx)
	if err != nil {
		return benchFigures{}, err
	}
	b.meter.start()
	if err := pause(ctx, b.command.Duration); err != nil {
		return benchFigures{}, err
	}
	took := b.meter.stop()
	after, err := b.counters(ctx)
	if err != nil {
		return benchFigures{}, err
	}
	return b.figures(took, before, after), nil
}

func (b *bench) counters(ctx context.Context) (benchCounters, error) {
	if b.api == nil {
		return benchCounters{}, nil
	}
	return b.api.counters(ctx)
}

// pause waits, or returns why ctx ended.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
