package boltstore

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"sync"

	"go.etcd.io/bbolt"

	"wayguard/tracker"
)

// The indexes of the event log, subjects and found, are in the order of their
// keys, so each event would have two pages written anew. Their entries are
// therefore put off: a commit writes its own as one record of bucket unsorted;
// once there are manyEntries of them, they are sorted, and each commit moves some
// that are neighbours. Those that are put off are in memory too, where readers
// look first; Open reads them from the records.
//
// A record is, for each entry, the byte of its index, the length of its key
// (uvarint), the key, and in found 8 bytes of value.
const (
	bySubject = byte(iota)
	byDevice
	indexCount
)

const (
	// manyEntries take 4 MB, 8 ms to sort and a tenth of one to look through, and
	// have neighbours among some hundred thousand events.
	manyEntries = 1 << 15
	// moveLeast is how many entries a commit moves, but for twice those that it
	// adds, and how many records it drops.
	moveLeast = 64
)

var (
	unsortedBucket = []byte("unsorted")
	indexBuckets   = [indexCount][]byte{subjectsBucket, foundBucket}
)

// indexEntry is an entry of an index that is put off.
type indexEntry struct {
	key, value []byte
	order      uint32 // of time, among those that are compared
	index      byte
}

func (e *indexEntry) seq() uint64 { return binary.BigEndian.Uint64(e.key[len(e.key)-seqBytes:]) }

// index is the entries that are put off. Commit changes it, readers look.
type index struct {
	mu sync.RWMutex
	// fresh are in order of time, and come behind sorted. What they hold is
	// not changed any more.
	fresh, sorted []indexEntry
	// cut is the last event that was dropped: entries up to it count no more.
	cut uint64
	// newest is the last record, moving the last of those that sorted are from,
	// and moved the last that is not needed; Commit's only.
	newest, moving, moved uint64
}

// entriesOf are those that t adds.
func entriesOf(t *tracker.Transaction) (entries []indexEntry) {
	for i := range t.Events {
		e := &t.Events[i]
		entries = append(entries, indexEntry{key: subjectKey(e.Subject, e.Seq), value: []byte{}, index: bySubject})
	}
	for _, found := range [][]tracker.LogEntry{t.Events, t.Found} {
		for i := range found {
			if e := &found[i]; e.Device != "" {
				entries = append(entries, indexEntry{key: subjectKey(string(e.Device), e.Seq), value: timeKey(e.At), index: byDevice})
			}
		}
	}
	return entries
}

// indexStep is what one commit does to the indexes.
type indexStep struct {
	added []indexEntry
	moved int // of sorted
	cut   uint64
}

func (x *index) step(t *tracker.Transaction) indexStep {
	s := indexStep{added: entriesOf(t), cut: x.cut}
	s.moved = min(len(x.sorted), 2*len(s.added)+moveLeast)
	for i := range t.EventCuts {
		s.cut = max(s.cut, t.EventCuts[i].Seq)
	}
	return s
}

// write makes the step in tx, before events are cut.
func (x *index) write(tx *bbolt.Tx, s *indexStep) error {
	for i := range x.sorted[:s.moved] {
		e := &x.sorted[i]
		if e.seq() <= x.cut {
			continue
		}
		if err := tx.Bucket(indexBuckets[e.index]).Put(e.key, e.value); err != nil {
			return err
		}
	}
	unsorted := tx.Bucket(unsortedBucket)
	unsorted.FillPercent = appendFill
	if len(s.added) > 0 {
		if err := unsorted.Put(seqKey(x.newest+1), appendEntries(nil, s.added)); err != nil {
			return err
		}
	}
	return dropRecords(unsorted, x.moved)
}

// dropRecords drops some records up to one.
func dropRecords(unsorted *bbolt.Bucket, through uint64) error {
	c := unsorted.Cursor()
	for range moveLeast {
		k, _ := c.First()
		if k == nil || bytes.Compare(k, seqKey(through)) > 0 {
			return nil
		}
		if err := c.Delete(); err != nil {
			return err
		}
	}
	return nil
}

// done notes that the step is durable.
func (x *index) done(s *indexStep) {
	sorted, fresh := x.sorted[s.moved:], append(x.fresh, s.added...)
	if len(s.added) > 0 {
		x.newest++
	}
	if len(sorted) == 0 {
		sorted, x.moved = nil, x.moving
		if len(fresh) >= manyEntries {
			sorted, fresh, x.moving = slices.Clone(fresh), nil, x.newest
			inOrder(sorted)
		}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.sorted, x.fresh, x.cut = sorted, fresh, s.cut
}

// inOrder sorts entries as their indexes are; equal keys stay in the order of
// time, so that the last counts.
func inOrder(entries []indexEntry) {
	for i := range entries {
		entries[i].order = uint32(i)
	}
	// Not to be stable by itself halves the time.
	slices.SortFunc(entries, func(a, b indexEntry) int {
		return cmp.Or(cmp.Compare(a.index, b.index), bytes.Compare(a.key, b.key), cmp.Compare(a.order, b.order))
	})
}

// of are the entries of one index that are put off and begin with prefix, behind
// the event after, in order. It comes before the transaction that reads the
// others: what is moved meanwhile is then found twice rather than not at all.
func (x *index) of(index byte, prefix []byte, after uint64) []indexEntry {
	x.mu.RLock()
	lists, cut := [][]indexEntry{x.sorted, x.fresh}, max(x.cut, after)
	x.mu.RUnlock()
	var found []indexEntry
	for _, list := range lists {
		for i := range list {
			e := &list[i]
			if e.index == index && len(e.key) == len(prefix)+seqBytes && bytes.HasPrefix(e.key, prefix) && e.seq() > cut {
				found = append(found, *e)
			}
		}
	}
	inOrder(found)
	return found
}

// eachEntry calls fn with the entries of one index that begin with prefix,
// behind the event after, in order and with the event each is of, until there
// are limit of them. putOff are what of returned.
func eachEntry(tx *bbolt.Tx, index byte, prefix []byte, after uint64, limit int, putOff []indexEntry, fn func(seq uint64, value, event []byte) error) error {
	events, c := tx.Bucket(eventsBucket), tx.Bucket(indexBuckets[index]).Cursor()
	k, v := c.Seek(binary.BigEndian.AppendUint64(bytes.Clone(prefix), after+1))
	for limit > 0 {
		key, value := k, v
		more := bytes.HasPrefix(k, prefix)
		isPutOff := len(putOff) > 0 && (!more || bytes.Compare(putOff[0].key, k) <= 0)
		if isPutOff {
			key, value, putOff = putOff[0].key, putOff[0].value, putOff[1:]
			if len(putOff) > 0 && bytes.Equal(key, putOff[0].key) {
				continue // it was replaced
			}
		} else if !more {
			return nil
		}
		if more && bytes.Equal(key, k) {
			k, v = c.Next()
		}
		seq, err := parseSeq(key[len(prefix):])
		if err != nil {
			return err
		}
		event := events.Get(seqKey(seq))
		if event == nil && isPutOff {
			continue // cut meanwhile
		}
		if event == nil {
			return fmt.Errorf("event %d is indexed but missing", seq)
		}
		if err := fn(seq, value, event); err != nil {
			return err
		}
		limit--
	}
	return nil
}

// load reads what is put off. It is called before anything else.
func (x *index) load(tx *bbolt.Tx) error {
	if k, _ := tx.Bucket(eventsBucket).Cursor().First(); k != nil {
		first, err := parseSeq(k)
		if err != nil {
			return err
		}
		x.cut = first - 1
	}
	return tx.Bucket(unsortedBucket).ForEach(func(k, v []byte) (err error) {
		if x.newest, err = parseSeq(k); err != nil {
			return err
		}
		x.fresh, err = readEntries(x.fresh, bytes.Clone(v))
		return err
	})
}

func appendEntries(b []byte, entries []indexEntry) []byte {
	for i := range entries {
		e := &entries[i]
		b = binary.AppendUvarint(append(b, e.index), uint64(len(e.key)))
		b = append(append(b, e.key...), e.value...)
	}
	return b
}

func readEntries(entries []indexEntry, b []byte) ([]indexEntry, error) {
	for len(b) > 0 {
		e := indexEntry{index: b[0], value: []byte{}}
		size, n := binary.Uvarint(b[1:])
		b = b[1+max(n, 0):]
		values := 0
		if e.index == byDevice {
			values = seqBytes
		}
		if n <= 0 || e.index >= indexCount || size < seqBytes || size > uint64(len(b)) || uint64(len(b))-size < uint64(values) {
			return nil, errDamagedKey
		}
		e.key, b = b[:size:size], b[size:]
		if values > 0 {
			e.value, b = b[:values:values], b[values:]
		}
		entries = append(entries, e)
	}
	return entries, nil
}
