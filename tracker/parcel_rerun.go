package tracker

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"wayguard/geofence"
)

// pastFix is a stored fix of a device under review, or of one that carried it.
type pastFix struct {
	tailFix
	carrier DeviceID // empty where the fix is its own
}

// carrierLead is how long before the first fix to be run those of the carrier
// begin that are run too, so that it is known where it was then.
const carrierLead = geofence.Millis(5 * time.Minute / time.Millisecond)

// withCarriers puts the fixes of those that carried r's device among its own, in
// order of time: those that its state does not know yet, up to the newest that
// the device has taken.
func (f *Fleet) withCarriers(r *rerun, k known, own []tailFix) ([]pastFix, error) {
	if len(own) == 0 {
		return nil, nil
	}
	past := make([]pastFix, len(own))
	for i := range own {
		past[i] = pastFix{tailFix: own[i]}
	}
	inTime(past)
	from, ok := r.state.Accompanied()
	if !ok {
		from = own[0].Fix.Time - carrierLead
	}
	to := max(k.newest, k.escorted)
	for _, id := range f.carriersOf(r.device) {
		if err := f.appendCarrier(&past, id, from+1, to+1); err != nil {
			return nil, err
		}
	}
	if len(past) == len(own) {
		return past, nil
	}
	slices.SortStableFunc(past, func(a, b pastFix) int {
		// The carrier's first, as in a batch.
		return cmp.Or(cmp.Compare(a.Fix.Time, b.Fix.Time), cmp.Compare(b.carrier, a.carrier))
	})
	followOwn(past)
	return past, nil
}

// inTime has late fixes count as received with the next one that was in time.
func inTime(fixes []pastFix) {
	for i := len(fixes) - 2; i >= 0; i-- {
		if next := fixes[i+1].Received; next.Before(fixes[i].Received) {
			fixes[i].Received = next
		}
	}
}

// followOwn has the fixes of carriers count as received with the next one of the
// device's own, those behind all of them with the last one.
func followOwn(past []pastFix) {
	var next time.Time
	for _, p := range slices.Backward(past) {
		if p.carrier == "" {
			next = p.Received
			break
		}
	}
	for i := len(past) - 1; i >= 0; i-- {
		if p := &past[i]; p.carrier == "" {
			next = p.Received
		} else {
			p.Received = next
		}
	}
}

// carriersOf are the devices that have carried one within the last day.
func (f *Fleet) carriersOf(id DeviceID) (carriers []DeviceID) {
	for _, w := range f.pipeline.recent.all() {
		c := DeviceID(w.world.Device(geofence.DeviceID(id)).Carrier)
		if c != "" && !slices.Contains(carriers, c) {
			carriers = append(carriers, c)
		}
	}
	return carriers
}

// appendCarrier adds the fixes of [from, to) of a carrier that can be true.
func (f *Fleet) appendCarrier(past *[]pastFix, id DeviceID, from, to geofence.Millis) error {
	const not = MarkClock | MarkUnevaluated | MarkImplausible
	w := walk{id: id, from: from, to: to, tail: func() ([]tailFix, uint64) { return f.tail(id) }}
	for w.from < w.to {
		fixes, err := w.next(f.store)
		if err != nil {
			return fmt.Errorf("track of the carrier %s: %w", id, err)
		}
		for _, p := range fixes {
			if p.Marks&not == 0 {
				*past = append(*past, pastFix{p, id})
			}
		}
		if len(*past) > maxRerun {
			return errTooLong
		}
	}
	return nil
}

// ride takes a stored fix of one that may have carried the device then.
func (r *rerun) ride(w *geofence.World, p pastFix) {
	if w.Device(geofence.DeviceID(r.device)).Carrier == geofence.DeviceID(p.carrier) {
		r.accompany(w, p.Fix)
	}
}

func (r *rerun) accompany(w *geofence.World, fix geofence.Fix) {
	last, _ := r.state.Last()
	for _, e := range geofence.Accompany(w, &r.state, fix, nil) {
		r.found = append(r.found, foundEvent{Event: e, at: placeOf(fix.Time, last.Time)})
	}
}
