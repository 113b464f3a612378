package tracker

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// Meta is what is kept of everything that people edit.
type Meta struct {
	// Version is raised by each change, from 1.
	Version uint64 `json:"version"`
	// Created and Updated are kept to the millisecond.
	Created time.Time `json:"created"`
	Updated time.Time `json:"updated"`
	// Erased: the key of whom it is about has been destroyed. What was personal
	// is zero then.
	Erased bool `json:"-"`
}

func (m *Meta) meta() *Meta { return m }

// kept is what a shelf holds. Its JSON is what may be read by whoever has the
// store's file.
type kept interface {
	meta() *Meta
	// key is its id, which does not change.
	key() string
	// personal is a pointer to what must be sealed, and whose key does that; nil
	// where nothing is.
	personal() (KeyID, any)
}

// row is a pointer to a kept T.
type row[T any] interface {
	*T
	kept
}

// shelf keeps all of one kind, in memory as a whole and in plain. What is on it
// is never changed, only replaced.
type shelf[T any, P row[T]] struct {
	bucket string
	mu     sync.RWMutex
	rows   map[string]P
	// order are the rows in order of key.
	order []P
	// placed is called under mu whenever a row replaces another; before is nil
	// for a new one. It may be nil.
	placed func(before, after P)
	// dropped is called under mu of a row that is taken off. It may be nil.
	dropped func(P)
}

func newShelf[T any, P row[T]](bucket string) *shelf[T, P] {
	return &shelf[T, P]{bucket: bucket, rows: make(map[string]P)}
}

// get returns a copy, whose slices are shared.
func (s *shelf[T, P]) get(key string) (found T, ok bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if p := s.rows[key]; p != nil {
		return *p, true
	}
	return found, false
}

// list returns up to limit rows that match in order of key behind after, or,
// backward, before it; the empty key stands for either end.
func (s *shelf[T, P]) list(after string, backward bool, limit int, match func(P) bool) []T {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return pick[T](s.order, after, backward, limit, match)
}

// among is list of keys, which are in order.
func (s *shelf[T, P]) among(keys []string, after string, backward bool, limit int, match func(P) bool) []T {
	rows := make([]P, len(keys))
	for i, key := range keys {
		rows[i] = s.rows[key]
	}
	return pick[T](rows, after, backward, limit, match)
}

func pick[T any, P row[T]](rows []P, after string, backward bool, limit int, match func(P) bool) (found []T) {
	for _, p := range span[T](rows, after, backward) {
		if len(found) == limit {
			break
		}
		if match(p) {
			found = append(found, *p)
		}
	}
	return found
}

// span is the part of rows behind after, or, backward, before it.
func span[T any, P row[T]](rows []P, after string, backward bool) iter.Seq2[int, P] {
	at, exact := seek[T](rows, after)
	switch {
	case backward && after != "":
		return slices.Backward(rows[:at])
	case backward:
		return slices.Backward(rows)
	case exact:
		return slices.All(rows[at+1:])
	}
	return slices.All(rows[at:])
}

// seek is where in rows the one with a key is, or would be.
func seek[T any, P row[T]](rows []P, key string) (at int, exact bool) {
	return slices.BinarySearchFunc(rows, key, func(p P, key string) int { return strings.Compare(p.key(), key) })
}

// place puts rows on the shelf.
func (s *shelf[T, P]) place(rows ...P) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range rows {
		before := s.rows[p.key()]
		s.insert(p)
		s.rows[p.key()] = p
		if s.placed != nil {
			s.placed(before, p)
		}
	}
}

// insert is an append where keys come in order.
func (s *shelf[T, P]) insert(p P) {
	if n := len(s.order); n == 0 || s.order[n-1].key() < p.key() {
		s.order = append(s.order, p)
		return
	}
	i, exact := seek[T](s.order, p.key())
	if exact {
		s.order[i] = p
		return
	}
	s.order = slices.Insert(s.order, i, p)
}

// drop takes a row off.
func (s *shelf[T, P]) drop(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.rows[key]; p != nil && s.dropped != nil {
		s.dropped(p)
	}
	delete(s.rows, key)
	if i, ok := seek[T](s.order, key); ok {
		s.order = slices.Delete(s.order, i, i+1)
	}
}

// keptRecord is a record in the store.
type keptRecord struct {
	Meta
	Plain  json.RawMessage `json:"plain"`
	Sealed []byte          `json:"sealed,omitempty"`
}

// record is p as the store keeps it.
func (s *shelf[T, P]) record(keys *Keyring, p P) (BucketRecord, error) {
	r := keptRecord{Meta: *p.meta()}
	var err error
	if r.Plain, err = json.Marshal(p); err != nil {
		return BucketRecord{}, fmt.Errorf("encode %s/%s: %w", s.bucket, p.key(), err)
	}
	if owner, part := p.personal(); part != nil && !r.Erased {
		if r.Sealed, err = keys.sealJSON(owner, s.bucket, p.key(), part); err != nil {
			return BucketRecord{}, err
		}
	}
	value, err := json.Marshal(r)
	if err != nil {
		return BucketRecord{}, fmt.Errorf("encode %s/%s: %w", s.bucket, p.key(), err)
	}
	return BucketRecord{Bucket: s.bucket, Record: Record{Key: p.key(), Value: value}}, nil
}

// load reads all records, and opens some pages of them at a time: that is most
// of the work.
func (s *shelf[T, P]) load(store Store, keys *Keyring) error {
	var pages [][]P
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	err := eachPage(store, s.bucket, "", func(records []Record) error {
		page := make([]P, len(records))
		pages = append(pages, page)
		group.Go(func() error {
			for i, r := range records {
				var err error
				if page[i], err = s.parse(keys, r); err != nil {
					return fmt.Errorf("%q: %w", r.Key, err)
				}
			}
			return nil
		})
		return nil
	})
	if err := cmp.Or(group.Wait(), err); err != nil {
		return fmt.Errorf("read the %s: %w", s.bucket, err)
	}
	for _, page := range pages {
		s.place(page...)
	}
	return nil
}

func (s *shelf[T, P]) parse(keys *Keyring, r Record) (P, error) {
	var stored keptRecord
	if err := json.Unmarshal(r.Value, &stored); err != nil {
		return nil, err
	}
	p := P(new(T))
	if err := json.Unmarshal(stored.Plain, p); err != nil {
		return nil, err
	}
	*p.meta() = stored.Meta
	if p.key() != r.Key {
		return nil, fmt.Errorf("it says that it is %q: %w", p.key(), errDamaged)
	}
	owner, part := p.personal()
	if part == nil {
		return p, nil
	}
	var err error
	p.meta().Erased, err = keys.openJSON(owner, s.bucket, r.Key, stored.Sealed, part)
	return p, err
}

// sealJSON seals v for a place in the store.
func (k *Keyring) sealJSON(owner KeyID, bucket, key string, v any) ([]byte, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	return k.Seal(owner, bucket+"/"+key, plain)
}

// openJSON fills v. erased tells that nobody can any more.
func (k *Keyring) openJSON(owner KeyID, bucket, key string, sealed []byte, v any) (erased bool, err error) {
	plain, err := k.Open(owner, bucket+"/"+key, sealed)
	if errors.Is(err, ErrErased) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	return false, json.Unmarshal(plain, v)
}
