package tracker

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// The desk reads the event log behind a cursor of its own and lets deliveries
// and alerts follow what the engine found. Each of its edits holds the cursor,
// so that after a kill nothing is done twice and nothing is left out.
const (
	cursorBucket = "cursors"
	deskCursor   = "desk"
	// deskPage is how many events share an edit, and a transaction.
	deskPage = 128
	// deskRetry is when to try again what the store did not take.
	deskRetry = time.Second
)

type desk struct {
	// wake has room for one; whoever commits events puts something in.
	wake chan struct{}
	// after is the last event that was dealt with.
	after uint64
}

// loadDesk begins behind all that there is where it never ran before.
func loadDesk(store Store) (*desk, error) {
	d := &desk{wake: make(chan struct{}, 1)}
	value, err := store.Record(cursorBucket, deskCursor)
	if err != nil {
		return nil, fmt.Errorf("read the cursor of deliveries: %w", err)
	}
	if value == nil {
		_, d.after, err = store.Last()
		return d, err
	}
	if d.after, err = strconv.ParseUint(string(value), 10, 64); err != nil {
		return nil, fmt.Errorf("cursor of deliveries: %w", errDamaged)
	}
	return d, nil
}

func (d *desk) notify() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// attend deals with events until ctx ends.
func (f *Fleet) attend(ctx context.Context) {
	if f.ledger.keys == nil {
		return
	}
	for {
		more, err := f.attendPage(ctx)
		if err != nil && ctx.Err() == nil {
			f.log.Error("deliveries do not follow the events for the moment", "after", f.desk.after, "error", err)
			select {
			case <-time.After(deskRetry):
			case <-ctx.Done():
			}
		}
		if ctx.Err() != nil {
			return
		}
		if more || err != nil {
			continue
		}
		select {
		case <-f.desk.wake:
		case <-ctx.Done():
			return
		}
	}
}

// attendPage deals with the next events; more tells that there may be others.
func (f *Fleet) attendPage(ctx context.Context) (more bool, err error) {
	// In a log without alarms the cursor may be of an event long dropped.
	f.desk.after = max(f.desk.after, f.FirstSeq()-1)
	events, next, err := f.Events(f.desk.after, deskPage, EventFilter{})
	if err != nil || next == f.desk.after {
		return false, err
	}
	events = slices.DeleteFunc(events, func(e Event) bool { return !concerns(&e) })
	if len(events) > 0 {
		if err := f.attendTo(ctx, events, next); err != nil {
			return true, err
		}
	}
	f.desk.after = next
	return true, nil
}

// concerns tells whether an event can change a delivery or an alert. Those that
// edits made have done so already.
func concerns(e *Event) bool {
	switch e.Type {
	case "stop.begin", "stop.end", "delivery.approaching", "drop.confirmed", "drop.unverifiable", "event.retracted":
		return true
	case "event.revised":
		_, ok := verdictOf(e)
		return ok
	case "delivery.changed":
		return wishOf(e) != nil
	}
	_, resolves := resolving[e.Type]
	return e.alarms() || resolves
}

// attendTo makes one edit of what follows from events up to seq.
func (f *Fleet) attendTo(ctx context.Context, events []Event, seq uint64) error {
	l := f.ledger
	keys := []string{alertBucket}
	for i := range events {
		if d, ok := f.Delivery(deliveryOf(&events[i])); ok {
			keys = append(keys, d.key(), string(d.Round))
		}
	}
	return l.hold(ctx, func(ctx context.Context) error {
		b := l.edit()
		for i := range events {
			if err := l.heed(b, &events[i]); err != nil {
				return fmt.Errorf("event %d: %w", events[i].Seq, err)
			}
		}
		b.rows = append(b.rows, BucketRecord{Bucket: cursorBucket, Record: Record{
			Key: deskCursor, Value: strconv.AppendUint(nil, seq, 10),
		}})
		return f.commitLedger(ctx, b)
	}, keys...)
}

// corrected is what a correction says of the event; nothing if it is damaged.
func corrected(e *Event) correctedDetail {
	d, err := toldDetail(e)
	if err != nil {
		return correctedDetail{}
	}
	return d
}

// deliveryOf is the delivery that an event, or the one that it corrects, is
// about, if it is about one at all.
func deliveryOf(e *Event) DeliveryID {
	if !isCorrection(e) {
		return DeliveryID(e.Subject)
	}
	return DeliveryID(corrected(e).Subject)
}

// heed does what follows from one event.
func (l *ledger) heed(b *ledgerEdit, e *Event) error {
	var about *Delivery
	if d, ok := look(b, l.deliveries, string(deliveryOf(e))); ok && !d.Erased {
		about = &d
		if err := l.heedDelivery(b, e, &d); err != nil {
			return err
		}
	}
	if e.Type == "event.retracted" {
		return l.resolve(b, AlertID(e.Subject), "did not happen, by positions that came late")
	}
	if err := l.settleAlerts(b, e); err != nil {
		return err
	}
	if err := l.heedWish(b, e, about); err != nil {
		return err
	}
	if !e.alarms() {
		return nil
	}
	if d, ok := l.deliveryOfParcel(b, e); ok && about == nil {
		about = &d
	}
	b.opened[AlertID(e.ID)] = true
	return l.openAlert(b, e, about)
}

// heedDelivery moves a delivery as the engine saw it go. What does not fit its
// state, since a person said something else meanwhile, changes nothing.
func (l *ledger) heedDelivery(b *ledgerEdit, e *Event, d *Delivery) error {
	_, verdict := verdictOf(e)
	if e.Device == "" || !l.carries(b, d, e.Device, verdict) && !(verdict && l.inParcelOf(b, d, e.Device)) {
		return nil
	}
	typ, changed := d.heed(e)
	if !changed {
		return nil
	}
	if err := put(b, l.deliveries, d); err != nil {
		return err
	}
	if typ == "" {
		return nil // the engine's event says it
	}
	told := d.event(typ, b)
	told.Time, told.Device = e.Time, e.Device
	b.events = append(b.events, told)
	return nil
}

// carries tells whether a device is one of the vehicle that has the delivery, or,
// once the round is over, that had it.
func (l *ledger) carries(b *ledgerEdit, d *Delivery, device DeviceID, had bool) bool {
	r, ok := look(b, l.rounds, string(d.Round))
	if !ok || r.State != RoundRunning && !had {
		return false
	}
	v, _ := look(b, l.vehicles, r.Vehicle)
	return slices.Contains(v.Devices, device)
}

// roundOfDevice is the running round of the vehicle that a device is in.
func (l *ledger) roundOfDevice(b *ledgerEdit, device DeviceID) *Round {
	vehicles := l.vehicles.list("", false, 1, func(v *Vehicle) bool { return slices.Contains(v.Devices, device) })
	if len(vehicles) == 0 {
		return nil
	}
	running := l.rounds.list("", false, 1, func(r *Round) bool { return r.State == RoundRunning && r.Vehicle == vehicles[0].ID })
	if len(running) == 0 {
		return nil
	}
	return &running[0]
}

// heed changes d by an event of the engine. typ is the event to tell of that,
// empty where the engine's own does.
func (d *Delivery) heed(e *Event) (typ string, changed bool) {
	switch e.Type {
	case "delivery.delayed", "delivery.on_time_again":
		late := e.Type == "delivery.delayed"
		changed = d.Delayed != late
		d.Delayed = late
		return "", changed
	case "delivery.approaching":
		return "", d.State == DeliveryDeparted && d.move(DeliveryApproaching, e.Time, "") == nil
	case "stop.begin":
		onWay := d.State == DeliveryDeparted || d.State == DeliveryApproaching
		return eventType(DeliveryArrived), onWay && d.move(DeliveryArrived, e.Time, "") == nil
	case "stop.end":
		return eventType(DeliveryDeparted), d.State == DeliveryArrived && d.move(DeliveryDeparted, e.Time, "left without a hand-off") == nil
	case "event.retracted":
		return d.unheed(corrected(e), e.Time)
	}
	return "", d.heedVerdict(e)
}

// unheed takes back what an event did that did not happen. What a person said
// meanwhile stands.
func (d *Delivery) unheed(was correctedDetail, at time.Time) (typ string, changed bool) {
	switch was.Type {
	case "delivery.delayed":
		changed = d.Delayed
		d.Delayed = false
		return "", changed
	case "delivery.approaching":
		return "", d.State == DeliveryApproaching && d.move(DeliveryDeparted, at, "") == nil
	case "stop.begin":
		return eventType(DeliveryDeparted), d.State == DeliveryArrived && d.move(DeliveryDeparted, at, "had not arrived") == nil
	}
	return "", false
}
