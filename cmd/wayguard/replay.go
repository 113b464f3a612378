package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"syscall"

	"wayguard/geofence"
	"wayguard/tracker"
)

// replayCmd runs the engine over recorded tracks.
type replayCmd struct {
	Plan    string   `required:"" placeholder:"PLAN.geojson" help:"Plan file: a GeoJSON FeatureCollection of fences, routes, stops, addresses and hazards."`
	Raw     bool     `help:"Exact geometry only: no accuracy, no confirmation. Each change between inside and outside from one fix to the next is an event."`
	Format  string   `enum:"table,ndjson" default:"table" help:"Output format: ${enum}."`
	Explain bool     `help:"Print with each event the numbers behind it and the settings that it was judged by."`
	Traces  []string `arg:"" name:"trace" help:"GPX, CSV with a header, or NDJSON; - reads standard input."`
}

// inputError says that what the user gave is wrong: exit status 2.
type inputError struct{ err error }

func (e *inputError) Error() string { return e.err.Error() }
func (e *inputError) Unwrap() error { return e.err }

// Run is what kong calls.
func (c *replayCmd) Run(ctx context.Context) error {
	return c.run(ctx, os.Stdin, os.Stdout, os.Stderr)
}

// run prints the events of all traces to stdout, in order of time, and notes
// on what was left out to stderr. Nothing is printed to stdout unless all the
// input is right; an error about the input is an *inputError.
func (c *replayCmd) run(ctx context.Context, stdin io.Reader, stdout, stderr io.Writer) error {
	p, err := readPlan(c.Plan)
	if err != nil {
		return &inputError{err}
	}
	world, err := p.world(c.Raw)
	if err != nil {
		return &inputError{fmt.Errorf("%s: %w", c.Plan, err)}
	}
	traces, err := openTraces(c.Traces, stdin)
	if err != nil {
		return &inputError{err}
	}
	defer closeAll(traces)
	r := newReplay(world, p)
	if err := r.play(ctx, traces); err != nil {
		return err
	}
	printNotes(stderr, p, traces)
	return quietly(r.print(stdout, c.Format, c.Explain))
}

// quietly drops the error of a reader that has seen enough, such as head.
func quietly(err error) error {
	if errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrClosedPipe) {
		return nil
	}
	return err
}

func openTraces(names []string, stdin io.Reader) ([]*trace, error) {
	var traces []*trace
	stdinTaken := false
	for _, name := range names {
		if name == "-" && stdinTaken {
			closeAll(traces)
			return nil, errors.New("standard input (-) can be read only once")
		}
		stdinTaken = stdinTaken || name == "-"
		t, err := openTrace(name, stdin)
		if err != nil {
			closeAll(traces)
			return nil, err
		}
		traces = append(traces, t)
	}
	return traces, nil
}

// closeAll ignores errors: the files were only read.
func closeAll(traces []*trace) {
	for _, t := range traces {
		_ = t.close()
	}
}

// replay is the engine with what it knows of every device.
type replay struct {
	world   *geofence.World
	devices map[string]*replayed
	// aboard are the devices that another one carries, by the carrier.
	aboard map[geofence.DeviceID][]*replayed
	// events are kept to the end: only then is their order known.
	events []found
	buffer []geofence.Event
}

// found is an event as the server's log would have it.
type found struct{ event tracker.Event }

func newReplay(world *geofence.World, p *plan) *replay {
	r := &replay{world: world, devices: make(map[string]*replayed), aboard: make(map[geofence.DeviceID][]*replayed)}
	for _, d := range p.devices {
		if d.Carrier != "" {
			r.aboard[d.Carrier] = append(r.aboard[d.Carrier], r.device(string(d.ID)))
		}
	}
	return r
}

func (r *replay) device(name string) *replayed {
	d := r.devices[name]
	if d == nil {
		// The name in a row holds on to the text of the whole line.
		name = strings.Clone(name)
		d = newReplayed(tracker.DeviceID(name))
		r.devices[name] = d
	}
	return d
}

func (r *replay) play(ctx context.Context, traces []*trace) error {
	for next, err := range merge(traces) {
		if err != nil {
			return &inputError{err}
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		r.take(next.row, next.trace)
	}
	for _, name := range slices.Sorted(maps.Keys(r.devices)) {
		r.review(r.devices[name])
	}
	return nil
}

// take gives a row to its device and to those that it carries. Fixes that can
// have no part are counted on t.
func (r *replay) take(in row, t *trace) {
	d := r.device(in.device)
	switch r.feed(d, input{kind: ownFix, fix: in.fix, from: t}) {
	case tooLate:
		t.late++
	case knownBefore:
		if in.event == "" {
			t.again++
		}
	}
	switch {
	case in.event != "" && r.world.Settings().Raw:
		t.handoffs++
	case in.event != "":
		r.feed(d, input{kind: handoff, fix: in.fix, stop: geofence.StopID(in.ref), from: t})
	}
	for _, parcel := range r.aboard[geofence.DeviceID(d.id)] {
		r.feed(parcel, input{kind: carrierFix, fix: in.fix, from: t})
	}
}
