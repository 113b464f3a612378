package notify

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// laneRoom is how many messages of a channel are in memory; the rest waits in
	// the store.
	laneRoom = 1024
	// laneShare is how many of these may be one recipient's, so that who gets
	// many does not keep out others.
	laneShare = 16
	// laneAhead is how long before they are due messages are read.
	laneAhead = time.Minute
	// laneRead is how often the store is read at most, and laneRest how much longer
	// than reading took the lane leaves it alone: one recipient's backlog has to be
	// read past each time.
	laneRead = 100 * time.Millisecond
	laneRest = 20
)

// lane is the way of the messages of one channel to its carrier.
type lane struct {
	channel Channel
	carrier Carrier
	limit   Limit
	limiter *rate.Limiter
	outbox  *outbox
	// wake has room for one.
	wake chan struct{}

	mu sync.Mutex
	window
}

// window is what of a lane's messages is in memory, under the lane's lock.
type window struct {
	// items are all, by id; queue those that are not being sent, in the order in
	// which they are due.
	items map[string]*laneItem
	queue []*laneItem
	// count is how many of a recipient's are in items, busy who has one being
	// sent.
	count map[Recipient]int
	busy  map[Recipient]bool
	// through is the time up to which the store was read; missing tells that it
	// has more up to there. Before the system's time rested it is not read again.
	through, rested time.Time
	missing         bool
	// held is until when the carrier is left alone.
	held time.Time
}

type laneItem struct {
	dueItem
	due time.Time
}

func newLane(c Carrier, limit Limit, o *outbox) *lane {
	limit = limit.withDefaults(c.Channel())
	return &lane{
		channel: c.Channel(), carrier: c, limit: limit, outbox: o,
		limiter: rate.NewLimiter(rate.Limit(limit.PerSecond), max(1, int(limit.PerSecond))),
		wake:    make(chan struct{}, 1),
		window:  window{items: make(map[string]*laneItem), count: make(map[Recipient]int), busy: make(map[Recipient]bool)},
	}
}

func (l *lane) rouse() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// add takes a message that has become durable into memory if it is due soon.
func (l *lane) add(e *Entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e.Due.Before(l.through) {
		l.insert(dueItem{dueEntry{e.To, e.Until, e.bundle()}, e.dueKey(), e.ID}, e.Due)
		l.rouse()
	}
}

// move is add for a message that waited elsewhere before.
func (l *lane) move(e *Entry) {
	l.mu.Lock()
	if it := l.items[e.ID]; it != nil {
		l.forget(it)
	}
	l.mu.Unlock()
	l.add(e)
}

// insert leaves a message to the store where there is no room for it.
func (w *window) insert(d dueItem, due time.Time) {
	switch {
	case w.items[d.id] != nil:
	case len(w.items) >= laneRoom || w.count[d.To] >= laneShare:
		w.missing = true
	default:
		it := &laneItem{d, due}
		w.enqueue(it)
		w.items[d.id] = it
		w.count[d.To]++
	}
}

func (w *window) enqueue(it *laneItem) {
	at, _ := slices.BinarySearchFunc(w.queue, it, byDue)
	w.queue = slices.Insert(w.queue, at, it)
}

func byDue(a, b *laneItem) int { return cmp.Compare(a.key, b.key) }

// forget drops a message that is no longer here.
func (w *window) forget(it *laneItem) {
	delete(w.items, it.id)
	if w.count[it.To]--; w.count[it.To] <= 0 {
		delete(w.count, it.To)
	}
	if at, ok := slices.BinarySearchFunc(w.queue, it, byDue); ok {
		w.queue = slices.Delete(w.queue, at, at+1)
	}
}

// take returns the next message that can be dealt with now: one that is due
// whose recipient has none being sent or, of whatever is due, one that has no
// time left here, nor will when the carrier takes messages again. With lapsed, only
// the latter.
func (l *lane) take(now time.Time, lapsed bool) *laneItem {
	l.mu.Lock()
	defer l.mu.Unlock()
	open := later(l.held, now)
	for at, it := range l.queue {
		if it.due.After(now) {
			return nil
		}
		over := !open.Before(it.Until)
		if l.busy[it.To] || lapsed && !over || !l.outbox.bundles.close(it.Bundle, it.id) {
			continue
		}
		l.queue = slices.Delete(l.queue, at, at+1)
		l.busy[it.To] = true
		return it
	}
	return nil
}

// done is called once what has become of a message is durable.
func (l *lane) done(it *laneItem) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.busy, it.To)
	l.forget(it)
	l.rouse()
}

// next is when the lane has something to do, unless it is roused.
func (l *lane) next(now time.Time) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := l.through.Add(-laneAhead / 2)
	if len(l.queue) > 0 && l.queue[0].due.After(now) && l.queue[0].due.Before(at) {
		at = l.queue[0].due
	}
	if l.held.After(now) && l.held.Before(at) {
		at = l.held
	}
	return at
}

// fill reads from the store what is due soon and fits in.
func (l *lane) fill(now time.Time) error {
	if !l.hungry(now) {
		return nil
	}
	through, began := now.Add(laneAhead), time.Now()
	l.mu.Lock()
	l.through, l.missing = through, false
	l.mu.Unlock()
	end := string(l.channel) + "/" + dueTime(through)
	err := l.outbox.eachDue(l.channel, "", func(d dueItem) bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		if d.key < end {
			due, _, _ := parseDueKey(d.key)
			l.insert(d, due)
		}
		return d.key < end && len(l.items) < laneRoom
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rested = time.Now().Add(max(laneRead, laneRest*time.Since(began)))
	l.missing = l.missing || err != nil || len(l.items) >= laneRoom
	return err
}

func (l *lane) hungry(now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if time.Now().Before(l.rested) {
		return false
	}
	return l.missing && len(l.items) <= laneRoom/2 || now.Add(laneAhead/2).After(l.through)
}

// waiting is how many messages are in memory.
func (l *lane) waiting() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.items)
}
