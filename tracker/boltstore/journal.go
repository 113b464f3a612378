package boltstore

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"go.etcd.io/bbolt"

	"wayguard/tracker"
)

// A journal entry lies in pieces of at most pieceBytes: the first under its
// sequence number, the others under that and their number from 1 on (2 bytes).
// bbolt splits a leaf only when it holds more than four keys, and writes all of it
// anew with each commit: entries of a hundred kilobytes in one piece would be
// written five times. Smaller pieces than these cost more keys than they save.
const pieceBytes = 16 << 10

// putEntry appends the entry of t.
func putEntry(tx *bbolt.Tx, t *tracker.Transaction) error {
	if t.Entry == nil {
		return nil
	}
	b := tx.Bucket(journalBucket)
	b.FillPercent = appendFill
	key, rest := seqKey(t.Entry.Seq), t.Entry.Value
	for n := 1; ; n++ {
		piece := rest[:min(len(rest), pieceBytes)]
		if err := b.Put(key, piece); err != nil {
			return err
		}
		if rest = rest[len(piece):]; len(rest) == 0 {
			return nil
		}
		key = binary.BigEndian.AppendUint16(seqKey(t.Entry.Seq), uint16(n))
	}
}

// parsePiece reads the key of a piece.
func parsePiece(k []byte) (seq uint64, n int, err error) {
	switch len(k) {
	case seqBytes:
	case seqBytes + 2:
		n = int(binary.BigEndian.Uint16(k[seqBytes:]))
	default:
		return 0, 0, errDamagedKey
	}
	return binary.BigEndian.Uint64(k), n, nil
}

// Journal walks the journal. It holds one read transaction for the whole
// walk, which is meant for start-up, before anything is committed.
func (s *Store) Journal(fn func(seq uint64, value []byte) error) error {
	return s.view(func(tx *bbolt.Tx) error {
		var entry []byte
		c := tx.Bucket(journalBucket).Cursor()
		k, v := c.First()
		for k != nil {
			seq, n, err := parsePiece(k)
			if err != nil || n != 0 {
				return errDamagedKey
			}
			entry = append(entry[:0], v...)
			for k, v = c.Next(); len(k) > seqBytes; k, v = c.Next() {
				of, at, err := parsePiece(k)
				if n++; err != nil || of != seq || at != n {
					return fmt.Errorf("journal entry %d, piece %d: %w", seq, n, errDamagedKey)
				}
				entry = append(entry, v...)
			}
			if err := fn(seq, entry); err != nil {
				return err
			}
		}
		return nil
	})
}

// trimPerCommit bounds how many pieces of the journal one commit drops, but for
// the rest of an entry, so that a long journal is trimmed without holding
// anybody up.
const trimPerCommit = 256

// trim drops the oldest entries that may go. The newest always stays: it
// holds the place of the sequence.
func trim(tx *bbolt.Tx, t *tracker.Transaction) error {
	if t.TrimJournal == 0 {
		return nil
	}
	c := tx.Bucket(journalBucket).Cursor()
	newest, _ := c.Last()
	for dropped := 0; ; dropped++ {
		k, _ := c.First()
		if k == nil || bytes.HasPrefix(newest, k) {
			return nil
		}
		seq, n, err := parsePiece(k)
		if err != nil {
			return err
		}
		if n == 0 && (seq > t.TrimJournal || dropped >= trimPerCommit) {
			return nil
		}
		if err := c.Delete(); err != nil {
			return err
		}
	}
}
