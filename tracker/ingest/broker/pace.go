package broker

import (
	"cmp"
	"sync"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
	"golang.org/x/time/rate"

	"wayguard/tracker"
)

// pace is how fast a device is read from: a bucket of messages and one of bytes,
// common to its connections. Above them nothing is dropped; the connection is
// left unread for as long as the buckets lack, so that the device has to wait.
type pace struct {
	defaults        Limits
	messages, bytes *rate.Limiter

	mu     sync.Mutex
	asked  time.Time            // when limits were last asked for
	limits tracker.DeviceLimits // zero fields stand for the defaults
}

const (
	// burstSeconds is how long a device may send at any speed, after a rest.
	burstSeconds = 2
	// minBurst is what a device with the lowest limit sends when it connects.
	minBurst = 20
	// limitsEvery is how soon a change of a device's limits is in force.
	limitsEvery = time.Second
	// restStep is how soon a resting connection notices that it was closed.
	restStep = 100 * time.Millisecond
)

func newPace(defaults Limits) *pace {
	p := &pace{defaults: defaults}
	limit, burst := p.messageRate()
	p.messages = rate.NewLimiter(limit, burst)
	limit, burst = p.byteRate()
	p.bytes = rate.NewLimiter(limit, burst)
	return p
}

func (p *pace) messageRate() (rate.Limit, int) {
	perSecond := cmp.Or(p.limits.MessagesPerSecond, p.defaults.MessagesPerSecond)
	return rate.Limit(perSecond), max(minBurst, int(burstSeconds*perSecond))
}

// byteRate lets the largest packet through at any rate.
func (p *pace) byteRate() (rate.Limit, int) {
	perSecond := cmp.Or(p.limits.BytesPerSecond, p.defaults.BytesPerSecond)
	return rate.Limit(perSecond), p.defaults.PacketBytes + maxFixedHeader + int(burstSeconds*perSecond)
}

// set puts l in force.
func (p *pace) set(l tracker.DeviceLimits, now time.Time) {
	p.limits = l
	limit, burst := p.messageRate()
	p.messages.SetLimitAt(now, limit)
	p.messages.SetBurstAt(now, burst)
	limit, burst = p.byteRate()
	p.bytes.SetLimitAt(now, limit)
	p.bytes.SetBurstAt(now, burst)
}

// maxFixedHeader is the longest fixed header of MQTT.
const maxFixedHeader = 5

// adopt asks for the device's limits, now and then.
func (p *pace) adopt(fleet *tracker.Fleet, id tracker.DeviceID, now time.Time) {
	if now.Sub(p.asked) < limitsEvery {
		return
	}
	p.asked = now
	if l := fleet.DeviceLimits(id); l != p.limits {
		p.set(l, now)
	}
}

// tab is what a connection has yet to pay its pace. Fast devices pay for some
// packets together, a fiftieth of a second's worth, which costs a tenth.
type tab struct {
	pace           *pace // nil before the first packet
	packets, bytes int
	// atPackets or atBytes are when to pay.
	atPackets, atBytes int
}

// maxTab bounds what is paid at once.
const maxTab = 64

// pay takes what t owes and returns how long to wait before the next packet.
func (p *pace) pay(t *tab, fleet *tracker.Fleet, id tracker.DeviceID, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.adopt(fleet, id, now)
	wait := max(delay(p.messages, now, t.packets), delay(p.bytes, now, t.bytes))
	t.packets, t.bytes = 0, 0
	t.atPackets = max(1, min(maxTab, int(p.messages.Limit()/50)))
	t.atBytes = max(1, int(p.bytes.Limit()/50))
	return wait
}

// delay takes n tokens and returns how long until they are there. Asking first
// whether they are spares the allocation of a reservation.
func delay(l *rate.Limiter, now time.Time, n int) time.Duration {
	if l.AllowN(now, n) {
		return 0
	}
	return l.ReserveN(now, n).DelayFrom(now)
}

// OnPacketRead counts every packet of a device, before it is looked at. A device
// above its limits is not read from for a while.
func (h *hook) OnPacketRead(cl *mqtt.Client, pk packets.Packet) (packets.Packet, error) {
	c, ok := cl.Net.Conn.(*conn)
	if ok && c.session.device != "" {
		h.meter(c, pk.FixedHeader.Remaining)
	}
	return pk, nil
}

// meter counts a packet of that size.
func (h *hook) meter(c *conn, size int) {
	t := &c.tab
	if t.pace == nil {
		t.pace = h.roster.paceOf(c.session.device)
	}
	t.packets++
	t.bytes += min(size, h.limits.PacketBytes) + maxFixedHeader
	if t.packets < t.atPackets && t.bytes < t.atBytes {
		return
	}
	if wait := t.pace.pay(t, h.fleet, c.session.device, time.Now()); wait > 0 {
		h.metrics.slowed.Inc()
		h.metrics.rested.Add(wait.Seconds())
		c.inbound.pause()
		h.rest(c, wait)
	}
}

// rest waits, unless the connection or the broker ends.
func (h *hook) rest(c *conn, wait time.Duration) {
	for ; wait > 0 && !c.gone.Load() && h.ctx.Err() == nil; wait -= restStep {
		sleep(h.ctx, min(wait, restStep))
	}
}
