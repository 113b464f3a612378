package tracker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// ErrBusy: a vehicle is on another round.
var ErrBusy = errors.New("the vehicle is on another round: end that first")

// Round returns one round. Its slices are shared: do not change them.
func (f *Fleet) Round(id RoundID) (Round, bool) { return f.ledger.rounds.get(string(id)) }

// Rounds returns up to limit rounds in one of some states, of all if none are
// given, newest first, made before the given one; the empty id stands for the
// end.
func (f *Fleet) Rounds(states []RoundState, before RoundID, limit int) []Round {
	return f.ledger.rounds.list(string(before), true, limit, func(r *Round) bool {
		return len(states) == 0 || slices.Contains(states, r.State)
	})
}

// ChangeRound changes a round that is not over: its stops and their order, its
// vehicle, its way. change must not write into the slices that it is given.
// Errors wrap ErrBadInput, ErrNotFound, ErrStale, ErrBusy, ErrUnavailable or
// ctx's.
func (f *Fleet) ChangeRound(ctx context.Context, id RoundID, seen uint64, change func(*NewRound) error) (Round, error) {
	before, ok := f.Round(id)
	if !ok {
		return Round{}, fmt.Errorf("round %q: %w", id, ErrNotFound)
	}
	wanted := before.given()
	if err := change(&wanted); err != nil {
		return Round{}, err
	}
	planned := before
	wanted.apply(&planned)
	f.planner.plan(ctx, f, &planned)
	touched := append(slices.Clone(before.Stops), wanted.Stops...)
	return f.editRound(ctx, id, touched, func(b *ledgerEdit) (Round, error) {
		r, _ := f.Round(id)
		switch {
		case r.Version != before.Version, seen != AnyVersion && seen != r.Version:
			return r, fmt.Errorf("round %s: %w", id, ErrStale)
		case r.State == RoundEnded:
			return r, &MemberError{"state", "is ended: a round can be changed until it is over."}
		}
		wanted.apply(&r)
		r.Plan = planned.Plan
		if err := r.normalize(); err != nil {
			return r, err
		}
		return r, f.ledger.replan(b, &before, &r)
	})
}

// editRound holds a round with all that it touches: the deliveries, the rounds
// that these are on, and its vehicle.
func (f *Fleet) editRound(ctx context.Context, id RoundID, touched []DeliveryID, change func(*ledgerEdit) (Round, error)) (Round, error) {
	l := f.ledger
	keys := []string{string(id)}
	for _, stop := range touched {
		keys = append(keys, string(stop))
		if d, ok := f.Delivery(stop); ok && d.Round != "" {
			keys = append(keys, string(d.Round))
		}
	}
	var changed Round // the edit's alone until it is done
	err := l.hold(ctx, func(ctx context.Context) error {
		b := l.edit()
		r, err := change(b)
		if err != nil {
			return err
		}
		if err := put(b, l.rounds, &r); err != nil {
			return err
		}
		changed = r
		return f.commitLedger(ctx, b)
	}, keys...)
	if err != nil {
		return Round{}, err
	}
	return changed, nil
}

// replan moves deliveries to and from a round that changes from before to r.
func (l *ledger) replan(b *ledgerEdit, before, r *Round) error {
	if err := l.checkParties(b, r); err != nil {
		return err
	}
	stays := make(map[DeliveryID]bool, len(r.Stops))
	for _, id := range r.Stops {
		stays[id] = true
	}
	for _, id := range before.Stops {
		if stays[id] {
			continue
		}
		r.leave(id)
		if err := l.takeOff(b, id, "taken off its round"); err != nil {
			return err
		}
	}
	left := make(map[RoundID]map[DeliveryID]bool)
	for _, id := range r.Stops {
		if err := l.takeOn(b, r, id, left); err != nil {
			return err
		}
	}
	for id, stops := range left {
		if err := l.leave(b, id, stops); err != nil {
			return err
		}
	}
	if before.Vehicle != r.Vehicle && r.State == RoundRunning {
		r.Behind = l.served(b, r)
	}
	b.reshaped[r.ID] = true
	return nil
}

// checkParties tells whether there are those whom a round names, and whether
// its vehicle is free.
func (l *ledger) checkParties(b *ledgerEdit, r *Round) error {
	if _, ok := look(b, l.vehicles, r.Vehicle); !ok && r.Vehicle != "" {
		return &MemberError{"vehicle", "must be the id of a vehicle."}
	}
	if _, ok := look(b, l.drivers, r.Driver); !ok && r.Driver != "" {
		return &MemberError{"driver", "must be the id of a driver."}
	}
	d, ok := look(b, l.depots, r.Depot)
	if !ok && r.Depot != "" {
		return &MemberError{"depot", "must be the id of a depot."}
	}
	if ok && r.State == RoundPlanned && !r.Start.IsZero() && !d.Works(r.Start) {
		return &MemberError{"start", fmt.Sprintf("must be when the depot %s works; by its calendar it is closed then.", r.Depot)}
	}
	if r.State != RoundRunning || r.Vehicle == "" {
		return nil
	}
	others := l.rounds.list("", false, 1, func(other *Round) bool {
		return other.ID != r.ID && other.State == RoundRunning && other.Vehicle == r.Vehicle
	})
	if len(others) > 0 {
		return fmt.Errorf("round %s: %w", others[0].ID, ErrBusy)
	}
	return nil
}

// served are the stops of a round that have an outcome.
func (l *ledger) served(b *ledgerEdit, r *Round) (served []DeliveryID) {
	for _, id := range r.Stops {
		if d, ok := look(b, l.deliveries, string(id)); ok && !d.State.Open() {
			served = append(served, id)
		}
	}
	return served
}

// takeOn puts a delivery on a round, and notes which one it has left.
func (l *ledger) takeOn(b *ledgerEdit, r *Round, id DeliveryID, left map[RoundID]map[DeliveryID]bool) error {
	d, ok := look(b, l.deliveries, string(id))
	switch {
	case !ok || d.Erased:
		return &MemberError{"stops", fmt.Sprintf("must be ids of deliveries: there is no delivery %.64q.", id)}
	case d.Round == r.ID:
		return nil
	case !d.State.Open():
		return &MemberError{"stops", fmt.Sprintf("must be open deliveries: %s is %s.", id, d.State)}
	}
	if left[d.Round] == nil {
		left[d.Round] = make(map[DeliveryID]bool)
	}
	left[d.Round][id] = true
	if d.State == DeliveryFailed {
		if err := d.move(DeliveryCreated, b.at, "to be tried again"); err != nil {
			return err
		}
	}
	d.Round = r.ID
	typ := "delivery.changed"
	if r.State == RoundRunning && d.State == DeliveryCreated {
		if err := d.move(DeliveryDeparted, b.at, ""); err != nil {
			return err
		}
		typ = eventType(DeliveryDeparted)
	}
	return b.putDelivery(l, &d, typ)
}

// leave takes deliveries out of the stops of a round, if there is one.
func (l *ledger) leave(b *ledgerEdit, id RoundID, left map[DeliveryID]bool) error {
	old, ok := look(b, l.rounds, string(id))
	if !ok || id == "" {
		return nil
	}
	old.Stops = slices.DeleteFunc(slices.Clone(old.Stops), func(stop DeliveryID) bool { return left[stop] })
	for stop := range left {
		old.leave(stop)
	}
	b.reshaped[id] = true
	return put(b, l.rounds, &old)
}

// takeOff makes a delivery wait again, if nothing has come of it yet.
func (l *ledger) takeOff(b *ledgerEdit, id DeliveryID, reason string) error {
	d, ok := look(b, l.deliveries, string(id))
	if !ok || d.Erased {
		return nil
	}
	if d.State.OnTheWay() {
		if err := d.move(DeliveryCreated, b.at, reason); err != nil {
			return err
		}
	}
	if !d.State.Open() {
		return nil
	}
	d.Round = ""
	return b.putDelivery(l, &d, "delivery.changed")
}

// StartRound sends a vehicle on its round: its deliveries have departed. Errors
// wrap ErrBadInput, ErrNotFound, ErrStale, ErrBusy, ErrUnavailable or ctx's.
func (f *Fleet) StartRound(ctx context.Context, id RoundID, seen uint64) (Round, error) {
	return f.startRound(ctx, id, seen, f.ledger.today())
}

func (f *Fleet) startRound(ctx context.Context, id RoundID, seen uint64, began time.Time) (Round, error) {
	return f.moveRound(ctx, id, seen, RoundRunning, func(b *ledgerEdit, r *Round) error {
		if r.Vehicle == "" {
			return &MemberError{"vehicle", "must be set before a round starts."}
		}
		if err := f.ledger.checkParties(b, r); err != nil {
			return err
		}
		r.Began = began
		return f.ledger.eachStop(b, r, func(d *Delivery) error {
			if d.State != DeliveryCreated {
				return nil
			}
			if err := d.move(DeliveryDeparted, b.at, ""); err != nil {
				return err
			}
			return b.putDelivery(f.ledger, d, eventType(DeliveryDeparted))
		})
	})
}

// EndRound ends a round. Deliveries of which nothing has come wait again.
// Errors wrap ErrBadInput, ErrNotFound, ErrStale, ErrUnavailable or ctx's.
func (f *Fleet) EndRound(ctx context.Context, id RoundID, seen uint64) (Round, error) {
	// Afterwards the engine knows the round's stops no more.
	r, _ := f.Round(id)
	for _, stop := range r.Stops {
		if d, _ := f.Delivery(stop); d.Handoff == nil || d.Handoff.Asked {
			continue
		}
		if err := f.judge(ctx, stop, true); err != nil {
			return Round{}, err
		}
	}
	return f.moveRound(ctx, id, seen, RoundEnded, func(b *ledgerEdit, r *Round) error {
		return f.ledger.eachStop(b, r, func(d *Delivery) error {
			if !d.State.Open() {
				return nil
			}
			return f.ledger.takeOff(b, d.ID, "the round has ended")
		})
	})
}

func (l *ledger) eachStop(b *ledgerEdit, r *Round, fn func(*Delivery) error) error {
	for _, id := range r.Stops {
		d, ok := look(b, l.deliveries, string(id))
		if !ok || d.Erased {
			continue
		}
		if err := fn(&d); err != nil {
			return err
		}
	}
	return nil
}

// moveRound brings a round into its next state.
func (f *Fleet) moveRound(ctx context.Context, id RoundID, seen uint64, to RoundState, move func(*ledgerEdit, *Round) error) (Round, error) {
	before, ok := f.Round(id)
	if !ok {
		return Round{}, fmt.Errorf("round %q: %w", id, ErrNotFound)
	}
	return f.editRound(ctx, id, before.Stops, func(b *ledgerEdit) (Round, error) {
		r, _ := f.Round(id)
		switch {
		case r.Version != before.Version, seen != AnyVersion && seen != r.Version:
			return r, fmt.Errorf("round %s: %w", id, ErrStale)
		case r.State == RoundEnded, r.State == to:
			return r, &MemberError{"state", fmt.Sprintf("is %s: a round goes from planned to running to ended.", r.State)}
		}
		r.State = to
		b.reshaped[id] = true
		return r, move(b, &r)
	})
}
