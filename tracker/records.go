package tracker

import "context"

// PutRecords writes named records for a part of the server that keeps no
// store of its own, such as sessions; all of them or none. A nil value
// deletes. When it returns nil they are durable. Errors wrap ErrUnavailable or
// ctx's.
func (f *Fleet) PutRecords(ctx context.Context, bucket string, records ...Record) error {
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
