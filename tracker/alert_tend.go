package tracker

import (
	"cmp"
	"context"
	"slices"
	"time"

	"wayguard/geofence"
)

// tendEvery is how often alerts are looked at that end without an event.
const tendEvery = 10 * time.Second

// tendAlerts resolves alerts whose cause is gone, though no event tells so, until
// ctx ends.
func (f *Fleet) tendAlerts(ctx context.Context) {
	for {
		select {
		case <-time.After(f.clock.Real(tendEvery)):
		case <-ctx.Done():
			return
		}
		if err := f.resolveGone(ctx); err != nil && ctx.Err() == nil {
			f.log.Error("alerts whose cause is gone could not be resolved", "error", err)
		}
	}
}

func (f *Fleet) resolveGone(ctx context.Context) error {
	l := f.ledger
	if l.keys == nil || len(f.goneAlerts()) == 0 {
		return nil
	}
	return l.hold(ctx, func(ctx context.Context) error {
		b := l.edit()
		for _, g := range f.goneAlerts() {
			if err := l.resolve(b, g.id, g.why); err != nil {
				return err
			}
		}
		return f.commitLedger(ctx, b)
	}, alertBucket)
}

// goneAlert is an alert whose cause is gone.
type goneAlert struct {
	id  AlertID
	why string
}

func (f *Fleet) goneAlerts() (gone []goneAlert) {
	w := f.pipeline.world.Load()
	for _, a := range f.standingAlerts(string(geofence.HazardAhead), string(geofence.Separated)) {
		carrier := w.Device(geofence.DeviceID(a.Device)).Carrier
		d, _ := f.Delivery(a.Delivery)
		switch {
		case a.Type == string(geofence.HazardAhead) && !f.ahead(w, &a):
			gone = append(gone, goneAlert{a.ID, "is not ahead any more"})
		case a.Type == string(geofence.Separated) && carrier != "" && string(carrier) != a.Subject:
			gone = append(gone, goneAlert{a.ID, "is carried by another vehicle now"})
		case a.Type == string(geofence.Separated) && d.Handoff != nil && f.handedOverIn(&d, a.Device):
			gone = append(gone, goneAlert{a.ID, "was handed over"})
		}
	}
	slices.SortFunc(gone, func(a, b goneAlert) int { return cmp.Compare(a.id, b.id) })
	return gone
}

// standingAlerts are those of some types that are not resolved.
func (f *Fleet) standingAlerts(types ...string) (alerts []Alert) {
	l := f.ledger
	l.alerts.mu.RLock()
	defer l.alerts.mu.RUnlock()
	for cause, ids := range l.standing {
		if !slices.Contains(types, cause.typ) {
			continue
		}
		for _, id := range ids {
			alerts = append(alerts, *l.alerts.rows[string(id)])
		}
	}
	return alerts
}

// ahead reports whether the hazard of an alert is still on the way of a round
// under way.
func (f *Fleet) ahead(w *geofence.World, a *Alert) bool {
	if r, ok := f.Round(a.Round); a.Round != "" && (!ok || r.State != RoundRunning) {
		return false
	}
	s := f.shard(a.Device)
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tracks[a.Device]
	return t != nil && w.Has(geofence.FenceID(a.Subject)) && t.engine.ToldAhead(geofence.FenceID(a.Subject))
}
