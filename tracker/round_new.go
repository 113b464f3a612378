package tracker

import (
	"context"
	"time"

	"github.com/paulmach/orb"
)

// NewRound is what is given of a round to be made.
type NewRound struct {
	Name, Vehicle, Driver, Depot string
	Start                        time.Time
	Stops                        []DeliveryID
	// Manual: it begins and ends only when somebody says so.
	Manual bool
	// Route is the planned way; nil to have one found, by the router if there is
	// one.
	Route orb.LineString
	// CorridorMeters is how far to either side of the way is still on it; 0 for
	// the engine's setting, and around straight lines for what fits them.
	CorridorMeters float64
	// Unhurried: nobody is waiting, so the router is asked once it is made.
	Unhurried bool
}

// apply puts what is given into r, whose way stays as it was found if none is
// given.
func (n *NewRound) apply(r *Round) {
	r.Name, r.Vehicle, r.Driver, r.Depot, r.Start, r.Manual = n.Name, n.Vehicle, n.Driver, n.Depot, n.Start, n.Manual
	r.Stops, r.CorridorMeters = n.Stops, n.CorridorMeters
	if n.Route != nil || r.Plan.Source() == RouteGiven {
		r.Plan = Plan{Route: n.Route, CorridorMeters: n.CorridorMeters}
	}
}

// given is what may be changed of r.
func (r *Round) given() NewRound {
	n := NewRound{
		Name: r.Name, Vehicle: r.Vehicle, Driver: r.Driver, Depot: r.Depot, Start: r.Start, Manual: r.Manual,
		Stops: r.Stops, CorridorMeters: r.CorridorMeters,
	}
	if r.Plan.Source() == RouteGiven {
		n.Route = r.Route
	}
	return n
}

// CreateRound makes a planned round. Its deliveries leave the rounds that they
// were on. Errors wrap ErrBadInput, ErrNoKeyring, ErrUnavailable or ctx's.
func (f *Fleet) CreateRound(ctx context.Context, n NewRound) (Round, error) {
	if f.ledger.keys == nil {
		return Round{}, ErrNoKeyring
	}
	r := Round{ID: RoundID(newID()), State: RoundPlanned}
	noteMade(ctx, string(r.ID))
	n.apply(&r)
	if err := r.normalize(); err != nil {
		return Round{}, err
	}
	if !n.Unhurried {
		f.planner.plan(ctx, f, &r)
	}
	// Before what it seals.
	if err := f.ledger.keys.Add(KeyID(r.ID)); err != nil {
		return Round{}, err
	}
	return f.editRound(ctx, r.ID, r.Stops, func(b *ledgerEdit) (Round, error) {
		return r, f.ledger.replan(b, &Round{}, &r)
	})
}

// CheckRound tells whether CreateRound would take a round, as far as its stops
// are not concerned. Errors wrap ErrBadInput.
func (f *Fleet) CheckRound(n NewRound) error {
	r := Round{State: RoundPlanned}
	n.apply(&r)
	if err := r.normalize(); err != nil {
		return err
	}
	return f.ledger.checkParties(f.ledger.edit(), &r)
}
