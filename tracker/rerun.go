package tracker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"wayguard/geofence"
)

const (
	// maxRerun bounds the fixes of one review: three a second for a day.
	maxRerun = 1 << 18
	// rerunChunk is how many fixes are run, within about a millisecond, before
	// other work is let through for rerunPause.
	rerunChunk = 512
	rerunPause = time.Millisecond
	// A rerun makes a snapshot every rerunSnapshot fixes, and maxSnapshots at
	// most, as they are written in one transaction.
	rerunSnapshot = 64
	maxSnapshots  = 128
)

var (
	errNoStart = errors.New("there is no snapshot to begin with: its fixes were stored by an earlier release")
	errTooLong = fmt.Errorf("there are more than %d fixes", maxRerun)
)

// rerun is a device's fixes run again from before the first late one.
type rerun struct {
	*review
	// from is the time of the fix that the start was a snapshot of; fresh says
	// that there was none. Events later than seq may be of the stretch.
	from  geofence.Millis
	fresh bool
	seq   uint64

	state geofence.State
	// handoffs are those yet to be taken, in order.
	handoffs []pastHandoff
	found    []foundEvent
	past     []geofence.State
	told     map[string]toldEvent
}

// review runs the stretch of a device's late fixes again and hands the result
// to the stepping goroutine. It holds the shard's lock only to begin.
func (f *Fleet) review(ctx context.Context, id DeviceID) error {
	v, k := f.beginReview(id)
	if v == nil {
		return nil
	}
	r, err := f.rerun(ctx, v, k)
	if err == nil {
		err = await(ctx, func(done func(error)) error {
			return f.submit(ctx, submission{rerun: r, done: done})
		})
	}
	if err != nil {
		again := ctx.Err() != nil || errors.Is(err, ErrUnavailable)
		if f.abandon(v, again); !again {
			err = errors.Join(err, f.judgeUnreviewed(ctx, id))
		}
	}
	return err
}

// known is what a track knows when its review begins.
type known struct {
	// late is the time of the earliest late fix, newest that of the newest that
	// was stepped.
	late, newest geofence.Millis
	partial      bool
	// tail are the fixes that are in no block; all that came before are in those
	// through the journal entry through.
	tail    []tailFix
	through uint64
	// escorted is the time of the newest fix of its carrier's that is remembered,
	// firstMillis for none.
	escorted geofence.Millis
	// awaited are the hand-offs that were judged before their fixes came.
	awaited []awaited
}

// beginReview notes that the device is under review from now on. v is nil if
// there is nothing to review.
func (f *Fleet) beginReview(id DeviceID) (v *review, k known) {
	s := f.pipeline.shards[shardOf(id)]
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tracks[id]
	if t == nil || t.history.late == 0 {
		return nil, known{}
	}
	v = &review{device: id}
	t.history.review = v
	escorted, ok := t.engine.Accompanied()
	if !ok {
		escorted = firstMillis
	}
	return v, known{
		escorted: escorted, awaited: slices.Clone(t.history.awaited),
		late: t.history.late, newest: t.newest, partial: t.history.partial,
		tail: tailFixes(t.tail), through: s.stepped,
	}
}

// abandon ends a review that came to nothing, and has it tried again if that is
// of any use.
func (f *Fleet) abandon(v *review, again bool) {
	s := f.pipeline.shards[shardOf(v.device)]
	s.mu.Lock()
	h := &s.track(v.device).history
	if h.review == v {
		h.review = nil
		if !again {
			h.late = v.late
		}
	}
	s.mu.Unlock()
	if again {
		f.reviews.add(v.device, f.clock.Now())
	} else {
		f.metrics.reviews.WithLabelValues("given up").Inc()
	}
}

// rerun waits until what is in memory is durable, and runs the stretch.
func (f *Fleet) rerun(ctx context.Context, v *review, k known) (*rerun, error) {
	if err := f.awaitCommit(ctx, k.through); err != nil {
		return nil, err
	}
	r := &rerun{review: v}
	if err := f.start(r, k); err != nil {
		return nil, err
	}
	var err error
	if r.told, err = f.toldOf(v.device, r.seq); err != nil {
		return nil, err
	}
	fixes, err := f.fixesBehind(r, k)
	if err != nil {
		return nil, err
	}
	if r.handoffs, err = f.handoffsBehind(r, k); err != nil {
		return nil, err
	}
	past, err := f.withCarriers(r, k, fixes)
	if err != nil {
		return nil, err
	}
	return r, r.run(ctx, &f.pipeline.recent, past)
}

func (f *Fleet) awaitCommit(ctx context.Context, seq uint64) error {
	for f.pipeline.committed.Load() < seq {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
	return nil
}

// start sets r's state to the newest before the first late fix.
func (f *Fleet) start(r *rerun, k known) error {
	snapshot, err := f.store.Snapshot(r.device, k.late)
	switch {
	case err != nil:
		return err
	case snapshot == nil && k.partial:
		return errNoStart
	case snapshot == nil:
		r.from, r.fresh = firstMillis, true
		r.state = geofence.NewState(geofence.DeviceID(r.device))
		return nil
	}
	r.from = snapshot.Time
	r.state, r.seq, err = parseSnapshot(snapshot)
	return err
}

// run steps the fixes, each under the World of its first processing. A late fix
// goes by the World of the next one that was in time, as if it had come just
// before that: then the Worlds follow one another as they did, and an edit
// gives no events.
//
// A fix of the carrier's goes by the World of the device's next one.
func (r *rerun) run(ctx context.Context, worlds *recentWorlds, fixes []pastFix) error {
	every := max(rerunSnapshot, (len(fixes)+maxSnapshots-1)/maxSnapshots)
	r.state.Rehearse()
	own := 0
	for i, p := range fixes {
		w := worlds.at(geofence.MillisOf(p.Received))
		r.handOffBefore(worlds, w, &p)
		if p.carrier != "" {
			r.ride(w, p)
		} else {
			own++
			r.step(w, p.Fix)
			r.handOffBehind(w, p.Fix.Time)
			r.keep(p.Fix.Time, own%every == 0)
		}
		if (i+1)%rerunChunk == 0 {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			time.Sleep(rerunPause)
		}
	}
	r.handOffRest(worlds)
	return nil
}

// keep makes a snapshot at the fix of a time, if one is due and the engine
// believed it.
func (r *rerun) keep(at geofence.Millis, due bool) {
	if last, seen := r.state.Last(); due && seen && last.Time == at {
		r.past = append(r.past, r.state.Clone())
	}
}

func (r *rerun) handOff(w *geofence.World, h pastHandoff) {
	for _, e := range geofence.Deliver(w, &r.state, h.Handoff, nil) {
		r.found = append(r.found, foundEvent{Event: e, at: h.at})
	}
}

func (r *rerun) step(w *geofence.World, fix geofence.Fix) {
	var buffer [4]geofence.Event
	for _, e := range geofence.Step(w, &r.state, fix, buffer[:0]) {
		r.found = append(r.found, foundEvent{Event: e, at: fix.Time})
	}
}
