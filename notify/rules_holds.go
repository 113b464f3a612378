package notify

import (
	"fmt"
	"slices"
	"time"

	"wayguard/tracker"
)

// Holds tells whether a notice is still true and still wanted, and why not: the
// delivery has gone on, was cancelled or erased, the engine took it back, the
// alert was taken up, the driver is off the round, or nobody wants messages of
// the kind any more.
func (r *Rules) Holds(n *Notice, now time.Time) (reason string, ok bool) {
	s := &r.settings.Load().Settings
	m, known := mannerOf(n.Kind)
	if !known {
		return "there is no such kind of message any more", false
	}
	if on, _ := s.kind(m); !on {
		return whyOff, false
	}
	if !n.Expires.IsZero() && !now.Before(n.Expires) {
		return whyLate, false
	}
	switch n.To.Audience {
	case ToCustomer:
		return r.holdsForCustomer(n)
	case ToDispatch:
		return r.holdsForDispatch(n)
	case ToDriver:
		return r.holdsForDriver(n)
	}
	return r.known(n)
}

// known tells whether there still is the delivery that n is about.
func (r *Rules) known(n *Notice) (reason string, ok bool) {
	d, found := r.fleet.Delivery(n.Delivery)
	switch {
	case !found:
		return "there is no such delivery", false
	case d.Erased:
		return whyErased, false
	case d.Test:
		return whyTest, false
	}
	return "", true
}

// stages are the states of a delivery in which what a customer is told is true.
// A delivery that failed may already wait to be tried again; what was left with
// a neighbour may have been fetched.
var stages = map[Kind][]tracker.DeliveryState{
	Ordered:     {tracker.DeliveryCreated, tracker.DeliveryDeparted, tracker.DeliveryApproaching},
	Departed:    {tracker.DeliveryDeparted, tracker.DeliveryApproaching},
	Approaching: {tracker.DeliveryApproaching},
	Delayed:     {tracker.DeliveryDeparted, tracker.DeliveryApproaching},
	OnTime:      {tracker.DeliveryDeparted, tracker.DeliveryApproaching},
	NotDelayed:  {tracker.DeliveryDeparted, tracker.DeliveryApproaching},
	NotYet:      {tracker.DeliveryDeparted},
	Delivered:   {tracker.DeliveryDelivered},
	Left:        {tracker.DeliveryLeft},
	Partial:     {tracker.DeliveryPartial},
	Damaged:     {tracker.DeliveryDamaged},
	Failed:      {tracker.DeliveryFailed, tracker.DeliveryCreated},
	Refused:     {tracker.DeliveryRefused},
	Returned:    {tracker.DeliveryReturned},
	Cancelled:   {tracker.DeliveryCancelled},
	Changed:     {tracker.DeliveryCreated, tracker.DeliveryDeparted, tracker.DeliveryApproaching, tracker.DeliveryFailed},
	NewCode:     {tracker.DeliveryCreated, tracker.DeliveryDeparted, tracker.DeliveryApproaching, tracker.DeliveryArrived, tracker.DeliveryFailed},
}

// handedOver are the kinds that tell a customer to look for a parcel.
var handedOver = []Kind{Delivered, Left, Partial}

func (r *Rules) holdsForCustomer(n *Notice) (reason string, ok bool) {
	if reason, ok = r.known(n); !ok {
		return reason, false
	}
	d, _ := r.fleet.Delivery(n.Delivery)
	if reason, ok = stillTrue(n, &d); ok && n.Corrects != "" {
		return r.owed(n)
	}
	return reason, ok
}

// stillTrue tells whether what a customer is told agrees with how a delivery is.
func stillTrue(n *Notice, d *tracker.Delivery) (reason string, ok bool) {
	switch {
	case !slices.Contains(stages[n.Kind], d.State):
		return fmt.Sprintf("the delivery is %s by now", d.State), false
	case d.Handoff != nil && d.Handoff.Position == tracker.PositionWrong && slices.Contains(handedOver, n.Kind):
		return "it may have been handed over at a wrong address, which dispatch is to look into first", false
	case n.Kind == Delayed && !d.Delayed:
		return "the delivery is expected on time after all", false
	case (n.Kind == OnTime || n.Kind == NotDelayed) && d.Delayed:
		return "the delivery is delayed again", false
	case n.Kind == NewCode && d.Hidden.Code == "":
		return "no code is asked for any more", false
	case n.Kind == Changed && !hasWindow(d):
		return "the delivery has no window any more", false
	}
	return "", true
}

// holdsForDispatch wants the alert to be open. One that there is not yet is just
// being opened.
func (r *Rules) holdsForDispatch(n *Notice) (reason string, ok bool) {
	set := r.settings.Load()
	if _, ok := set.contact(n.To.ID); !ok {
		return whyUnknown, false
	}
	if m, _ := mannerOf(n.Kind); m.kind == Security {
		return "", true
	}
	a, found := r.fleet.Alert(tracker.AlertID(n.Event))
	if found && a.State != tracker.AlertOpen {
		return fmt.Sprintf("the alert is %s", a.State), false
	}
	return "", true
}

func (r *Rules) holdsForDriver(n *Notice) (reason string, ok bool) {
	if reason, ok = r.known(n); !ok {
		return reason, false
	}
	round, found := r.fleet.Round(n.Round)
	switch {
	case !found || round.State != tracker.RoundRunning:
		return "the round is over", false
	case round.Driver != n.To.ID:
		return "somebody else drives the round", false
	}
	return "", true
}
