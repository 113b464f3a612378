package tracker

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// RegisterAll registers devices, in one edit, that nobody can sign in as: they
// have no secret until one is made for them. Those that are registered already
// stay as they are. Errors wrap ErrDeviceID, and then nothing is registered,
// ErrUnavailable or ctx's.
func (f *Fleet) RegisterAll(ctx context.Context, ids []DeviceID) error {
	for _, id := range ids {
		if _, err := ParseDeviceID(string(id)); err != nil {
			return err
		}
	}
	return f.registry.editing.take(ctx, func(ctx context.Context) error {
		d := storedDevice{Created: time.Now().UTC().Truncate(time.Millisecond)}
		value, err := json.Marshal(d)
		if err != nil {
			return fmt.Errorf("encode a device: %w", err)
		}
		var e edit
		for _, id := range ids {
			if _, known := f.registry.get(id); !known {
				e.records = append(e.records, BucketRecord{Bucket: deviceBucket, Record: Record{Key: string(id), Value: value}})
			}
		}
		if len(e.records) == 0 {
			return nil
		}
		e.apply = func() {
			for _, r := range e.records {
				f.registry.put(DeviceID(r.Key), d)
			}
		}
		return f.change(ctx, e)
	})
}
