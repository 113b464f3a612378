package tracker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"wayguard/geofence"
)

// ErrNotFound: there is no such device or fence.
var ErrNotFound = errors.New("not found")

// FenceRecord is a fence as people edit it.
type FenceRecord struct {
	Fence geofence.Fence
	// Name is for people; it may be empty.
	Name string
	// Properties are the GeoJSON Feature's other properties, as given; nil for
	// none.
	Properties json.RawMessage
	// Updated is when the fence was last put.
	Updated time.Time
}

// Fences are kept by version of the World, so that the journal can be replayed
// under the World of each entry: the record of a fence is named ID, 0, version
// in hexadecimal, and its value is a storedFence. The version in force is a
// record of its own, written last. Versions that neither a retained entry nor a
// review of the last day needs are dropped.
const (
	fenceBucket  = "fences"
	worldBucket  = "world"
	worldKey     = "version"
	versionStart = 1
	// editChunk is how many fences are written in one transaction, so that a
	// large import holds nobody up.
	editChunk = 256
	pageSize  = 512
)

// storedFence is one version of a fence. Feature is null once it is deleted.
type storedFence struct {
	Updated time.Time       `json:"updated"`
	Feature json.RawMessage `json:"feature"`
}

// fenceVersion is a fence as of a version of the World.
type fenceVersion struct {
	version uint64
	// record is nil where the fence was deleted.
	record *FenceRecord
}

type fences struct {
	settings geofence.Settings

	editing turn
	// leftover undoes the records of an edit that failed halfway.
	leftover []BucketRecord

	// version is the one in force at the start, since when the last ones were.
	version uint64
	since   []versionSince

	mu       sync.RWMutex
	current  map[geofence.FenceID]FenceRecord
	versions map[geofence.FenceID][]fenceVersion
}

func (f *fences) count() int {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return len(f.current)
}

// Fence returns one fence.
func (f *Fleet) Fence(id geofence.FenceID) (FenceRecord, bool) {
	f.fences.mu.RLock()
	defer f.fences.mu.RUnlock()
	r, ok := f.fences.current[id]
	return r, ok
}

// Fences returns all fences in order of id.
func (f *Fleet) Fences() []FenceRecord {
	f.fences.mu.RLock()
	defer f.fences.mu.RUnlock()
	all := make([]FenceRecord, 0, len(f.fences.current))
	for _, id := range slices.Sorted(maps.Keys(f.fences.current)) {
		all = append(all, f.fences.current[id])
	}
	return all
}

// PutFences adds fences, or replaces those with the same ids: all of them or,
// with an error, none. When it returns nil they are durable and in force.
// Errors wrap ErrBadFence, ErrUnavailable or ctx's.
func (f *Fleet) PutFences(ctx context.Context, records ...FenceRecord) error {
	now := f.clock.Now().UTC().Truncate(time.Millisecond)
	records = slices.Clone(records)
	put := make([]geofence.Fence, len(records))
	for i := range records {
		if err := checkFeatureID(string(records[i].Fence.ID)); err != nil {
			return fmt.Errorf("%w: %w", ErrBadFence, err)
		}
		records[i].Updated = now
		put[i] = records[i].Fence
	}
	return f.editFences(ctx, put, nil, records)
}

// DeleteFence removes a fence; its events stay. Errors wrap ErrNotFound,
// ErrUnavailable or ctx's.
func (f *Fleet) DeleteFence(ctx context.Context, id geofence.FenceID) error {
	if _, ok := f.Fence(id); !ok {
		return fmt.Errorf("fence %q: %w", id, ErrNotFound)
	}
	return f.editFences(ctx, nil, []geofence.FenceID{id}, nil)
}

// editFences makes the next World and its records. The World is built here, in
// the caller's goroutine, so that devices do not wait for it.
func (f *Fleet) editFences(ctx context.Context, put []geofence.Fence, remove []geofence.FenceID, records []FenceRecord) error {
	return f.fences.editing.take(ctx, func(ctx context.Context) error {
		return f.editWorld(ctx, put, remove, records)
	})
}

func (f *Fleet) editWorld(ctx context.Context, put []geofence.Fence, remove []geofence.FenceID, records []FenceRecord) error {
	old := f.pipeline.world.Load()
	w, err := old.With(old.Version()+1, put, remove)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrBadFence, err)
	}
	rows, err := fenceRows(w.Version(), remove, records)
	if err != nil {
		return err
	}
	if err := f.writeAhead(Repeatable(ctx), rows); err != nil {
		return err
	}
	err = f.change(ctx, edit{
		records: []BucketRecord{worldRecord(w.Version())},
		world:   w,
		apply:   func() { f.fences.apply(remove, records) },
	})
	if err == nil {
		f.fences.leftover = nil
	}
	return err
}

// writeAhead writes the rows of a version that is not in force yet, in chunks.
// Until it is, the next edit first undoes what was written.
func (f *Fleet) writeAhead(ctx context.Context, rows []BucketRecord) error {
	if len(f.fences.leftover) > 0 {
		if err := f.change(ctx, edit{records: f.fences.leftover}); err != nil {
			return err
		}
		f.fences.leftover = nil
	}
	for chunk := range slices.Chunk(rows, editChunk) {
		for _, row := range chunk {
			row.Value = nil
			f.fences.leftover = append(f.fences.leftover, row)
		}
		if err := f.change(ctx, edit{records: chunk}); err != nil {
			return err
		}
	}
	return nil
}

func fenceRows(version uint64, remove []geofence.FenceID, records []FenceRecord) ([]BucketRecord, error) {
	var rows []BucketRecord
	add := func(id geofence.FenceID, s storedFence) error {
		value, err := json.Marshal(s)
		if err != nil {
			return fmt.Errorf("encode fence %q: %w", id, err)
		}
		if _, err := parseStoredFence(value); err != nil {
			return fmt.Errorf("%w: what would be stored could not be read again: %w", ErrBadFence, err)
		}
		rows = append(rows, BucketRecord{Bucket: fenceBucket, Record: Record{Key: fenceKey(id, version), Value: value}})
		return nil
	}
	for _, r := range records {
		feature, err := r.MarshalFeature()
		if err != nil {
			return nil, fmt.Errorf("encode fence %q: %w", r.Fence.ID, err)
		}
		if err := add(r.Fence.ID, storedFence{Updated: r.Updated, Feature: feature}); err != nil {
			return nil, err
		}
	}
	for _, id := range remove {
		if err := add(id, storedFence{}); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

func (f *fences) apply(remove []geofence.FenceID, records []FenceRecord) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range records {
		f.current[r.Fence.ID] = r
	}
	for _, id := range remove {
		delete(f.current, id)
	}
}

func fenceKey(id geofence.FenceID, version uint64) string {
	return fmt.Sprintf("%s\x00%016x", id, version)
}

func parseFenceKey(key string) (geofence.FenceID, uint64, error) {
	id, hex, ok := strings.Cut(key, "\x00")
	version, err := strconv.ParseUint(hex, 16, 64)
	if !ok || err != nil {
		return "", 0, fmt.Errorf("fence record %q: %w", key, errDamaged)
	}
	return geofence.FenceID(id), version, nil
}
