package boltstore

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"time"

	"go.etcd.io/bbolt"

	"wayguard/geofence"
	"wayguard/tracker"
)

// tier is where blocks up to a span are. So many tiers let a query for a time
// begin its search just so far before it, whatever the device reports: those of
// a tier cover at least an eighth of its span each.
type tier struct {
	bucket []byte
	span   geofence.Millis
}

// tiers are in order of span.
var tiers = [...]tier{
	{[]byte("track"), millis(time.Hour)},
	{[]byte("track-8h"), millis(8 * time.Hour)},
	{[]byte("track-64h"), millis(64 * time.Hour)},
	{[]byte("track-7d"), millis(tracker.MaxBlockSpan)},
}

func millis(d time.Duration) geofence.Millis { return geofence.Millis(d.Milliseconds()) }

func putBlocks(tx *bbolt.Tx, t *tracker.Transaction) error {
	for _, cut := range t.BlockCuts {
		for _, tier := range tiers {
			if err := tx.Bucket(tier.bucket).Delete(blockKey(cut.Device, cut.BlockKey)); err != nil {
				return err
			}
		}
	}
	for _, block := range t.Blocks {
		i := slices.IndexFunc(tiers[:], func(tier tier) bool { return block.Last-block.First < tier.span })
		if i < 0 || block.Last < block.First {
			return fmt.Errorf("a block of %s covers %d ms, more than fits", block.Device, block.Last-block.First)
		}
		if err := tx.Bucket(tiers[i].bucket).Put(blockKey(block.Device, block.BlockKey), block.Value); err != nil {
			return err
		}
	}
	return nil
}

// Blocks reads the first blocks of a time. See tracker.Store.
func (s *Store) Blocks(device tracker.DeviceID, from, to geofence.Millis, limit int) ([]tracker.Block, error) {
	var found []tracker.Block
	err := s.view(func(tx *bbolt.Tx) error {
		for _, tier := range tiers {
			if err := tier.read(tx, device, from, to, limit, &found); err != nil {
				return err
			}
		}
		slices.SortFunc(found, func(a, b tracker.Block) int {
			return cmp.Or(cmp.Compare(a.First, b.First), cmp.Compare(a.Through, b.Through))
		})
		found = found[:min(limit, len(found))]
		for i := range found {
			found[i].Value = bytes.Clone(found[i].Value)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// read adds up to limit blocks, with values that are the transaction's.
func (t tier) read(tx *bbolt.Tx, device tracker.DeviceID, from, to geofence.Millis, limit int, found *[]tracker.Block) error {
	prefix := append([]byte(device), 0)
	earliest := geofence.Millis(math.MinInt64)
	if from > earliest+t.span {
		earliest = from - t.span
	}
	c := tx.Bucket(t.bucket).Cursor()
	k, v := c.Seek(blockKey(device, tracker.BlockKey{First: earliest}))
	for n := 0; bytes.HasPrefix(k, prefix) && n < limit; k, v = c.Next() {
		key, err := parseBlockKey(k[len(prefix):])
		if err != nil {
			return err
		}
		if key.First >= to {
			return nil
		}
		*found = append(*found, tracker.Block{Device: device, BlockKey: key, Last: key.First + t.span - 1, Value: v})
		n++
	}
	return nil
}

// TrackDevices reads which devices have blocks. See tracker.Store.
func (s *Store) TrackDevices(after tracker.DeviceID, limit int) ([]tracker.DeviceID, error) {
	var found []tracker.DeviceID
	err := s.view(func(tx *bbolt.Tx) error {
		for _, tier := range tiers {
			next, n := append([]byte(after), 1), 0
			c := tx.Bucket(tier.bucket).Cursor()
			for k, _ := c.Seek(next); k != nil && n < limit; k, _ = c.Seek(next) {
				id, _, ok := bytes.Cut(k, []byte{0})
				if !ok {
					return errDamagedKey
				}
				found = append(found, tracker.DeviceID(id))
				next = append(id[:len(id):len(id)], 1)
				n++
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.Sort(found)
	found = slices.Compact(found)
	return found[:min(limit, len(found))], nil
}

func blockKey(device tracker.DeviceID, k tracker.BlockKey) []byte {
	b := append(make([]byte, 0, len(device)+17), device...)
	b = append(append(b, 0), timeKey(k.First)...)
	return binary.BigEndian.AppendUint64(b, k.Through)
}

func parseBlockKey(b []byte) (tracker.BlockKey, error) {
	if len(b) != 16 {
		return tracker.BlockKey{}, errDamagedKey
	}
	first, err := parseTime(b[:8])
	if err != nil {
		return tracker.BlockKey{}, err
	}
	return tracker.BlockKey{First: first, Through: binary.BigEndian.Uint64(b[8:])}, nil
}
