package broker

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"
)

// acks is the queue of the acknowledgements that one connection is owed. Each
// publish takes a place in it when it arrives; places are settled in any order
// and leave in the order they were taken (MQTT-4.6.0-2). A courier is called
// while there is something to write.
type acks struct {
	conn    *conn
	limit   int
	courier *courier

	mu sync.Mutex
	// changed: places became free, the courier is done, or the queue was closed.
	changed sync.Cond
	// places is a ring: place n is at n modulo its length, a power of two.
	places      []place
	first, next uint64
	ending      byte // reason code to disconnect with, 0 for none
	v5          bool // reason codes are understood
	writing     bool // the courier has been called
	closed      bool
}

type place struct {
	at    time.Duration
	id    uint16
	state placeState
	code  byte
}

type placeState uint8

const (
	waiting placeState = iota
	settled
	abandoned // never acknowledged; the connection ends here
)

func (a *acks) init(c *conn, limit int, courier *courier) {
	a.conn, a.limit, a.courier = c, limit, courier
	a.changed.L = &a.mu
}

// errFull: as many publishes as allowed are unacknowledged.
var errFull = errors.New("too many unacknowledged publishes")

// speak sets the version, before the first publish.
func (a *acks) speak(v5 bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.v5 = v5
}

// take gives the publish with a packet id its place. While as many publishes
// as allowed wait for their commit, it waits too, or fails with errFull if
// wait is false. In a closed queue it fails with net.ErrClosed.
func (a *acks) take(id uint16, received time.Time, wait bool) (uint64, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for a.next-a.first >= uint64(a.limit) && wait && !a.closed {
		a.changed.Wait()
	}
	switch {
	case a.closed:
		return 0, net.ErrClosed
	case a.next-a.first >= uint64(a.limit):
		return 0, errFull
	}
	if a.next-a.first == uint64(len(a.places)) {
		a.grow()
	}
	n := a.next
	a.next++
	*a.place(n) = place{at: received.Sub(a.courier.epoch), id: id}
	return n, nil
}

func (a *acks) place(n uint64) *place { return &a.places[n&uint64(len(a.places)-1)] }

func (a *acks) grow() {
	old := a.places
	a.places = make([]place, max(4, 2*len(old)))
	for n := a.first; n < a.next; n++ {
		*a.place(n) = old[n&uint64(len(old)-1)]
	}
}

// settle has place n acknowledged, with a reason code for MQTT 5. It never
// waits for the connection.
func (a *acks) settle(n uint64, code byte) { a.set(n, 1, settled, code) }

// settleAll has so many places from n on acknowledged.
func (a *acks) settleAll(n uint64, places int) { a.set(n, places, settled, 0) }

// abandon leaves place n unacknowledged and, once all before it have been
// acknowledged, disconnects with a reason code.
func (a *acks) abandon(n uint64, code byte) { a.set(n, 1, abandoned, code) }

func (a *acks) set(n uint64, places int, s placeState, code byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return
	}
	for i := range uint64(places) {
		p := a.place(n + i)
		p.state, p.code = s, code
	}
	if n == a.first {
		a.wake()
	}
}

// end disconnects without waiting for places that are not settled.
func (a *acks) end(code byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.closed && a.ending == 0 {
		a.ending = code
		a.wake()
	}
}

// wake calls the courier unless it has been called. a.mu is held.
func (a *acks) wake() {
	if !a.writing {
		a.writing = true
		a.courier.call(a)
	}
}

// close drops what is still owed. It may be called more than once.
func (a *acks) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closed = true
	a.changed.Broadcast()
}

// wait returns when the courier is done. The queue must be closed.
func (a *acks) wait() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for a.writing {
		a.changed.Wait()
	}
}

// flush returns when nothing is owed any more, or ctx ends.
func (a *acks) flush(ctx context.Context) {
	stop := context.AfterFunc(ctx, func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.changed.Broadcast()
	})
	defer stop()
	a.mu.Lock()
	defer a.mu.Unlock()
	for !a.closed && (a.first != a.next || a.writing) && ctx.Err() == nil {
		a.changed.Wait()
	}
}

// gather moves what is settled from the front of the queue to l. It returns
// false, and the courier is done, if there is nothing.
func (a *acks) gather(l *ackLoad) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	defer a.changed.Broadcast()
	l.packets, l.latencies = l.packets[:0], l.latencies[:0]
	now := time.Since(a.courier.epoch)
	ending := a.ending
	for !a.closed && a.first < a.next {
		p := *a.place(a.first)
		if p.state == abandoned && ending == 0 {
			ending = p.code
		}
		if p.state != settled {
			break
		}
		a.first++
		l.packets = appendPuback(l.packets, p.id, p.code, a.v5)
		l.latencies = append(l.latencies, now-p.at)
	}
	if a.closed || len(l.packets) == 0 && ending == 0 {
		a.writing = false
		a.shrink()
		return false
	}
	if ending != 0 && a.v5 {
		// The length of no properties could be left out, but there are decoders
		// that then miss the reason.
		l.packets = append(l.packets, packets.Disconnect<<4, 2, ending, 0)
	}
	l.last = ending != 0
	return true
}

// idlePlaces is how many places an idle connection may keep.
const idlePlaces = 64

// shrink gives back what a burst took. a.mu is held.
func (a *acks) shrink() {
	if a.closed || a.first == a.next && len(a.places) > idlePlaces {
		a.places = nil
	}
}

// appendPuback encodes a PUBACK. Without properties, MQTT 5 leaves out the
// property length and, where it is success, the reason code (3.4.2.1).
func appendPuback(b []byte, id uint16, code byte, v5 bool) []byte {
	if code == packets.CodeSuccess.Code || !v5 {
		return append(b, packets.Puback<<4, 2, byte(id>>8), byte(id))
	}
	return append(b, packets.Puback<<4, 3, byte(id>>8), byte(id), code)
}
