package tracker

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// Customer returns one customer.
func (f *Fleet) Customer(id CustomerID) (Customer, bool) { return f.ledger.customers.get(string(id)) }

// Customers returns up to limit customers in order of age behind after; the
// empty id stands for the start.
func (f *Fleet) Customers(after CustomerID, limit int) []Customer {
	return f.ledger.customers.list(string(after), false, limit, func(*Customer) bool { return true })
}

// ChangeCustomer changes how a customer can be reached. Errors wrap
// ErrBadInput, ErrNotFound, ErrStale, ErrErased, ErrUnavailable or ctx's.
func (f *Fleet) ChangeCustomer(ctx context.Context, id CustomerID, seen uint64, change func(*Contact) error) (Customer, error) {
	return changeRow(ctx, f, f.ledger.customers, string(id), seen, func(c *Customer, _ *ledgerEdit) (bool, error) {
		before := c.Contact
		if err := change(&c.Contact); err != nil {
			return false, err
		}
		return c.Contact != before, c.normalize()
	})
}

// OpenError refuses to erase a customer for whom something is still to be done.
type OpenError struct {
	// Deliveries are some of those that are open.
	Deliveries []DeliveryID
}

func (e *OpenError) Error() string {
	return fmt.Sprintf("deliveries of the customer are still open, or on a round that is not over, such as %s: cancel them and take them off, or wait for their outcome and the end of the round", e.Deliveries[0])
}

// EraseCustomer destroys the customer's key: from then on nobody can read
// anything personal of theirs, here or in the event log, nor the ways of the
// rounds that went to their door or once were to. What is left are bare deliveries
// and alerts. seen is the version that the caller knows, or AnyVersion. It may be
// repeated, and completes what a kill interrupted. Errors are an *OpenError, or
// wrap ErrNotFound, ErrStale, ErrUnavailable or ctx's.
func (f *Fleet) EraseCustomer(ctx context.Context, id CustomerID, seen uint64) error {
	for {
		held := f.ledger.concerning(id)
		err := f.ledger.hold(ctx, func(ctx context.Context) error {
			for _, key := range f.ledger.concerning(id) {
				if !slices.Contains(held, key) {
					return errMoved
				}
			}
			return f.erase(ctx, id, seen)
		}, held...)
		if !errors.Is(err, errMoved) {
			return err
		}
	}
}

// errMoved: an edit holds less than it concerns by now.
var errMoved = errors.New("it concerns more by now")

// concerning are the keys of all that an erasure changes. Who adds a delivery
// holds the customer, and who opens an alert all alerts.
func (l *ledger) concerning(id CustomerID) []string {
	keys := []string{string(id), alertBucket}
	theirs := l.deliveriesOf(id)
	for i := range theirs {
		keys = append(keys, theirs[i].key(), string(theirs[i].Round))
	}
	for _, r := range l.visited(theirs) {
		keys = append(keys, r.key())
	}
	for _, a := range l.alerts.list("", false, -1, func(a *Alert) bool { return a.Customer == id }) {
		keys = append(keys, a.key())
	}
	return keys
}

func (l *ledger) deliveriesOf(id CustomerID) []Delivery {
	return l.deliveries.list("", false, -1, func(d *Delivery) bool { return d.Customer == id })
}

func (f *Fleet) erase(ctx context.Context, id CustomerID, seen uint64) error {
	l := f.ledger
	theirs := l.deliveriesOf(id)
	c, ok := l.customers.get(string(id))
	if !ok {
		return fmt.Errorf("customer %q: %w", id, ErrNotFound)
	}
	if seen != AnyVersion && seen != c.Version {
		return fmt.Errorf("customer %q: %w", id, ErrStale)
	}
	if open := l.openOnes(theirs); len(open) > 0 {
		return &OpenError{open}
	}
	// The ways of rounds lead to the door. They go first: afterwards nobody knows
	// where it was.
	if err := f.eraseRoutes(ctx, theirs); err != nil {
		return err
	}
	if err := l.keys.Remove(KeyID(id)); err != nil {
		return err
	}
	b := l.edit()
	c.Contact, c.Erased = Contact{}, true
	if err := put(b, l.customers, &c); err != nil {
		return err
	}
	if err := l.eraseAlerts(b, id); err != nil {
		return err
	}
	for i := range theirs {
		theirs[i].Destination, theirs[i].Reason, theirs[i].Erased = Destination{}, "", true
		if err := put(b, l.deliveries, &theirs[i]); err != nil {
			return err
		}
		if err := l.eraseWishes(b, f.Wishes(theirs[i].ID)); err != nil {
			return err
		}
	}
	return f.commitLedger(ctx, b)
}

// openOnes are those of which something is still to be done, or that are on a
// round which still needs its way.
func (l *ledger) openOnes(deliveries []Delivery) (open []DeliveryID) {
	for i := range deliveries {
		d := &deliveries[i]
		round, _ := l.rounds.get(string(d.Round))
		needed := round.State != RoundEnded && slices.Contains(round.Stops, d.ID)
		if d.State.Open() || needed {
			open = append(open, d.ID)
		}
	}
	return open
}

// eraseAlerts leaves of what was said about a customer nothing but that there
// were alerts.
func (l *ledger) eraseAlerts(b *ledgerEdit, id CustomerID) error {
	for _, a := range l.alerts.list("", false, -1, func(a *Alert) bool { return a.Customer == id }) {
		a.Note, a.Customer, a.Erased = "", "", false
		if err := put(b, l.alerts, &a); err != nil {
			return err
		}
	}
	return nil
}
