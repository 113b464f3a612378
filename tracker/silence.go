package tracker

import (
	"slices"
	"time"

	"wayguard/geofence"
)

// stalled is how long the stepping goroutine may do nothing without being taken
// for standing still; it looks around several times a second.
const stalled = 5 * time.Second

// vigil knows since when the server has been listening without a break, by its
// clock. While it was down, stood still or could not store, no device was
// silent, nor while its clock was put forward or back: what was heard is known
// by the clock of before.
type vigil struct {
	since geofence.Millis
	// begun is the first look. clock and count are of the last one: the time, and
	// how long after begun, which nobody can set.
	begun time.Time
	clock geofence.Millis
	count time.Duration
	// pace is the clock, which may run faster than the goroutine does.
	pace *Clock
}

// watch notes that the server listens now, if it takes reports.
func (v *vigil) watch(now time.Time, taking bool) {
	if v.begun.IsZero() {
		v.begun = now
	}
	v.look(geofence.MillisOf(now), now.Sub(v.begun), taking)
}

func (v *vigil) look(clock geofence.Millis, count time.Duration, taking bool) {
	passed := count - v.count
	told := clock.Time().Sub(v.clock.Time())
	if v.since == 0 || !taking || v.pace.Real(passed) > stalled || v.pace.Real((told-passed).Abs()) > stalled {
		v.since = clock
	}
	v.clock, v.count = clock, count
}

// addTicks tells the engine the time for each device of a shard that may be
// silent by now. The shards have their turns, so that each device is looked at
// once every checkpointEvery.
func (f *Fleet) addTicks(b *batch, e *entry, s *shard, now time.Time) error {
	w := f.pipeline.world.Load()
	if w.Settings().Raw {
		return nil
	}
	millis, since := geofence.MillisOf(now), f.pipeline.vigil.since
	var due []DeviceID
	for id, t := range s.tracks {
		if t.due(w, millis, since) {
			due = append(due, id)
		}
	}
	slices.Sort(due)
	for _, id := range due {
		if _, known := f.registry.get(id); !known {
			continue
		}
		t := tick{device: id, now: millis}
		o := s.tick(w, t, e.seq)
		e.ticks = append(e.ticks, t)
		if err := f.addFound(b, e, s.track(id), id, &o, now); err != nil {
			return err
		}
	}
	return nil
}

// due reports whether the device may have been silent for too long: by its
// fixes, and by its reports, of which the newest may hold old fixes. since is
// when the server began to listen. A report that is newer than now came before
// that, while the clock was ahead.
func (t *track) due(w *geofence.World, now, since geofence.Millis) bool {
	at, ok := t.engine.SilentAt(w)
	if !ok || now < at {
		return false
	}
	patience := max(0, at-t.newest)
	if t.history.heard <= now {
		since = max(since, t.history.heard)
	}
	return now >= since+patience
}

// tick tells the engine of one device the time.
func (s *shard) tick(w *geofence.World, at tick, seq uint64) outcome {
	t := s.track(at.device)
	s.stepped = seq
	o := outcome{events: geofence.Tick(w, &t.engine, at.now, nil)}
	o.notes = make([]note, len(o.events))
	for i := range o.notes {
		o.notes[i].at = t.newest
	}
	return o
}
