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

// Report says what became of a message that an SMS service had taken over, by
// the service's name for it: it was brought, or with failed it was not, and goes
// over the next channel. Errors wrap tracker.ErrNotFound, tracker.ErrUnavailable
// or ctx's.
func (n *Notifier) Report(ctx context.Context, c Channel, receipt string, failed *SendError) error {
	key := receiptKey(c, receipt)
	id, err := n.outbox.fleet.GetRecord(receiptIndex, key)
	if err != nil {
		return fmt.Errorf("read a receipt: %w", err)
	}
	if id == nil {
		return fmt.Errorf("receipt of %s: %w", c, tracker.ErrNotFound)
	}
	e, err := n.outbox.load(string(id))
	if err != nil {
		return err
	}
	rows := []tracker.BucketRecord{record(receiptIndex, key, nil)}
	if failed == nil || e.State != Sent || e.Receipt != receipt {
		return n.outbox.fleet.PutAll(ctx, rows)
	}
	return n.fail(ctx, e, failed, rows)
}

// fail takes back that a message was sent.
func (n *Notifier) fail(ctx context.Context, e *Entry, why *SendError, rows []tracker.BucketRecord) error {
	n.suppressDead(ctx, e, why)
	ch := &change{entry: e, channel: e.Channel}
	ch.pass("not brought: "+why.Error(), n.now())
	of, err := e.rows("")
	if err != nil {
		return err
	}
	if e.State == Dead {
		of = append(of, mark(deadBucket, e.ID))
	}
	if err := n.outbox.fleet.PutAll(ctx, append(rows, of...)); err != nil {
		return err
	}
	n.durable(ch)
	return nil
}

// suppressDead notes that the address that a message was sent to is dead.
func (n *Notifier) suppressDead(ctx context.Context, e *Entry, why *SendError) {
	var s Sight
	if ok, err := n.outbox.open(e.Sealed, e.ID, entryBucket, &s); !why.Dead || !ok || err != nil {
		return
	}
	if err := n.suppressed.Add(ctx, e.Channel, s.Address, Suppression{Reason: why.Error(), Since: n.now()}); err != nil {
		n.trouble("suppress an address", err)
	}
}
