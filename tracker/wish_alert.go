package tracker

import "encoding/json"

// wishOf is the wish that an event tells of, nil for none.
func wishOf(e *Event) *wishDetail {
	if e.Type != "delivery.changed" {
		return nil
	}
	var detail struct {
		Wish *wishDetail `json:"wish"`
	}
	if json.Unmarshal(e.Detail, &detail) != nil {
		return nil
	}
	return detail.Wish
}

// heedWish opens an alert for a wish, whose id is that of the event which told of
// it first, and resolves it once the wish is settled.
func (l *ledger) heedWish(b *ledgerEdit, e *Event, d *Delivery) error {
	w := wishOf(e)
	if w == nil {
		return nil
	}
	id := AlertID(wishEvent(w.ID, 1))
	if w.State != WishOpen {
		return l.resolve(b, id, "the wish was "+string(w.State))
	}
	b.opened[id] = true
	return l.openAlert(b, e, d)
}
