package device

import (
	"context"
	"fmt"
	"sync"
)

// queue holds payloads in the order they came until each is acknowledged. They
// are numbered from 1; the number is what a sender gets with a payload and
// gives back with its acknowledgement. It is the only place that knows where
// payloads live, which is in memory.
type queue struct {
	limit int

	mu sync.Mutex
	// waiting[0] has the number acknowledgedUpTo + 1. A payload that was
	// acknowledged out of turn is nil until those before it are too.
	waiting          [][]byte
	acknowledgedUpTo uint64
	outOfTurn        uint64
	closed           bool
	// changed is closed, and replaced, whenever any of the above changes.
	changed chan struct{}
}

func newQueue(limit int) *queue {
	return &queue{limit: limit, changed: make(chan struct{})}
}

// push appends payload, waiting for room until ctx ends.
func (q *queue) push(ctx context.Context, payload []byte) error {
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
	skip := max(after, q.acknowledgedUpTo) - q.acknowledgedUpTo
	for i := int(skip); i < len(q.waiting); i++ {
		if q.waiting[i] != nil {
			return q.acknowledgedUpTo + uint64(i) + 1, q.waiting[i], nil
		}
	}
	return 0, nil, q.changed
}

// acknowledge forgets the payload of that number; once is enough.
func (q *queue) acknowledge(number uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if number <= q.acknowledgedUpTo || q.waiting[number-q.acknowledgedUpTo-1] == nil {
		return
	}
	q.waiting[number-q.acknowledgedUpTo-1] = nil
	q.outOfTurn++
	for len(q.waiting) > 0 && q.waiting[0] == nil {
		q.waiting = q.waiting[1:]
		q.acknowledgedUpTo++
		q.outOfTurn--
	}
	q.announce()
}

// counts tells how many payloads ever came and how many were acknowledged.
func (q *queue) counts() (pushed, acknowledged uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.acknowledgedUpTo + uint64(len(q.waiting)), q.acknowledgedUpTo + q.outOfTurn
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

// announce wakes everybody who waits for a change; q.mu is held.
func (q *queue) announce() {
	close(q.changed)
	q.changed = make(chan struct{})
}
