package tracker

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"
	"github.com/paulmach/orb/simplify"
	"github.com/prometheus/client_golang/prometheus"
)

// Router finds ways along roads. Its methods may be called from any goroutine.
type Router interface {
	// Source is what its ways are said to be from.
	Source() RouteSource
	// Find returns the way through two or more places, in their order, and for
	// each place where it comes by. Errors wrap ErrNoWay where there is none;
	// after others it can be asked again later. They name no place.
	Find(ctx context.Context, through orb.LineString) (way, passes orb.LineString, err error)
}

// ErrNoWay: there is no way through some places.
var ErrNoWay = errors.New("no way can be found")

// All of this is by the system's clock, which is a router's.
const (
	// planAtOnce is how long whoever edits a round waits for its way.
	planAtOnce = 3 * time.Second
	// planWithin is how long a way may take that nobody waits for.
	planWithin = time.Minute
	// planEvery is how often rounds without a way are looked for.
	planEvery = 15 * time.Second
	// planAgain is how long a router that did not answer is left alone, at
	// first, and planAgainAtMost in the end. One that knows no way is asked
	// again after that, or once the round leads elsewhere.
	planAgain       = 15 * time.Second
	planAgainAtMost = 30 * time.Minute
	// maxPassMeters is how far from a stop the way may come by: one that is
	// farther off is on no road of the router's map.
	maxPassMeters = 500
	// maxWayPoints is the most positions that are thinned out.
	maxWayPoints = 1_000_000
	// thinDegrees is how far a way may be off once it is thinned out, about a
	// metre.
	thinDegrees = 1e-5
)

// planner asks the router.
type planner struct {
	router   Router // nil for none
	outcomes *prometheus.CounterVec

	mu sync.Mutex
	// rest is until when the router is left alone, pause for how long.
	rest  time.Time
	pause time.Duration
	// hopeless are rounds that the router knows no way for.
	hopeless map[RoundID]hopeless
}

type hopeless struct {
	via   uint64
	until time.Time
}

func newPlanner(r Router, reg prometheus.Registerer) *planner {
	p := &planner{router: r, hopeless: make(map[RoundID]hopeless), outcomes: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "wayguard_planned_rounds_total",
		Help: "Ways that the router was asked for, by outcome: found, none (no way, or one far from a stop), failed (no answer; asked again).",
	}, []string{"outcome"})}
	if reg != nil {
		reg.MustRegister(p.outcomes)
	}
	return p
}

// plan gives a round, which is being edited, the way that the router finds. It
// never fails: a round keeps straight lines until it has a way.
func (p *planner) plan(ctx context.Context, f *Fleet, r *Round) {
	places, asks := p.lacks(f.ledger, r)
	if !asks || time.Now().Before(p.resting()) {
		return
	}
	// Who hangs up says nothing of the router.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), planAtOnce)
	defer cancel()
	if found, err := p.find(ctx, r, places); err == nil {
		r.Plan = found
	}
}

// lacks are the places of a round that the router is to be asked about; asks is
// false where it is not.
func (p *planner) lacks(l *ledger, r *Round) (places orb.LineString, asks bool) {
	if p.router == nil || r.Plan.Source() == RouteGiven || r.State == RoundEnded || r.Erased {
		return nil, false
	}
	d := l.placesOf(l.edit(), r)
	places = d.places()
	if d.round.Plan.Source() != RouteStraight || len(places) < 2 {
		return nil, false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	h, known := p.hopeless[r.ID]
	return places, !known || h.via != viaOf(places) || time.Now().After(h.until)
}

func (p *planner) resting() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.rest
}

// find asks the router and checks what it says.
func (p *planner) find(ctx context.Context, r *Round, places orb.LineString) (Plan, error) {
	way, passes, err := p.router.Find(ctx, places)
	if err == nil {
		way, err = thinned(way, passes, places)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case errors.Is(err, ErrNoWay):
		p.outcomes.WithLabelValues("none").Inc()
		p.rest, p.pause = time.Time{}, 0
		p.hopeless[r.ID] = hopeless{viaOf(places), time.Now().Add(planAgainAtMost)}
		return Plan{}, err
	case err != nil:
		p.outcomes.WithLabelValues("failed").Inc()
		p.pause = min(max(2*p.pause, planAgain), planAgainAtMost)
		p.rest = time.Now().Add(p.pause)
		return Plan{}, err
	}
	p.outcomes.WithLabelValues("found").Inc()
	p.rest, p.pause = time.Time{}, 0
	delete(p.hopeless, r.ID)
	return Plan{Route: way, CorridorMeters: r.CorridorMeters, Found: p.router.Source(), Via: viaOf(places)}, nil
}

// thinned is a way without the points that say little. One that leads elsewhere
// is refused.
func thinned(way, passes, places orb.LineString) (orb.LineString, error) {
	if len(passes) != len(places) {
		return nil, fmt.Errorf("it comes by %d of %d places", len(passes), len(places))
	}
	for i := range places {
		if off := geo.DistanceHaversine(passes[i], places[i]); !(off <= maxPassMeters) {
			return nil, fmt.Errorf("%w: it comes by place %d of %d at %.0f m, more than %d m off", ErrNoWay, i+1, len(places), off, maxPassMeters)
		}
	}
	n := len(way)
	if n < 2 || n > maxWayPoints || geo.DistanceHaversine(way[0], passes[0]) > maxPassMeters || geo.DistanceHaversine(way[n-1], passes[len(passes)-1]) > maxPassMeters {
		return nil, fmt.Errorf("%w: its line, of %d positions, does not lead from the first place to the last", ErrNoWay, n)
	}
	way = simplify.DouglasPeucker(thinDegrees).LineString(way.Clone())
	if (&Plan{Route: way}).check() != nil {
		return nil, fmt.Errorf("%w: its line has %d positions, more than %d", ErrNoWay, len(way), maxRoutePoints)
	}
	return way, nil
}

// planRounds has ways found for rounds that lack one, until ctx ends.
func (f *Fleet) planRounds(ctx context.Context) {
	if f.planner.router == nil || f.ledger.keys == nil {
		return
	}
	tick := time.NewTicker(planEvery)
	defer tick.Stop()
	for {
		if err := f.planLacking(ctx); err != nil && ctx.Err() == nil {
			f.log.Warn("rounds go by straight lines until the router answers", "error", err, "retry", f.planner.resting())
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// planLacking gives up at the first round that the router has no answer for.
func (f *Fleet) planLacking(ctx context.Context) error {
	f.planner.hope()
	for _, r := range f.Rounds([]RoundState{RoundRunning, RoundPlanned}, "", -1) {
		places, asks := f.planner.lacks(f.ledger, &r)
		if !asks {
			continue
		}
		if time.Now().Before(f.planner.resting()) {
			return nil
		}
		err := f.planRound(ctx, &r, places)
		if errors.Is(err, ErrNoWay) {
			f.log.Warn("a round goes by straight lines", "round", r.ID, "error", err)
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// hope forgets for which rounds there was no way long ago.
func (p *planner) hope() {
	p.mu.Lock()
	defer p.mu.Unlock()
	maps.DeleteFunc(p.hopeless, func(_ RoundID, h hopeless) bool { return time.Now().After(h.until) })
}

// planRound makes the way of a round durable, unless it leads elsewhere
// meanwhile.
func (f *Fleet) planRound(ctx context.Context, r *Round, places orb.LineString) error {
	asking, cancel := context.WithTimeout(ctx, planWithin)
	defer cancel()
	found, err := f.planner.find(asking, r, places)
	if err != nil {
		return err
	}
	_, err = f.editRound(ctx, r.ID, nil, func(b *ledgerEdit) (Round, error) {
		now, _ := f.Round(r.ID)
		if now.Plan.Source() == RouteGiven || now.State == RoundEnded {
			return now, ErrStale
		}
		found.CorridorMeters = now.CorridorMeters
		now.Plan = found
		b.reshaped[now.ID] = true
		return now, nil
	})
	if errors.Is(err, ErrStale) {
		return nil
	}
	return err
}
