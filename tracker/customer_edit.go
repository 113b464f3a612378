package tracker

import (
	"context"
	"fmt"
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
	return fmt.Sprintf("deliveries of the customer are still open, such as %s: cancel them, or wait for their outcome", e.Deliveries[0])
}

// EraseCustomer destroys the customer's key: from then on nobody can read
// anything personal of theirs, here or in the event log. What is left are
// bare deliveries. It may be repeated, and completes what a kill interrupted.
// Errors are an *OpenError, or wrap ErrNotFound, ErrUnavailable or ctx's.
func (f *Fleet) EraseCustomer(ctx context.Context, id CustomerID) error {
	l := f.ledger
	theirs := func(d *Delivery) bool { return d.Customer == id }
	keys := []string{string(id)}
	for _, d := range l.deliveries.list("", false, -1, theirs) {
		keys = append(keys, d.key())
	}
	// Who adds a delivery holds the customer, so there is none that keys lacks.
	return l.hold(ctx, func(ctx context.Context) error {
		return f.erase(ctx, id, l.deliveries.list("", false, -1, theirs))
	}, keys...)
}

func (f *Fleet) erase(ctx context.Context, id CustomerID, theirs []Delivery) error {
	l := f.ledger
	c, ok := l.customers.get(string(id))
	if !ok {
		return fmt.Errorf("customer %q: %w", id, ErrNotFound)
	}
	if open := openOnes(theirs); len(open) > 0 {
		return &OpenError{open}
	}
	if err := l.keys.Remove(KeyID(id)); err != nil {
		return err
	}
	b := l.edit()
	c.Contact, c.Erased = Contact{}, true
	if err := put(b, l.customers, &c); err != nil {
		return err
	}
	for i := range theirs {
		theirs[i].Destination, theirs[i].Erased = Destination{}, true
		if err := put(b, l.deliveries, &theirs[i]); err != nil {
			return err
		}
		if err := l.eraseWishes(b, f.Wishes(theirs[i].ID)); err != nil {
			return err
		}
	}
	return f.commitLedger(ctx, b)
}

func openOnes(deliveries []Delivery) (open []DeliveryID) {
	for i := range deliveries {
		if deliveries[i].State.Open() {
			open = append(open, deliveries[i].ID)
		}
	}
	return open
}
