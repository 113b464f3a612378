package notify

import (
	"context"
	"fmt"
	"time"

	"wayguard/tracker"
)

// How long messages are kept once they are over, by the time of what they tell
// of: what was sent is asked about for some weeks, a dead letter is mended
// within a season or never.
const (
	KeepSent = 30 * 24 * time.Hour
	KeepDead = 90 * 24 * time.Hour
)

const (
	tidyEvery = time.Hour
	tidyFirst = 5 * time.Minute
	tidyPause = 20 * time.Millisecond
	// tidyTogether messages are some 128 small records, which the store takes in
	// less than 5 ms.
	tidyTogether = 40
)

// tidyAll drops what is too old until ctx ends.
func (n *Notifier) tidyAll(ctx context.Context) {
	for wait := tidyFirst; ; wait = tidyEvery {
		pause(ctx, wait)
		if ctx.Err() != nil {
			return
		}
		if err := n.tidy(ctx, n.now()); err != nil && ctx.Err() == nil {
			n.trouble("drop messages that are too old", err)
		}
	}
}

// tidy drops what is too old at a time, a few messages after the other.
func (n *Notifier) tidy(ctx context.Context, now time.Time) error {
	after := idTime(now.Add(-KeepSent))
	for ctx.Err() == nil {
		page, err := n.outbox.fleet.Records(entryBucket, "", after, tidyTogether)
		if err != nil {
			return fmt.Errorf("read messages: %w", err)
		}
		if len(page) == 0 {
			return nil
		}
		after = page[len(page)-1].Key
		rows, dead, err := cuts(page, idTime(now.Add(-KeepDead)))
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			continue
		}
		if err := n.outbox.fleet.PutAll(ctx, rows); err != nil {
			return err
		}
		n.metrics.dead.Add(-int64(dead))
		pause(ctx, tidyPause)
	}
	return nil
}

// cuts are the records that drop what is over of a page, dead letters only
// behind the id deadFrom; dead is the number of these.
func cuts(page []tracker.Record, deadFrom string) (rows []tracker.BucketRecord, dead int, err error) {
	for _, r := range page {
		e, err := decodeEntry(r.Key, r.Value)
		if err != nil {
			return nil, 0, err
		}
		unmended := e.State == Dead && e.RepeatedAs == ""
		if !e.State.Over() || unmended && r.Key < deadFrom {
			continue
		}
		if unmended {
			dead++
		}
		rows = append(rows, record(entryBucket, e.ID, nil), record(deadBucket, e.ID, nil), record(mailboxBucket, e.ID, nil))
		for _, id := range e.deliveries() {
			rows = append(rows, record(deliveryIndex, string(id)+"/"+e.ID, nil))
		}
		if e.traced() {
			rows = append(rows, record(receiptIndex, receiptKey(e.Channel, e.Receipt), nil))
		}
	}
	return rows, dead, nil
}
