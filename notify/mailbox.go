package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"wayguard/tracker"
)

// mailboxRoom is how many messages the mailbox shows as they looked. The text of
// older ones is kept as that of all others.
const mailboxRoom = 1000

// mailbox takes the messages of the channels that no account is configured for,
// so that nothing is lost on somebody who only looks around: dispatch can open
// them.
type mailbox struct {
	channels []Channel
	mu       sync.Mutex
	// ids are those of the messages kept, the newest first.
	ids []string
}

// openMailbox serves all channels but those of the carriers.
func openMailbox(fleet *tracker.Fleet, carriers []Carrier) (*mailbox, error) {
	b := &mailbox{channels: slices.Clone(channels)}
	for _, c := range carriers {
		b.channels = slices.DeleteFunc(b.channels, func(o Channel) bool { return o == c.Channel() })
	}
	err := fleet.ScanRecords(mailboxBucket, "", func(r tracker.Record) error {
		b.ids = append(b.ids, r.Key)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the mailbox: %w", err)
	}
	return b, nil
}

func (b *mailbox) serves(c Channel) bool { return slices.Contains(b.channels, c) }

// carriers are those that bring messages to the mailbox.
func (b *mailbox) carriers() (all []Carrier) {
	for _, c := range b.channels {
		all = append(all, mailboxCarrier(c))
	}
	return all
}

// keep is the record of what a message looks like.
func (b *mailbox) keep(o *outbox, e *Entry, html string) ([]tracker.BucketRecord, error) {
	s, err := o.seal(e, mailboxBucket, html)
	if err != nil {
		return nil, err
	}
	value, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("encode a message: %w", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if at, found := slices.BinarySearch(b.ids, e.ID); !found {
		b.ids = slices.Insert(b.ids, at, e.ID)
	}
	return []tracker.BucketRecord{record(mailboxBucket, e.ID, value)}, nil
}

// evict are the records that make room.
func (b *mailbox) evict() (rows []tracker.BucketRecord) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.ids) > mailboxRoom {
		last := len(b.ids) - 1
		rows = append(rows, record(mailboxBucket, b.ids[last], nil))
		b.ids = b.ids[:last]
	}
	return rows
}

// html is what a message in the mailbox looks like, empty for one that is not
// there.
func (b *mailbox) html(o *outbox, id string) (html string, err error) {
	value, err := o.fleet.GetRecord(mailboxBucket, id)
	if err != nil || value == nil {
		return "", err
	}
	var s sealed
	if json.Unmarshal(value, &s) != nil {
		return "", fmt.Errorf("message %s: %w", id, errDamaged)
	}
	_, err = o.open(s, id, mailboxBucket, &html)
	return html, err
}

// mailboxCarrier takes everything: what it was given is in the record of its
// having been sent.
type mailboxCarrier Channel

// Channel is the one that no account is configured for.
func (c mailboxCarrier) Channel() Channel { return Channel(c) }

// Send takes m over.
func (c mailboxCarrier) Send(context.Context, *Message) (string, error) { return mailboxReceipt, nil }

// mailboxReceipt is what messages in the mailbox have been sent as.
const mailboxReceipt = "mailbox"
