package broker

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"
	"github.com/prometheus/client_golang/prometheus"

	"wayguard/tracker"
)

// A device that listens is sent what is desired of it when it subscribes, when
// that changes, and again, after firstResend and then ever more rarely up to
// lastResend, until it has answered. A tracker answers with its next report,
// which may be an hour away.
const (
	firstResend = 10 * time.Second
	lastResend  = 10 * time.Minute
)

// downs sends devices what is desired of them. Nothing of it is left to mochi:
// what that retains or has under way is in memory only. It goes out with QoS 0,
// since it is the answer in a report that counts, and since mochi keeps the
// packet ids of both directions in one place, where a publish of the device
// could displace it.
type downs struct {
	fleet  *tracker.Fleet
	roster *roster
	sent   prometheus.Counter
	log    *slog.Logger

	mu sync.Mutex
	// kicked are devices for which there may be something to send.
	kicked map[tracker.DeviceID]struct{}
	wake   chan struct{}
}

func newDowns(o Options, r *roster, sent prometheus.Counter) *downs {
	return &downs{
		fleet: o.Fleet, roster: r, sent: sent, log: o.Log,
		kicked: make(map[tracker.DeviceID]struct{}), wake: make(chan struct{}, 1),
	}
}

// kick has what is desired of a device looked at. It does not block.
func (d *downs) kick(id tracker.DeviceID) {
	if len(d.listeners(id)) == 0 {
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

func (d *downs) take() map[tracker.DeviceID]struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	taken := d.kicked
	d.kicked = make(map[tracker.DeviceID]struct{})
	return taken
}

// listeners are the connections of a device that have subscribed.
func (d *downs) listeners(id tracker.DeviceID) []*conn {
	return slices.DeleteFunc(d.roster.of(id), func(c *conn) bool { return c.down.Load() == deaf })
}

// run sends until ctx ends, with a goroutine for each device that is behind.
func (d *downs) run(ctx context.Context) {
	behind := make(map[tracker.DeviceID]chan struct{})
	ended := make(chan tracker.DeviceID)
	var sending sync.WaitGroup
	defer sending.Wait()
	start := func(id tracker.DeviceID) {
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

// deliver sends to one device until it has answered, or nobody listens. again
// says that something has changed.
func (d *downs) deliver(ctx context.Context, id tracker.DeviceID, again <-chan struct{}) {
	wait := firstResend
	for len(d.listeners(id)) > 0 {
		payload, err := d.fleet.IssueDesired(ctx, id)
		switch {
		case ctx.Err() != nil || err == nil && payload == nil || errors.Is(err, tracker.ErrNotFound):
			return
		case err != nil:
			d.log.Warn("what is desired of a device was not sent", "device", id, "error", err)
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

func (d *downs) send(id tracker.DeviceID, payload []byte) {
	for _, c := range d.listeners(id) {
		err := c.session.client.WritePacket(packets.Packet{
			FixedHeader: packets.FixedHeader{Type: packets.Publish, Retain: c.down.CompareAndSwap(fresh, listening)},
			TopicName:   downTopic(id),
			Payload:     payload,
		})
		if err == nil {
			d.sent.Inc()
		}
	}
}

func downTopic(id tracker.DeviceID) string { return nativePrefix + string(id) + "/down" }

// hearing is whether a connection has subscribed to what is desired of its
// device. What it is sent first counts as retained (MQTT 3.1.1, 3.3.1.3).
type hearing = atomic.Uint32

const (
	deaf = iota
	fresh
	listening
)

// hear notes a subscription, or its end.
func (h *hook) hear(c *conn, filters packets.Subscriptions, codes []byte, to uint32) {
	for i, f := range filters {
		refused := i < len(codes) && codes[i] >= packets.ErrUnspecifiedError.Code
		if refused || f.Filter != downTopic(c.session.device) {
			continue
		}
		c.down.Store(to)
		if to == fresh {
			h.downs.kick(c.session.device)
		}
	}
}
