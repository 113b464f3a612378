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
	id   tracker.DeviceID
	live geofence.State
	// inputs are all that concerned the device, in order of time. Those from
	// late on, if it is not -1, have not been run with all before them.
	inputs []input
	late   int
	// saves are states from before some of the inputs, the first one from
	// before all; none is from behind late.
	saves []saved
	told  []tale
	// reviewAt is when what is late will be looked at.
	reviewAt    geofence.Millis
	corrections uint64 // that were told
}

// saved is a state before the input at next, since the time of the one before.
type saved struct {
	state geofence.State
	next  int
	since geofence.Millis
}

// tale is an event that was told, and the time of the input that it was found
// by.
type tale struct {
	geofence.Told
	by geofence.Millis
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
	s := geofence.NewState(geofence.DeviceID(id))
	return &replayed{id: id, live: s, late: -1, saves: []saved{{state: s.Clone()}}}
}

// newest is the time of the newest input.
func (d *replayed) newest() geofence.Millis { return d.inputs[len(d.inputs)-1].fix.Time }

// comesLate tells whether in is older than one before it.
func (d *replayed) comesLate(in input) bool {
	return len(d.inputs) > 0 && in.fix.Time < d.newest()
}

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
	if at < len(d.inputs) && (d.late < 0 || at < d.late) {
		d.late = at
		d.saves = slices.DeleteFunc(d.saves, func(s saved) bool { return s.next > at })
	}
	d.inputs = slices.Insert(d.inputs, at, in)
	return true
}

// save keeps s, which is about to take the input at next, if it is time to.
// Inputs of one time are not parted.
func (d *replayed) save(s *geofence.State, next int) {
	last := d.saves[len(d.saves)-1].next
	if next >= last+saveEvery && d.inputs[next].fix.Time > d.inputs[next-1].fix.Time {
		d.saves = append(d.saves, saved{s.Clone(), next, d.inputs[next-1].fix.Time})
	}
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
