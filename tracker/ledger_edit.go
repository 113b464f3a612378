package tracker

import (
	"context"
	"fmt"
	"time"
)

// ledgerEdit gathers what becomes durable together.
type ledgerEdit struct {
	at     time.Time
	keys   *Keyring
	rows   []BucketRecord
	events []Event
	place  []func()
	// pending are the rows that are put, by bucket and key.
	pending map[string]any
	// opened are the alerts of its events.
	opened map[AlertID]bool
	// handoffs are told to the engine.
	handoffs []*journaledHandoff
	// reshaped are the rounds that the engine must be told of anew.
	reshaped map[RoundID]bool
	// touched are the devices of which the engine may have to be told anew,
	// beside those of the rounds and rows.
	touched map[DeviceID]bool
}

func (l *ledger) edit() *ledgerEdit {
	return &ledgerEdit{at: l.today(), keys: l.keys, pending: make(map[string]any), reshaped: make(map[RoundID]bool), opened: make(map[AlertID]bool), touched: make(map[DeviceID]bool)}
}

// touch notes devices of which the engine may have to be told anew.
func (b *ledgerEdit) touch(ids ...DeviceID) {
	for _, id := range ids {
		b.touched[id] = true
	}
}

// removed stands for a row that the edit removes.
type removed struct{}

func (b *ledgerEdit) remove(bucket, key string) { b.pending[bucket+"/"+key] = removed{} }

// look returns a row as the edit leaves it; with no edit, as it is.
func look[T any, P row[T]](b *ledgerEdit, s *shelf[T, P], key string) (found T, ok bool) {
	if b == nil {
		return s.get(key)
	}
	if b.pending[s.bucket+"/"+key] == (removed{}) {
		return found, false
	}
	if p, pending := b.pending[s.bucket+"/"+key].(P); pending {
		return *p, true
	}
	return s.get(key)
}

// put adds a row of a shelf, as its next version, or the same one if the edit
// has put it before.
func put[T any, P row[T]](b *ledgerEdit, s *shelf[T, P], p P) error {
	m := p.meta()
	if m.Version == 0 {
		m.Created = b.at
	}
	name := s.bucket + "/" + p.key()
	if b.pending[name] == nil {
		m.Version, m.Updated = m.Version+1, b.at
	}
	b.pending[name] = p
	r, err := s.record(b.keys, p)
	if err != nil {
		return err
	}
	b.rows = append(b.rows, r)
	b.place = append(b.place, func() { s.place(p) })
	return nil
}

// commitLedger makes an edit durable, then visible.
func (f *Fleet) commitLedger(ctx context.Context, b *ledgerEdit) error {
	e := edit{records: b.rows, events: b.events, handoffs: b.handoffs, apply: func() {
		for _, place := range b.place {
			place()
		}
	}}
	force := func(e edit) error { return f.change(ctx, e) }
	f.ledger.forgetUnknown(b)
	if len(b.reshaped)+len(b.touched) > 0 {
		force = func(e edit) error { return f.changeDuties(ctx, b, e) }
	}
	if len(e.records)+len(e.events) <= oneCommit {
		return force(e)
	}
	return f.commitParts(ctx, e, force)
}

// changeRow lets change work on a copy of a row, and on the edit that it
// becomes part of, and makes it durable; change returns false where there is
// nothing to be done. seen is the version that the caller knows, or AnyVersion.
// Errors wrap ErrNotFound, ErrStale, ErrErased, change's, ErrUnavailable or
// ctx's.
func changeRow[T any, P row[T]](ctx context.Context, f *Fleet, s *shelf[T, P], key string, seen uint64, change func(P, *ledgerEdit) (bool, error)) (T, error) {
	var none, changed T // the edit's alone until it is done
	err := f.ledger.hold(ctx, func(ctx context.Context) error {
		found, ok := s.get(key)
		m := P(&found).meta()
		switch {
		case !ok:
			return fmt.Errorf("%s/%s: %w", s.bucket, key, ErrNotFound)
		case seen != AnyVersion && seen != m.Version:
			return fmt.Errorf("%s/%s: %w", s.bucket, key, ErrStale)
		case m.Erased:
			return fmt.Errorf("%s/%s: %w", s.bucket, key, ErrErased)
		}
		b := f.ledger.edit()
		differs, err := change(&found, b)
		changed = found
		if err != nil || !differs {
			return err
		}
		if err := put(b, s, P(&found)); err != nil {
			return err
		}
		changed = found
		return f.commitLedger(ctx, b)
	}, key)
	if err != nil {
		return none, err
	}
	return changed, nil
}
