package bridge

import (
	"context"
	"errors"
	"runtime/debug"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"wayguard/tracker"
)

// inFlight is how many messages may wait for their commit. Brokers send fewer
// (Mosquitto 20, EMQX 32) unless they are told to send more.
const inFlight = 1024

// intake carries the messages of one session into the fleet and acknowledges
// them in order.
type intake struct {
	bridge *Bridge
	// taking ends when nothing more is to be taken.
	taking context.Context
	stop   context.CancelFunc
	// owed are the messages whose acknowledgement is due, oldest first. take
	// waits for room, which holds up the connection and thus the broker.
	owed chan owed
	// acknowledged tells that any was; read it after acknowledge has returned.
	acknowledged bool
}

// owed is a message and, later, what became of it.
type owed struct {
	message mqtt.Message
	outcome chan error
}

func newIntake(b *Bridge, ctx context.Context) *intake {
	in := &intake{bridge: b, owed: make(chan owed, inFlight)}
	in.taking, in.stop = context.WithCancel(ctx)
	return in
}

// take hands m over. It returns without having done so when the session ends;
// m then stays unacknowledged.
func (in *intake) take(m mqtt.Message) {
	o := owed{m, make(chan error, 1)}
	select {
	case in.owed <- o:
	case <-in.taking.Done():
		return
	}
	in.bridge.metrics.inFlight.Inc()
	in.bridge.submit(in.taking, m, func(err error) {
		in.bridge.metrics.inFlight.Dec()
		o.outcome <- err
	})
}

// acknowledge does so after each commit. It returns the first failure, or
// errEnded once nothing more is taken and nothing is owed.
func (in *intake) acknowledge(work context.Context) error {
	for {
		select {
		case o := <-in.owed:
			if err := in.settle(work, o); err != nil {
				return err
			}
		case <-in.taking.Done():
			select {
			case o := <-in.owed:
				if err := in.settle(work, o); err != nil {
					return err
				}
			default:
				return errEnded
			}
		case <-work.Done():
			return work.Err()
		}
	}
}

func (in *intake) settle(work context.Context, o owed) error {
	select {
	case err := <-o.outcome:
		if err != nil {
			return err
		}
	case <-work.Done():
		return work.Err()
	}
	// Dropped by paho if the connection is gone; the message then comes again.
	o.message.Ack()
	in.bridge.metrics.acked.Inc()
	in.acknowledged = true
	return nil
}

// submit judges m and calls done, once, when its outcome is known: nil when it
// may be acknowledged.
func (b *Bridge) submit(ctx context.Context, m mqtt.Message, done func(error)) {
	b.metrics.received.Inc()
	door, device := b.owner(m.Topic())
	switch {
	case door == nil:
		b.forget(noDoor, "foreign_topic", done)
	case len(m.Payload()) == 0:
		b.settle(ignored, done)(nil)
	case !b.known(device):
		b.forget(door.Name(), "unknown_device", done)
	default:
		b.downs.hear(device, m.Topic())
		b.read(ctx, door, tracker.Refused{Device: device, Received: b.options.Fleet.Clock().Now(), Door: door.Name(), Payload: m.Payload()}, done)
	}
}

// read decodes what a device sent, which r says; its reason is still to be found.
func (b *Bridge) read(ctx context.Context, door tracker.Door, r tracker.Refused, done func(error)) {
	if len(r.Payload) > maxPayload {
		r.Reason, r.Detail = "too_large", "the payload is larger than 64 KiB"
		b.refuse(ctx, r, done)
		return
	}
	report, err := b.decode(door, r)
	if err == nil {
		b.store(ctx, report, r, done)
		return
	}
	refusal := tracker.RefusalOf(err)
	if refusal.Ignored() {
		b.settle(ignored, done)(nil)
		return
	}
	r.Reason, r.Detail = refusal.Reason(), refusal.Error()
	b.refuse(ctx, r, done)
}

// decode asks door. A panic there is a bug, and the broker would send its cause
// again and again.
func (b *Bridge) decode(door tracker.Door, r tracker.Refused) (report tracker.Report, err error) {
	defer func() {
		if p := recover(); p != nil {
			b.options.Log.Error("panic while reading a message of the upstream MQTT broker", "panic", p, "stack", string(debug.Stack()))
			report, err = tracker.Report{}, tracker.Refuse("panic", "the server failed while it read the payload, which is a bug")
		}
	}()
	return door.Decode(r.Device, r.Payload, r.Received)
}

// owner is the device that topic belongs to, and its door, nil if there is none.
func (b *Bridge) owner(topic string) (tracker.Door, tracker.DeviceID) {
	for _, d := range b.options.Doors {
		if device, ok := d.Owner(topic); ok {
			return d, device
		}
	}
	return nil, ""
}

func (b *Bridge) known(device tracker.DeviceID) bool {
	_, ok := b.options.Fleet.Device(device)
	return ok
}

// store enqueues report; r is for one that can never be stored.
func (b *Bridge) store(ctx context.Context, report tracker.Report, r tracker.Refused, done func(error)) {
	settle := b.settle(stored, done)
	err := b.options.Fleet.Enqueue(ctx, report, settle)
	switch {
	case err == nil:
	case errors.Is(err, tracker.ErrBadReport):
		r.Reason, r.Detail = "bad_report", "the report was decoded but cannot be stored"
		b.refuse(ctx, r, done)
	case errors.Is(err, tracker.ErrUnknownDevice):
		b.forget(r.Door, "unknown_device", done)
	default:
		settle(err)
	}
}

// refuse puts what can never be right into the quarantine.
func (b *Bridge) refuse(ctx context.Context, r tracker.Refused, done func(error)) {
	b.metrics.refusals.WithLabelValues(r.Door, r.Reason).Inc()
	settle := b.settle(quarantined, done)
	if err := b.options.Fleet.Quarantine(ctx, r, settle); err != nil {
		settle(err)
	}
}

// forget counts what is nobody's that this server knows. The quarantine is for
// devices: a stranger could drive theirs out of it.
func (b *Bridge) forget(door, reason string, done func(error)) {
	b.metrics.refusals.WithLabelValues(door, reason).Inc()
	b.settle(refused, done)(nil)
}

// settle counts o, or that it could not be had, and passes the outcome on. A
// device that was deleted meanwhile is as good as unknown.
func (b *Bridge) settle(o outcome, done func(error)) func(error) {
	return func(err error) {
		if errors.Is(err, tracker.ErrUnknownDevice) {
			o, err = refused, nil
		}
		if err != nil {
			o = unavailable
		}
		b.metrics.messages[o].Inc()
		done(err)
	}
}
