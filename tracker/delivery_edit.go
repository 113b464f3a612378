package tracker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// Delivery returns one delivery. Its slices are shared: do not change them.
func (f *Fleet) Delivery(id DeliveryID) (Delivery, bool) { return f.ledger.deliveries.get(string(id)) }

// DeliveryFilter selects deliveries; zero fields select all.
type DeliveryFilter struct {
	States    []DeliveryState
	Customer  CustomerID
	Round     RoundID
	Reference string
	Partner   PartnerID
	// Text is words that must all be found somewhere in who receives it, where,
	// the reference or the barcodes, whatever their case and accents.
	Text string
	// Rounds are those that it may be on; nil for all and none.
	Rounds map[RoundID]bool
}

func (q *DeliveryFilter) matches(d *Delivery) bool {
	return (len(q.States) == 0 || slices.Contains(q.States, d.State)) &&
		(q.Customer == "" || q.Customer == d.Customer) &&
		(q.Round == "" || q.Round == d.Round) &&
		(q.Reference == "" || q.Reference == d.Reference) &&
		(q.Partner == "" || q.Partner == d.Partner) &&
		(q.Rounds == nil || q.Rounds[d.Round])
}

// Deliveries returns up to limit deliveries that match, newest first, made
// before the given one; the empty id stands for the end.
func (f *Fleet) Deliveries(filter DeliveryFilter, before DeliveryID, limit int) []Delivery {
	l := f.ledger
	if filter.Text != "" {
		return l.search(filter, before, limit)
	}
	if filter.Reference == "" {
		return l.deliveries.list(string(before), true, limit, filter.matches)
	}
	l.deliveries.mu.RLock()
	defer l.deliveries.mu.RUnlock()
	return l.deliveries.among(l.references[filter.Reference], string(before), true, limit, filter.matches)
}

// NewDelivery is a delivery to be made.
type NewDelivery struct {
	// Customer is an existing customer; empty makes one of Contact.
	Customer CustomerID
	Contact  Contact
	Order    Order
}

// OrderError says which of several orders is wrong.
type OrderError struct {
	// Index is its place among them, from 0.
	Index int
	Err   error
}

func (e *OrderError) Error() string { return fmt.Sprintf("order %d: %v", e.Index+1, e.Err) }

// Unwrap returns what is wrong with it.
func (e *OrderError) Unwrap() error { return e.Err }

// CheckDelivery tells whether CreateDeliveries would take an order. Errors wrap
// ErrBadInput, ErrNotFound or ErrErased.
func (f *Fleet) CheckDelivery(o NewDelivery) error {
	_, err := f.ledger.customersOf([]NewDelivery{o})
	if which := (*OrderError)(nil); errors.As(err, &which) {
		return which.Err
	}
	return err
}

// CreateDeliveries makes deliveries: all of them or, with an error, none. When
// it returns nil they are durable, each with its delivery.created. A request
// that was done before, by once, is not done again: its deliveries are returned
// as they are now, and again is true. Errors about an order are an *OrderError
// and wrap ErrBadInput, ErrNotFound or ErrErased; others wrap ErrNoKeyring,
// ErrReused, ErrUnavailable or ctx's.
func (f *Fleet) CreateDeliveries(ctx context.Context, once Once, orders ...NewDelivery) (made []Delivery, again bool, err error) {
	l := f.ledger
	if l.keys == nil {
		return nil, false, ErrNoKeyring
	}
	keys := []string{once.Key}
	for i := range orders {
		if orders[i].Customer != "" {
			keys = append(keys, string(orders[i].Customer))
		}
	}
	var created []Delivery // the edit's alone until it is done
	var repeated bool
	err = l.hold(ctx, func(ctx context.Context) (err error) {
		if created, repeated, err = l.done(once); repeated || err != nil {
			return err
		}
		created, err = f.createDeliveries(ctx, once, orders)
		return err
	}, keys...)
	if err != nil {
		return nil, false, err
	}
	return created, repeated, nil
}

func (f *Fleet) createDeliveries(ctx context.Context, once Once, orders []NewDelivery) ([]Delivery, error) {
	l := f.ledger
	customers, err := l.customersOf(orders)
	if err != nil {
		return nil, err
	}
	keys := make([]KeyID, len(customers))
	for i, c := range customers {
		keys[i] = KeyID(c.ID)
	}
	// Before what they seal.
	if err := l.keys.Add(keys...); err != nil {
		return nil, err
	}
	b := l.edit()
	for _, c := range customers {
		if err := put(b, l.customers, c); err != nil {
			return nil, err
		}
	}
	created := make([]Delivery, len(orders))
	var made receipt
	for i := range orders {
		d := &Delivery{
			ID: DeliveryID(newID()), Customer: orders[i].Customer, Order: orders[i].Order,
			Course: Course{State: DeliveryCreated, Since: b.at},
		}
		if err := b.putDelivery(l, d, "delivery.created"); err != nil {
			return nil, err
		}
		created[i], made.Deliveries = *d, append(made.Deliveries, d.ID)
	}
	if err := l.receipts.add(b, once, made); err != nil {
		return nil, err
	}
	return created, f.commitLedger(ctx, b)
}

// customersOf checks orders and names whom they are for; it returns those who
// are to be made.
func (l *ledger) customersOf(orders []NewDelivery) (made []*Customer, err error) {
	for i := range orders {
		o := &orders[i]
		if err := o.Order.normalize(); err != nil {
			return nil, &OrderError{i, err}
		}
		if o.Customer != "" {
			if err := l.living(o.Customer); err != nil {
				return nil, &OrderError{i, err}
			}
			continue
		}
		if err := o.Contact.normalize(); err != nil {
			return nil, &OrderError{i, within("customer", err)}
		}
		o.Customer = CustomerID(newID())
		made = append(made, &Customer{ID: o.Customer, Contact: o.Contact})
	}
	return made, nil
}

func (l *ledger) living(id CustomerID) error {
	c, ok := l.customers.get(string(id))
	switch {
	case !ok:
		return fmt.Errorf("customer %q: %w", id, ErrNotFound)
	case c.Erased:
		return fmt.Errorf("customer %s: %w", id, ErrErased)
	}
	return nil
}

// putDelivery adds a delivery and an event of the given type about it.
func (b *ledgerEdit) putDelivery(l *ledger, d *Delivery, typ string) error {
	before, known := l.deliveries.get(d.key())
	if err := put(b, l.deliveries, d); err != nil {
		return err
	}
	e := d.event(typ, b)
	if known {
		e.Detail = d.detailAfter(&before)
	}
	b.events = append(b.events, e)
	return nil
}

// event tells of d as it is now.
func (d *Delivery) event(typ string, b *ledgerEdit) Event {
	return Event{
		ID:   EventID("", typ, string(d.ID), d.Version),
		Type: typ, Time: b.at, KnownAt: b.at,
		Subject: string(d.ID), Customer: d.Customer,
		Point: &d.Point, Detail: d.detail(),
	}
}

func (d *Delivery) detail() json.RawMessage {
	detail, _ := json.Marshal(struct { // nothing in it can fail
		Course
		Reason string `json:"reason,omitempty"`
	}{d.Course, d.Reason})
	return detail
}

// MoveDelivery brings a delivery into another state. Errors are a
// *TransitionError, or wrap ErrBadInput, ErrNotFound, ErrStale, ErrErased,
// ErrUnavailable or ctx's.
func (f *Fleet) MoveDelivery(ctx context.Context, id DeliveryID, seen uint64, to DeliveryState, reason string) (Delivery, error) {
	if err := checkLength("reason", reason, maxReason); err != nil {
		return Delivery{}, err
	}
	return f.changeDelivery(ctx, id, seen, func(d *Delivery) (string, error) {
		return eventType(to), d.move(to, f.ledger.today(), reason)
	})
}

// maxReason is in characters.
const maxReason = 500

// ChangeOrder replaces what was ordered, as long as no outcome is known. change
// must not write into the slices of the order. Errors wrap ErrBadInput,
// ErrNotFound, ErrStale, ErrErased, ErrUnavailable or ctx's.
func (f *Fleet) ChangeOrder(ctx context.Context, id DeliveryID, seen uint64, change func(*Order) error) (Delivery, error) {
	return f.changeDelivery(ctx, id, seen, func(d *Delivery) (string, error) {
		if !d.State.Open() {
			return "", &MemberError{"state", "is " + string(d.State) + ": an order can be changed until its outcome is known."}
		}
		if err := change(&d.Order); err != nil {
			return "", err
		}
		return "delivery.changed", d.Order.normalize()
	})
}

// changeDelivery makes a change durable with the event whose type change
// returns. The engine is told of it where it concerns the round.
func (f *Fleet) changeDelivery(ctx context.Context, id DeliveryID, seen uint64, change func(*Delivery) (string, error)) (Delivery, error) {
	l := f.ledger
	if l.keys == nil {
		return Delivery{}, ErrNoKeyring
	}
	var changed Delivery // the edit's alone until it is done
	err := f.holdDelivery(ctx, id, func(ctx context.Context, d *Delivery) error {
		switch {
		case seen != AnyVersion && seen != d.Version:
			return fmt.Errorf("delivery %s: %w", id, ErrStale)
		case d.Erased:
			return fmt.Errorf("delivery %s: %w", id, ErrErased)
		}
		before := *d
		typ, err := change(d)
		if err != nil {
			return err
		}
		b := l.edit()
		if err := l.follow(b, &before, d, typ); err != nil {
			return err
		}
		if err := b.putDelivery(l, d, typ); err != nil {
			return err
		}
		changed = *d
		return f.commitLedger(ctx, b)
	})
	if err != nil {
		return Delivery{}, err
	}
	return changed, nil
}

// follow has the round of a delivery follow its change.
func (l *ledger) follow(b *ledgerEdit, before, after *Delivery, typ string) error {
	if before.State != after.State {
		l.touchOrder(b, after)
	}
	switch {
	case before.Round == "":
	case after.Round == "":
		return l.leave(b, before.Round, map[DeliveryID]bool{before.ID: true})
	case typ == "delivery.changed", after.State == DeliveryCancelled:
		b.reshaped[before.Round] = true
	}
	return nil
}

// holdDelivery holds a delivery and the round that it is on.
func (f *Fleet) holdDelivery(ctx context.Context, id DeliveryID, edit func(context.Context, *Delivery) error) error {
	for {
		seen, ok := f.Delivery(id)
		if !ok {
			return fmt.Errorf("delivery %q: %w", id, ErrNotFound)
		}
		moved := false
		err := f.ledger.hold(ctx, func(ctx context.Context) error {
			d, _ := f.Delivery(id)
			if moved = d.Round != seen.Round; moved {
				return nil
			}
			return edit(ctx, &d)
		}, string(id), string(seen.Round))
		if err != nil || !moved {
			return err
		}
	}
}
