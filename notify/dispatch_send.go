package notify

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"wayguard/tracker"
)

// change is what has become of a message, to be made durable.
type change struct {
	entry *Entry
	// was is where it waited.
	was string
	// sight is what was sent, nil where nothing was composed.
	sight *Sight
	// outcome is what metrics call it, over the channel.
	outcome string
	channel Channel
	// settled is called once it is durable.
	settled func()
}

// attempt tries to send a message. It returns nil where nothing has changed: it
// is not there any more, or the server stops.
func (n *Notifier) attempt(ctx context.Context, l *lane, it *laneItem) (*change, error) {
	e, err := n.outbox.load(it.id)
	if errors.Is(err, tracker.ErrNotFound) || err == nil && (e.State.Over() || e.dueKey() != it.key) {
		return nil, nil // it was dealt with between two looks at the store
	}
	if err != nil {
		return nil, err
	}
	c := &change{entry: e, was: it.key, channel: l.channel}
	now := n.now()
	if open := l.open(now); !open.Before(e.Until) {
		n.lapse(c, now, open.After(now))
		return c, nil
	}
	held, reason := n.held(e, now)
	if len(held) == 0 {
		c.drop(reason, now)
		return c, nil
	}
	m, err := n.compose(c, held, now)
	if m == nil || err != nil {
		return c, err
	}
	if !n.send(ctx, l, c, m) {
		return nil, nil
	}
	return c, nil
}

// lapse ends the time of a channel; held where its carrier takes nothing until
// then.
func (n *Notifier) lapse(c *change, now time.Time, held bool) {
	reason := "expired before it could be sent"
	switch {
	case c.entry.Attempts > 0:
		reason = "not taken in time: " + c.entry.Reason
	case held:
		reason = "the service takes no more until it is too late"
	}
	c.pass(reason, now)
}

// held are the notices that are still true and wanted; the others are marked.
func (n *Notifier) held(e *Entry, now time.Time) (held []Notice, reason string) {
	reason = "expired"
	for i := range e.Notices {
		notice := &e.Notices[i]
		notice.LeftOut = true
		if !now.Before(notice.Expires) {
			continue
		}
		why, ok := n.judge.Holds(notice, now)
		if ok {
			notice.LeftOut = false
			held = append(held, *notice)
		} else {
			reason = why
		}
	}
	return held, reason
}

// compose writes the message, or passes it on to the next channel where that
// cannot be.
func (n *Notifier) compose(c *change, held []Notice, now time.Time) (*Message, error) {
	e := c.entry
	a, reason, ok := n.judge.Address(e.To, e.Channel)
	if !ok {
		c.pass(reason, now)
		return nil, nil
	}
	if why, found := n.suppressed.Find(e.Channel, a.Address); found {
		c.pass("suppressed: "+why.Reason, now)
		return nil, nil
	}
	content, err := n.judge.Compose(held, a, e.Channel)
	if err != nil {
		e.Attempts++ // it is for dispatch to see
		c.pass("it could not be written", now)
		n.trouble("write a message", fmt.Errorf("message %s of kind %s: %w", e.ID, e.Kind(), err))
		return nil, nil
	}
	c.sight = &Sight{Address: a.Address, Name: a.Name, Language: a.Language, Content: content}
	return &Message{
		ID: e.ID + "-" + string(e.Channel), Kind: held[0].Kind, Delivery: held[0].Delivery, To: e.To,
		Address: a.Address, Name: a.Name, Language: a.Language, Content: content, Expires: e.Expires(),
	}, nil
}

// maxReceipt is how long a service's name for a message may be, so that it can
// be part of a key.
const maxReceipt = 200

// send hands a message over; false if the server stopped meanwhile, and the
// message is to be sent again.
func (n *Notifier) send(ctx context.Context, l *lane, c *change, m *Message) bool {
	sendCtx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	started := time.Now()
	receipt, err := l.carrier.Send(sendCtx, m)
	n.metrics.took(l.channel, time.Since(started))
	if err != nil && ctx.Err() != nil {
		return false
	}
	e, now := c.entry, n.now()
	e.Attempts++
	if err == nil {
		e.end(Sent, "", now)
		e.Receipt, c.outcome = receipt[:min(len(receipt), maxReceipt)], string(Sent)
		return true
	}
	why := reasonOf(err)
	if why.Busy {
		l.hold(now.Add(Pause(why.After)))
	}
	n.refused(ctx, c, why, now)
	return true
}

// reasonOf is err as what the outbox works with. The text of an error that is no
// SendError may hold anything, an address too, so it goes no further.
func reasonOf(err error) *SendError {
	var known *SendError
	switch {
	case errors.As(err, &known):
		return known
	case errors.Is(err, context.DeadlineExceeded):
		return &SendError{Reason: "no answer in time", Unsure: true}
	}
	return &SendError{Reason: fmt.Sprintf("the carrier failed (%T)", err)}
}

// refused decides what follows from a carrier's refusal.
func (n *Notifier) refused(ctx context.Context, c *change, why *SendError, now time.Time) {
	e := c.entry
	e.Reason = why.Error()
	n.log.Info("a message was not taken", "message", e.ID, "channel", e.Channel, "attempt", e.Attempts, "reason", e.Reason)
	// A subscription to push messages goes by itself, and its address is that of
	// whatever comes after it.
	if why.Dead && e.Channel != Push {
		err := n.suppressed.Add(ctx, e.Channel, c.sight.Address, Suppression{Reason: e.Reason, Since: now})
		if err != nil {
			n.trouble("suppress an address", err)
		}
	}
	again := now.Add(retryAfter(e.Attempts, why.After))
	if why.Dead || why.Permanent || !again.Before(e.Until) {
		c.pass(e.Reason, now)
		return
	}
	e.State, e.Due, c.outcome = Retrying, again, "retried"
	c.sight = nil
}

// pass gives up a channel, for the next one or for good.
func (c *change) pass(reason string, now time.Time) {
	e := c.entry
	e.Tries = append(e.Tries, Try{e.Channel, e.Attempts, reason})
	rest := e.channels()
	for len(rest) > 0 && rest[0] != e.Channel {
		rest = rest[1:]
	}
	if len(rest) > 1 && now.Before(e.Expires()) {
		e.begin(rest[1], now)
		c.outcome, c.sight = "passed on", nil
		return
	}
	tried, reasons := 0, make([]string, len(e.Tries))
	for i, t := range e.Tries {
		tried += t.Attempts
		reasons[i] = string(t.Channel) + ": " + t.Reason
	}
	state := Dead
	if tried == 0 {
		state = Dropped
	}
	e.end(state, strings.Join(reasons, "; "), now)
	c.outcome = string(state)
}

// drop is for a message that is not to be sent.
func (c *change) drop(reason string, now time.Time) {
	c.entry.end(Dropped, reason, now)
	c.outcome, c.sight = string(Dropped), nil
}
