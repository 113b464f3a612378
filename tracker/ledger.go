package tracker

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
	"time"

	"github.com/google/uuid"
)

// Errors of what people edit.
var (
	// ErrNoKeyring: the fleet was opened without Options.Keyring and keeps
	// nothing of customers.
	ErrNoKeyring = errors.New("there is no keyring: customers and deliveries cannot be kept")
	// ErrStale: what is to be changed is no longer what the caller has seen.
	ErrStale = errors.New("changed meanwhile: read it again, and change that")
)

// AnyVersion stands for whatever version is there.
const AnyVersion = 0

// ledger holds what a delivery business keeps.
type ledger struct {
	keys *Keyring
	// turns let one edit at a time through for each part of the keys; those of
	// different parts share a transaction.
	turns [64]turn
	seed  maphash.Seed

	customers  *shelf[Customer, *Customer]
	deliveries *shelf[Delivery, *Delivery]
	// references are the deliveries of each sender's reference, under the lock
	// of deliveries.
	references map[string][]string
	receipts   *receipts
}

// loadLedger opens every record. Those of people who were erased are known to
// be theirs, and empty.
func loadLedger(store Store, keys *Keyring) (*ledger, error) {
	l := &ledger{
		keys: keys, seed: maphash.MakeSeed(),
		customers:  newShelf[Customer](customerBucket),
		deliveries: newShelf[Delivery](deliveryBucket),
		references: make(map[string][]string),
		receipts:   newReceipts(),
	}
	l.deliveries.placed = l.refer
	for i := range l.turns {
		l.turns[i] = newTurn()
	}
	if keys == nil {
		return l, nil
	}
	for _, load := range []func(Store, *Keyring) error{l.customers.load, l.deliveries.load, l.receipts.load} {
		if err := load(store, keys); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// refer keeps the index of references.
func (l *ledger) refer(before, after *Delivery) {
	if before != nil && before.Reference == after.Reference {
		return
	}
	if before != nil && before.Reference != "" {
		left := slices.DeleteFunc(l.references[before.Reference], func(key string) bool { return key == before.key() })
		l.references[before.Reference] = left
		if len(left) == 0 {
			delete(l.references, before.Reference)
		}
	}
	if after.Reference != "" {
		keys := append(l.references[after.Reference], after.key())
		slices.Sort(keys)
		l.references[after.Reference] = keys
	}
}

// hold runs an edit while no other one has to do with what the keys name.
func (l *ledger) hold(ctx context.Context, edit func(context.Context) error, keys ...string) error {
	numbers := make([]int, len(keys))
	for i, key := range keys {
		numbers[i] = int(maphash.String(l.seed, key) % uint64(len(l.turns)))
	}
	slices.Sort(numbers) // in one order, or two edits wait for each other
	return l.holdEach(ctx, edit, slices.Compact(numbers))
}

func (l *ledger) holdEach(ctx context.Context, edit func(context.Context) error, numbers []int) error {
	if len(numbers) == 0 {
		return edit(ctx)
	}
	return l.turns[numbers[0]].take(ctx, func(ctx context.Context) error {
		return l.holdEach(ctx, edit, numbers[1:])
	})
}

// newID is a UUID of version 7 (RFC 9562): those made later sort behind.
func newID() string { return uuid.Must(uuid.NewV7()).String() }

// today is the time as the store keeps it.
func today() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

// ledgerEdit gathers what becomes durable together.
type ledgerEdit struct {
	at     time.Time
	keys   *Keyring
	rows   []BucketRecord
	events []Event
	place  []func()
}

func (l *ledger) edit() *ledgerEdit { return &ledgerEdit{at: today(), keys: l.keys} }

// put adds a row of a shelf, as its first version or the next one.
func put[T any, P interface {
	*T
	kept
}](b *ledgerEdit, s *shelf[T, P], row P) error {
	m := row.meta()
	if m.Version == 0 {
		m.Created = b.at
	}
	m.Version, m.Updated = m.Version+1, b.at
	r, err := s.record(b.keys, row)
	if err != nil {
		return err
	}
	b.rows = append(b.rows, r)
	b.place = append(b.place, func() { s.place(row) })
	return nil
}

// commitLedger makes an edit durable, then visible.
func (f *Fleet) commitLedger(ctx context.Context, b *ledgerEdit) error {
	return f.change(ctx, edit{records: b.rows, events: b.events, apply: func() {
		for _, place := range b.place {
			place()
		}
	}})
}

// changeRow lets change work on a copy of a row, and on the edit that it
// becomes part of, and makes it durable; change returns false where there is
// nothing to be done. seen is the version that the caller knows, or AnyVersion.
// Errors wrap ErrNotFound, ErrStale, ErrErased, change's, ErrUnavailable or
// ctx's.
func changeRow[T any, P interface {
	*T
	kept
}](ctx context.Context, f *Fleet, s *shelf[T, P], key string, seen uint64, change func(P, *ledgerEdit) (bool, error)) (T, error) {
	var none, changed T // the edit's alone until it is done
	err := f.ledger.hold(ctx, func(ctx context.Context) error {
		row, ok := s.get(key)
		m := P(&row).meta()
		switch {
		case !ok:
			return fmt.Errorf("%s/%s: %w", s.bucket, key, ErrNotFound)
		case seen != AnyVersion && seen != m.Version:
			return fmt.Errorf("%s/%s: %w", s.bucket, key, ErrStale)
		case m.Erased:
			return fmt.Errorf("%s/%s: %w", s.bucket, key, ErrErased)
		}
		b := f.ledger.edit()
		differs, err := change(&row, b)
		changed = row
		if err != nil || !differs {
			return err
		}
		if err := put(b, s, P(&row)); err != nil {
			return err
		}
		changed = row
		return f.commitLedger(ctx, b)
	}, key)
	if err != nil {
		return none, err
	}
	return changed, nil
}

// Fingerprint is Keyring.Fingerprint, zero without a keyring.
func (f *Fleet) Fingerprint(purpose string, text []byte) (print [32]byte) {
	if f.ledger.keys == nil {
		return print
	}
	return f.ledger.keys.Fingerprint(purpose, text)
}
