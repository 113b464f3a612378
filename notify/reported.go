package notify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"wayguard/tracker"
)

// Report says what became of a message that an SMS service had taken over, by
// the service's name for it: it was brought, or with failed it was not, and goes
// over the next channel. Errors wrap tracker.ErrNotFound, tracker.ErrUnavailable
// or ctx's.
func (n *Notifier) Report(ctx context.Context, c Channel, receipt string, failed *SendError) error {
	n.repeating.Lock()
	defer n.repeating.Unlock()
	e, err := n.outbox.loadReceipt(c, receipt)
	if err != nil {
		return err
	}
	if failed == nil || e.State != Sent || e.Receipt != receipt {
		return n.outbox.fleet.PutAll(ctx, []tracker.BucketRecord{record(receiptIndex, receiptKey(c, receipt), nil)})
	}
	return n.fail(ctx, e, failed)
}

// loadReceipt finds a message by its service's name for it. The error wraps
// tracker.ErrNotFound if there is none.
func (o *outbox) loadReceipt(c Channel, receipt string) (*Entry, error) {
	id, err := o.fleet.GetRecord(receiptIndex, receiptKey(c, receipt))
	if err != nil {
		return nil, fmt.Errorf("read a receipt: %w", err)
	}
	if id == nil {
		return nil, fmt.Errorf("receipt of %s: %w", c, tracker.ErrNotFound)
	}
	return o.load(string(id))
}

// ErrStranger: the message was sent to somebody else, or to somebody who was
// erased since.
var ErrStranger = errors.New("the message was sent to nobody with that address")

const (
	// bounceWait is how much sooner than our own record of having sent it a mail may
	// come back, and bounceLook how often that is looked for.
	bounceWait = 2 * time.Second
	bounceLook = 100 * time.Millisecond
)

// Bounced says what a mail server said later of a mail that it had taken over. of
// is asked for the address that the mail was sent to: ok is false where nothing is
// said of that one, failed is nil where the mail was brought, permanent where it
// will not be, so that the message goes over the next channel, and else only noted
// on the message. Errors wrap tracker.ErrNotFound, ErrStranger,
// tracker.ErrUnavailable or ctx's.
func (n *Notifier) Bounced(ctx context.Context, receipt string, of func(address string) (failed *SendError, ok bool)) error {
	if receipt == "" || len(receipt) > maxReceipt {
		return fmt.Errorf("receipt of a mail: %w", tracker.ErrNotFound)
	}
	if err := n.awaitReceipt(ctx, Email, receipt); err != nil {
		return err
	}
	n.repeating.Lock()
	defer n.repeating.Unlock()
	e, err := n.outbox.loadReceipt(Email, receipt)
	if err != nil {
		return err
	}
	var s Sight
	if ok, err := n.outbox.open(e.Sealed, e.ID, entryBucket, &s); err != nil {
		return err
	} else if !ok {
		return ErrStranger
	}
	failed, ok := of(s.Address)
	switch {
	case !ok:
		return ErrStranger
	case failed == nil || e.State != Sent || e.Channel != Email || e.Receipt != receipt:
		return nil
	case failed.Permanent:
		return n.fail(ctx, e, failed)
	}
	return n.remark(ctx, e, failed.Error())
}

// awaitReceipt waits a little for a message to have been noted as sent.
func (n *Notifier) awaitReceipt(ctx context.Context, c Channel, receipt string) error {
	for end := time.Now().Add(bounceWait); ; pause(ctx, bounceLook) {
		_, err := n.outbox.loadReceipt(c, receipt)
		if !errors.Is(err, tracker.ErrNotFound) || !time.Now().Before(end) || ctx.Err() != nil {
			return err
		}
	}
}

// remark notes on a message that was sent what became of it since.
func (n *Notifier) remark(ctx context.Context, e *Entry, what string) error {
	e.Reason = what
	rows, err := e.rows("")
	if err != nil {
		return err
	}
	return n.outbox.fleet.PutAll(ctx, rows)
}

// fail takes back that a message was sent.
func (n *Notifier) fail(ctx context.Context, e *Entry, why *SendError) error {
	n.suppressDead(ctx, e, why)
	rows := []tracker.BucketRecord{record(receiptIndex, receiptKey(e.Channel, e.Receipt), nil)}
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
