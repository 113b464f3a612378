package tracker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A large edit is committed in parts, so that those who report do not wait for
// all of it, and is still seen whole or not at all: its rows and events are
// first written under names of their own; one transaction then puts the edit in
// force, in memory and for the engine; and the parts move to where they belong,
// each in one transaction. What a kill leaves behind is completed by the next
// Open, if the edit was in force, or dropped.
//
// Records of partBucket are named EDIT/r/PART for rows, EDIT/e/PART for events
// and EDIT/go for an edit in force.
const (
	partBucket = "parts"
	// partSize is how many rows, and events, are a part: what bbolt writes in
	// about 2 ms.
	partSize = 100
	// oneCommit is how many rows and events still go into one transaction.
	oneCommit = 256
)

type partRow struct {
	Bucket string `json:"bucket"`
	Key    string `json:"key"`
	Value  []byte `json:"value"` // null deletes
}

// parts are the records of an edit that is not in force.
type parts struct {
	rows   [][]BucketRecord
	events [][]Event
	// staged are what rows and events are written as, in their order.
	stagedRows, stagedEvents []BucketRecord
	force                    BucketRecord
}

func (k *Keyring) stage(rows []BucketRecord, events []Event) (*parts, error) {
	id := newID()
	p := &parts{
		rows: slices.Collect(slices.Chunk(rows, partSize)), events: slices.Collect(slices.Chunk(events, partSize)),
		force: partRecord(id+"/go", []byte("{}")),
	}
	for i, part := range p.rows {
		staged := make([]partRow, len(part))
		for j, r := range part {
			staged[j] = partRow{r.Bucket, r.Key, r.Value}
		}
		value, err := json.Marshal(staged)
		if err != nil {
			return nil, fmt.Errorf("encode a part of an edit: %w", err)
		}
		p.stagedRows = append(p.stagedRows, partRecord(fmt.Sprintf("%s/r/%06d", id, i), value))
	}
	for i, part := range p.events {
		staged := make([]json.RawMessage, len(part))
		for j := range part {
			var err error
			if staged[j], err = k.encodeEvent(&part[j]); err != nil {
				return nil, fmt.Errorf("encode a part of an edit: %w", err)
			}
		}
		value, err := json.Marshal(staged)
		if err != nil {
			return nil, fmt.Errorf("encode a part of an edit: %w", err)
		}
		p.stagedEvents = append(p.stagedEvents, partRecord(fmt.Sprintf("%s/e/%06d", id, i), value))
	}
	return p, nil
}

func partRecord(key string, value []byte) BucketRecord {
	return BucketRecord{Bucket: partBucket, Record: Record{Key: key, Value: value}}
}

// done is the record that takes another one away.
func done(r BucketRecord) BucketRecord {
	r.Value = nil
	return r
}

// commitParts makes an edit durable part by part. force puts it in force, with
// a record and an edit without its rows and events.
func (f *Fleet) commitParts(ctx context.Context, e edit, force func(edit) error) error {
	p, err := f.ledger.keys.stage(e.records, e.events)
	if err != nil {
		return err
	}
	for _, staged := range slices.Concat(p.stagedRows, p.stagedEvents) {
		// The receipt of the request comes with what puts the edit in force.
		if err := f.change(Repeatable(ctx), edit{records: []BucketRecord{staged}}); err != nil {
			f.drop(ctx, p)
			return err
		}
	}
	e.records, e.events = []BucketRecord{p.force}, nil
	if err := force(e); err != nil {
		f.drop(ctx, p)
		return err
	}
	return f.moveParts(ctx, p)
}

// moveParts takes the parts of an edit in force to where they belong. Nobody
// else may change the rows before: it goes on until the server stops.
func (f *Fleet) moveParts(ctx context.Context, p *parts) error {
	for i, rows := range p.rows {
		if err := f.insist(ctx, edit{records: append(slices.Clone(rows), done(p.stagedRows[i]))}); err != nil {
			return err
		}
	}
	for i, events := range p.events {
		if err := f.insist(ctx, edit{events: events, records: []BucketRecord{done(p.stagedEvents[i])}}); err != nil {
			return err
		}
	}
	return f.insist(ctx, edit{records: []BucketRecord{done(p.force)}})
}

// insist is change for as long as the store does not take it.
func (f *Fleet) insist(ctx context.Context, e edit) error {
	for {
		err := f.change(ctx, e)
		if err == nil || errors.Is(err, errStopping) {
			return err
		}
		select {
		case <-time.After(firstRetry):
		case <-f.intake.stopped:
			return errStopping
		}
	}
}

// drop forgets an edit that did not come into force. What it cannot forget now,
// the next Open does.
func (f *Fleet) drop(ctx context.Context, p *parts) {
	for _, staged := range slices.Concat(p.stagedRows, p.stagedEvents) {
		if f.change(ctx, edit{records: []BucketRecord{done(staged)}}) != nil {
			return
		}
	}
}

// completeRows moves the rows of edits that were in force when the server was
// killed, and drops edits that were not. Their events are for completeEvents.
func completeRows(store Store) error {
	var staged []Record
	forced := make(map[string]bool)
	err := eachRecord(store, partBucket, "", func(r Record) error {
		id, rest, _ := strings.Cut(r.Key, "/")
		forced[id] = forced[id] || rest == "go"
		staged = append(staged, r)
		return nil
	})
	if err != nil {
		return fmt.Errorf("read unfinished edits: %w", err)
	}
	for _, r := range staged {
		id, rest, _ := strings.Cut(r.Key, "/")
		t := Transaction{Records: []BucketRecord{done(partRecord(r.Key, nil))}}
		switch {
		case !forced[id]:
		case strings.HasPrefix(rest, "r/"):
			var rows []partRow
			if err := json.Unmarshal(r.Value, &rows); err != nil {
				return fmt.Errorf("unfinished edit %q: %w", r.Key, err)
			}
			for _, row := range rows {
				t.Records = append(t.Records, BucketRecord{Bucket: row.Bucket, Record: Record{Key: row.Key, Value: row.Value}})
			}
		default:
			continue
		}
		if err := store.Commit(&t); err != nil {
			return fmt.Errorf("complete edit %q: %w", r.Key, err)
		}
	}
	return nil
}

// completeEvents tells of edits that were in force when the server was killed.
func (f *Fleet) completeEvents(ctx context.Context) {
	if err := f.tellParts(ctx); err != nil && ctx.Err() == nil {
		f.log.Error("events of an edit that a stop of the server interrupted are told at the next start", "error", err)
	}
}

func (f *Fleet) tellParts(ctx context.Context) error {
	for _, r := range f.untold {
		e := edit{records: []BucketRecord{done(partRecord(r.Key, nil))}}
		if !strings.HasSuffix(r.Key, "/go") {
			var staged []json.RawMessage
			if err := json.Unmarshal(r.Value, &staged); err != nil {
				return fmt.Errorf("unfinished edit %q: %w", r.Key, err)
			}
			for _, value := range staged {
				ev, err := f.ledger.keys.decodeEvent(value)
				if err != nil {
					return fmt.Errorf("unfinished edit %q: %w", r.Key, err)
				}
				e.events = append(e.events, ev)
			}
		}
		if err := f.change(ctx, e); err != nil {
			return err
		}
	}
	f.untold = nil
	return nil
}

// loadUntold are what completeEvents has to do, in order: "e" sorts before "go".
func loadUntold(store Store) (untold []Record, err error) {
	err = eachRecord(store, partBucket, "", func(r Record) error { untold = append(untold, r); return nil })
	if err != nil {
		return nil, fmt.Errorf("read unfinished edits: %w", err)
	}
	return untold, nil
}
