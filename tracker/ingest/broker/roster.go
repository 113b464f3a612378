package broker

import (
	"maps"
	"net/netip"
	"slices"
	"sync"

	"wayguard/tracker"
)

// roster knows the open connections and bounds them.
type roster struct {
	limits Limits

	mu        sync.Mutex
	open      map[*conn]struct{}
	byAddress map[netip.Addr]int
	// byDevice holds those whose device is known, the oldest first, without those
	// that had to give way.
	byDevice map[tracker.DeviceID][]*conn
	// paces are those of devices with a connection that something came on.
	paces map[tracker.DeviceID]*pace
}

func newRoster(l Limits) *roster {
	return &roster{
		limits:    l,
		open:      make(map[*conn]struct{}),
		byAddress: make(map[netip.Addr]int),
		byDevice:  make(map[tracker.DeviceID][]*conn),
		paces:     make(map[tracker.DeviceID]*pace),
	}
}

// room reports whether one more connection from an address is within the
// limits. Connections are added by the goroutine that asks.
func (r *roster) room(from netip.Addr) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.open) < r.limits.Connections &&
		(from.IsLoopback() || r.byAddress[from] < r.limits.ConnectionsPerAddress)
}

func (r *roster) add(c *conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open[c] = struct{}{}
	r.byAddress[c.from]++
}

// remove forgets c, whose session no longer changes.
func (r *roster) remove(c *conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.open, c)
	if r.byAddress[c.from]--; r.byAddress[c.from] == 0 {
		delete(r.byAddress, c.from)
	}
	id := c.session.device
	r.byDevice[id] = slices.DeleteFunc(r.byDevice[id], func(other *conn) bool { return other == c })
	if len(r.byDevice[id]) == 0 {
		delete(r.byDevice, id)
		delete(r.paces, id)
	}
}

// paceOf is common to all connections of a device.
func (r *roster) paceOf(id tracker.DeviceID) *pace {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.paces[id]
	if p == nil {
		p = newPace(r.limits)
		r.paces[id] = p
	}
	return p
}

// claim adds c, whose session is set, to its device's connections. It returns
// which of them must go: the one with the same client id, if any, and the
// oldest beyond the limit, if any.
func (r *roster) claim(c *conn) (same, oldest *conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	conns := r.byDevice[c.session.device]
	// The last one is the one that lives; earlier ones under the same client
	// id are about to end.
	for _, other := range conns {
		if other.session.clientID == c.session.clientID {
			same = other
		}
	}
	staying := slices.DeleteFunc(slices.Clone(conns), func(other *conn) bool { return other == same })
	// It is forgotten at once, or the next to come would find the same one to be
	// the oldest, for as long as it takes to end.
	if len(staying) >= r.limits.ConnectionsPerDevice {
		oldest = staying[0]
		conns = slices.DeleteFunc(conns, func(other *conn) bool { return other == oldest })
	}
	r.byDevice[c.session.device] = append(conns, c)
	return same, oldest
}

// of are the connections of a device.
func (r *roster) of(id tracker.DeviceID) []*conn {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.byDevice[id])
}

// connected reports whether a device has a connection.
func (r *roster) connected(id tracker.DeviceID) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.byDevice[id]) > 0
}

// known is how many connections have a device.
func (r *roster) known() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for _, conns := range r.byDevice {
		n += len(conns)
	}
	return n
}

func (r *roster) all() []*conn {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Collect(maps.Keys(r.open))
}

// addressOf is what limits are counted by: an IPv4 address, or the /64 that an
// IPv6 host chooses its addresses from.
func addressOf(addr netip.Addr) netip.Addr {
	addr = addr.Unmap().WithZone("")
	if addr.Is4() || addr.IsLoopback() {
		return addr
	}
	p, err := addr.Prefix(64)
	if err != nil {
		return addr
	}
	return p.Addr()
}
