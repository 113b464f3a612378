package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"time"

	"wayguard/tracker"
)

// HookProgress is how far a webhook has got, and how it fares.
type HookProgress struct {
	// After is the last event that was dealt with.
	After uint64 `json:"after"`
	// Overdue are events before it that failed while others came through.
	Overdue []OverdueEvent `json:"overdue,omitempty"`
	// Replays are stretches of the log to be posted once more.
	Replays []Replay `json:"replays,omitempty"`
	HookHealth
}

// HookHealth is how a webhook fares.
type HookHealth struct {
	// Posted counts events that were taken, GivenUp those that never were.
	Posted  uint64 `json:"posted"`
	GivenUp uint64 `json:"given_up"`
	// FailingSince is zero while events come through; Tries counts the attempts
	// since.
	FailingSince time.Time `json:"failing_since,omitzero"`
	Tries        int       `json:"tries,omitempty"`
	// Gone: the address has said that it wants nothing any more.
	Gone bool `json:"gone,omitempty"`
	// Problem is the last failure, without anything secret; empty for none.
	Problem     string    `json:"problem,omitempty"`
	LastSuccess time.Time `json:"last_success,omitzero"`
	LastFailure time.Time `json:"last_failure,omitzero"`
}

// OverdueEvent is one that was not taken yet.
type OverdueEvent struct {
	Seq   uint64    `json:"seq"`
	Since time.Time `json:"since"`
	Tries int       `json:"tries"`
	Next  time.Time `json:"next"`
}

// Replay is what lies behind After, up to and including Through.
type Replay struct {
	After   uint64 `json:"after"`
	Through uint64 `json:"through"`
}

// maxReplays is how many may wait.
const maxReplays = 10

// Progress tells how far a webhook is.
func (h *Hooks) Progress(id HookID) HookProgress {
	h.mu.RLock()
	defer h.mu.RUnlock()
	p := h.progress[id]
	p.Overdue, p.Replays = slices.Clone(p.Overdue), slices.Clone(p.Replays)
	return p
}

// Advance changes how far a webhook is. When it returns nil that is durable.
// Errors wrap tracker.ErrNotFound, tracker.ErrUnavailable, those of edit, or
// ctx's.
func (h *Hooks) Advance(ctx context.Context, id HookID, edit func(*HookProgress) error) error {
	return h.hold(ctx, func() error {
		if _, ok := h.Hook(id); !ok {
			return fmt.Errorf("webhook %s: %w", id, tracker.ErrNotFound)
		}
		p := h.Progress(id)
		if err := edit(&p); err != nil {
			return err
		}
		return h.saveProgress(ctx, id, p)
	})
}

func (h *Hooks) saveProgress(ctx context.Context, id HookID, p HookProgress) error {
	value, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("encode: %w", err)
	}
	if err := h.fleet.PutRecords(ctx, progressBucket, tracker.Record{Key: string(id), Value: value}); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.progress[id] = p
	return nil
}

// Replay asks that what the server came to know in [from, to) be posted again,
// with the ids of the first time. Errors wrap tracker.ErrBadInput,
// tracker.ErrNotFound, tracker.ErrUnavailable or ctx's.
func (h *Hooks) Replay(ctx context.Context, id HookID, from, to time.Time) (events Replay, err error) {
	if !from.Before(to) {
		return Replay{}, &tracker.MemberError{Member: "to", Detail: "must be later than from."}
	}
	first, err := h.seqAt(from)
	if err != nil {
		return Replay{}, err
	}
	end, err := h.seqAt(to)
	if err != nil {
		return Replay{}, err
	}
	events = Replay{After: first - 1, Through: end - 1}
	if err := h.Advance(ctx, id, func(p *HookProgress) error { return p.ask(events) }); err != nil {
		return Replay{}, err
	}
	h.wake()
	return events, nil
}

func (p *HookProgress) ask(events Replay) error {
	if len(p.Replays) >= maxReplays {
		return &tracker.MemberError{Member: "from", Detail: fmt.Sprintf("cannot be taken: %d replays wait already.", maxReplays)}
	}
	if events.After < events.Through {
		p.Replays = append(p.Replays, events)
	}
	return nil
}

// seqAt is the first event that the server came to know at a time or later.
func (h *Hooks) seqAt(at time.Time) (seq uint64, err error) {
	at = at.Truncate(time.Millisecond) // as the log keeps it
	first, newest := h.fleet.FirstSeq(), h.fleet.LastSeq()
	n := sort.Search(int(newest+1-first), func(i int) bool {
		events, _, failure := h.fleet.Events(first+uint64(i)-1, 1, tracker.EventFilter{})
		if failure != nil || len(events) == 0 {
			err = failure
			return true
		}
		return !events[0].KnownAt.Before(at)
	})
	return first + uint64(n), err
}
