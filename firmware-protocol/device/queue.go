package device

import (
	"context"
	"fmt"
	"sync"
)

// queue holds payloads in the order they came until each is acknowledged. They
// are numbered from 1; the number is what a sender gets with a payload and
// gives back with its acknowledgement. It is the only place that knows where
// payloads live: in memory and, with a spool, on disk.
type queue struct {
	limit int
	disk  *spool // nil for none
	// turn lets one push at a time write to disk.
	turn sync.Mutex

	mu sync.Mutex
	// waiting[0] has the number doneUpTo + 1. A payload that was acknowledged
	// out of turn is nil until those before it are too.
	waiting   [][]byte
	doneUpTo  uint64 // acknowledged or dropped
	outOfTurn uint64
	dropped   uint64
	closed    bool
	// changed is closed, and replaced, whenever any of the above changes.
	changed chan struct{}
}

func newQueue(limit int) *queue {
	return &queue{limit: limit, changed: make(chan struct{})}
}

// openQueue is newQueue with a folder, from which it takes what an earlier run
// left. torn is how many bytes there were not whole.
func openQueue(dir string, limit int) (q *queue, torn int, err error) {
	q = newQueue(limit)
	if q.disk, q.waiting, torn, err = openSpool(dir); err != nil {
		return nil, 0, err
	}
	q.shorten()
	q.mark(q.doneUpTo)
	return q, torn, nil
}

// push appends payload. In memory it waits for room until ctx ends; on disk,
// where it returns when payload is there to stay, it makes room by dropping the
// oldest.
func (q *queue) push(ctx context.Context, payload []byte) error {
	if q.disk != nil {
		return q.pushToDisk(payload)
	}
	for {
		taken, changed, err := q.tryPush(payload)
		if taken || err != nil {
			return err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ErrQueueFull, ctx.Err())
		}
	}
}

func (q *queue) tryPush(payload []byte) (taken bool, changed <-chan struct{}, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		return false, nil, ErrStopped
	case len(q.waiting) >= q.limit:
		return false, q.changed, nil
	}
	q.waiting = append(q.waiting, payload)
	q.announce()
	return true, nil, nil
}

func (q *queue) pushToDisk(payload []byte) error {
	q.turn.Lock()
	defer q.turn.Unlock()
	q.mu.Lock()
	closed := q.closed
	q.mu.Unlock()
	if closed {
		return ErrStopped
	}
	if err := q.disk.append(payload); err != nil {
		return fmt.Errorf("%w: %w", ErrNotKept, err)
	}
	q.mu.Lock()
	q.waiting = append(q.waiting, payload)
	q.shorten()
	q.announce()
	done := q.doneUpTo
	q.mu.Unlock()
	q.mark(done)
	return nil
}

// mark tells the disk that all up to number are done. What of that is lost is
// sent again, no more; a disk that cannot be written to will fail push.
func (q *queue) mark(number uint64) {
	if q.disk != nil {
		_ = q.disk.advance(number)
	}
}

// next returns the first unacknowledged payload with a number above after,
// waiting for one until ctx ends.
func (q *queue) next(ctx context.Context, after uint64) (number uint64, payload []byte, err error) {
	for {
		number, payload, changed := q.peek(after)
		if payload != nil {
			return number, payload, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return 0, nil, ctx.Err()
		}
	}
}

func (q *queue) peek(after uint64) (number uint64, payload []byte, changed <-chan struct{}) {
	q.mu.Lock()
	defer q.mu.Unlock()
	skip := max(after, q.doneUpTo) - q.doneUpTo
	for i := int(skip); i < len(q.waiting); i++ {
		if q.waiting[i] != nil {
			return q.doneUpTo + uint64(i) + 1, q.waiting[i], nil
		}
	}
	return 0, nil, q.changed
}

// acknowledge forgets the payload of that number; once is enough.
func (q *queue) acknowledge(number uint64) {
	q.mu.Lock()
	if number <= q.doneUpTo || q.waiting[number-q.doneUpTo-1] == nil {
		q.mu.Unlock()
		return
	}
	q.waiting[number-q.doneUpTo-1] = nil
	q.outOfTurn++
	q.forget()
	q.announce()
	done := q.doneUpTo
	q.mu.Unlock()
	q.mark(done)
}

// shorten drops the oldest payloads until the rest is within the limit; q.mu is
// held.
func (q *queue) shorten() {
	for len(q.waiting) > q.limit {
		// The first one is never done.
		q.waiting[0] = nil
		q.dropped++
		q.outOfTurn++
		q.forget()
	}
}

// forget takes what is done off the front; q.mu is held.
func (q *queue) forget() {
	for len(q.waiting) > 0 && q.waiting[0] == nil {
		q.waiting = q.waiting[1:]
		q.doneUpTo++
		q.outOfTurn--
	}
}

// counts tells how many payloads ever came, those that an earlier run left
// included, how many were acknowledged and how many dropped.
func (q *queue) counts() (pushed, acknowledged, dropped uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.doneUpTo + uint64(len(q.waiting)), q.doneUpTo + q.outOfTurn - q.dropped, q.dropped
}

// drained waits until every payload is acknowledged, or for the end of ctx.
func (q *queue) drained(ctx context.Context) error {
	for {
		q.mu.Lock()
		left, changed := len(q.waiting), q.changed
		q.mu.Unlock()
		if left == 0 {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// close makes push refuse; what is waiting stays.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.announce()
}

// release closes the spool; what is waiting stays there.
func (q *queue) release() error {
	if q.disk == nil {
		return nil
	}
	return q.disk.close()
}

// announce wakes everybody who waits for a change; q.mu is held.
func (q *queue) announce() {
	close(q.changed)
	q.changed = make(chan struct{})
}
