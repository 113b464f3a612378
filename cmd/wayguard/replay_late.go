package main

import (
	"slices"

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

// reviewShare: a review of so many inputs waits for one more.
const reviewShare = 8

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
	if late && d.newest()-in.fix.Time > reviewWithin {
		if i := d.leap(in.fix.Time); i > 0 {
			r.forget(d, i)
			late = d.comesLate(in)
		}
	}
	switch {
	case late && (r.world.Settings().Raw || d.newest()-in.fix.Time > reviewWithin):
		return tooLate
	case late:
		if len(d.late) == 0 {
			d.reviewAt = d.newest() + reviewAfter
		}
		d.late = append(d.late, in)
	case !d.add(in):
		return knownBefore
	default:
		r.advance(d, in)
	}
	d.waitFor--
	if len(d.late) > 0 && d.newest() >= d.reviewAt && d.waitFor <= 0 {
		r.review(d)
	}
	return taken
}

// leap is the place of the first of a few inputs that came after a gap of more
// than a day, if one at now says that their clock was wrong; 0 if it was not.
func (d *replayed) leap(now geofence.Millis) int {
	for i := len(d.inputs) - 1; i > max(0, len(d.inputs)-1-maxLeaps); i-- {
		before := d.inputs[i-1].fix.Time
		if d.inputs[i].fix.Time-before > reviewWithin {
			if now >= before-reviewWithin && now <= before+reviewWithin {
				return i
			}
			return 0
		}
	}
	return 0
}

// maxLeaps is how many fixes in a row a wrong clock explains.
const maxLeaps = 3

// forget makes it as if the inputs from i on had never come.
func (r *replay) forget(d *replayed, i int) {
	since := d.inputs[i].fix.Time
	for _, in := range d.inputs[i:] {
		if in.kind == ownFix {
			in.from.clock++
		}
	}
	d.inputs = d.inputs[:i]
	d.told = slices.DeleteFunc(d.told, func(t tale) bool { return t.by >= since })
	r.events = slices.DeleteFunc(r.events, func(f found) bool {
		return f.event.Device == d.id && !f.event.KnownAt.Before(since.Time())
	})
	d.saves = slices.DeleteFunc(d.saves, func(s saved) bool { return s.next > i })
	from := d.saves[len(d.saves)-1]
	d.live = from.state.Clone()
	for j := from.next; j < i; j++ {
		r.buffer = d.inputs[j].apply(r.world, &d.live, r.buffer[:0])
	}
}

// advance takes the newest input.
func (r *replay) advance(d *replayed, in input) {
	if len(d.late) == 0 {
		d.save(&d.live, len(d.inputs)-1)
	}
	r.buffer = in.apply(r.world, &d.live, r.buffer[:0])
	for _, e := range r.buffer {
		r.tellFound(d, e, in.fix.Time)
	}
}

// tellFound tells of an event that was found by the newest input. One that was
// retracted holds after all.
func (r *replay) tellFound(d *replayed, e geofence.Event, by geofence.Millis) {
	i := slices.IndexFunc(d.told, func(t tale) bool {
		return t.Withdrawn && t.Type == e.Type && t.Subject == e.Subject && t.Episode == e.Episode
	})
	if i < 0 {
		r.tell(d, tracker.GeofenceEvent(d.id, e, by.Time()))
		d.told = append(d.told, tale{geofence.Told{Event: e}, by})
		return
	}
	r.tell(d, tracker.Revision(d.id, &e, d.told[i].Time, by.Time()))
	d.told[i] = tale{geofence.Told{Event: e}, by}
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
	if len(d.late) == 0 {
		return
	}
	d.merge()
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
	d.live = run
	// What costs much is not done often.
	d.waitFor = (len(d.inputs) - from.next) / reviewShare
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
