package tracker

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"wayguard/geofence"
)

const (
	// judgeEvery is how often hand-offs are looked at whose place is not judged.
	judgeEvery = time.Second
	// judgeWithin is how long the vehicle's positions are waited for, from when
	// the hand-off is told or the process begins. When they come later, it is
	// reviewed.
	judgeWithin = 2 * time.Minute
)

// judgeAll has the engine judge hand-offs until ctx ends, each once its vehicle
// has reported a later position, or has not for too long.
func (f *Fleet) judgeAll(ctx context.Context) {
	for {
		for _, u := range f.ledger.unjudged() {
			late := f.clock.Since(u.since) >= judgeWithin
			if err := f.judge(ctx, u.id, late); err != nil && ctx.Err() == nil {
				f.log.Error("the place of a hand-off was not judged", "delivery", u.id, "error", err)
			}
		}
		select {
		case <-time.After(f.clock.Real(judgeEvery)):
		case <-ctx.Done():
			return
		}
	}
}

// unjudged is a delivery whose hand-off the engine was not told of, as is known
// since a time.
type unjudged struct {
	id    DeliveryID
	since time.Time
}

func (l *ledger) unjudged() []unjudged {
	l.deliveries.mu.RLock()
	defer l.deliveries.mu.RUnlock()
	all := make([]unjudged, 0, len(l.pending))
	for id, since := range l.pending {
		all = append(all, unjudged{id, since})
	}
	slices.SortFunc(all, func(a, b unjudged) int { return cmp.Compare(a.id, b.id) })
	return all
}

// notePending keeps the list of them, under the lock of deliveries.
func (l *ledger) notePending(d *Delivery) {
	if d.Handoff == nil || d.Handoff.Asked || d.Erased {
		delete(l.pending, d.ID)
	} else if _, known := l.pending[d.ID]; !known {
		l.pending[d.ID] = l.clock.Now()
	}
}

// judge tells the engine of a hand-off, if it is time or no more is waited for.
// What nobody can judge is unverifiable at once.
func (f *Fleet) judge(ctx context.Context, id DeliveryID, late bool) error {
	l := f.ledger
	err := f.holdDelivery(ctx, id, func(ctx context.Context, d *Delivery) error {
		if d.Handoff == nil || d.Handoff.Asked || d.Erased {
			return nil
		}
		b := l.edit()
		device := l.judgeOf(b, d)
		record := *d.Handoff
		witness := f.witness(d, device, late)
		switch {
		case device == "":
			record.Asked, record.Position, record.Why = true, PositionUnverifiable, "no_vehicle"
		case !late && !f.hasPassed(witness, record.Time):
			return nil
		default:
			record.Asked = true
			b.handoffs = f.tellHandoff(d, device, witness)
		}
		d.Handoff = &record
		if err := put(b, l.deliveries, d); err != nil {
			return err
		}
		return f.commitLedger(ctx, b)
	})
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// judgeOf is the device of the vehicle that has a delivery, empty for none.
func (l *ledger) judgeOf(b *ledgerEdit, d *Delivery) DeviceID {
	r, ok := look(b, l.rounds, string(d.Round))
	if !ok || r.State != RoundRunning {
		return ""
	}
	v, _ := look(b, l.vehicles, r.Vehicle)
	if len(v.Devices) == 0 {
		return ""
	}
	return v.Devices[0]
}

// hasPassed reports whether a device has reported a position at that time or
// later.
func (f *Fleet) hasPassed(device DeviceID, at time.Time) bool {
	s := f.pipeline.shards[shardOf(device)]
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tracks[device]
	return t != nil && t.newest >= geofence.MillisOf(at)
}

// input is what the engine is told.
func (r *HandoffRecord) input(d *Delivery) geofence.Handoff {
	h := geofence.Handoff{Time: geofence.MillisOf(r.Time), Stop: geofence.StopID(d.ID)}
	if p := d.Hidden.HandoffPoint; p != nil {
		h.Point, h.HasPoint = *p, true
	}
	return h
}

// verdicts are what the engine's events say of a place.
var verdicts = map[string]PositionVerdict{
	string(geofence.DropConfirmed):    PositionConfirmed,
	string(geofence.DropWrongAddress): PositionWrong,
	string(geofence.DropUnverifiable): PositionUnverifiable,
}

// verdictOf is what an event, or a correction that says it holds after all, says
// of a place; ok is false where it says nothing of one.
func verdictOf(e *Event) (v PositionVerdict, ok bool) {
	typ := e.Type
	if typ == string(geofence.Revised) {
		typ = string(corrected(e).Type)
	}
	v, ok = verdicts[typ]
	return v, ok
}

// heedVerdict notes what the engine says of d's hand-off.
func (d *Delivery) heedVerdict(e *Event) (changed bool) {
	verdict, ok := verdictOf(e)
	if !ok || d.Handoff == nil || !d.Handoff.Time.Equal(e.Time) {
		return false
	}
	var said struct {
		Probability float64 `json:"probability"`
		Reason      string  `json:"reason"`
	}
	if json.Unmarshal(e.Detail, &said) != nil {
		return false
	}
	record := *d.Handoff
	record.Position, record.Probability, record.Why = verdict, said.Probability, said.Reason
	d.Handoff = &record
	return true
}
