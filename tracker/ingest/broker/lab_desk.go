package broker

import (
	"context"
	"sync"

	"wayguard/tracker"
)

// desk registers the devices that a lab hears of: all that have come while one
// commit was under way go into the next.
type desk struct {
	fleet *tracker.Fleet

	mu      sync.Mutex
	next    *party // those that wait to be registered, nil for none
	working bool
}

// party is registered together.
type party struct {
	ids  []tracker.DeviceID
	done chan struct{} // closed when err is set
	err  error
}

// register returns when id is registered, durably. Errors are those of
// [tracker.Fleet.RegisterAll].
func (d *desk) register(ctx context.Context, id tracker.DeviceID) error {
	d.mu.Lock()
	if d.next == nil {
		d.next = &party{done: make(chan struct{})}
	}
	mine := d.next
	mine.ids = append(mine.ids, id)
	lead := !d.working
	d.working = true
	d.mu.Unlock()
	if lead {
		d.work(ctx)
	}
	select {
	case <-mine.done:
		return mine.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// work registers parties until nobody waits.
func (d *desk) work(ctx context.Context) {
	for {
		d.mu.Lock()
		p := d.next
		d.next = nil
		d.working = p != nil
		d.mu.Unlock()
		if p == nil {
			return
		}
		p.err = d.fleet.RegisterAll(ctx, p.ids)
		close(p.done)
	}
}
