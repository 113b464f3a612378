package boltstore

import (
	"encoding/binary"
	"errors"
	"fmt"

	"go.etcd.io/bbolt"

	"wayguard/tracker"
)

// appendFill fills pages nearly full where keys only ever grow.
const appendFill = 0.95

// Commit writes and syncs t. See tracker.Store.
func (s *Store) Commit(t *tracker.Transaction) error {
	s.committing.Lock()
	defer s.committing.Unlock()
	step := s.index.step(t)
	err := s.update(func(tx *bbolt.Tx) error {
		if err := s.index.write(tx, &step); err != nil {
			return err
		}
		for _, write := range []func(*bbolt.Tx, *tracker.Transaction) error{
			putEntry, putEvents, putCheckpoints, putBlocks, cutSnapshots, putSnapshots, putRecords, cutEvents, trim,
		} {
			if err := write(tx, t); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	s.index.done(&step)
	return nil
}

func putEvents(tx *bbolt.Tx, t *tracker.Transaction) error {
	events := tx.Bucket(eventsBucket)
	events.FillPercent = appendFill
	for _, e := range t.Events {
		if err := events.Put(seqKey(e.Seq), e.Value); err != nil {
			return err
		}
	}
	return nil
}

func cutEvents(tx *bbolt.Tx, t *tracker.Transaction) error {
	events, subjects, found := tx.Bucket(eventsBucket), tx.Bucket(subjectsBucket), tx.Bucket(foundBucket)
	for _, e := range t.EventCuts {
		err := errors.Join(events.Delete(seqKey(e.Seq)), subjects.Delete(subjectKey(e.Subject, e.Seq)))
		if e.Device != "" {
			err = errors.Join(err, found.Delete(subjectKey(string(e.Device), e.Seq)))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func putCheckpoints(tx *bbolt.Tx, t *tracker.Transaction) error {
	b := tx.Bucket(checkpointBucket)
	for _, c := range t.Checkpoints {
		if err := b.Put(binary.BigEndian.AppendUint32(nil, uint32(c.Shard)), c.Value); err != nil {
			return err
		}
	}
	return nil
}

func putRecords(tx *bbolt.Tx, t *tracker.Transaction) error {
	root := tx.Bucket(recordsBucket)
	for _, r := range t.Records {
		b, err := root.CreateBucketIfNotExists([]byte(r.Bucket))
		if err != nil {
			return err
		}
		if r.Value == nil {
			err = b.Delete([]byte(r.Key))
		} else {
			err = b.Put([]byte(r.Key), r.Value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
