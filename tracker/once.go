package tracker

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"time"
)

// Once names a request that must be done only once, however often it is sent.
// The zero value is for one that may be repeated.
type Once struct {
	// Key tells the request apart from all others; at most 128 bytes.
	Key string
	// Print is the same whenever the same is asked for.
	Print [sha256.Size]byte
}

// Part is one of several parts of the request, of which each is done once.
func (o Once) Part(n int) Once {
	if o.Key != "" && n > 0 {
		o.Key = fmt.Sprintf("%s/%d", o.Key, n)
	}
	return o
}

// ErrReused: the key of a Once was used for another request.
var ErrReused = errors.New("the key was used for another request: use a new one")

// keepReceipts is for how long a request is known to have been done: a client
// that tries again after a day has other means to find out.
const keepReceipts = 24 * time.Hour

const receiptBucket = "receipts"

// receipt says what came of a request.
type receipt struct {
	Meta       `json:"-"`
	Key        string       `json:"key"`
	Print      []byte       `json:"print"`
	Deliveries []DeliveryID `json:"deliveries,omitempty"`
	// Made is the id of whatever else was made; empty for nothing.
	Made string `json:"made,omitempty"`
	// Answer is sealed: see KeepAnswer.
	Answer []byte `json:"answer,omitempty"`
}

func (r *receipt) key() string            { return r.Key }
func (r *receipt) personal() (KeyID, any) { return "", nil }

// receipts are those of the last day, and some older ones.
type receipts struct {
	*shelf[receipt, *receipt]
	// aged are the keys, oldest first, and begun those whose receipt is about to be
	// stored, both under the shelf's lock.
	aged  []agedKey
	begun map[string]bool
}

type agedKey struct {
	key     string
	created time.Time
}

func newReceipts() *receipts {
	r := &receipts{shelf: newShelf[receipt](receiptBucket), begun: make(map[string]bool)}
	r.placed = func(_, after *receipt) { r.age(agedKey{after.Key, after.Created}) }
	return r
}

// age is an append but for receipts that are read at the start.
func (r *receipts) age(k agedKey) {
	i := len(r.aged)
	for i > 0 && r.aged[i-1].created.After(k.created) {
		i--
	}
	r.aged = append(r.aged, agedKey{})
	copy(r.aged[i+1:], r.aged[i:])
	r.aged[i] = k
}

// done are the deliveries of a request that was done before. One that was done
// with another outcome in mind is refused.
func (l *ledger) done(once Once) (made []Delivery, again bool, err error) {
	r, found, err := l.earlier(once)
	if err != nil || !found {
		return nil, false, err
	}
	for _, id := range r.Deliveries {
		d, ok := l.deliveries.get(string(id))
		if !ok {
			return nil, false, fmt.Errorf("delivery %s: %w", id, ErrNotFound)
		}
		made = append(made, d)
	}
	return made, true, nil
}

// add notes in an edit what came of a request, and forgets some old ones.
func (r *receipts) add(b *ledgerEdit, once Once, made receipt) error {
	r.forget(b)
	if once.Key == "" {
		return nil
	}
	made.Key, made.Print = once.Key, once.Print[:]
	return put(b, r.shelf, &made)
}

// forgetAtOnce bounds what one edit has to do for those before it.
const forgetAtOnce = 8

func (r *receipts) forget(b *ledgerEdit) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for range forgetAtOnce {
		if len(r.aged) == 0 || b.at.Sub(r.aged[0].created) <= keepReceipts {
			return
		}
		old := r.aged[0]
		r.aged = r.aged[1:]
		if row := r.rows[old.key]; row == nil || !row.Created.Equal(old.created) {
			continue // used anew since
		}
		key := old.key
		b.rows = append(b.rows, BucketRecord{Bucket: receiptBucket, Record: Record{Key: key}})
		b.place = append(b.place, func() { r.drop(key) })
	}
}
