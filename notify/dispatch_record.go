package notify

import (
	"context"

	"wayguard/tracker"
)

// recordTogether is how many messages share a transaction: some 250 small
// records, which the store takes in less than 5 ms.
const recordTogether = 64

// recorder writes down what has become of messages, many at once.
type recorder struct {
	*outbox
	mailbox *mailbox
	changes chan *change
	// durable is called for each change that is.
	durable func(*change)
	failed  func(error)
}

// run ends when changes is closed, or ctx is done.
func (r *recorder) run(ctx context.Context) {
	for c := range r.changes {
		r.write(ctx, r.gather([]*change{c}))
	}
}

// gather adds what waits, without waiting for more.
func (r *recorder) gather(group []*change) []*change {
	for len(group) < recordTogether {
		select {
		case c, ok := <-r.changes:
			if !ok {
				return group
			}
			group = append(group, c)
		default:
			return group
		}
	}
	return group
}

// write tries until the store has taken the group.
func (r *recorder) write(ctx context.Context, group []*change) {
	var rows []tracker.BucketRecord
	for _, c := range group {
		of, err := r.rows(c)
		if err != nil {
			// What it said is not kept, but that it was sent must be.
			r.failed(err)
			c.sight = nil
			of, _ = r.rows(c)
		}
		rows = append(rows, of...)
	}
	rows = append(rows, r.mailbox.evict()...)
	for {
		err := r.fleet.PutAll(ctx, rows)
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			return
		}
		r.failed(err)
		pause(ctx, storeRetry)
	}
	for _, c := range group {
		r.durable(c)
	}
}

func (r *recorder) rows(c *change) ([]tracker.BucketRecord, error) {
	e := c.entry
	var more []tracker.BucketRecord
	if c.sight != nil {
		html, err := r.keep(e, c.sight)
		if err != nil {
			return nil, err
		}
		more = append(more, html...)
	}
	switch {
	case e.State == Dead:
		more = append(more, mark(deadBucket, e.ID))
	case e.State == Sent && e.traced():
		more = append(more, record(receiptIndex, receiptKey(e.Channel, e.Receipt), []byte(e.ID)))
	}
	rows, err := e.rows(c.was)
	return append(rows, more...), err
}

// traced tells whether the service may say later what became of a message.
func (e *Entry) traced() bool {
	return (e.Channel == SMS || e.Channel == Email) && e.Receipt != "" && e.Receipt != mailboxReceipt
}

// keep seals what was sent. HTML is much, and says what the text does: only the
// mailbox keeps it.
func (r *recorder) keep(e *Entry, s *Sight) (rows []tracker.BucketRecord, err error) {
	bare := *s
	bare.HTML = ""
	if e.Sealed, err = r.seal(e, entryBucket, &bare); err != nil {
		return nil, err
	}
	if s.HTML == "" || !r.mailbox.serves(e.Channel) {
		return nil, nil
	}
	return r.mailbox.keep(r.outbox, e, s.HTML)
}
