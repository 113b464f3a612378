package boltstore

import (
	"bytes"

	"go.etcd.io/bbolt"

	"wayguard/geofence"
	"wayguard/tracker"
)

func snapshotKey(device tracker.DeviceID, t geofence.Millis) []byte {
	b := append(make([]byte, 0, len(device)+9), device...)
	return append(append(b, 0), timeKey(t)...)
}

func putSnapshots(tx *bbolt.Tx, t *tracker.Transaction) error {
	b := tx.Bucket(snapshotBucket)
	for _, s := range t.Snapshots {
		if err := b.Put(snapshotKey(s.Device, s.Time), s.Value); err != nil {
			return err
		}
	}
	return nil
}

func cutSnapshots(tx *bbolt.Tx, t *tracker.Transaction) error {
	b := tx.Bucket(snapshotBucket)
	for _, cut := range t.SnapshotCuts {
		var gone [][]byte
		prefix := append([]byte(cut.Device), 0)
		c := b.Cursor()
		k := notLater(c, snapshotKey(cut.Device, cut.Before))
		if bytes.HasPrefix(k, prefix) {
			for k, _ = c.Prev(); bytes.HasPrefix(k, prefix); k, _ = c.Prev() {
				gone = append(gone, bytes.Clone(k))
			}
		}
		after := snapshotKey(cut.Device, cut.After)
		for k, _ = c.Seek(after); bytes.HasPrefix(k, prefix); k, _ = c.Next() {
			if !bytes.Equal(k, after) {
				gone = append(gone, bytes.Clone(k))
			}
		}
		for _, k := range gone {
			if err := b.Delete(k); err != nil {
				return err
			}
		}
	}
	return nil
}

// notLater moves c to the last key that is at most key and returns it, nil if
// there is none.
func notLater(c *bbolt.Cursor, key []byte) []byte {
	k, _ := c.Seek(key)
	switch {
	case k == nil:
		k, _ = c.Last()
	case !bytes.Equal(k, key):
		k, _ = c.Prev()
	}
	return k
}

// Snapshot finds one snapshot. See tracker.Store.
func (s *Store) Snapshot(device tracker.DeviceID, before geofence.Millis) (*tracker.Snapshot, error) {
	var found *tracker.Snapshot
	err := s.view(func(tx *bbolt.Tx) error {
		c := tx.Bucket(snapshotBucket).Cursor()
		key := snapshotKey(device, before)
		k := notLater(c, key)
		if bytes.Equal(k, key) {
			k, _ = c.Prev()
		}
		prefix := append([]byte(device), 0)
		if !bytes.HasPrefix(k, prefix) {
			return nil
		}
		at, err := parseTime(k[len(prefix):])
		if err != nil {
			return err
		}
		value := tx.Bucket(snapshotBucket).Get(k)
		found = &tracker.Snapshot{Device: device, Time: at, Value: bytes.Clone(value)}
		return nil
	})
	return found, err
}

// EventsOf reads what the engine found of a device. See tracker.Store.
func (s *Store) EventsOf(device tracker.DeviceID, after uint64, limit int) ([]tracker.LogEntry, error) {
	var found []tracker.LogEntry
	prefix := append([]byte(device), 0)
	putOff := s.index.of(byDevice, prefix, after)
	err := s.view(func(tx *bbolt.Tx) error {
		return eachEntry(tx, byDevice, prefix, after, limit, putOff, func(seq uint64, value, event []byte) error {
			at, err := parseTime(value)
			found = append(found, tracker.LogEntry{Seq: seq, Device: device, At: at, Value: bytes.Clone(event)})
			return err
		})
	})
	return found, err
}
