package notify

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"wayguard/tracker"
)

// The buckets of the outbox. Keys of messages are their ids.
const (
	// entryBucket holds every message as JSON.
	entryBucket = "messages"
	// dueBucket has a record for each that is not over, by channel and time.
	dueBucket = "messages_due"
	// deadBucket has one for each dead letter, without a value.
	deadBucket = "messages_dead"
	// deliveryIndex has one for each delivery and message about it.
	deliveryIndex = "messages_of"
	// receiptIndex has the ids of messages whose service says later what became
	// of them.
	receiptIndex = "messages_receipts"
	// mailboxBucket has the HTML of those in the mailbox, sealed.
	mailboxBucket = "messages_mailbox"
	// readerBucket has the reader's cursor.
	readerBucket = "notify"
)

// dueDigits are those of a time in ms, base 36, until the year 5188.
const dueDigits = 9

// dueTime sorts as times do.
func dueTime(at time.Time) string {
	s := strconv.FormatInt(max(at.UnixMilli(), 0), 36)
	return strings.Repeat("0", max(dueDigits-len(s), 0)) + s
}

// dueKey is where the message waits: "email/" time "/" id.
func (e *Entry) dueKey() string {
	return string(e.Channel) + "/" + dueTime(e.Due) + "/" + e.ID
}

// dueEntry is what is to be known of a message before it is due.
type dueEntry struct {
	To    Recipient `json:"to"`
	Until time.Time `json:"until"`
	// Bundle is set where others may join.
	Bundle *bundleKey `json:"bundle,omitempty"`
}

// parseDueKey takes a key of a channel apart.
func parseDueKey(key string) (due time.Time, id string, err error) {
	parts := strings.Split(key, "/")
	if len(parts) != 3 {
		return due, "", fmt.Errorf("outbox: %w", errDamaged)
	}
	ms, err := strconv.ParseInt(parts[1], 36, 64)
	if err != nil {
		return due, "", fmt.Errorf("outbox: %w", errDamaged)
	}
	return time.UnixMilli(ms).UTC(), parts[2], nil
}

func record(bucket, key string, value []byte) tracker.BucketRecord {
	return tracker.BucketRecord{Bucket: bucket, Record: tracker.Record{Key: key, Value: value}}
}

// mark is a record that says all by being there.
func mark(bucket, key string) tracker.BucketRecord { return record(bucket, key, []byte{}) }

func receiptKey(c Channel, receipt string) string { return string(c) + "/" + receipt }

// rows are the records that make e what the store holds. was is where it waited
// before, empty where it did not.
func (e *Entry) rows(was string) ([]tracker.BucketRecord, error) {
	value, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("encode a message: %w", err)
	}
	rows := []tracker.BucketRecord{record(entryBucket, e.ID, value)}
	if e.State.Over() {
		if was != "" {
			rows = append(rows, record(dueBucket, was, nil))
		}
		return rows, nil
	}
	key := e.dueKey()
	if was != "" && was != key {
		rows = append(rows, record(dueBucket, was, nil))
	}
	due, err := json.Marshal(dueEntry{To: e.To, Until: e.Until, Bundle: e.bundle()})
	if err != nil {
		return nil, fmt.Errorf("encode a message: %w", err)
	}
	return append(rows, record(dueBucket, key, due)), nil
}

// index are the records by which a new message is found.
func (e *Entry) index() (rows []tracker.BucketRecord) {
	for _, id := range e.deliveries() {
		rows = append(rows, mark(deliveryIndex, string(id)+"/"+e.ID))
	}
	return rows
}
