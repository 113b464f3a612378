package boltstore

import (
	"bytes"
	"encoding/binary"
	"errors"

	"go.etcd.io/bbolt"

	"wayguard/geofence"
	"wayguard/tracker"
)

// Last returns the highest sequence numbers. See tracker.Store.
func (s *Store) Last() (journal, event uint64, err error) {
	err = s.view(func(tx *bbolt.Tx) error {
		if k, _ := tx.Bucket(journalBucket).Cursor().Last(); k != nil {
			if journal, _, err = parsePiece(k); err != nil {
				return err
			}
		}
		if k, _ := tx.Bucket(eventsBucket).Cursor().Last(); k != nil {
			event, err = parseSeq(k)
		}
		return err
	})
	return journal, event, err
}

// Checkpoints returns the newest of each shard. See tracker.Store.
func (s *Store) Checkpoints() (map[int][]byte, error) {
	all := make(map[int][]byte)
	err := s.view(func(tx *bbolt.Tx) error {
		return tx.Bucket(checkpointBucket).ForEach(func(k, v []byte) error {
			if len(k) != 4 {
				return errDamagedKey
			}
			all[int(binary.BigEndian.Uint32(k))] = bytes.Clone(v)
			return nil
		})
	})
	return all, err
}

// Events reads the event log. See tracker.Store.
func (s *Store) Events(after uint64, subject string, limit int) ([]tracker.LogEntry, error) {
	if subject != "" {
		return s.eventsAbout(subject, after, limit)
	}
	var found []tracker.LogEntry
	err := s.view(func(tx *bbolt.Tx) error {
		c := tx.Bucket(eventsBucket).Cursor()
		for k, v := c.Seek(seqKey(after + 1)); k != nil && len(found) < limit; k, v = c.Next() {
			seq, err := parseSeq(k)
			if err != nil {
				return err
			}
			found = append(found, tracker.LogEntry{Seq: seq, Value: bytes.Clone(v)})
		}
		return nil
	})
	return found, err
}

func (s *Store) eventsAbout(subject string, after uint64, limit int) (found []tracker.LogEntry, err error) {
	prefix := append([]byte(subject), 0)
	putOff := s.index.of(bySubject, prefix, after)
	err = s.view(func(tx *bbolt.Tx) error {
		return eachEntry(tx, bySubject, prefix, after, limit, putOff, func(seq uint64, _, event []byte) error {
			found = append(found, tracker.LogEntry{Seq: seq, Subject: subject, Value: bytes.Clone(event)})
			return nil
		})
	})
	return found, err
}

// Record returns one record. See tracker.Store.
func (s *Store) Record(bucket, key string) ([]byte, error) {
	var value []byte
	err := s.view(func(tx *bbolt.Tx) error {
		if b := tx.Bucket(recordsBucket).Bucket([]byte(bucket)); b != nil {
			value = bytes.Clone(b.Get([]byte(key)))
		}
		return nil
	})
	return value, err
}

// Records reads a page of records. See tracker.Store.
func (s *Store) Records(bucket, prefix, after string, limit int) ([]tracker.Record, error) {
	var found []tracker.Record
	err := s.view(func(tx *bbolt.Tx) error {
		b := tx.Bucket(recordsBucket).Bucket([]byte(bucket))
		if b == nil {
			return nil
		}
		c := b.Cursor()
		k, v := c.Seek([]byte(max(prefix, after)))
		if after != "" && string(k) == after {
			k, v = c.Next()
		}
		for ; k != nil && bytes.HasPrefix(k, []byte(prefix)) && len(found) < limit; k, v = c.Next() {
			found = append(found, tracker.Record{Key: string(k), Value: bytes.Clone(v)})
		}
		return nil
	})
	return found, err
}

// errDamagedKey: a key is none that this package writes.
var errDamagedKey = errors.New("a key is damaged: restore a copy of the file")

const seqBytes = 8

func parseSeq(k []byte) (uint64, error) {
	if len(k) != seqBytes {
		return 0, errDamagedKey
	}
	return binary.BigEndian.Uint64(k), nil
}

func seqKey(seq uint64) []byte { return binary.BigEndian.AppendUint64(nil, seq) }

func subjectKey(subject string, seq uint64) []byte {
	return binary.BigEndian.AppendUint64(append([]byte(subject), 0), seq)
}

// signBit makes two's complement sort as unsigned.
const signBit = 1 << 63

func timeKey(t geofence.Millis) []byte {
	return binary.BigEndian.AppendUint64(nil, uint64(t)^signBit)
}

func parseTime(b []byte) (geofence.Millis, error) {
	if len(b) != 8 {
		return 0, errDamagedKey
	}
	return geofence.Millis(binary.BigEndian.Uint64(b) ^ signBit), nil
}
