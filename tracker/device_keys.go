package tracker

import (
	"context"
	"fmt"
	"sync"
)

// deviceKeys are what devices may have beside what they sign in with: door tokens
// and the keys of OwnTracks messages. They go with their device.
type deviceKeys struct {
	mu sync.RWMutex
	// tokens are the keyed hashes of door tokens, holders whose they are.
	tokens  map[DeviceID]tokenHash
	holders map[tokenHash]DeviceID
	// boxes are the keys of OwnTracks messages.
	boxes map[DeviceID]OwnTracksKey
}

func loadDeviceKeys(store Store, keys *Keyring) (*deviceKeys, error) {
	c := &deviceKeys{
		tokens:  make(map[DeviceID]tokenHash),
		holders: make(map[tokenHash]DeviceID),
		boxes:   make(map[DeviceID]OwnTracksKey),
	}
	for bucket, put := range map[string]func(DeviceID, []byte) error{doorTokenBucket: c.putToken, ownTracksBucket: c.putBox} {
		err := eachRecord(store, bucket, "", func(rec Record) error {
			value, err := keys.unwrapped(bucket, rec.Key, rec.Value)
			if err != nil {
				return err
			}
			return put(DeviceID(rec.Key), value)
		})
		if err != nil {
			return nil, fmt.Errorf("read the bucket %s: %w", bucket, err)
		}
	}
	return c, nil
}

// setDeviceKey makes value, nil for none, that of a device in a bucket, and
// has put know once it is durable.
func (f *Fleet) setDeviceKey(ctx context.Context, bucket string, id DeviceID, seen uint64, value []byte, put func(DeviceID, []byte) error) error {
	return f.registry.editing.take(ctx, func(ctx context.Context) error {
		d, err := f.registry.asSeen(id, seen)
		if err != nil {
			return err
		}
		row := BucketRecord{Bucket: bucket, Record: Record{Key: string(id), Value: value}}
		if bucket == ownTracksBucket { // The others are hashes.
			row = f.ledger.keys.wrapped(row)
		}
		err = f.changeDevice(ctx, id, d, row)
		if err == nil {
			_ = put(id, value) // It fails on what is damaged only.
		}
		return err
	})
}

// without are the records that delete all that a device has.
func (c *deviceKeys) without(id DeviceID) []BucketRecord {
	return []BucketRecord{
		{Bucket: doorTokenBucket, Record: Record{Key: string(id)}},
		{Bucket: ownTracksBucket, Record: Record{Key: string(id)}},
	}
}

func (c *deviceKeys) forget(id DeviceID) {
	_ = c.putToken(id, nil)
	_ = c.putBox(id, nil)
}
