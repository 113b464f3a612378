package tracker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"wayguard/geofence"
)

// Rounds that begin by themselves do so once the engine, with the depot for a
// fence, finds in the vehicle's track that it has left; and they end once it is
// back and no delivery is open. The track and the state of the round are all
// that counts, and both are durable: after a kill the track is read again, and
// what has begun does not begin twice.
const (
	// lookEvery is how often tracks are read on.
	lookEvery = time.Second
	// lookPause is the least between two looks, by the system's clock.
	lookPause = 20 * time.Millisecond
	// beforeStart is how long before its start a vehicle may leave; the round
	// then begins at the start.
	beforeStart = time.Hour
	// afterStart is how long after its start a round still begins by itself: one
	// that was forgotten must not take the next day's departure for its own.
	afterStart = 12 * time.Hour
	// depotReach is how far a depot reaches that does not say, in metres: the
	// engine's own setting for stays.
	depotReach = 150
)

// attendance are the vehicles that are watched, by round.
type attendance struct {
	fleet   *Fleet
	watched map[RoundID]*watch
}

// watch follows the devices of a vehicle in and out of the depot of a round.
type watch struct {
	// depot and since are what it was made for: it begins anew where they change.
	depot uint64 // the version of it
	since time.Time
	world *geofence.World
	// devices are by id.
	devices map[DeviceID]*passage
}

// passage is what is known of one device.
type passage struct {
	state geofence.State
	// next is where to read on.
	next time.Time
	// last is the newest fix; inside and out tell where it is for sure, if at
	// all: out of a depot that it was in before.
	last        time.Time
	inside, out bool
	// turned is when it came to be so.
	turned time.Time
}

func (a *attendance) now() time.Time { return a.fleet.clock.Now() }

// tendRounds begins and ends rounds until ctx ends.
func (f *Fleet) tendRounds(ctx context.Context) {
	if f.ledger.keys == nil {
		return
	}
	a := &attendance{fleet: f, watched: make(map[RoundID]*watch)}
	for {
		if err := a.look(ctx); err != nil && ctx.Err() == nil {
			f.log.Error("rounds do not begin or end by themselves for the moment", "error", err)
		}
		select {
		case <-time.After(max(f.clock.Real(lookEvery), lookPause)):
		case <-ctx.Done():
			return
		}
	}
}

// look deals with all rounds that may begin or end.
func (a *attendance) look(ctx context.Context) error {
	due := a.due()
	for id := range a.watched {
		if !slices.ContainsFunc(due, func(r Round) bool { return r.ID == id }) {
			delete(a.watched, id)
		}
	}
	for i := range due {
		if err := a.attend(ctx, &due[i]); err != nil {
			return fmt.Errorf("round %s: %w", due[i].ID, err)
		}
	}
	return nil
}

// due are the rounds to be watched: those whose start is near and whose vehicle
// is on no other, the earliest of each vehicle, and those with nothing left to
// do.
func (a *attendance) due() []Round {
	l := a.fleet.ledger
	taken := make(map[string]bool)
	rounds := l.rounds.list("", false, -1, func(r *Round) bool {
		if r.State == RoundRunning {
			taken[r.Vehicle] = true
		}
		return r.State != RoundEnded && r.AutoStarts() && r.Vehicle != "" && !r.Erased
	})
	slices.SortStableFunc(rounds, func(a, b Round) int { return a.Start.Compare(b.Start) })
	soon, late := a.now().Add(beforeStart), a.now().Add(-afterStart)
	return slices.DeleteFunc(rounds, func(r Round) bool {
		if r.State == RoundRunning {
			return l.unfinished(&r)
		}
		idle := taken[r.Vehicle] || r.Start.After(soon) || r.Start.Before(late) || len(r.Stops) == 0
		taken[r.Vehicle] = taken[r.Vehicle] || !idle
		return idle
	})
}

// unfinished tells whether there is still something to do for a delivery of a
// round, or there is none at all. What has failed waits for another round.
func (l *ledger) unfinished(r *Round) bool {
	for _, id := range slices.Backward(r.Stops) {
		if d, ok := l.deliveries.get(string(id)); ok && d.Round == r.ID && (d.State == DeliveryCreated || d.State.OnTheWay()) {
			return true
		}
	}
	return len(r.Stops) == 0
}

// attend reads the tracks on and does what follows.
func (a *attendance) attend(ctx context.Context, r *Round) error {
	w, err := a.watchOf(r)
	if err != nil || w == nil {
		return err
	}
	v, _ := a.fleet.ledger.vehicles.get(r.Vehicle)
	for _, id := range v.Devices {
		p := w.devices[id]
		if p == nil {
			p = &passage{state: geofence.NewState(geofence.DeviceID(id)), next: w.since}
			w.devices[id] = p
		}
		if err := a.readOn(w, id, p); err != nil {
			return err
		}
		if err := a.follow(ctx, r, p); err != nil {
			return err
		}
	}
	return nil
}

// follow begins or ends a round as a device of its vehicle goes. What somebody
// does meanwhile goes first.
func (a *attendance) follow(ctx context.Context, r *Round, p *passage) error {
	var err error
	switch {
	case r.State == RoundPlanned && p.out && !p.last.Before(r.Start):
		_, err = a.fleet.startRound(ctx, r.ID, r.Version, p.turned)
	case r.State == RoundRunning && p.inside && p.turned.After(r.Began):
		_, err = a.fleet.EndRound(ctx, r.ID, r.Version)
	}
	if errors.Is(err, ErrStale) || errors.Is(err, ErrBusy) || errors.Is(err, ErrNotFound) || errors.Is(err, ErrBadInput) {
		return nil
	}
	return err
}

// watchOf is the watch of a round; nil where its depot is gone.
func (a *attendance) watchOf(r *Round) (*watch, error) {
	d, ok := a.fleet.ledger.depots.get(r.Depot)
	if !ok {
		return nil, nil
	}
	since := a.since(r)
	w := a.watched[r.ID]
	if w != nil && w.depot == d.Version && w.since.Equal(since) {
		return w, nil
	}
	w = &watch{depot: d.Version, since: since, devices: make(map[DeviceID]*passage)}
	var err error
	if w.world, err = geofence.NewWorld(1, a.fleet.fences.settings, []geofence.Fence{d.fence()}); err != nil {
		return nil, fmt.Errorf("depot %q: %w", d.ID, err)
	}
	a.watched[r.ID] = w
	return w, nil
}

// since is from when on the track counts: of a round to begin, from a while
// before its start, but not before the vehicle's last one was over; of one that
// runs, from so long before it began that it is known where it was then.
func (a *attendance) since(r *Round) time.Time {
	if r.State == RoundRunning {
		return r.Began.Add(-beforeStart)
	}
	since := r.Start.Add(-beforeStart)
	ended := a.fleet.ledger.rounds.list("", true, 1, func(o *Round) bool { return o.State == RoundEnded && o.Vehicle == r.Vehicle })
	if len(ended) > 0 && ended[0].Updated.After(since) {
		since = ended[0].Updated
	}
	return since
}

// fence is the depot as the engine knows fences.
func (d *Depot) fence() geofence.Fence {
	if len(d.Premises) > 0 {
		return geofence.Fence{ID: geofence.FenceID(d.ID), Polygons: d.Premises}
	}
	radius := d.RadiusMeters
	if radius == 0 {
		radius = depotReach
	}
	return geofence.Fence{ID: geofence.FenceID(d.ID), Center: d.Point, RadiusMeters: radius}
}

// readOn steps the engine over what a device has reported since.
func (a *attendance) readOn(w *watch, id DeviceID, p *passage) error {
	if !a.fleet.hasPassed(id, p.next) {
		return nil
	}
	var events []geofence.Event
	return a.fleet.Track(id, p.next, a.now().Add(MaxAhead), func(t TrackPoint) bool {
		if t.Marks&(MarkClock|MarkImplausible) != 0 {
			return true
		}
		events = geofence.Step(w.world, &p.state, t.Fix, events[:0])
		p.last, p.next = t.Fix.Time.Time(), t.Fix.Time.Time().Add(time.Millisecond)
		for _, e := range events {
			p.note(e)
		}
		return true
	})
}

func (p *passage) note(e geofence.Event) {
	if e.Type == geofence.Enter || e.Type == geofence.Exit {
		p.inside, p.out, p.turned = e.Type == geofence.Enter, e.Type == geofence.Exit, e.Time.Time()
	}
}
