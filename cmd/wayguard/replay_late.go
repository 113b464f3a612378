package main

import (
	"wayguard/geofence"
	"wayguard/tracker"
)

const (
	// reviewAfter is how much later a device's newest fix must be than the one
	// before which late ones came, for them to be looked at.
	reviewAfter = geofence.Millis(10_000)
	// reviewWithin is how late a fix may be to be looked at, as on the server.
	reviewWithin = geofence.Millis(24 * 3600 * 1000)
)

// verdict is what became of an input.
type verdict uint8

const (
	taken verdict = iota
	knownBefore
	tooLate
)

// feed gives in to d, at once if it is in order, else with the next review. It
// returns what it counts as.
func (r *replay) feed(d *replayed, in input) verdict {
	late := d.late(in)
	switch {
	case late && (r.world.Settings().Raw || d.newest()-in.fix.Time > reviewWithin):
		return tooLate
	case late && !d.waiting:
		d.waiting, d.reviewAt = true, d.newest()+reviewAfter
	}
	if !d.add(in) {
		return knownBefore
	}
	if !d.waiting || in.fix.Time >= d.reviewAt {
		r.review(d)
	}
	return taken
}

// review runs what waits, and tells what is new.
func (r *replay) review(d *replayed) {
	if d.done == len(d.inputs) {
		return
	}
	knownAt := d.newest().Time()
	for _, e := range d.run(r.world) {
		r.events = append(r.events, found{tracker.GeofenceEvent(d.id, e, knownAt)})
	}
	d.waiting = false
}
