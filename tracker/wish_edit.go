package tracker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// ErrSettled: a wish was decided already, or is not wanted any more.
var ErrSettled = errors.New("the wish is not open any more")

// Wishes returns what the customer of a delivery asked for, the newest first.
func (f *Fleet) Wishes(id DeliveryID) []Wish {
	l := f.ledger
	l.wishes.mu.RLock()
	defer l.wishes.mu.RUnlock()
	return l.wishes.among(l.wished[id], "", true, maxWishes, func(*Wish) bool { return true })
}

// noteWish keeps the wishes of each delivery, under the lock of wishes.
func (l *ledger) noteWish(before, after *Wish) {
	if before == nil {
		l.wished[after.Delivery] = append(l.wished[after.Delivery], after.key())
		slices.Sort(l.wished[after.Delivery])
	}
}

// MakeWish keeps what a customer asks for; dispatch gets an alert. The same wish
// made twice is one; another one takes the place of one that is still open. Errors
// wrap ErrBadInput, ErrNotFound, ErrErased, ErrUnavailable or ctx's.
func (f *Fleet) MakeWish(ctx context.Context, id DeliveryID, n NewWish) (made Wish, err error) {
	l := f.ledger
	err = f.holdDelivery(ctx, id, func(ctx context.Context, d *Delivery) error {
		if d.Erased {
			return fmt.Errorf("delivery %s: %w", id, ErrErased)
		}
		if err := n.normalize(d, l.now()); err != nil {
			return err
		}
		b := l.edit()
		earlier := f.Wishes(id)
		for i := range earlier {
			w := &earlier[i]
			if w.State != WishOpen {
				continue
			}
			if w.Kind == n.Kind && w.Wished == n.Wished {
				made = *w
				return nil
			}
			if err := b.putWish(l, d, w, WishReplaced, ""); err != nil {
				return err
			}
		}
		if len(earlier) >= maxWishes {
			return &MemberError{"kind", fmt.Sprintf("is one too many: there were %d wishes about this delivery.", maxWishes)}
		}
		w := &Wish{ID: WishID(newID()), Delivery: d.ID, Customer: d.Customer, Kind: n.Kind, Zone: n.Zone.String(), Wished: n.Wished}
		if err := b.putWish(l, d, w, WishOpen, ""); err != nil {
			return err
		}
		made = *w
		return f.commitLedger(ctx, b)
	})
	return made, err
}

// putWish adds a wish in a state, and the event that tells of it.
func (b *ledgerEdit) putWish(l *ledger, d *Delivery, w *Wish, to WishState, by string) error {
	w.State, w.By = to, by
	if err := put(b, l.wishes, w); err != nil {
		return err
	}
	e := d.event("delivery.changed", b)
	e.ID = wishEvent(w.ID, w.Version)
	e.Detail, _ = json.Marshal(struct { // nothing in it can fail
		Course
		Wish wishDetail `json:"wish"`
	}{d.Course, wishDetail{w.ID, w.Kind, w.State}})
	b.events = append(b.events, e)
	return nil
}

// wishEvent is the id of the event that tells of a version of a wish.
func wishEvent(id WishID, version uint64) string {
	return EventID("", "delivery.changed", "wish "+string(id), version)
}

// SettleWish accepts or declines a wish; answer is for the customer, or empty.
// Accepting does what was asked for: another day changes the window and takes the
// delivery off its round; a place or a neighbour becomes an instruction for the
// driver; a delivery that is not the customer's is cancelled. Errors wrap
// ErrBadInput, ErrSettled, ErrNotFound, ErrStale, ErrErased, ErrUnavailable or
// ctx's.
func (f *Fleet) SettleWish(ctx context.Context, id DeliveryID, wish WishID, seen uint64, accept bool, by, answer string) (settled Wish, err error) {
	if err := checkLength("answer", answer, maxReason); err != nil {
		return Wish{}, err
	}
	l := f.ledger
	err = f.holdDelivery(ctx, id, func(ctx context.Context, d *Delivery) error {
		w, err := l.openWish(d, wish, seen)
		if err != nil {
			return err
		}
		b := l.edit()
		to := WishDeclined
		if accept {
			to = WishAccepted
			if err := f.grant(b, d, &w); err != nil {
				return err
			}
		}
		w.Answer = answer
		if err := b.putWish(l, d, &w, to, by); err != nil {
			return err
		}
		settled = w
		return f.commitLedger(ctx, b)
	})
	return settled, err
}

func (l *ledger) openWish(d *Delivery, id WishID, seen uint64) (Wish, error) {
	w, ok := l.wishes.get(string(id))
	switch {
	case !ok || w.Delivery != d.ID:
		return w, fmt.Errorf("wish %q: %w", id, ErrNotFound)
	case w.Erased || d.Erased:
		return w, fmt.Errorf("wish %s: %w", id, ErrErased)
	case seen != AnyVersion && seen != w.Version:
		return w, fmt.Errorf("wish %s: %w", id, ErrStale)
	case w.State != WishOpen:
		return w, fmt.Errorf("wish %s: %w", id, ErrSettled)
	}
	return w, nil
}

// grant does what a wish asks for.
func (f *Fleet) grant(b *ledgerEdit, d *Delivery, w *Wish) error {
	before := *d
	typ, err := d.grant(w, b.at)
	if err != nil {
		return err
	}
	if err := d.Order.normalize(); err != nil {
		return err
	}
	if err := f.ledger.follow(b, &before, d, typ); err != nil {
		return err
	}
	return b.putDelivery(f.ledger, d, typ)
}

func (d *Delivery) grant(w *Wish, at time.Time) (typ string, err error) {
	if !d.State.Open() {
		return "", &MemberError{"state", fmt.Sprintf("is %s: it is too late for the wish, decline it.", d.State)}
	}
	switch w.Kind {
	case WishDay:
		return "delivery.changed", d.postpone(w, at)
	case WishNotMine:
		return eventType(DeliveryCancelled), d.cancelWish(at)
	}
	line := "Customer's wish: " + w.Text
	if d.Instructions != "" {
		line = d.Instructions + "\n" + line
	}
	d.Instructions = line
	return "delivery.changed", nil
}

// postpone takes a delivery that is not aboard off its round.
func (d *Delivery) postpone(w *Wish, at time.Time) (err error) {
	if d.State.OnTheWay() {
		return &MemberError{"state", fmt.Sprintf("is %s: take it off its round first, or decline the wish.", d.State)}
	}
	if d.State == DeliveryFailed {
		if err := d.move(DeliveryCreated, at, "the customer asked for another day"); err != nil {
			return err
		}
	}
	d.Round = ""
	d.WindowStart, d.WindowEnd, err = w.window(d)
	return err
}

func (d *Delivery) cancelWish(at time.Time) error {
	return d.move(DeliveryCancelled, at, "the customer says that it is not theirs")
}

// eraseWishes empties the wishes of somebody whose key has been destroyed.
func (l *ledger) eraseWishes(b *ledgerEdit, wishes []Wish) error {
	for i := range wishes {
		wishes[i].Wished, wishes[i].Erased = Wished{}, true
		if err := put(b, l.wishes, &wishes[i]); err != nil {
			return err
		}
	}
	return nil
}
