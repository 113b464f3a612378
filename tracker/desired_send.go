package tracker

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"
)

// A device that listens is sent what is desired of it when it begins to, when
// that changes, and again, after firstResend and then ever more rarely up to
// lastResend, until it has answered. A tracker answers with its next report,
// which may be an hour away.
const (
	firstResend = 10 * time.Second
	lastResend  = 10 * time.Minute
)

// DesiredSender sends devices what is desired of them over one way.
type DesiredSender struct {
	fleet   *Fleet
	listens func(DeviceID) bool
	send    func(DeviceID, []byte)

	mu sync.Mutex
	// kicked are devices for which there may be something to send.
	kicked map[DeviceID]struct{}
	wake   chan struct{}
}

// NewDesiredSender makes a sender that sends nothing before its Run. listens
// tells whether a device can be reached this way; send sends what
// [Fleet.IssueDesired] made for it. Neither is called after Run.
func (f *Fleet) NewDesiredSender(listens func(DeviceID) bool, send func(DeviceID, []byte)) *DesiredSender {
	d := &DesiredSender{
		fleet: f, listens: listens, send: send,
		kicked: make(map[DeviceID]struct{}), wake: make(chan struct{}, 1),
	}
	f.OnDesired(d.Kick)
	return d
}

// Kick has what is desired of a device looked at, as it listens now. It does not
// block.
func (d *DesiredSender) Kick(id DeviceID) {
	if !d.listens(id) {
		return
	}
	d.mu.Lock()
	d.kicked[id] = struct{}{}
	d.mu.Unlock()
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

func (d *DesiredSender) take() map[DeviceID]struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	taken := d.kicked
	d.kicked = make(map[DeviceID]struct{})
	return taken
}

// Run sends until ctx ends, with a goroutine for each device that is behind. It
// is called once.
func (d *DesiredSender) Run(ctx context.Context) {
	behind := make(map[DeviceID]chan struct{})
	ended := make(chan DeviceID)
	var sending sync.WaitGroup
	defer sending.Wait()
	start := func(id DeviceID) {
		again := make(chan struct{}, 1)
		behind[id] = again
		sending.Go(func() {
			d.deliver(ctx, id, again)
			select {
			case ended <- id:
			case <-ctx.Done():
			}
		})
	}
	for {
		select {
		case <-ctx.Done():
			return
		case id := <-ended:
			again := behind[id]
			delete(behind, id)
			if len(again) > 0 {
				start(id)
			}
		case <-d.wake:
			for id := range d.take() {
				if again, ok := behind[id]; !ok {
					start(id)
				} else if len(again) == 0 {
					again <- struct{}{}
				}
			}
		}
	}
}

// deliver sends to one device until it has answered, or does not listen. again
// says that something has changed.
func (d *DesiredSender) deliver(ctx context.Context, id DeviceID, again <-chan struct{}) {
	wait := firstResend
	for d.listens(id) {
		payload, err := d.fleet.IssueDesired(ctx, id)
		switch {
		case ctx.Err() != nil || err == nil && payload == nil || errors.Is(err, ErrNotFound):
			return
		case err != nil:
			d.fleet.log.Warn("what is desired of a device was not sent", "device", id, "error", err)
		default:
			d.send(id, payload)
		}
		// Spread, as devices that lost one connection come back together.
		timer := time.NewTimer(wait/2 + rand.N(wait))
		select {
		case <-ctx.Done():
		case <-again:
			wait = firstResend
		case <-timer.C:
			wait = min(2*wait, lastResend)
		}
		timer.Stop()
	}
}
