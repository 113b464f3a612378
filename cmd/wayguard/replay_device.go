package main

import (
	"slices"

	"wayguard/geofence"
	"wayguard/tracker"
)

// saveEvery is after how many inputs a state is kept, for late ones to start
// from.
const saveEvery = 64

// replayed is one device.
type replayed struct {
	id    tracker.DeviceID
	state geofence.State
	// inputs are all that concerned the device, in order of time; the first
	// done of them have been run.
	inputs []input
	done   int
	// saves are the states before every saveEvery-th input.
	saves []geofence.State
	// told are the events in force.
	told []geofence.Event
	// waiting: inputs have come late, and all that came since wait for one at
	// reviewAt or later.
	waiting  bool
	reviewAt geofence.Millis
}

// input is a fix of the device, or of its carrier, or a hand-off.
type input struct {
	kind inputKind
	fix  geofence.Fix
	stop geofence.StopID // of a hand-off
}

type inputKind uint8

const (
	ownFix inputKind = iota
	carrierFix
	handoff
)

func newReplayed(id tracker.DeviceID) *replayed {
	return &replayed{id: id, state: geofence.NewState(geofence.DeviceID(id))}
}

// late tells whether in is older than one before it.
func (d *replayed) late(in input) bool {
	return len(d.inputs) > 0 && in.fix.Time < d.newest()
}

// newest is the time of the newest input.
func (d *replayed) newest() geofence.Millis { return d.inputs[len(d.inputs)-1].fix.Time }

// add puts in behind all that are not newer, and tells whether there was
// nothing like it: a device is at one place at a time.
func (d *replayed) add(in input) bool {
	at, _ := slices.BinarySearchFunc(d.inputs, in.fix.Time, func(before input, t geofence.Millis) int {
		if before.fix.Time <= t {
			return -1
		}
		return 1
	})
	for i := at - 1; i >= 0 && d.inputs[i].fix.Time == in.fix.Time; i-- {
		if d.inputs[i].kind == in.kind && in.kind != handoff {
			return false
		}
	}
	if at < d.done {
		d.rewind(at)
	}
	d.inputs = slices.Insert(d.inputs, at, in)
	return true
}

// rewind goes back to the last state kept before the input at place first.
func (d *replayed) rewind(first int) {
	d.saves = d.saves[:first/saveEvery+1]
	d.done = first / saveEvery * saveEvery
	d.state = d.saves[len(d.saves)-1].Clone()
}

// run brings the state up to date with the inputs that have not been run, and
// returns what it found.
func (d *replayed) run(w *geofence.World) []geofence.Event {
	var events []geofence.Event
	for ; d.done < len(d.inputs); d.done++ {
		if d.done%saveEvery == 0 {
			d.saves = append(d.saves[:d.done/saveEvery], d.state.Clone())
		}
		events = d.inputs[d.done].apply(w, &d.state, events)
	}
	return events
}

// apply gives the engine one input. A gap in a recording is a silence; its end
// is not.
func (in *input) apply(w *geofence.World, s *geofence.State, events []geofence.Event) []geofence.Event {
	switch in.kind {
	case carrierFix:
		return geofence.Accompany(w, s, in.fix, events)
	case handoff:
		return geofence.Deliver(w, s, geofence.Handoff{Time: in.fix.Time, Stop: in.stop, Point: in.fix.Point, HasPoint: true}, events)
	}
	if !w.Settings().Raw {
		events = geofence.Tick(w, s, in.fix.Time, events)
	}
	return geofence.Step(w, s, in.fix, events)
}
