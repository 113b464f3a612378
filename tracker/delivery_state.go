package tracker

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// DeliveryState is where a delivery stands.
type DeliveryState string

// The states. A delivery begins as created.
const (
	// DeliveryCreated: it is not under way.
	DeliveryCreated DeliveryState = "created"
	// DeliveryDeparted: it is in a vehicle that is on its round.
	DeliveryDeparted DeliveryState = "departed"
	// DeliveryApproaching: the vehicle is on its way to it, and near.
	DeliveryApproaching DeliveryState = "approaching"
	// DeliveryArrived: the vehicle stands at the address.
	DeliveryArrived DeliveryState = "arrived"
	// DeliveryDelivered: it was handed over.
	DeliveryDelivered DeliveryState = "delivered"
	// DeliveryLeft: it is with a neighbour or at a safe place.
	DeliveryLeft DeliveryState = "left"
	// DeliveryPartial: some of its parcels were handed over.
	DeliveryPartial DeliveryState = "partial"
	// DeliveryDamaged: it was found damaged at the hand-off.
	DeliveryDamaged DeliveryState = "damaged"
	// DeliveryRefused: the receiver did not take it.
	DeliveryRefused DeliveryState = "refused"
	// DeliveryFailed: it could not be handed over, such as to nobody at home.
	DeliveryFailed DeliveryState = "failed"
	// DeliveryReturned: it is back with its sender. This is final.
	DeliveryReturned DeliveryState = "returned"
	// DeliveryCancelled: it is not wanted any more. This is final.
	DeliveryCancelled DeliveryState = "cancelled"
)

// lifeCycle holds the legal transitions: from a state to those that may
// follow.
//
//	created ──> departed <──> approaching ──> arrived ──> an outcome
//	   ^            │  (each may skip what lies between; each may go back to
//	   │            │   created where the delivery leaves its round)
//	   └─ failed <──┘
//
// A hand-off needs no arrival before it, since a driver may be without
// satellites. An arrived vehicle that goes on without a hand-off has departed
// again. What was not handed over whole may be returned; what failed may be
// tried again.
var lifeCycle = map[DeliveryState][]DeliveryState{
	DeliveryCreated:     {DeliveryDeparted, DeliveryCancelled, DeliveryReturned},
	DeliveryDeparted:    append([]DeliveryState{DeliveryApproaching, DeliveryArrived, DeliveryCreated, DeliveryCancelled}, outcomes...),
	DeliveryApproaching: append([]DeliveryState{DeliveryDeparted, DeliveryArrived, DeliveryCreated, DeliveryCancelled}, outcomes...),
	DeliveryArrived:     append([]DeliveryState{DeliveryDeparted, DeliveryCreated, DeliveryCancelled}, outcomes...),
	DeliveryLeft:        {DeliveryDelivered, DeliveryReturned},
	DeliveryPartial:     {DeliveryDelivered, DeliveryReturned},
	DeliveryDamaged:     {DeliveryReturned},
	DeliveryRefused:     {DeliveryReturned},
	DeliveryFailed:      {DeliveryCreated, DeliveryCancelled, DeliveryReturned},
	DeliveryDelivered:   {DeliveryReturned},
	DeliveryReturned:    {},
	DeliveryCancelled:   {},
}

// DeliveryStates are all states, in order of name.
func DeliveryStates() []DeliveryState { return slices.Sorted(maps.Keys(lifeCycle)) }

// outcomes are what a hand-off, or the attempt of one, ends with.
var outcomes = []DeliveryState{
	DeliveryDelivered, DeliveryLeft, DeliveryPartial, DeliveryDamaged, DeliveryRefused, DeliveryFailed,
}

// Next are the states that may follow s, in a fixed order.
func (s DeliveryState) Next() []DeliveryState { return slices.Clone(lifeCycle[s]) }

// Open reports whether something is still to be done.
func (s DeliveryState) Open() bool {
	return s == DeliveryCreated || s == DeliveryFailed || s.OnTheWay()
}

// OnTheWay reports whether a vehicle has it aboard.
func (s DeliveryState) OnTheWay() bool {
	return s == DeliveryDeparted || s == DeliveryApproaching || s == DeliveryArrived
}

// Course is what has become of an order.
type Course struct {
	State DeliveryState `json:"state"`
	// Since is when the state was reached.
	Since time.Time `json:"since"`
	// Round is the round that serves it, empty for none.
	Round RoundID `json:"round,omitempty"`
	// Delayed: it is expected, or was brought, later than promised.
	Delayed bool `json:"delayed,omitempty"`
	// Attempts counts the hand-offs that failed.
	Attempts int `json:"attempts,omitempty"`
	// Tries counts wrong codes since the code was last made.
	Tries int `json:"tries,omitempty"`
	// Handoff is what was shown of the hand-off, nil before it.
	Handoff *HandoffRecord `json:"handoff,omitempty"`
	// Reason says why it failed, was refused, returned or cancelled; empty if
	// nobody said. It may name people, so it is kept sealed.
	Reason string `json:"-"`
}

// TransitionError refuses a transition that the life cycle does not have.
type TransitionError struct {
	From, To DeliveryState
}

// Error says what is allowed.
func (e *TransitionError) Error() string {
	next := e.From.Next()
	if len(next) == 0 {
		return fmt.Sprintf("a delivery that is %s stays so; it cannot become %s", e.From, e.To)
	}
	names := make([]string, len(next))
	for i, s := range next {
		names[i] = string(s)
	}
	return fmt.Sprintf("a delivery that is %s cannot become %s; it can become %s", e.From, e.To, strings.Join(names, ", "))
}

// move brings c into another state at a time. Errors: *TransitionError.
func (c *Course) move(to DeliveryState, at time.Time, reason string) error {
	if !slices.Contains(lifeCycle[c.State], to) {
		return &TransitionError{From: c.State, To: to}
	}
	if to == DeliveryFailed {
		c.Attempts++
	}
	if to == DeliveryCreated {
		c.Round, c.Delayed = "", false
	}
	c.State, c.Since, c.Reason = to, at.UTC().Truncate(time.Millisecond), reason
	return nil
}

// eventType is the type of the event that tells of a move from one state to
// another. There is none of its own for a delivery that goes back to waiting,
// or on without a hand-off.
func eventType(to DeliveryState) string {
	if to == DeliveryCreated {
		return "delivery.changed"
	}
	return "delivery." + string(to)
}
