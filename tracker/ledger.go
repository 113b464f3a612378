package tracker

import (
	"context"
	"errors"
	"hash/maphash"
	"slices"
	"sync/atomic"
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
	keys  *Keyring
	clock *Clock
	// turns let one edit at a time through for each part of the keys; those of
	// different parts share a transaction.
	turns [64]turn
	seed  maphash.Seed

	customers  *shelf[Customer, *Customer]
	deliveries *shelf[Delivery, *Delivery]
	// references are the deliveries of each sender's reference, under the lock
	// of deliveries.
	references map[string][]string
	texts      *texts
	receipts   *receipts
	// links is nil without a keyring.
	links  *links
	trips  *trips
	wishes *shelf[Wish, *Wish]
	// wished are the wishes of each delivery, under the lock of wishes.
	wished map[DeliveryID][]string
	// pending are the deliveries whose hand-off the engine was not told of, with
	// since when that is known, under the same lock.
	pending map[DeliveryID]time.Time

	depots   *shelf[Depot, *Depot]
	vehicles *shelf[Vehicle, *Vehicle]
	drivers  *shelf[Driver, *Driver]
	staff    *shelf[Staff, *Staff]
	rounds   *shelf[Round, *Round]
	hazards  *shelf[Hazard, *Hazard]
	parcels  *shelf[Parcel, *Parcel]
	// tagged finds parcels and deliveries by what is on them.
	tagged *parcelIndex
	alerts *shelf[Alert, *Alert]
	// opened are all alerts in order of their events, standing those that are not
	// resolved by what they are about, both under the lock of alerts.
	opened   []openedAt
	standing map[cause][]AlertID
	// alerted counts the changes of alerts.
	alerted atomic.Uint64
	// duties are the past of the rounds, until the journal has been replayed.
	duties []dutyEdit
	// errands are that of devices.
	errands []errandEdit
}

// loadLedger opens every record. Those of people who were erased are known to
// be theirs, and empty.
func loadLedger(store Store, keys *Keyring, clock *Clock) (*ledger, error) {
	l := &ledger{
		keys: keys, clock: clock, seed: maphash.MakeSeed(),
		customers:  newShelf[Customer](customerBucket),
		deliveries: newShelf[Delivery](deliveryBucket),
		references: make(map[string][]string),
		texts:      new(texts),
		receipts:   newReceipts(),
		pending:    make(map[DeliveryID]time.Time),
		depots:     newShelf[Depot](depotBucket),
		vehicles:   newShelf[Vehicle](vehicleBucket),
		drivers:    newShelf[Driver](driverBucket),
		staff:      newShelf[Staff](staffBucket),
		rounds:     newShelf[Round](roundBucket),
		hazards:    newShelf[Hazard](hazardBucket),
		alerts:     newShelf[Alert](alertBucket),
		standing:   make(map[cause][]AlertID),
		parcels:    newShelf[Parcel](parcelBucket),
		tagged:     newParcelIndex(),
		trips:      newTrips(),
		wishes:     newShelf[Wish](wishBucket),
		wished:     make(map[DeliveryID][]string),
	}
	l.customers.placed, l.deliveries.placed = l.noteCustomer, l.noteDelivery
	l.alerts.placed = func(before, after *Alert) {
		l.noteAlert(before, after)
		l.alerted.Add(1)
	}
	l.parcels.placed, l.parcels.dropped = l.tagged.place, func(p *Parcel) { l.tagged.place(p, nil) }
	l.rounds.placed, l.wishes.placed = l.trips.note, l.noteWish
	for i := range l.turns {
		l.turns[i] = newTurn()
	}
	if keys == nil {
		return l, nil
	}
	var err error
	if l.links, err = loadLinks(store, keys, l.now); err != nil {
		return nil, err
	}
	for _, load := range []func(Store, *Keyring) error{
		l.customers.load, l.deliveries.load, l.receipts.load, l.depots.load, l.vehicles.load, l.drivers.load, l.staff.load, l.rounds.load, l.alerts.load, l.hazards.load, l.parcels.load, l.wishes.load,
	} {
		if err := load(store, keys); err != nil {
			return nil, err
		}
	}
	if err := l.destroySpent(); err != nil {
		return nil, err
	}
	if l.duties, err = loadDuties(store, keys); err != nil {
		return nil, err
	}
	l.errands, err = loadErrands(store)
	return l, err
}

func (l *ledger) takeDuties() []dutyEdit {
	duties := l.duties
	l.duties = nil
	return duties
}

func (l *ledger) noteDelivery(before, after *Delivery) {
	l.refer(before, after)
	l.tagged.order(before, after)
	l.noteText(before, after)
	l.links.note(before, after)
	l.notePending(after)
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

func (l *ledger) now() time.Time { return l.clock.Now() }

// today is the time as the store keeps it.
func (l *ledger) today() time.Time { return l.clock.Now().UTC().Truncate(time.Millisecond) }

// Fingerprint is Keyring.Fingerprint, zero without a keyring.
func (f *Fleet) Fingerprint(purpose string, text []byte) (print [32]byte) {
	if f.ledger.keys == nil {
		return print
	}
	return f.ledger.keys.Fingerprint(purpose, text)
}
