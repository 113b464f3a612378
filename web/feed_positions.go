package web

import (
	"encoding/json"
	"slices"
	"sort"
	"sync/atomic"

	"wayguard/tracker"
)

// positionLog holds every device's newest position in the order in which they
// changed. A reader goes through it with a cursor: it sees each device's newest
// position once, and what it was too slow for has been replaced by what is
// newer. Readers may read at the same time.
type positionLog struct {
	updates uint64 // so far
	latest  map[tracker.DeviceID]*latestPosition
	// order has an entry for every update; those that a later update of the
	// same device outdated are skipped, and dropped by compact.
	order []positionUpdate
}

type latestPosition struct {
	update   uint64 // 0 once the device is removed
	position tracker.Position
	// frame is position as JSON once a reader has come to it.
	frame atomic.Pointer[[]byte]
}

// encoded returns nil for a position that JSON cannot hold.
func (p *latestPosition) encoded() []byte {
	if b := p.frame.Load(); b != nil {
		return *b
	}
	b, err := json.Marshal(positionOf(p.position))
	if err != nil {
		b = nil
	}
	p.frame.Store(&b)
	return b
}

type positionUpdate struct {
	update uint64
	of     *latestPosition
}

// put makes position the newest of its device.
func (l *positionLog) put(position tracker.Position) {
	if l.latest == nil {
		l.latest = make(map[tracker.DeviceID]*latestPosition)
	}
	p := l.latest[position.Device]
	if p == nil {
		p = new(latestPosition)
		l.latest[position.Device] = p
	}
	l.updates++
	p.update, p.position = l.updates, position
	p.frame.Store(nil)
	l.order = append(l.order, positionUpdate{l.updates, p})
}

// remove forgets a device.
func (l *positionLog) remove(device tracker.DeviceID) {
	if p := l.latest[device]; p != nil {
		p.update = 0
		delete(l.latest, device)
	}
}

// compact drops what is outdated once that is most of the log.
func (l *positionLog) compact() {
	if len(l.order) < 2*len(l.latest)+1024 {
		return
	}
	l.order = slices.DeleteFunc(l.order, positionUpdate.outdated)
}

func (u positionUpdate) outdated() bool { return u.update != u.of.update }

// after returns up to limit positions, encoded, that changed after cursor, and
// the cursor behind them.
func (l *positionLog) after(cursor uint64, limit int) ([][]byte, uint64) {
	start := sort.Search(len(l.order), func(i int) bool { return l.order[i].update > cursor })
	var found [][]byte
	for _, u := range l.order[start:] {
		if len(found) == limit {
			break
		}
		cursor = u.update
		if u.outdated() {
			continue
		}
		if b := u.of.encoded(); b != nil {
			found = append(found, b)
		}
	}
	return found, cursor
}
