package tracker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// oldestWorld is the version of the oldest World that is still needed: by the
// journal, at the next start, and by reviews.
func (f *Fleet) oldestWorld() (uint64, error) {
	recent := f.pipeline.recent.all()
	// The next start may see a receipt a little less new, and need the one before.
	oldest := max(recent[0].world.Version(), versionStart+1) - 1
	err := f.store.Journal(func(seq uint64, value []byte) error {
		e, err := parseEntry(seq, value)
		if err != nil {
			return err
		}
		oldest = min(oldest, e.world)
		return errEnough
	})
	if err != nil && !errors.Is(err, errEnough) {
		return 0, err
	}
	return oldest, nil
}

// dropWorlds drops the versions of fences and rounds that only Worlds had which
// nothing needs any more.
func (f *Fleet) dropWorlds(ctx context.Context) error {
	oldest, err := f.oldestWorld()
	if err != nil {
		return fmt.Errorf("old Worlds: %w", err)
	}
	if oldest == f.retention.worlds {
		return nil
	}
	for bucket, removed := range map[string]func([]byte) (bool, error){fenceBucket: removedFence, dutyBucket: removedDuty, errandBucket: removedDuty} {
		obsolete, err := f.superseded(bucket, oldest, removed)
		if err != nil {
			return fmt.Errorf("old Worlds: %w", err)
		}
		for chunk := range slices.Chunk(obsolete, tidyRecords) {
			if err := f.tidyUp(ctx, edit{records: chunk}); err != nil {
				return err
			}
		}
	}
	f.retention.worlds = oldest
	return nil
}

func removedFence(value []byte) (bool, error) {
	var stored storedFence
	err := json.Unmarshal(value, &stored)
	return stored.Feature == nil || isNull(stored.Feature), err
}

func removedDuty(value []byte) (bool, error) { return isNull(value), nil }

// superseded are the records of a bucket, named ID, 0, version in hexadecimal,
// that no World from the version oldest on has: those with a later version up to
// that, and those that say that something was removed. Records of a later
// version, among them those of an edit that is not finished, stay.
func (f *Fleet) superseded(bucket string, oldest uint64, removed func(value []byte) (bool, error)) (obsolete []BucketRecord, err error) {
	var id, key string // of the last record of a version up to oldest
	var gone bool
	drop := func(key string) {
		obsolete = append(obsolete, BucketRecord{Bucket: bucket, Record: Record{Key: key}})
	}
	// Records come by id, and of one id by version.
	err = eachRecord(f.store, bucket, "", func(r Record) error {
		next, hex, _ := strings.Cut(r.Key, "\x00")
		version, err := strconv.ParseUint(hex, 16, 64)
		if err != nil {
			return fmt.Errorf("%s %q: %w", bucket, next, errDamaged)
		}
		if version > oldest {
			return nil
		}
		if key != "" && (gone || id == next) {
			drop(key)
		}
		id, key = next, r.Key
		if gone, err = removed(r.Value); err != nil {
			return fmt.Errorf("%s %q: %w", bucket, id, err)
		}
		return nil
	})
	if gone {
		drop(key)
	}
	return obsolete, err
}
