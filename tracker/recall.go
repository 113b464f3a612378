package tracker

import "wayguard/geofence"

// recallSpan is how much of a track is recalled at a time.
const recallSpan = geofence.Millis(3600_000)

const (
	// maxRecalled bounds the spans of one device that are in memory: a device
	// sends late what it could not send for hours, not for months.
	maxRecalled = 32
	// maxRecalledFixes bounds the fixes of one span: 16 a second. Of a device
	// that reports more, some may be stored twice.
	maxRecalledFixes = 1 << 16
)

// recall knows which fixes of a device are stored, for the hours in which it
// lately sent something late: so a fix that comes again, in whatever report,
// is told from one that comes late. It is read from the track itself when the
// first such fix comes, and forgotten when no more do.
type recall struct {
	spans map[geofence.Millis]map[spot]struct{}
	// used says that it was asked since the shard was last tended.
	used bool
}

// spot is when and where a fix was, in steps of what is stored.
type spot struct {
	time     int64
	lon, lat int32
}

func spotOf(f *geofence.Fix) spot {
	s := stepsOf(*f, 0)
	return spot{s.time, int32(s.lon), int32(s.lat)}
}

// spanOf is the beginning of the span that a time is in.
func spanOf(t geofence.Millis) geofence.Millis {
	begin := t - t%recallSpan
	if begin > t {
		begin -= recallSpan
	}
	return begin
}

// add notes that a fix is stored now.
func (c *recall) add(f *geofence.Fix) {
	if span, ok := c.spans[spanOf(f.Time)]; ok && len(span) < maxRecalledFixes {
		span[spotOf(f)] = struct{}{}
	}
}

// storedFixes calls fn with the fixes of a device in [from, to) that are in
// durable blocks, until fn returns false.
type storedFixes func(id DeviceID, from, to geofence.Millis, fn func(TrackPoint) bool) error

// stored reports whether a fix is in the track already. The shard's lock is
// held, so what is not in the tail is in durable blocks.
func (t *track) stored(id DeviceID, f *geofence.Fix, read storedFixes) (bool, error) {
	for i := len(t.tail) - 1; i >= 0; i-- {
		if p := &t.tail[i].Fix; p.Time == f.Time && p.Point == f.Point {
			return true, nil
		}
	}
	if t.recall == nil || len(t.recall.spans) >= maxRecalled {
		t.recall = &recall{spans: make(map[geofence.Millis]map[spot]struct{})}
	}
	t.recall.used = true
	begin := spanOf(f.Time)
	span, ok := t.recall.spans[begin]
	if !ok {
		var err error
		if span, err = t.readSpan(id, begin, read); err != nil {
			return false, err
		}
		t.recall.spans[begin] = span
	}
	_, ok = span[spotOf(f)]
	return ok, nil
}

func (t *track) readSpan(id DeviceID, begin geofence.Millis, read storedFixes) (map[spot]struct{}, error) {
	span := make(map[spot]struct{})
	end := begin + recallSpan
	for i := range t.tail {
		if f := &t.tail[i].Fix; f.Time >= begin && f.Time < end {
			span[spotOf(f)] = struct{}{}
		}
	}
	err := read(id, begin, end, func(p TrackPoint) bool {
		span[spotOf(&p.Fix)] = struct{}{}
		return len(span) < maxRecalledFixes
	})
	return span, err
}

// rest forgets what has not been asked for since the last time.
func (t *track) rest() {
	if t.recall == nil {
		return
	}
	if !t.recall.used {
		t.recall = nil
		return
	}
	t.recall.used = false
}
