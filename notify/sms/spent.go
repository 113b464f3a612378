package sms

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"wayguard/notify"
	"wayguard/tracker"
)

// spentBucket holds records under DAY/ for all and DAY/HASH for each number:
// how many segments were sent on that day.
const spentBucket = "sms_spent"

// codeCapped is that of a message that a cap holds back.
const codeCapped = "cap"

// spent counts the segments of a day.
type spent struct {
	fleet *tracker.Fleet
	clock *tracker.Clock
	caps  Caps

	// turn is taken by who counts: unlike a mutex it can be waited for until a
	// context ends, since the store may be full.
	turn chan struct{}
	day  string
	// by is under the keys of the records.
	by map[string]int
}

func openSpent(o Options) (*spent, error) {
	s := &spent{fleet: o.Fleet, clock: o.Clock, caps: o.Caps, turn: make(chan struct{}, 1), by: make(map[string]int)}
	s.day = dayOf(s.clock.Now())
	err := s.fleet.ScanRecords(spentBucket, s.day+"/", func(r tracker.Record) error {
		var n int
		if err := json.Unmarshal(r.Value, &n); err != nil {
			return fmt.Errorf("what was spent on %s: %w", s.day, err)
		}
		s.by[r.Key] = n
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read what was spent: %w", err)
	}
	return s, nil
}

func dayOf(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// reserve counts n segments to address; when it returns nil that is durable.
// refund takes them off again, durable with the next message.
func (s *spent) reserve(ctx context.Context, address string, n int, expires time.Time) (refund func(), err error) {
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-s.turn }()
	gone := s.turnPage()
	print := s.fleet.Fingerprint("sms spent", []byte(address))
	all, one := s.day+"/", s.day+"/"+hex.EncodeToString(print[:16])
	if err := s.check(all, one, n, expires); err != nil {
		return nil, err
	}
	s.by[all] += n
	s.by[one] += n
	if err := s.fleet.PutRecords(ctx, spentBucket, append(gone, s.record(all), s.record(one))...); err != nil {
		s.give(all, one, n)
		return nil, err
	}
	return func() {
		s.turn <- struct{}{}
		s.give(all, one, n)
		<-s.turn
	}, nil
}

func (s *spent) give(all, one string, n int) {
	if strings.HasPrefix(all, s.day) {
		s.by[all] -= n
		s.by[one] -= n
	}
}

func (s *spent) record(key string) tracker.Record {
	return tracker.Record{Key: key, Value: fmt.Append(nil, s.by[key])}
}

// turnPage begins a new day and returns what deletes the last one. It is not
// tried again where that fails: a record of a day that is over does no harm.
func (s *spent) turnPage() (gone []tracker.Record) {
	today := dayOf(s.clock.Now())
	if today == s.day {
		return nil
	}
	for key := range s.by {
		gone = append(gone, tracker.Record{Key: key})
	}
	s.day, s.by = today, make(map[string]int)
	return gone
}

// check refuses what is more than a cap: for good if the message is worth
// nothing any more on the next day.
func (s *spent) check(all, one string, n int, expires time.Time) error {
	reason := ""
	switch {
	case s.caps.Daily > 0 && s.by[all]+n > s.caps.Daily:
		reason = "the daily cap of SMS segments is reached"
	case s.caps.PerRecipient > 0 && s.by[one]+n > s.caps.PerRecipient:
		reason = "the daily cap of SMS segments for one recipient is reached"
	default:
		return nil
	}
	now := s.clock.Now().UTC()
	tomorrow := now.Truncate(24 * time.Hour).Add(24 * time.Hour)
	return &notify.SendError{
		Code: codeCapped, Reason: reason, After: tomorrow.Sub(now),
		Permanent: !expires.IsZero() && !tomorrow.Before(expires),
	}
}
