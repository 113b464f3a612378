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

func checkRecord(r *BucketRecord) error {
	own := []string{
		deviceBucket, fenceBucket, worldBucket, keyBucket, quarantineBucket, enrolBucket, readingBucket, desiredBucket, doorTokenBucket, ownTracksBucket,
		customerBucket, deliveryBucket, receiptBucket, depotBucket, vehicleBucket, driverBucket, staffBucket, roundBucket, dutyBucket, parcelBucket, errandBucket,
		alertBucket, hazardBucket, partBucket, cursorBucket, handoffBucket, retentionBucket, wishBucket,
	}
	if len(r.Bucket) == 0 || len(r.Bucket) > maxRecordName || slices.Contains(own, r.Bucket) {
		return fmt.Errorf("%w: the bucket must have a name of its own of 1 to %d bytes", ErrBadRecord, maxRecordName)
	}
	if len(r.Key) == 0 || len(r.Key) > maxRecordName {
		return fmt.Errorf("%w: keys have 1 to %d bytes", ErrBadRecord, maxRecordName)
	}
	return nil
}

// PutRecords writes named records for a part of the server that keeps no
// store of its own, such as sessions; all of them or none. A nil value
// deletes. When it returns nil they are durable. Errors wrap ErrBadRecord,
// ErrUnavailable or ctx's.
func (f *Fleet) PutRecords(ctx context.Context, bucket string, records ...Record) error {
	all := make([]BucketRecord, len(records))
	for i, r := range records {
		all[i] = BucketRecord{Bucket: bucket, Record: r}
	}
	return f.PutAll(ctx, all)
}

// PutAll is PutRecords for records of several buckets, which it keeps.
func (f *Fleet) PutAll(ctx context.Context, records []BucketRecord) error {
	for i := range records {
		if err := checkRecord(&records[i]); err != nil {
			return err
		}
	}
	return f.change(ctx, edit{records: records})
}

// GetRecord returns a named record, nil if there is none.
func (f *Fleet) GetRecord(bucket, key string) ([]byte, error) { return f.store.Record(bucket, key) }

// Records returns up to limit records of a bucket whose keys begin with prefix
// and sort behind after, in order.
func (f *Fleet) Records(bucket, prefix, after string, limit int) ([]Record, error) {
	return f.store.Records(bucket, prefix, after, limit)
}

// ScanRecords calls fn with the records of a bucket whose keys begin with
// prefix, in order, until fn returns an error, which it returns.
func (f *Fleet) ScanRecords(bucket, prefix string, fn func(Record) error) error {
	return eachRecord(f.store, bucket, prefix, fn)
}
