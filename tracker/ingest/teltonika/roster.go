package teltonika

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
	byDevice  map[tracker.DeviceID]*conn
}

func newRoster(l Limits) *roster {
	return &roster{
		limits:    l,
		open:      make(map[*conn]struct{}),
		byAddress: make(map[netip.Addr]int),
		byDevice:  make(map[tracker.DeviceID]*conn),
	}
}

// add reports whether c is within the limits, and takes it in then.
func (r *roster) add(c *conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	crowded := !c.from.IsLoopback() && r.byAddress[c.from] >= r.limits.ConnectionsPerAddress
	if crowded || len(r.open) >= r.limits.Connections {
		return false
	}
	r.open[c] = struct{}{}
	r.byAddress[c.from]++
	return true
}

func (r *roster) remove(c *conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.open, c)
	if r.byAddress[c.from]--; r.byAddress[c.from] == 0 {
		delete(r.byAddress, c.from)
	}
	if r.byDevice[c.device] == c {
		delete(r.byDevice, c.device)
	}
}

// claim makes c its device's connection and returns the one before, nil if
// there was none.
func (r *roster) claim(c *conn) *conn {
	r.mu.Lock()
	defer r.mu.Unlock()
	before := r.byDevice[c.device]
	r.byDevice[c.device] = c
	return before
}

// of is the connection of a device, nil if it has none.
func (r *roster) of(id tracker.DeviceID) *conn {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.byDevice[id]
}

// known is how many devices have a connection.
func (r *roster) known() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.byDevice)
}

func (r *roster) all() []*conn {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Collect(maps.Keys(r.open))
}

// addressOf is what limits are counted by: an IPv4 address, or the /64 that an
// IPv6 host chooses its addresses from.
func addressOf(addr netip.Addr) netip.Addr {
	if addr.Is4() || addr.IsLoopback() {
		return addr
	}
	p, err := addr.Prefix(64)
	if err != nil {
		return addr
	}
	return p.Addr()
}
