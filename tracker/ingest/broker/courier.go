package broker

import (
	"bytes"
	"sync"
	"time"
)

// courier takes the acknowledgements of all connections to the kernel, in one
// goroutine that runs while there are any. It comes behind the fleet, which
// settles a whole batch in the time of some writes: what a device is owed from
// one batch thus goes out in one write, the device answers with one packet of
// as many reports, and that is read at once. Woken one by one, the same load of
// 5,000 devices takes a write and a read for each report.
//
// It never waits: a connection that does not take everything at once is given
// a goroutine of its own, until it has.
type courier struct {
	epoch time.Time // what place.at counts from
	sent  func(bytes int, latencies []time.Duration)

	mu      sync.Mutex
	waiting []*acks
	running bool

	// Its goroutine's.
	round []*acks
	load  ackLoad
}

// ackLoad is what one connection is given at a time.
type ackLoad struct {
	packets   []byte
	latencies []time.Duration
	last      bool // the connection ends with it
}

// call has a visited. a is marked as being written.
func (c *courier) call(a *acks) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting = append(c.waiting, a)
	if !c.running {
		c.running = true
		go c.run()
	}
}

func (c *courier) run() {
	for c.next() {
		for i, a := range c.round {
			c.round[i] = nil
			c.visit(a)
		}
	}
}

// next starts a round.
func (c *courier) next() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.round, c.waiting = c.waiting, c.round[:0]
	c.running = len(c.round) > 0
	if !c.running {
		c.round, c.waiting, c.load = nil, nil, ackLoad{}
	}
	return c.running
}

// visit writes until a has nothing more to write.
func (c *courier) visit(a *acks) {
	for a.gather(&c.load) {
		rest, held := a.conn.begin(c.load.packets)
		if len(rest) > 0 {
			own := ackLoad{bytes.Clone(c.load.packets), append([]time.Duration(nil), c.load.latencies...), c.load.last}
			go c.wait(a, own, own.packets[len(own.packets)-len(rest):], held)
			return
		}
		c.done(a, &c.load)
	}
}

// wait writes the rest of a load however long it takes, and calls again.
func (c *courier) wait(a *acks, l ackLoad, rest []byte, held bool) {
	if a.conn.finish(rest, held) == nil {
		c.done(a, &l)
	}
	c.call(a)
}

func (c *courier) done(a *acks, l *ackLoad) {
	if len(l.latencies) > 0 {
		c.sent(len(l.packets), l.latencies)
	}
	if l.last {
		_ = a.conn.Close()
	}
}
