package web

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"wayguard/tracker"
)

const (
	// pace is the least time between two looks at the fleet. At a thousand
	// reports a second it makes frames of ten positions, and it costs a
	// position 20 ms of the 100 ms it may take to the browser.
	pace = 20 * time.Millisecond
	// idlePace is the same while nobody reads.
	idlePace = time.Second
	// readAhead is how many events are read from the log at a time.
	readAhead = 512
)

// feed holds what all live connections send, encoded once: the newest position
// of every device and the newest events. A connection keeps only three
// cursors, so that ten thousand of them cost little more than their sockets.
type feed struct {
	fleet *tracker.Fleet
	log   *slog.Logger
	// always is closed from the start: what a connection that has more to send
	// waits for.
	always chan struct{}

	readers atomic.Int64
	joined  chan struct{} // capacity 1

	mu        sync.RWMutex
	changed   chan struct{} // closed at the next change
	positions positionLog
	events    eventRing
	seq       uint64
	world     uint64
	alerts    uint64
}

func newFeed(fleet *tracker.Fleet, log *slog.Logger) *feed {
	f := &feed{
		fleet:   fleet,
		log:     log,
		always:  make(chan struct{}),
		joined:  make(chan struct{}, 1),
		changed: make(chan struct{}),
		seq:     fleet.LastSeq(),
		world:   fleet.WorldVersion(),
		alerts:  fleet.AlertsVersion(),
	}
	close(f.always)
	f.events.reset(f.seq)
	return f
}

// run follows the fleet until ctx ends.
func (f *feed) run(ctx context.Context) error {
	sub := f.fleet.Subscribe()
	defer sub.Close()
	tick := time.NewTimer(0)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-sub.Ready():
		}
		f.pull(sub)
		tick.Reset(f.pace())
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-f.joined:
		}
	}
}

func (f *feed) pace() time.Duration {
	if f.readers.Load() == 0 {
		return idlePace
	}
	return pace
}

// join counts a reader, leave ends that.
func (f *feed) join() {
	f.readers.Add(1)
	select {
	case f.joined <- struct{}{}:
	default:
	}
}

func (f *feed) leave() { f.readers.Add(-1) }

// pull takes over what the fleet has committed since the last time.
func (f *feed) pull(sub *tracker.Subscription) {
	positions, seq, world := sub.Take()
	alerts := f.fleet.AlertsVersion()
	events := f.readEvents(seq)
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, p := range positions {
		// Asked under the lock, so that forget comes before or after both.
		if f.known(p.Device) {
			f.positions.put(p)
		}
	}
	f.positions.compact()
	for _, e := range events {
		f.events.add(e)
	}
	f.seq, f.world, f.alerts = seq, world, alerts
	close(f.changed)
	f.changed = make(chan struct{})
}

// readEvents encodes the events up to seq that the ring does not have. Where
// the log cannot be read, connections try by themselves, and end if they
// cannot either. While nobody reads, the log keeps them.
func (f *feed) readEvents(seq uint64) []encodedEvent {
	if f.readers.Load() == 0 {
		return nil
	}
	var all []encodedEvent
	after := f.events.last()
	if seq > ringLength {
		after = max(after, seq-ringLength)
	}
	for after < seq {
		page, next, err := readEvents(f.fleet, after, readAhead)
		if err != nil {
			f.log.Error("the live feed cannot read the event log", "error", err)
			return all
		}
		if next == after {
			break
		}
		all, after = append(all, page...), next
	}
	return all
}

// known is false for a device that has been deleted.
func (f *feed) known(id tracker.DeviceID) bool {
	_, ok := f.fleet.Device(id)
	return ok
}

// forget drops the position of a device that has been deleted.
func (f *feed) forget(id tracker.DeviceID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.positions.remove(id)
}

// wake is closed when there is more than at the time of the call.
func (f *feed) wake() <-chan struct{} {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.changed
}

// heads are the versions of the World and of the alerts.
func (f *feed) heads() (world, alerts uint64) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.world, f.alerts
}

// start returns the newest event and the one that a client who asks for those
// after some event goes on from; nil asks for what is yet to come.
func (f *feed) start(after *uint64) (newest, from uint64, err error) {
	newest = f.fleet.LastSeq()
	if after == nil {
		return newest, newest, nil
	}
	if *after <= newest {
		return newest, *after, nil
	}
	// The log shows an event a moment before it becomes the newest.
	page, _, err := f.fleet.Events(*after-1, 1, tracker.EventFilter{})
	if err != nil {
		return 0, 0, err
	}
	if len(page) == 1 && page[0].Seq == *after {
		newest = *after
	}
	return newest, newest, nil
}

// positionsAfter returns up to limit positions, encoded, that changed after
// the cursor, the least recent first, and the cursor behind them; none if
// there are no more. The zero cursor is before every device's position.
func (f *feed) positionsAfter(cursor uint64, limit int) ([][]byte, uint64) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.positions.after(cursor, limit)
}

// eventsAfter returns up to limit events after seq, none if there are no more.
func (f *feed) eventsAfter(seq uint64, limit int) ([]encodedEvent, error) {
	f.mu.RLock()
	newest := f.seq
	recent, ok := f.events.after(seq, limit)
	f.mu.RUnlock()
	if ok || seq >= newest {
		return recent, nil
	}
	page, _, err := readEvents(f.fleet, seq, limit)
	return page, err
}
