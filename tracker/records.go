package tracker

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// ErrBadRecord: a bucket or a key cannot be used.
var ErrBadRecord = errors.New("bad record")

// maxRecordName is the longest name of a bucket or key in bytes; the store
// could not write a much longer one, and would refuse everything behind it.
const maxRecordName = 1024

func checkRecords(bucket string, records []Record) error {
	own := []string{
		deviceBucket, fenceBucket, worldBucket, keyBucket, quarantineBucket, enrolBucket, readingBucket, desiredBucket, doorTokenBucket, ownTracksBucket,
		customerBucket, deliveryBucket, receiptBucket, depotBucket, vehicleBucket, driverBucket, roundBucket, dutyBucket,
		alertBucket, hazardBucket, cursorBucket, handoffBucket, retentionBucket,
	}
	if len(bucket) == 0 || len(bucket) > maxRecordName || slices.Contains(own, bucket) {
		return fmt.Errorf("%w: the bucket must have a name of its own of 1 to %d bytes", ErrBadRecord, maxRecordName)
	}
	for _, r := range records {
		if len(r.Key) == 0 || len(r.Key) > maxRecordName {
			return fmt.Errorf("%w: keys have 1 to %d bytes", ErrBadRecord, maxRecordName)
		}
	}
	return nil
}

// PutRecords writes named records for a part of the server that keeps no
// store of its own, such as sessions; all of them or none. A nil value
// deletes. When it returns nil they are durable. Errors wrap ErrBadRecord,
// ErrUnavailable or ctx's.
func (f *Fleet) PutRecords(ctx context.Context, bucket string, records ...Record) error {
	if err := checkRecords(bucket, records); err != nil {
		return err
	}
	e := edit{records: make([]BucketRecord, len(records))}
	for i, r := range records {
		e.records[i] = BucketRecord{Bucket: bucket, Record: r}
	}
	return f.change(ctx, e)
}

// GetRecord returns a named record, nil if there is none.
func (f *Fleet) GetRecord(bucket, key string) ([]byte, error) { return f.store.Record(bucket, key) }

// ScanRecords calls fn with the records of a bucket whose keys begin with
// prefix, in order, until fn returns an error, which it returns.
func (f *Fleet) ScanRecords(bucket, prefix string, fn func(Record) error) error {
	return eachRecord(f.store, bucket, prefix, fn)
}
