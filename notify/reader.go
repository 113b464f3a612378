package notify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"sync/atomic"
	"time"

	"wayguard/tracker"
)

const (
	cursorKey = "cursor"
	// readerPage is how many events share a transaction: with a message each, 200
	// small records, which the store takes in less than 5 ms.
	readerPage = 64
	// readerPoll is how often the reader looks for new events. A subscription
	// would gather positions of all devices for nobody.
	readerPoll = 50 * time.Millisecond
	// readerFirst is how far back the very first start reads.
	readerFirst = 10 * time.Minute
	// storeRetry is when to try again what the store did not take.
	storeRetry = time.Second
)

// reader turns events into messages. Its cursor is in the same transaction as
// what follows from the events before it, so that after a kill nothing comes
// twice and nothing is left out.
type reader struct {
	*outbox
	judge judge
	// made is told of messages that have become durable, joined of those that tell
	// of more now.
	made, joined func(*Entry)
	after        atomic.Uint64
}

// resume reads the cursor. Where there is none, it begins a little before now: who
// begins to notify must not tell of the past, and yet of what was taken right
// before the first start was broken off.
func (r *reader) resume() error {
	value, err := r.fleet.GetRecord(readerBucket, cursorKey)
	if err != nil {
		return fmt.Errorf("read the cursor of messages: %w", err)
	}
	var after uint64
	if value == nil {
		after, err = r.before(r.now().Add(-readerFirst))
	} else if after, err = strconv.ParseUint(string(value), 10, 64); err != nil {
		err = errDamaged
	}
	if err != nil {
		return fmt.Errorf("cursor of messages: %w", err)
	}
	r.after.Store(after)
	return nil
}

// before is the last event that was known before a time.
func (r *reader) before(at time.Time) (uint64, error) {
	first, last := r.fleet.FirstSeq(), r.fleet.LastSeq()
	var failed error
	n := sort.Search(int(last+1-min(first, last+1)), func(i int) bool {
		events, _, err := r.fleet.Events(first+uint64(i)-1, 1, tracker.EventFilter{})
		if err != nil || len(events) == 0 {
			failed = err
			return true
		}
		return !events[0].KnownAt.Before(at)
	})
	return first + uint64(n) - 1, failed
}

func cursorRow(seq uint64) tracker.BucketRecord {
	return record(readerBucket, cursorKey, strconv.AppendUint(nil, seq, 10))
}

// behind is how many events have yet to be read.
func (r *reader) behind() uint64 { return r.fleet.LastSeq() - min(r.after.Load(), r.fleet.LastSeq()) }

// run reads until ctx ends. failed is told of what keeps it from reading.
func (r *reader) run(ctx context.Context, failed func(error)) {
	for ctx.Err() == nil {
		wait := readerPoll
		if r.fleet.LastSeq() > r.after.Load() {
			err := r.page(ctx)
			if err == nil {
				continue
			}
			if ctx.Err() == nil {
				failed(err)
			}
			wait = storeRetry
		}
		pause(ctx, wait)
	}
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// page makes the messages of the next events durable.
func (r *reader) page(ctx context.Context) error {
	// Events that were dropped for their age concern nobody any more.
	after := max(r.after.Load(), r.fleet.FirstSeq()-1)
	events, next, err := r.fleet.Events(after, readerPage, tracker.EventFilter{})
	if err != nil || next == after {
		return err
	}
	p := newPage(r)
	defer p.release()
	for i := range events {
		if err := p.read(&events[i]); err != nil {
			return fmt.Errorf("event %d: %w", events[i].Seq, err)
		}
	}
	rows, err := p.rows(next)
	if err != nil {
		return err
	}
	if err := r.fleet.PutAll(ctx, rows); err != nil {
		return err
	}
	r.after.Store(next)
	p.publish()
	return nil
}

// readPage is what follows from some events.
type readPage struct {
	*reader
	now time.Time
	// entries are the messages that are made or joined, was where the latter
	// waited before.
	entries []*Entry
	was     map[string]string
	open    map[bundleKey]*Entry
}

func newPage(r *reader) *readPage {
	return &readPage{reader: r, now: r.outbox.now(), was: make(map[string]string), open: make(map[bundleKey]*Entry)}
}

func (p *readPage) read(e *tracker.Event) error {
	notices, _ := p.judge.Notices(e, p.now)
	for _, n := range notices {
		n.Channels = slices.DeleteFunc(slices.Clone(n.Channels), func(c Channel) bool { return !slices.Contains(channels, c) })
		if len(n.Channels) == 0 {
			continue
		}
		if err := p.add(n); err != nil {
			return err
		}
	}
	return nil
}

// add has a notice join a message, or become one.
func (p *readPage) add(n Notice) error {
	if n.Bundle != "" {
		host, err := p.host(bundleOf(&n))
		if err != nil || host != nil && host.admit(n) {
			return err
		}
	}
	e := newEntry(n, p.now)
	p.entries = append(p.entries, e)
	if key := e.bundle(); key != nil {
		p.open[*key] = e
	}
	return nil
}

// host is the message that notices of a bundle may join, nil for none.
func (p *readPage) host(key bundleKey) (*Entry, error) {
	if e := p.open[key]; e != nil {
		return e, nil
	}
	id, ok := p.bundles.join(key)
	if !ok {
		return nil, nil
	}
	e, err := p.load(id)
	if errors.Is(err, tracker.ErrNotFound) {
		err = nil
	}
	if err != nil || e == nil {
		p.bundles.release(id)
		return nil, err
	}
	p.was[id] = e.dueKey()
	p.entries, p.open[key] = append(p.entries, e), e
	return e, nil
}

func (p *readPage) rows(next uint64) ([]tracker.BucketRecord, error) {
	var all []tracker.BucketRecord
	for _, e := range p.entries {
		rows, err := e.rows(p.was[e.ID])
		if err != nil {
			return nil, err
		}
		all = append(append(all, rows...), e.index()...)
	}
	return append(all, cursorRow(next)), nil
}

// publish tells of the messages once they are durable.
func (p *readPage) publish() {
	for _, e := range p.entries {
		p.bundles.offer(e)
		if _, ok := p.was[e.ID]; ok {
			p.joined(e)
		} else {
			p.made(e)
		}
	}
}

// release lets messages that notices were about to join be sent.
func (p *readPage) release() {
	for id := range p.was {
		p.bundles.release(id)
	}
}
