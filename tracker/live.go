package tracker

import (
	"sync"

	"wayguard/geofence"
)

// Position is a device's newest fix that the engine does not doubt, as the live
// feed shows it.
type Position struct {
	Device DeviceID
	TrackPoint
	// Battery is the newest charge reported, in percent, nil if none was.
	Battery *uint8
}

// live tells subscribers what has become durable.
type live struct {
	mu            sync.Mutex
	latest        map[DeviceID]Position
	subscriptions map[*Subscription]struct{}
	seq, world    uint64
	alerts        uint64
}

func newLive() *live {
	return &live{latest: make(map[DeviceID]Position), subscriptions: make(map[*Subscription]struct{})}
}

// publish spreads positions, the newest event's sequence number and the World's
// version. A change of alerts alone makes subscribers look, too.
func (l *live) publish(positions []Position, seq, world, alerts uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(positions) == 0 && seq == l.seq && world == l.world && alerts == l.alerts {
		return
	}
	l.seq, l.world, l.alerts = seq, world, alerts
	for _, p := range positions {
		l.latest[p.Device] = p
	}
	for s := range l.subscriptions {
		s.add(positions, seq, world)
	}
}

// forget drops a device's position.
func (l *live) forget(id DeviceID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.latest, id)
}

func (l *live) position(id DeviceID) (Position, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p, ok := l.latest[id]
	return p, ok
}

// Subscription collects what was committed since it was last asked. However
// slow its owner, it holds one position a device, so it never holds up the
// fleet.
type Subscription struct {
	live  *live
	ready chan struct{}

	mu         sync.Mutex
	positions  map[DeviceID]Position
	seq, world uint64
}

// Subscribe starts a subscription with every device's newest position
// pending. Close it when done.
func (f *Fleet) Subscribe() *Subscription {
	l := f.live
	s := &Subscription{live: l, ready: make(chan struct{}, 1), positions: make(map[DeviceID]Position)}
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, p := range l.latest {
		s.positions[id] = p
	}
	s.seq, s.world = l.seq, l.world
	s.ready <- struct{}{}
	l.subscriptions[s] = struct{}{}
	return s
}

func (s *Subscription) add(positions []Position, seq, world uint64) {
	s.mu.Lock()
	for _, p := range positions {
		s.positions[p.Device] = p
	}
	s.seq, s.world = seq, world
	s.mu.Unlock()
	select {
	case s.ready <- struct{}{}:
	default:
	}
}

// Ready delivers when there is something to Take. It is never closed.
func (s *Subscription) Ready() <-chan struct{} { return s.ready }

// Take returns what has become durable since the last Take: the newest
// position of each device that reported, in no order, the newest event's
// sequence number and the World's version. The events themselves are in the
// log.
func (s *Subscription) Take() (positions []Position, seq, world uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	positions = make([]Position, 0, len(s.positions))
	for _, p := range s.positions {
		positions = append(positions, p)
	}
	clear(s.positions)
	return positions, s.seq, s.world
}

// Close ends the subscription.
func (s *Subscription) Close() {
	s.live.mu.Lock()
	defer s.live.mu.Unlock()
	delete(s.live.subscriptions, s)
}

// LastSeq is the sequence number of the newest durable event, 0 before the
// first.
func (f *Fleet) LastSeq() uint64 { return f.pipeline.logged.Load() }

// World is the geography that the engine uses now.
func (f *Fleet) World() *geofence.World { return f.pipeline.world.Load() }

// AlertsVersion is raised by every change of an alert, from another start with
// each start of the fleet. Subscribers are told.
func (f *Fleet) AlertsVersion() uint64 { return f.ledger.alerted.Load() }

// WorldVersion is raised by every edit of a fence.
func (f *Fleet) WorldVersion() uint64 { return f.World().Version() }
