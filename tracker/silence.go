package tracker

import (
	"slices"
	"time"

	"wayguard/geofence"
)

// stalled is how long the stepping goroutine may do nothing without being taken
// for standing still; it looks around several times a second.
const stalled = 5 * time.Second

// vigil knows since when the server has been listening without a break. While
// it was down, stood still or could not store, no device was silent.
type vigil struct{ since, last time.Time }

// watch notes that the server listens now, if it takes reports.
func (v *vigil) watch(now time.Time, taking bool) {
	if !taking || now.Sub(v.last) > stalled {
		v.since = now
	}
	v.last = now
}

// addTicks tells the engine the time for each device of a shard that may be
// silent by now. The shards have their turns, so that each device is looked at
// once every checkpointEvery.
func (f *Fleet) addTicks(b *batch, e *entry, s *shard, now time.Time) error {
	w := f.pipeline.world.Load()
	if w.Settings().Raw {
		return nil
	}
	millis, since := geofence.MillisOf(now), geofence.MillisOf(f.pipeline.vigil.since)
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
// when the server began to listen.
func (t *track) due(w *geofence.World, now, since geofence.Millis) bool {
	at, ok := t.engine.SilentAt(w)
	if !ok || now < at {
		return false
	}
	patience := max(0, at-t.newest)
	return now >= max(t.history.heard, since)+patience
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
