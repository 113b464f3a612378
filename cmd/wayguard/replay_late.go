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

// fate is what became of an input.
type fate uint8

const (
	taken fate = iota
	knownBefore
	tooLate
)

// feed gives in to d: at once if it is in order, else with the next review.
func (r *replay) feed(d *replayed, in input) fate {
	late := d.comesLate(in)
	if late && (r.world.Settings().Raw || d.newest()-in.fix.Time > reviewWithin) {
		return tooLate
	}
	if !d.add(in) {
		return knownBefore
	}
	switch {
	case !late:
		r.advance(d, in)
	case d.reviewAt == 0:
		d.reviewAt = d.newest() + reviewAfter
	}
	if d.late >= 0 && d.newest() >= d.reviewAt {
		r.review(d)
	}
	return taken
}

// advance takes the newest input.
func (r *replay) advance(d *replayed, in input) {
	if d.late < 0 {
		d.save(&d.live, len(d.inputs)-1)
	}
	r.buffer = in.apply(r.world, &d.live, r.buffer[:0])
	for _, e := range r.buffer {
		r.tell(d, tracker.GeofenceEvent(d.id, e, in.fix.Time.Time()))
		d.told = append(d.told, tale{geofence.Told{Event: e}, in.fix.Time})
	}
}

func (r *replay) tell(d *replayed, e tracker.Event) {
	if e.ID == "" {
		d.corrections++
		e.ID = tracker.EventID(d.id, e.Type, e.Subject, d.corrections)
	}
	r.events = append(r.events, found{e})
}

// review runs all inputs from before the first late one again, and tells how
// what is found differs from what was told.
func (r *replay) review(d *replayed) {
	if d.late < 0 {
		return
	}
	from := d.saves[len(d.saves)-1]
	kept := len(d.saves)
	run := from.state.Clone()
	run.Rehearse()
	var events []geofence.Event
	var by []geofence.Millis
	for i := from.next; i < len(d.inputs); i++ {
		d.save(&run, i)
		events = d.inputs[i].apply(r.world, &run, events)
		for len(by) < len(events) {
			by = append(by, d.inputs[i].fix.Time)
		}
	}
	stretch, places := d.since(from)
	review := geofence.Reconcile(stretch, events, from.next == 0, d.live.Episodes())
	for i := range d.saves[kept:] {
		d.saves[kept+i].state.Settle(review.Numbers, nil)
	}
	run.Settle(review.Numbers, &d.live)
	d.live, d.late, d.reviewAt = run, -1, 0
	for _, c := range review.Kept {
		d.told[places[c.Told]].by = by[c.Found]
	}
	for _, c := range review.Corrections {
		r.correct(d, c, places, events, by)
	}
}

// since are the events told that a run from a save may find again, and their
// places among all that were told.
func (d *replayed) since(from saved) (told []geofence.Told, places []int) {
	for i, t := range d.told {
		if from.next == 0 || t.Withdrawn || t.by > from.since {
			told, places = append(told, t.Told), append(places, i)
		}
	}
	return told, places
}

func (r *replay) correct(d *replayed, c geofence.Correction, places []int, events []geofence.Event, by []geofence.Millis) {
	knownAt := d.newest().Time()
	switch {
	case c.Found < 0:
		was := &d.told[places[c.Told]]
		was.Withdrawn = true
		r.tell(d, tracker.Retraction(d.id, &was.Event, knownAt))
	case c.Told < 0:
		e := events[c.Found]
		r.tell(d, tracker.GeofenceEvent(d.id, e, knownAt))
		d.told = append(d.told, tale{geofence.Told{Event: e}, by[c.Found]})
	default:
		e, was := events[c.Found], &d.told[places[c.Told]]
		r.tell(d, tracker.Revision(d.id, &e, was.Time, knownAt))
		*was = tale{geofence.Told{Event: e}, by[c.Found]}
	}
}
