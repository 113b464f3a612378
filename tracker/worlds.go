package tracker

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"wayguard/geofence"
)

// loadFences reads every version of every fence. Records of a version above
// the one in force are what an interrupted edit left behind; the next edit
// undoes them.
func loadFences(store Store, settings geofence.Settings) (*fences, error) {
	f := &fences{
		settings: settings,
		editing:  newTurn(),
		version:  versionStart,
		current:  make(map[geofence.FenceID]FenceRecord),
		versions: make(map[geofence.FenceID][]fenceVersion),
	}
	value, err := store.Record(worldBucket, worldKey)
	if err != nil {
		return nil, fmt.Errorf("read the version of the fences: %w", err)
	}
	if value != nil {
		if f.version, err = strconv.ParseUint(string(value), 10, 64); err != nil {
			return nil, fmt.Errorf("version of the fences: %w", errDamaged)
		}
	}
	if f.since, err = loadSince(store); err != nil {
		return nil, err
	}
	err = eachRecord(store, fenceBucket, "", f.load)
	if err != nil {
		return nil, fmt.Errorf("read the fences: %w", err)
	}
	return f, nil
}

func (f *fences) load(r Record) error {
	id, version, err := parseFenceKey(r.Key)
	if err != nil {
		return err
	}
	if version > f.version {
		f.leftover = append(f.leftover, BucketRecord{Bucket: fenceBucket, Record: Record{Key: r.Key}})
		return nil
	}
	record, err := parseStoredFence(r.Value)
	if err != nil {
		return fmt.Errorf("fence %q: %w", id, err)
	}
	f.versions[id] = append(f.versions[id], fenceVersion{version: version, record: record})
	if record == nil {
		delete(f.current, id)
	} else {
		f.current[id] = *record
	}
	return nil
}

// parseStoredFence reads one version of a fence, nil for a deletion.
func parseStoredFence(value []byte) (*FenceRecord, error) {
	var stored storedFence
	if err := json.Unmarshal(value, &stored); err != nil {
		return nil, err
	}
	if stored.Feature == nil || isNull(stored.Feature) {
		return nil, nil
	}
	record, err := ParseFence(stored.Feature)
	if err != nil {
		return nil, err
	}
	record.Updated = stored.Updated
	return &record, nil
}

// worldHistory makes the Worlds of the past, one after the other.
type worldHistory struct {
	settings geofence.Settings
	// edits are the versions of all fences in order.
	edits []fenceEdit
	// duties are the versions of all rounds in order.
	duties []dutyEdit
	// errands are the versions of what was told of devices.
	errands []errandEdit
	world   *geofence.World
	// recent are the versions still to be made for reviews, made the Worlds of
	// those before.
	recent []versionSince
	made   []worldSince
	// obsolete are the records that no World from the first one on needs.
	obsolete []BucketRecord
}

type fenceEdit struct {
	id geofence.FenceID
	fenceVersion
}

// history takes the old versions out of f, which needs them for nothing else.
// Fixes received in the day before now may have to be reviewed.
func (f *fences) history(now geofence.Millis, duties []dutyEdit, errands []errandEdit) *worldHistory {
	h := &worldHistory{settings: f.settings, duties: duties, errands: errands}
	h.recent, h.obsolete = neededSince(f.since, now)
	for id, versions := range f.versions {
		for _, v := range versions {
			h.edits = append(h.edits, fenceEdit{id: id, fenceVersion: v})
		}
	}
	f.versions, f.since = nil, nil
	slices.SortFunc(h.edits, func(a, b fenceEdit) int {
		return cmp.Or(cmp.Compare(a.version, b.version), cmp.Compare(a.id, b.id))
	})
	return h
}

// at returns the World of a version, which must not be lower than the one
// before.
func (h *worldHistory) at(version uint64) (*geofence.World, error) {
	for len(h.recent) > 0 && h.recent[0].version <= version {
		v := h.recent[0]
		h.recent = h.recent[1:]
		if h.world != nil && h.world.Version() > v.version {
			continue
		}
		w, err := h.next(v.version)
		if err != nil {
			return nil, err
		}
		h.made = append(h.made, worldSince{since: v.since, world: w})
	}
	return h.next(version)
}

func (h *worldHistory) next(version uint64) (*geofence.World, error) {
	if h.world != nil && h.world.Version() == version {
		return h.world, nil
	}
	if h.world != nil && h.world.Version() > version {
		return nil, fmt.Errorf("world %d follows world %d: %w", version, h.world.Version(), errDamaged)
	}
	put, remove := h.until(version)
	w, err := h.make(version, put, remove)
	if err == nil {
		w, err = h.withDuties(w, h.world == nil)
	}
	if err != nil {
		return nil, fmt.Errorf("world %d: %w", version, err)
	}
	w = h.withErrands(w, h.world == nil)
	h.world = w
	return w, nil
}

func (h *worldHistory) make(version uint64, put []geofence.Fence, remove []geofence.FenceID) (*geofence.World, error) {
	if h.world == nil {
		return geofence.NewWorld(version, h.settings, put)
	}
	return h.world.With(version, put, remove)
}

// until takes the edits up to a version, the last one of each fence.
func (h *worldHistory) until(version uint64) (put []geofence.Fence, remove []geofence.FenceID) {
	last := make(map[geofence.FenceID]fenceEdit)
	n := 0
	for n < len(h.edits) && h.edits[n].version <= version {
		e := h.edits[n]
		if before, ok := last[e.id]; ok {
			h.supersede(before)
		}
		last[e.id] = e
		n++
	}
	h.edits = h.edits[n:]
	for id, e := range last {
		if e.record != nil {
			put = append(put, e.record.Fence)
			continue
		}
		remove = append(remove, id)
		h.supersede(e)
	}
	return put, remove
}

// supersede notes a record that is not needed if no earlier World was made.
func (h *worldHistory) supersede(e fenceEdit) {
	if h.world == nil {
		h.obsolete = append(h.obsolete, BucketRecord{Bucket: fenceBucket, Record: Record{Key: fenceKey(e.id, e.version)}})
	}
}

// eachRecord calls fn with the records of a bucket in order, page by page.
func eachRecord(store Store, bucket, prefix string, fn func(Record) error) error {
	return eachPage(store, bucket, prefix, func(page []Record) error {
		for _, r := range page {
			if err := fn(r); err != nil {
				return err
			}
		}
		return nil
	})
}

// eachPage is eachRecord of some records at a time, which fn may keep.
func eachPage(store Store, bucket, prefix string, fn func([]Record) error) error {
	after := ""
	for {
		page, err := store.Records(bucket, prefix, after, pageSize)
		if err != nil {
			return err
		}
		if err := fn(page); err != nil {
			return err
		}
		if len(page) < pageSize {
			return nil
		}
		after = page[len(page)-1].Key
	}
}
