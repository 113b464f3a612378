package main

import (
	"context"
	"time"
)

// benchPace is a device's rhythm. The zero value is none.
type benchPace struct {
	every time.Duration
	room  chan struct{} // capacity 1: an acknowledgement has come
}

func newBenchPace(every time.Duration) benchPace {
	return benchPace{every: max(every, time.Microsecond), room: make(chan struct{}, 1)}
}

// offset spreads the devices over one beat.
func (p benchPace) offset(i, devices int) time.Duration {
	return time.Duration(float64(p.every) * float64(i) / float64(devices))
}

// talkInStep reports in a rhythm. Latency counts from when a report was due,
// so that a server that stands still is charged for all that waited.
func (d *benchDevice) talkInStep(ctx context.Context, start time.Time) error {
	ctx, cancel := context.WithCancel(ctx)
	listening := make(chan error, 1)
	go func() {
		defer cancel()
		listening <- d.listen(func(int) error {
			select {
			case d.pace.room <- struct{}{}:
			default:
			}
			return nil
		})
	}()
	err := d.sendInStep(ctx, start)
	d.close()
	if heard := <-listening; err == nil {
		err = heard
	}
	return err
}

// sendInStep returns nil when ctx ends.
func (d *benchDevice) sendInStep(ctx context.Context, start time.Time) error {
	beat := time.NewTimer(0)
	defer beat.Stop()
	due := start
	if late := time.Since(start); late > 0 {
		due = due.Add(late.Truncate(d.pace.every)) // a new connection
	}
	for ; ; due = due.Add(d.pace.every) {
		beat.Reset(time.Until(due))
		select {
		case <-ctx.Done():
			return nil
		case <-beat.C:
		}
		for d.sent.next.Load()-d.sent.first.Load() >= int64(d.load.InFlight) {
			select {
			case <-ctx.Done():
				return nil
			case <-d.pace.room:
			}
		}
		if err := d.send(1, d.meter.at(due)); err != nil {
			return err
		}
	}
}
