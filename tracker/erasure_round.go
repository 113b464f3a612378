package tracker

import (
	"context"
	"math"
	"slices"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
)

// visited are the rounds that deliveries are on or ever were.
func (l *ledger) visited(theirs []Delivery) []Round {
	went := make(map[DeliveryID]bool, len(theirs))
	for i := range theirs {
		went[theirs[i].ID] = true
	}
	is := func(id DeliveryID) bool { return went[id] }
	return l.rounds.list("", false, -1, func(r *Round) bool {
		// Of rounds that an older release kept, only Left is known.
		return slices.ContainsFunc(r.Stops, is) || slices.ContainsFunc(r.Former, is) || slices.ContainsFunc(r.Left, is)
	})
}

// eraseRoutes destroys the keys of the rounds that went to a customer, or were
// to: their ways, as they are and were and as the engine was told of them, cannot
// be read any more. A round that is not over, which their deliveries have left,
// keeps the way that it has now under a key of its own.
func (f *Fleet) eraseRoutes(ctx context.Context, theirs []Delivery) error {
	l := f.ledger
	// Of those who were erased before nobody knows where they were, and nothing
	// leads there any more.
	known := slices.DeleteFunc(slices.Clone(theirs), func(d Delivery) bool { return d.Erased })
	for _, r := range l.visited(known) {
		if r.State == RoundEnded {
			continue
		}
		if err := f.renewRoute(ctx, r, known); err != nil {
			return err
		}
	}
	for _, r := range l.visited(theirs) {
		if r.State != RoundEnded {
			continue
		}
		if err := l.keys.Remove(r.sealedBy()); err != nil {
			return err
		}
		r.Plan, r.Erased = Plan{}, true
		l.rounds.place(&r)
	}
	return nil
}

// renewRoute seals the way of a round under a new key and destroys the one before.
// A kill in between leaves that to the next start.
func (f *Fleet) renewRoute(ctx context.Context, r Round, theirs []Delivery) error {
	l := f.ledger
	old := r.sealedBy()
	r.Key = KeyID(newID())
	r.Spent = append(slices.Clip(r.Spent), old)
	if err := l.keys.Add(r.Key); err != nil {
		return err
	}
	if l.wayLeadsTo(&r, theirs) {
		r.Plan = Plan{CorridorMeters: r.CorridorMeters}
	}
	b := l.edit()
	if err := put(b, l.rounds, &r); err != nil {
		return err
	}
	b.reshaped[r.ID] = true
	if err := f.commitLedger(ctx, b); err != nil {
		return err
	}
	return l.removeKeys(r.Spent)
}

func (l *ledger) removeKeys(ids []KeyID) error {
	for _, id := range ids {
		if err := l.keys.Remove(id); err != nil {
			return err
		}
	}
	return nil
}

// destroySpent completes what a kill interrupted.
func (l *ledger) destroySpent() error {
	for _, r := range l.rounds.list("", false, -1, func(r *Round) bool { return len(r.Spent) > 0 }) {
		if err := l.removeKeys(r.Spent); err != nil {
			return err
		}
	}
	return nil
}

// wayLeadsTo tells whether the way of a round, of which deliveries are no stops
// any more, may still lead to one of them. One that was found for the places that
// the round has now does not; one that was given may, if it comes as near as the
// veil is wide.
func (l *ledger) wayLeadsTo(r *Round, theirs []Delivery) bool {
	if r.Route == nil {
		return false
	}
	if r.Found != "" {
		d := l.placesOf(nil, r)
		return d.round.Route == nil // It did not fit.
	}
	return slices.ContainsFunc(theirs, func(d Delivery) bool {
		return metersOff(r.Route, d.Point) <= VeilMeters+extent(&d.Destination)
	})
}

// metersOff is how far a line is from a place, in metres, on the plane that
// touches the sphere there: good to 1 % up to 100 km.
func metersOff(line orb.LineString, at orb.Point) float64 {
	scale := math.Cos(at[1] * math.Pi / 180)
	local := func(p orb.Point) orb.Point {
		east := math.Remainder(p[0]-at[0], 360) * scale
		return orb.Point{east * metersPerDegree, (p[1] - at[1]) * metersPerDegree}
	}
	nearest := math.Inf(1)
	for i := 1; i < len(line); i++ {
		nearest = min(nearest, planar.DistanceFromSegment(local(line[i-1]), local(line[i]), orb.Point{}))
	}
	return nearest
}

// metersPerDegree is that of a great circle of the mean radius 6,371,008.8 m.
const metersPerDegree = 111195.08
