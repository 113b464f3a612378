package notify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"wayguard/tracker"
)

// repeatFor is how long a message that somebody sends again is worth sending:
// they look at it, so a day is enough to mend what was in its way.
const repeatFor = 24 * time.Hour

// ErrPending: the message has yet to be sent, or given up.
var ErrPending = errors.New("the message is still on its way")

func (o *outbox) countDead() (dead int, err error) {
	err = o.fleet.ScanRecords(deadBucket, "", func(tracker.Record) error { dead++; return nil })
	if err != nil {
		return 0, fmt.Errorf("count dead letters: %w", err)
	}
	return dead, nil
}

// Resend sends a message again that is over, if what it says still holds: as a
// message of its own, since carriers drop what has the id of another one. Where
// that was done already, it returns the message that it became. When it returns
// nil the new one is durable. Errors wrap tracker.ErrNotFound, ErrPending,
// tracker.ErrUnavailable or ctx's.
func (n *Notifier) Resend(ctx context.Context, id string) (*Entry, error) {
	n.repeating.Lock()
	defer n.repeating.Unlock()
	old, err := n.outbox.load(id)
	if err != nil {
		return nil, err
	}
	if old.RepeatedAs != "" {
		return n.outbox.load(old.RepeatedAs)
	}
	if !old.State.Over() {
		return nil, fmt.Errorf("message %s: %w", id, ErrPending)
	}
	again := old.again(n.now())
	old.RepeatedAs = again.ID
	var rows []tracker.BucketRecord
	for _, e := range []*Entry{old, again} {
		of, err := e.rows("")
		if err != nil {
			return nil, err
		}
		rows = append(rows, of...)
	}
	rows = append(append(rows, again.index()...), record(deadBucket, id, nil))
	if err := n.outbox.fleet.PutAll(ctx, rows); err != nil {
		return nil, err
	}
	if old.State == Dead {
		n.metrics.dead.Add(-1)
	}
	n.made(again)
	return again, nil
}

// again is e as a new message.
func (e *Entry) again(now time.Time) *Entry {
	again := &Entry{ID: newID(now, "again", e.ID), To: e.To, Created: now, Repeats: e.ID}
	for _, notice := range e.Notices {
		notice.Due, notice.Expires = now, now.Add(repeatFor)
		again.Notices = append(again.Notices, notice)
	}
	again.begin(again.channels()[0], now)
	return again
}
