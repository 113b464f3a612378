package tracker

import "slices"

// ParcelState is where a parcel stands.
type ParcelState string

// The states.
const (
	// ParcelWaiting: it is in no vehicle.
	ParcelWaiting ParcelState = "waiting"
	// ParcelAboard: it is in a vehicle, or should be.
	ParcelAboard ParcelState = "aboard"
	// ParcelDelivered: it was handed over, or left.
	ParcelDelivered ParcelState = "delivered"
	// ParcelReturned: it is back with its sender.
	ParcelReturned ParcelState = "returned"
)

// ParcelStanding is what follows for a parcel from its delivery. None of it is
// kept twice.
type ParcelStanding struct {
	State ParcelState
	// Delivery is the newest open one with its barcode, else the newest; Round
	// and Vehicle are those that it is aboard of. Empty where there is none.
	Delivery DeliveryID
	Round    RoundID
	Vehicle  string
	// Armed reports whether its seal is watched: one of its devices said last that
	// it had obeyed an order to arm it.
	Armed bool
}

// ParcelStanding tells where a parcel stands.
func (f *Fleet) ParcelStanding(p Parcel) ParcelStanding {
	l := f.ledger
	s := ParcelStanding{State: ParcelWaiting}
	d, ok := l.deliveryWith(nil, p.Barcode)
	if ok {
		s.Delivery, s.State = d.ID, d.parcelState(p.Barcode)
	}
	r, _ := f.Round(d.Round)
	switch {
	case s.State == ParcelDelivered, s.State == ParcelReturned:
	case p.SentWith != "":
		s.State, s.Vehicle = ParcelAboard, p.SentWith
		if r.State == RoundRunning && r.Vehicle == p.SentWith {
			s.Round = r.ID
		}
	case s.State == ParcelAboard && r.State == RoundRunning:
		s.Round, s.Vehicle = r.ID, r.Vehicle
	case s.State == ParcelAboard && !d.State.OnTheWay():
		s.State = ParcelWaiting // the round is over
	}
	for _, id := range p.Devices {
		s.Armed = s.Armed || f.armed(id)
	}
	return s
}

// armed reports what a device last said of its seal.
func (f *Fleet) armed(id DeviceID) (armed bool) {
	f.withSenses(id, func(s *senses) {
		if n := len(s.seal.orders); n > 0 {
			armed = s.seal.orders[n-1].armed
		}
	})
	return armed
}

// parcelState is where a parcel of d stands while d's round, if it has one, is
// running. What was refused, or could not be handed over, is still aboard, and so
// is what was cancelled on the way.
func (d *Delivery) parcelState(code string) ParcelState {
	switch d.State {
	case DeliveryCreated:
		return ParcelWaiting
	case DeliveryReturned:
		return ParcelReturned
	case DeliveryDelivered, DeliveryLeft, DeliveryDamaged:
		return ParcelDelivered
	case DeliveryPartial:
		if d.Handoff == nil || slices.Contains(d.Handoff.Scanned, code) {
			return ParcelDelivered
		}
	case DeliveryFailed, DeliveryRefused, DeliveryCancelled:
		if d.Round == "" {
			return ParcelWaiting
		}
	}
	return ParcelAboard
}

// deliveryWith is the delivery that a barcode belongs to, as an edit leaves it:
// the newest open one, else the newest.
func (l *ledger) deliveryWith(b *ledgerEdit, code string) (found Delivery, ok bool) {
	for _, id := range l.codedDeliveries(b, code) {
		d, known := look(b, l.deliveries, id)
		if !known || d.Erased || !slices.Contains(d.Parcels, code) {
			continue
		}
		if d.State.Open() {
			return d, true
		}
		if !ok {
			found, ok = d, true
		}
	}
	return found, ok
}

// codedDeliveries are those with a barcode, newest first, with those that an
// edit is about to give it.
func (l *ledger) codedDeliveries(b *ledgerEdit, code string) []string {
	ids := l.tagged.deliveriesWith(code)
	for _, d := range b.pendingDeliveries() {
		if slices.Contains(d.Parcels, code) && !slices.Contains(ids, d.key()) {
			ids = append(ids, d.key())
		}
	}
	slices.Sort(ids)
	slices.Reverse(ids)
	return ids
}

func (b *ledgerEdit) pendingDeliveries() (deliveries []*Delivery) {
	if b == nil {
		return nil
	}
	for _, row := range b.pending {
		if d, ok := row.(*Delivery); ok {
			deliveries = append(deliveries, d)
		}
	}
	return deliveries
}
