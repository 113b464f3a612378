package tracker

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"wayguard/geofence"
)

// A device that was out of reach sends what it kept in many reports. It is
// reviewed once they have come: when no late fix has followed for settleAfter,
// but at the latest lateAfter after the first.
const (
	settleAfter = 2 * time.Second
	lateAfter   = 10 * time.Second
)

// reviews are the devices that wait for a review.
type reviews struct {
	mu      sync.Mutex
	waiting map[DeviceID]lateness
	wake    chan struct{}
}

// lateness is when late fixes of a device came.
type lateness struct{ first, last time.Time }

func (l lateness) due() time.Time {
	settled, latest := l.last.Add(settleAfter), l.first.Add(lateAfter)
	if settled.Before(latest) {
		return settled
	}
	return latest
}

func newReviews() *reviews {
	return &reviews{waiting: make(map[DeviceID]lateness), wake: make(chan struct{}, 1)}
}

// add notes that a late fix of a device has come.
func (r *reviews) add(id DeviceID, now time.Time) {
	r.mu.Lock()
	l, ok := r.waiting[id]
	if !ok {
		l.first = now
	}
	l.last = now
	r.waiting[id] = l
	r.mu.Unlock()
	if ok {
		return
	}
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

func (r *reviews) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.waiting)
}

// take returns the devices that are due, those that waited longest first, and
// for how long there will be none if there are none; 0 where none waits.
func (r *reviews) take(now time.Time) (due []DeviceID, wait time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	first := make(map[DeviceID]time.Time)
	for id, l := range r.waiting {
		if left := l.due().Sub(now); left > 0 {
			if wait == 0 || left < wait {
				wait = max(left, leastWait)
			}
			continue
		}
		due, first[id] = append(due, id), l.first
	}
	for _, id := range due {
		delete(r.waiting, id)
	}
	slices.SortFunc(due, func(a, b DeviceID) int { return first[a].Compare(first[b]) })
	return due, wait
}

// wait returns when something was added or, unless it is 0, so much time has
// passed, or ctx ended.
func (r *reviews) wait(ctx context.Context, d time.Duration) {
	var after <-chan time.Time
	if d > 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		after = timer.C
	}
	select {
	case <-ctx.Done():
	case <-after:
	case <-r.wake:
	}
}

// leastWait keeps a crowd of late devices from being looked through for each.
const leastWait = 200 * time.Millisecond

// reviewAll reviews one device after the other until ctx ends.
func (f *Fleet) reviewAll(ctx context.Context) {
	for ctx.Err() == nil {
		due, wait := f.reviews.take(f.clock.Now())
		for _, id := range due {
			if err := f.review(ctx, id); err != nil && ctx.Err() == nil && !errors.Is(err, ErrUnavailable) {
				f.log.Warn("late fixes of a device were not evaluated", "device", id, "error", err)
			}
		}
		if len(due) == 0 {
			f.reviews.wait(ctx, f.clock.Real(wait))
		}
	}
}

// review is what comes of a device while its stretch is run again. The shard's
// lock guards it.
type review struct {
	device DeviceID
	// late is the time of the earliest late fix since, 0 for none.
	late geofence.Millis
	// missed is what the engine took since, and since the events told.
	missed []missedInput
	since  []toldEvent
	// void: the track has begun anew.
	void bool
}

// missedInput is a fix, or a hand-off at its place in the order of fixes.
type missedInput struct {
	world   *geofence.World
	fix     geofence.Fix
	handoff *geofence.Handoff
	at      geofence.Millis
	// carrier: the fix is of the device that carries this one.
	carrier bool
}

// foundEvent is an event of the engine and the time of the fix that it was
// found by.
type foundEvent struct {
	geofence.Event
	at geofence.Millis
}

// tell notes that an event was told meanwhile.
func (v *review) tell(e *geofence.Event, seq uint64, at geofence.Millis) {
	told := *e
	told.Subject = subjectOf(v.device, e)
	v.since = append(v.since, toldEvent{Told: geofence.Told{Event: told}, seq: seq, at: at})
}

// journaledReview is how a review ended: the journal holds the engine's state
// rather than the way to it.
type journaledReview struct {
	device DeviceID
	// late is the earliest late fix that it does not cover, 0 for none.
	late      geofence.Millis
	withdrawn []withdrawal
	state     []byte
}

// append writes: device, varint late, the withdrawn events (uvarint number,
// then of each type, subject, uvarint episode, varint time), and the state,
// strings and bytes with their uvarint length before them.
func (j *journaledReview) append(b []byte) []byte {
	b = binary.AppendVarint(appendString(b, string(j.device)), int64(j.late))
	return appendString(appendWithdrawn(b, j.withdrawn), string(j.state))
}

func readReview(r *reader) journaledReview {
	return journaledReview{
		device: DeviceID(r.string()), late: geofence.Millis(r.varint()),
		withdrawn: readWithdrawn(r), state: []byte(r.string()),
	}
}

// restoreReview ends a review as j says.
func (t *track) restoreReview(j *journaledReview) error {
	t.engine = geofence.NewState(geofence.DeviceID(j.device))
	if err := t.engine.UnmarshalBinary(j.state); err != nil {
		return fmt.Errorf("state: %w", err)
	}
	t.history.late, t.history.withdrawn = j.late, j.withdrawn
	return nil
}
