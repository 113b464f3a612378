package tracker

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Limits of the quarantine.
const (
	// MaxQuarantined is how many refusals are kept, the newest ones.
	MaxQuarantined = 1000
	// MaxQuarantinedPayload is how many bytes of a payload are kept.
	MaxQuarantinedPayload = 4096
)

// Refused is what a device sent and was refused for good.
type Refused struct {
	// Number is its place among all that were refused, from 0. The quarantine gives
	// it.
	Number uint64 `json:"number"`
	// Device is the authenticated sender.
	Device   DeviceID  `json:"device"`
	Received time.Time `json:"received"`
	// Door names where it came in, such as "owntracks".
	Door string `json:"door"`
	// Reason is a short stable code, such as "bad_json"; Detail a sentence for
	// people.
	Reason string `json:"reason"`
	Detail string `json:"detail"`
	// Payload is what was sent, cut to MaxQuarantinedPayload.
	Payload []byte `json:"payload"`
}

// quarantine is a ring of records: refusal n is at n modulo MaxQuarantined.
type quarantine struct {
	mu   sync.Mutex
	next uint64
}

const quarantineBucket = "quarantine"

func loadQuarantine(store Store) (*quarantine, error) {
	q := new(quarantine)
	err := eachRefused(store, func(_ string, s *Refused) { q.next = max(q.next, s.Number+1) })
	if err != nil {
		return nil, fmt.Errorf("read the quarantine: %w", err)
	}
	return q, nil
}

// eachRefused calls fn with what is kept and the key of its record.
func eachRefused(store Store, fn func(key string, s *Refused)) error {
	return eachRecord(store, quarantineBucket, "", func(r Record) error {
		var s Refused
		if err := json.Unmarshal(r.Value, &s); err != nil {
			return fmt.Errorf("refusal %q: %w", r.Key, err)
		}
		fn(r.Key, &s)
		return nil
	})
}

func (q *quarantine) record(r Refused) (BucketRecord, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	r.Number = q.next
	value, err := json.Marshal(r)
	if err != nil {
		return BucketRecord{}, fmt.Errorf("encode a refusal: %w", err)
	}
	key := strconv.FormatUint(q.next%MaxQuarantined, 10)
	q.next++
	return BucketRecord{Bucket: quarantineBucket, Record: Record{Key: key, Value: value}}, nil
}

// Quarantine keeps, for an operator to read, what a device sent and can never
// be right. Its result and done are those of Enqueue.
func (f *Fleet) Quarantine(ctx context.Context, r Refused, done func(error)) error {
	r.Payload = bytes.Clone(r.Payload[:min(len(r.Payload), MaxQuarantinedPayload)])
	record, err := f.refused.record(r)
	if err != nil {
		return err
	}
	return f.submit(ctx, submission{edit: &edit{records: []BucketRecord{record}}, done: done})
}

// Quarantined returns what is kept, newest first.
func (f *Fleet) Quarantined() ([]Refused, error) {
	var refusals []Refused
	err := eachRefused(f.store, func(_ string, s *Refused) { refusals = append(refusals, *s) })
	if err != nil {
		return nil, err
	}
	slices.SortFunc(refusals, func(a, b Refused) int { return cmp.Compare(b.Number, a.Number) })
	return refusals, nil
}
