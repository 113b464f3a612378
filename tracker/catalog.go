package tracker

import (
	"context"
	"fmt"
	"regexp"
	"slices"
)

// listed is a row that people make, change and remove as they like.
type listed[T any] interface {
	row[T]
	// normalize checks it and brings it into its stored form.
	normalize() error
	name(key string)
}

// Catalog holds all entries of one kind: depots, vehicles,
// drivers or parcels.
type Catalog[T any, P listed[T]] struct {
	fleet *Fleet
	shelf *shelf[T, P]
	// check refuses what goes against other things that are kept, and notes in
	// the edit what follows for them; gone is for an entry that is removed.
	check func(b *ledgerEdit, p P, gone bool) error
	// beside is another kind that check looks at; empty for none.
	beside string
}

// Depots are where rounds begin and end.
func (f *Fleet) Depots() Catalog[Depot, *Depot] {
	return Catalog[Depot, *Depot]{f, f.ledger.depots, func(b *ledgerEdit, d *Depot, gone bool) error {
		return f.ledger.touch(b, func(r *Round) bool { return r.Depot == d.ID }, gone)
	}, ""}
}

// Vehicles are what carries parcels.
func (f *Fleet) Vehicles() Catalog[Vehicle, *Vehicle] {
	return Catalog[Vehicle, *Vehicle]{f, f.ledger.vehicles, func(b *ledgerEdit, v *Vehicle, gone bool) error {
		if err := f.checkTrackers(v); err != nil && !gone {
			return err
		}
		if err := f.ledger.touchSent(b, v, gone); err != nil {
			return err
		}
		return f.ledger.touch(b, func(r *Round) bool { return r.Vehicle == v.ID }, gone)
	}, parcelBucket}
}

// Drivers drive rounds. What is personal of them is sealed under keys of their
// own, which are destroyed with them.
func (f *Fleet) Drivers() Catalog[Driver, *Driver] {
	return Catalog[Driver, *Driver]{f, f.ledger.drivers, func(b *ledgerEdit, d *Driver, gone bool) error {
		if !gone {
			return nil
		}
		return f.ledger.touch(b, func(r *Round) bool { return r.Driver == d.ID }, gone)
	}, ""}
}

// touch has the engine told anew of the running rounds that something belongs
// to; of what is gone there must be none.
func (l *ledger) touch(b *ledgerEdit, uses func(*Round) bool, gone bool) error {
	for _, r := range l.rounds.list("", false, -1, func(r *Round) bool { return r.State == RoundRunning && uses(r) }) {
		if gone {
			return &MemberError{"id", fmt.Sprintf("is used by round %s, which is running: end that first.", r.ID)}
		}
		b.reshaped[r.ID] = true
	}
	return nil
}

func (f *Fleet) checkRegistered(ids []DeviceID) error {
	for _, id := range ids {
		if _, ok := f.registry.get(id); !ok {
			return &MemberError{"devices", fmt.Sprintf("must be registered devices: there is no device %q.", id)}
		}
	}
	return nil
}

func (f *Fleet) checkTrackers(v *Vehicle) error {
	if err := f.checkRegistered(v.Devices); err != nil {
		return err
	}
	for _, id := range v.Devices {
		if p, ok := f.ParcelOfDevice(id); ok {
			return &MemberError{"devices", fmt.Sprintf("must be in no parcel: take %s out of %q first.", id, p.ID)}
		}
	}
	others := f.ledger.vehicles.list("", false, 1, func(o *Vehicle) bool {
		return o.ID != v.ID && slices.ContainsFunc(o.Devices, func(id DeviceID) bool { return slices.Contains(v.Devices, id) })
	})
	if len(others) > 0 {
		return &MemberError{"devices", fmt.Sprintf("must be in no other vehicle: take them out of %q first.", others[0].ID)}
	}
	return nil
}

// Get returns one entry, whose slices are shared: do not change them.
func (c Catalog[T, P]) Get(id string) (T, bool) { return c.shelf.get(id) }

// List returns up to limit entries in order of id behind after; the empty id
// stands for the start.
func (c Catalog[T, P]) List(after string, limit int) []T {
	return c.shelf.list(after, false, limit, func(P) bool { return true })
}

// namePattern is that of ids that people choose.
var namePattern = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)

// Create makes an entry; one without an id gets one. Errors wrap ErrBadInput,
// ErrExists, ErrNoKeyring, ErrUnavailable or ctx's.
func (c Catalog[T, P]) Create(ctx context.Context, made T) (T, error) {
	p := P(&made)
	owner, _ := p.personal()
	if p.key() == "" || owner != "" {
		p.name(newID())
	}
	noteMade(ctx, p.key())
	if !namePattern.MatchString(p.key()) || p.key() == "." || p.key() == ".." {
		return made, &MemberError{"id", "must be 1 to 64 of A-Z a-z 0-9 _ . -, or left out."}
	}
	if err := p.normalize(); err != nil {
		return made, err
	}
	keys := c.fleet.ledger.keys
	if keys == nil {
		return made, ErrNoKeyring
	}
	if owner, _ := p.personal(); owner != "" {
		if err := keys.Add(owner); err != nil { // before what it seals
			return made, err
		}
	}
	return c.edit(ctx, p.key(), func(b *ledgerEdit) (P, error) {
		if _, ok := c.shelf.get(p.key()); ok {
			return nil, fmt.Errorf("%s/%s %w", c.shelf.bucket, p.key(), ErrExists)
		}
		fresh := made // an edit that goes on after ctx's end is not the caller's
		return &fresh, c.check(b, &fresh, false)
	})
}

// Change changes an entry; change must not write into its slices. Errors wrap
// ErrBadInput, ErrNotFound, ErrStale, ErrUnavailable or ctx's.
func (c Catalog[T, P]) Change(ctx context.Context, id string, seen uint64, change func(*T) error) (T, error) {
	return c.edit(ctx, id, func(b *ledgerEdit) (P, error) {
		found, err := c.find(id, seen)
		if err != nil {
			return nil, err
		}
		p := P(&found)
		if err := change(&found); err != nil {
			return nil, err
		}
		p.name(id)
		if err := p.normalize(); err != nil {
			return nil, err
		}
		return p, c.check(b, p, false)
	})
}

func (c Catalog[T, P]) find(id string, seen uint64) (T, error) {
	found, ok := c.shelf.get(id)
	m := P(&found).meta()
	switch {
	case !ok:
		return found, fmt.Errorf("%s/%s: %w", c.shelf.bucket, id, ErrNotFound)
	case seen != AnyVersion && seen != m.Version:
		return found, fmt.Errorf("%s/%s: %w", c.shelf.bucket, id, ErrStale)
	case m.Erased:
		return found, fmt.Errorf("%s/%s: %w", c.shelf.bucket, id, ErrErased)
	}
	return found, nil
}

// edit makes durable what change returns, while nobody else changes any entry
// of the kind: two vehicles must not get the same device at once.
func (c Catalog[T, P]) edit(ctx context.Context, id string, change func(*ledgerEdit) (P, error)) (T, error) {
	var none, changed T // the edit's alone until it is done
	err := c.fleet.ledger.hold(ctx, func(ctx context.Context) error {
		b := c.fleet.ledger.edit()
		p, err := change(b)
		if err != nil {
			return err
		}
		if err := put(b, c.shelf, p); err != nil {
			return err
		}
		changed = *p
		return c.fleet.commitLedger(ctx, b)
	}, c.held(id)...)
	if err != nil {
		return none, err
	}
	return changed, nil
}

// Remove removes an entry, which nothing under way may need. Errors wrap
// ErrBadInput, ErrNotFound, ErrStale, ErrUnavailable or ctx's.
func (c Catalog[T, P]) Remove(ctx context.Context, id string, seen uint64) error {
	return c.fleet.ledger.hold(ctx, func(ctx context.Context) error {
		found, err := c.find(id, seen)
		if err != nil {
			return err
		}
		b := c.fleet.ledger.edit()
		if err := c.check(b, &found, true); err != nil {
			return err
		}
		if owner, _ := P(&found).personal(); owner != "" {
			if err := b.keys.Remove(owner); err != nil {
				return err
			}
		}
		b.rows = append(b.rows, BucketRecord{Bucket: c.shelf.bucket, Record: Record{Key: id}})
		b.place = append(b.place, func() { c.shelf.drop(id) })
		return c.fleet.commitLedger(ctx, b)
	}, c.held(id)...)
}

// held are the keys of what an edit of an entry holds.
func (c Catalog[T, P]) held(id string) []string {
	keys := []string{c.shelf.bucket, id}
	if c.beside != "" {
		keys = append(keys, c.beside)
	}
	return keys
}
