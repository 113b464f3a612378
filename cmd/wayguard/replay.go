package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"

	"wayguard/geofence"
	"wayguard/tracker"
)

// replayCmd runs the engine over recorded tracks.
type replayCmd struct {
	Plan   string   `required:"" placeholder:"PLAN.geojson" help:"Plan file: a GeoJSON FeatureCollection of fences, routes, stops, addresses and hazards."`
	Raw    bool     `help:"Exact geometry only: no accuracy, no confirmation. Each change between inside and outside from one fix to the next is an event."`
	Format string   `enum:"table,ndjson" default:"table" help:"Output format: ${enum}."`
	Traces []string `arg:"" name:"trace" help:"GPX, CSV with a header, or NDJSON; - reads standard input."`
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
	p.settings.Raw = c.Raw
	world, err := geofence.NewWorld(1, p.settings, p.fences)
	if err != nil {
		return &inputError{fmt.Errorf("%s: %w", c.Plan, err)}
	}
	traces, err := openTraces(c.Traces, stdin)
	if err != nil {
		return &inputError{err}
	}
	defer closeAll(traces)
	r := newReplay(world)
	if err := r.play(ctx, traces); err != nil {
		return err
	}
	printNotes(stderr, p, traces)
	return quietly(r.print(stdout, c.Format))
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
	// events are kept to the end: only then is their order known.
	events []found
	buffer []geofence.Event
}

// replayed is one device.
type replayed struct {
	id     tracker.DeviceID
	state  geofence.State
	newest geofence.Millis
}

// found is an event and the fix that confirmed it.
type found struct {
	device  *replayed
	event   geofence.Event
	knownAt geofence.Millis
}

func newReplay(world *geofence.World) *replay {
	return &replay{world: world, devices: make(map[string]*replayed)}
}

func (r *replay) play(ctx context.Context, traces []*trace) error {
	for next, err := range merge(traces) {
		if err != nil {
			return &inputError{err}
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		r.step(next.row, next.trace)
	}
	return nil
}

// step counts on t the fixes that the engine passes over for their time.
func (r *replay) step(in row, t *trace) {
	d := r.devices[in.device]
	if d == nil {
		// The name in the row holds on to the text of the whole line.
		name := strings.Clone(in.device)
		d = &replayed{id: tracker.DeviceID(name), newest: in.fix.Time - 1}
		r.devices[name] = d
	}
	if in.fix.Time <= d.newest && in.event == "" {
		t.late++
	}
	d.newest = max(d.newest, in.fix.Time)
	r.buffer = geofence.Step(r.world, &d.state, in.fix, r.buffer[:0])
	for _, e := range r.buffer {
		r.events = append(r.events, found{d, e, in.fix.Time})
	}
}
