package tracker

import (
	"fmt"
	"slices"
	"time"

	"wayguard/geofence"
)

// install ends a review: r catches up with what came meanwhile, the log is told
// what was wrong in it, and the engine goes on from r's state. All that is in
// one transaction, so after a kill the review has been or is still to be.
func (f *Fleet) install(b *batch, e *entry, r *rerun, now time.Time) error {
	s := f.pipeline.shards[shardOf(r.device)]
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.track(r.device)
	h := &t.history
	if h.review != r.review {
		return nil
	}
	h.review = nil
	if r.void {
		return nil
	}
	a := r.amend(t)
	tx, state, err := r.settle(&t.engine, a.Numbers)
	if err != nil {
		h.late = r.late
		f.log.Error("late fixes of a device were not evaluated", "device", r.device, "error", err)
		return nil
	}
	b.tx.SnapshotCuts = append(b.tx.SnapshotCuts, tx.SnapshotCuts...)
	b.tx.Snapshots = append(b.tx.Snapshots, tx.Snapshots...)
	if err := f.correct(b, h, r, a, now); err != nil {
		return err
	}
	t.engine = r.state
	h.late, h.snapped = r.late, 0
	s.stepped = e.seq
	b.counts.reviews++
	e.reviews = append(e.reviews, journaledReview{
		device: r.device, late: h.late, withdrawn: slices.Clone(h.withdrawn), state: state,
	})
	return nil
}

// amendment is the difference between what was told and what a rerun found.
type amendment struct {
	geofence.Review
	told  []toldEvent
	found []geofence.Event
}

// amend catches up with what came since the rerun began and compares.
func (r *rerun) amend(t *track) *amendment {
	for _, m := range r.missed {
		if m.handoff != nil {
			r.handOff(m.world, pastHandoff{*m.handoff, handoffPlace{at: m.at}})
			continue
		}
		if m.carrier {
			r.accompany(m.world, m.fix)
			continue
		}
		r.step(m.world, m.fix)
	}
	a := &amendment{found: make([]geofence.Event, len(r.found))}
	for i := range r.found {
		a.found[i] = r.found[i].Event
		a.found[i].Subject = subjectOf(r.device, &a.found[i])
	}
	var events []geofence.Told
	events, a.told = r.stretch(t.history.withdrawn)
	a.Review = geofence.Reconcile(events, a.found, r.fresh, t.engine.Episodes())
	return a
}

// settle gives r's states their lasting numbers. It returns the changes of
// snapshots, as a part of a transaction, and the packed state, which it has
// seen to be readable: the next start depends on it.
func (r *rerun) settle(live *geofence.State, numbers *geofence.Numbers) (tx Transaction, state []byte, err error) {
	tx.SnapshotCuts = []SnapshotCut{{Device: r.device, Before: firstMillis, After: r.from}}
	for i := range r.past {
		r.past[i].Settle(numbers, nil)
		s, err := newSnapshot(r.device, &r.past[i], r.seq)
		if err != nil {
			return tx, nil, err
		}
		tx.Snapshots = append(tx.Snapshots, s)
	}
	r.state.Settle(numbers, live)
	if state, err = r.state.AppendBinary(nil); err != nil {
		return tx, nil, err
	}
	var again geofence.State
	if err := again.UnmarshalBinary(state); err != nil {
		return tx, nil, fmt.Errorf("the state after a review: %w", err)
	}
	return tx, state, nil
}

// correct adds what the log must be told.
func (f *Fleet) correct(b *batch, h *history, r *rerun, a *amendment, now time.Time) error {
	for _, c := range a.Kept {
		if t := &a.told[c.Told]; t.at != r.found[c.Found].at {
			b.tx.Found = append(b.tx.Found, LogEntry{Seq: t.seq, Device: r.device, At: r.found[c.Found].at})
		}
	}
	for _, c := range a.Corrections {
		var ev Event
		var at geofence.Millis
		switch {
		case c.Told < 0:
			count(&b.counts.corrections, "new")
			ev, at = GeofenceEvent(r.device, a.found[c.Found], now), r.found[c.Found].at
		case c.Found < 0:
			count(&b.counts.corrections, "retracted")
			was := &a.told[c.Told]
			h.withdraw(was)
			ev, at = Retraction(r.device, &was.Event, now), was.at
		default:
			count(&b.counts.corrections, "revised")
			e := &a.found[c.Found]
			h.revive(e)
			ev, at = Revision(r.device, e, a.told[c.Told].Time, now), r.found[c.Found].at
		}
		if err := f.addEvent(b, ev, at); err != nil {
			return err
		}
	}
	return nil
}
