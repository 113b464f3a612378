package tracker

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"wayguard/geofence"
)

// maxWorlds bounds how many Worlds of the last day are kept; they share what
// did not change. Fixes from before the oldest one are reviewed under it.
const maxWorlds = 64

// worldSince is a World and the receipt from which on fixes were stepped under
// it.
type worldSince struct {
	since geofence.Millis
	world *geofence.World
}

// recentWorlds are the Worlds under which fixes of the last day were stepped,
// oldest first. The stepping goroutine adds to them, others look.
type recentWorlds struct {
	list atomic.Pointer[[]worldSince]
	// received is the newest receipt among the reports stepped last, which only
	// the stepping goroutine needs.
	received geofence.Millis
}

func (r *recentWorlds) all() []worldSince {
	if p := r.list.Load(); p != nil {
		return *p
	}
	return nil
}

// at is the World for fixes received at a time.
func (r *recentWorlds) at(received geofence.Millis) *geofence.World {
	list := r.all()
	for _, w := range slices.Backward(list) {
		if w.since <= received {
			return w.world
		}
	}
	return list[0].world
}

// known is the World of a version, or otherwise where that is not kept.
func (r *recentWorlds) known(version uint64, otherwise *geofence.World) *geofence.World {
	for _, w := range r.all() {
		if w.world.Version() == version {
			return w.world
		}
	}
	return otherwise
}

// add puts a World into force, and returns the records to be written with it.
func (r *recentWorlds) add(w *geofence.World, since geofence.Millis) []BucketRecord {
	list := append(slices.Clone(r.all()), worldSince{since: since, world: w})
	return append([]BucketRecord{sinceRecord(w.Version(), since)}, r.trim(list, since)...)
}

// expire gives up the Worlds that have not been in force for a day, and returns
// the records to be written with it. Times are those of receipts, as with edits.
func (r *recentWorlds) expire() []BucketRecord { return r.trim(r.all(), r.received) }

// trim keeps of list what is needed at the receipt since.
func (r *recentWorlds) trim(list []worldSince, since geofence.Millis) (records []BucketRecord) {
	old := 0
	for old < len(list)-1 && (list[old+1].since < since-keepWorlds || len(list)-old > maxWorlds) {
		gone := sinceRecord(list[old].world.Version(), 0)
		gone.Value = nil
		records = append(records, gone)
		old++
	}
	if kept := list[old:]; len(kept) != len(r.all()) || old > 0 {
		r.list.Store(&kept)
	}
	return records
}

// heed notes when the newest of the reports was received.
func (r *recentWorlds) heed(reports []*Report) {
	if len(reports) == 0 {
		return
	}
	r.received = 0
	for _, rep := range reports {
		r.received = max(r.received, geofence.MillisOf(rep.Received))
	}
}

// putBack is how far behind the newest World's beginning reports must be
// received to tell that it was drawn while the clock was ahead, and not that they
// waited for their turn meanwhile.
const putBack = geofence.Millis(time.Minute / time.Millisecond)

// follow has the World in force begin when the newest of the reports was
// received, if the clock was put back behind its beginning: else a review would
// step them under the World before. It returns the record to be written.
func (r *recentWorlds) follow() []BucketRecord {
	list := slices.Clone(r.all())
	if len(list) == 0 || r.received == 0 || r.received+putBack > list[len(list)-1].since {
		return nil
	}
	newest := &list[len(list)-1]
	newest.since = r.received
	r.list.Store(&list)
	return []BucketRecord{sinceRecord(newest.world.Version(), newest.since)}
}

// keepWorlds is for how long the World of a fix is kept.
const keepWorlds = geofence.Millis(keepSnapshots / time.Millisecond)

// Beside the version in force, the bucket of the World holds since when each
// recent version was: "since/" and the version in hexadecimal to milliseconds.
const sincePrefix = "since/"

func sinceRecord(version uint64, since geofence.Millis) BucketRecord {
	return BucketRecord{Bucket: worldBucket, Record: Record{
		Key:   fmt.Sprintf("%s%016x", sincePrefix, version),
		Value: strconv.AppendInt(nil, int64(since), 10),
	}}
}

// versionSince is a sinceRecord, read.
type versionSince struct {
	version uint64
	since   geofence.Millis
}

func loadSince(store Store) (all []versionSince, err error) {
	err = eachRecord(store, worldBucket, sincePrefix, func(r Record) error {
		version, err := strconv.ParseUint(strings.TrimPrefix(r.Key, sincePrefix), 16, 64)
		since, err2 := strconv.ParseInt(string(r.Value), 10, 64)
		if err != nil || err2 != nil {
			return fmt.Errorf("%q: %w", r.Key, errDamaged)
		}
		all = append(all, versionSince{version: version, since: geofence.Millis(since)})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read since when fences are in force: %w", err)
	}
	return all, nil
}

// neededSince are the versions that fixes received in the day before now were
// stepped under, in order, and the records of those that are not needed.
func neededSince(all []versionSince, now geofence.Millis) (needed []versionSince, obsolete []BucketRecord) {
	if len(all) == 0 {
		return nil, nil
	}
	// Of the version before the first edit there is no record.
	all = slices.Insert(slices.Clone(all), 0, versionSince{version: all[0].version - 1, since: firstMillis})
	old := 0
	for old < len(all)-1 && (all[old+1].since < now-keepWorlds || len(all)-old > maxWorlds) {
		if gone := sinceRecord(all[old].version, 0); old > 0 {
			gone.Value = nil
			obsolete = append(obsolete, gone)
		}
		old++
	}
	return all[old:], obsolete
}
