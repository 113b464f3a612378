package main

import (
	"cmp"
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
	// inputs are all that concerned the device and have been run, in order of
	// time; late those that came late and have not.
	inputs, late []input
	// saves are states from before some of the inputs, the first one from
	// before all.
	saves []saved
	told  []tale
	// Late inputs are looked at when the newest one is at reviewAt or later,
	// and as many more as waitFor have come.
	reviewAt    geofence.Millis
	waitFor     int
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
	from *trace
}

type inputKind uint8

const (
	ownFix inputKind = iota
	carrierFix
	handoff
)

func newReplayed(id tracker.DeviceID) *replayed {
	s := geofence.NewState(geofence.DeviceID(id))
	return &replayed{id: id, live: s, saves: []saved{{state: s.Clone()}}}
}

// newest is the time of the newest input.
func (d *replayed) newest() geofence.Millis { return d.inputs[len(d.inputs)-1].fix.Time }

// comesLate tells whether in is older than one before it.
func (d *replayed) comesLate(in input) bool {
	return len(d.inputs) > 0 && in.fix.Time < d.newest()
}

// same tells whether both are of one kind and time: a device is at one place at
// a time. Hand-offs may be many.
func (in *input) same(other *input) bool {
	return in.kind == other.kind && in.fix.Time == other.fix.Time && in.kind != handoff
}

// add appends in, which is not older than the others, unless there is the same.
func (d *replayed) add(in input) bool {
	for i := len(d.inputs) - 1; i >= 0 && d.inputs[i].fix.Time == in.fix.Time; i-- {
		if d.inputs[i].same(&in) {
			return false
		}
	}
	d.inputs = append(d.inputs, in)
	return true
}

// merge puts what came late where it belongs, behind all that is not newer, and
// drops the saves from behind the first of it. Fixes that there were before are
// counted on their traces.
func (d *replayed) merge() {
	slices.SortStableFunc(d.late, func(a, b input) int { return cmp.Compare(a.fix.Time, b.fix.Time) })
	first, _ := slices.BinarySearchFunc(d.inputs, d.late[0].fix.Time+1, func(in input, t geofence.Millis) int {
		return cmp.Compare(in.fix.Time, t)
	})
	for first > 0 && d.inputs[first-1].fix.Time == d.late[0].fix.Time {
		first--
	}
	d.saves = slices.DeleteFunc(d.saves, func(s saved) bool { return s.next > first })
	rest := slices.Clone(d.inputs[first:])
	d.inputs = d.inputs[:first]
	for len(rest)+len(d.late) > 0 {
		if len(d.late) == 0 || len(rest) > 0 && rest[0].fix.Time <= d.late[0].fix.Time {
			d.inputs, rest = append(d.inputs, rest[0]), rest[1:]
			continue
		}
		if !d.add(d.late[0]) && d.late[0].kind == ownFix {
			d.late[0].from.again++
		}
		d.late = d.late[1:]
	}
	d.late = nil
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
