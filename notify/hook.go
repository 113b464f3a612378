package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"wayguard/tracker"
)

// HookID names a webhook: a UUID (RFC 9562).
type HookID string

// Hook is an address that events are posted to.
type Hook struct {
	ID HookID `json:"id"`
	// Version is raised by each change, from 1.
	Version uint64    `json:"version"`
	Created time.Time `json:"created"`
	Updated time.Time `json:"updated"`
	// Partner gets events about deliveries of their own only; empty for us, who
	// get all.
	Partner tracker.PartnerID `json:"partner,omitempty"`
	// Types are the events wanted: names, or beginnings such as delivery.*.
	Types []string `json:"types"`
	// Paused: a person wants nothing posted for now. What happens meanwhile is
	// posted afterwards.
	Paused     bool `json:"paused,omitempty"`
	HookTarget `json:"-"`
}

// HookTarget is what is kept sealed of a webhook.
type HookTarget struct {
	URL string `json:"url"`
	// Secrets sign; the first is in force, the others until their time.
	Secrets []HookSecret `json:"secrets"`
}

// HookSecret is a key of Standard Webhooks in its written form, whsec_ and
// base64.
type HookSecret struct {
	Secret string `json:"secret"`
	// Until is zero for the one in force.
	Until time.Time `json:"until,omitzero"`
}

// Wants tells whether events of a type are to be posted.
func (h *Hook) Wants(typ string) bool {
	return slices.ContainsFunc(h.Types, func(t string) bool {
		begin, open := strings.CutSuffix(t, "*")
		return t == typ || open && strings.HasPrefix(typ, begin)
	})
}

// Signing are the secrets that count at a time, the newest first.
func (h *Hook) Signing(now time.Time) (secrets []string) {
	for _, s := range h.Secrets {
		if s.Until.IsZero() || now.Before(s.Until) {
			secrets = append(secrets, s.Secret)
		}
	}
	return secrets
}

const (
	hookBucket     = "webhooks"
	progressBucket = "webhook-progress"
)

// Hooks are all webhooks and how far each has got. Its methods may be called
// from any goroutine.
type Hooks struct {
	fleet *tracker.Fleet
	keys  *tracker.Keyring

	// edits lets one change at a time through.
	edits chan struct{}
	hookTable
}

// hookTable is what Hooks remembers.
type hookTable struct {
	mu       sync.RWMutex
	hooks    map[HookID]Hook
	progress map[HookID]HookProgress
	changed  chan struct{} // closed at the next change of a hook
}

// OpenHooks reads what is stored. Without a keyring there are no webhooks.
func OpenHooks(fleet *tracker.Fleet, keys *tracker.Keyring) (*Hooks, error) {
	h := &Hooks{fleet: fleet, keys: keys, edits: make(chan struct{}, 1), hookTable: hookTable{
		hooks: make(map[HookID]Hook), progress: make(map[HookID]HookProgress), changed: make(chan struct{}),
	}}
	if err := fleet.ScanRecords(hookBucket, "", h.load); err != nil {
		return nil, fmt.Errorf("read the webhooks: %w", err)
	}
	err := fleet.ScanRecords(progressBucket, "", func(r tracker.Record) error {
		var p HookProgress
		if err := json.Unmarshal(r.Value, &p); err != nil {
			return fmt.Errorf("%q: %w", r.Key, err)
		}
		h.progress[HookID(r.Key)] = p
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read how far webhooks are: %w", err)
	}
	return h, nil
}

// storedHook is a record in the store.
type storedHook struct {
	Hook
	Sealed []byte `json:"sealed"`
}

func (h *Hooks) load(r tracker.Record) error {
	var stored storedHook
	if err := json.Unmarshal(r.Value, &stored); err != nil {
		return fmt.Errorf("%q: %w", r.Key, err)
	}
	plain, err := h.keys.Open(tracker.KeyID(stored.ID), hookBucket, stored.Sealed)
	if errors.Is(err, tracker.ErrErased) {
		return nil // Its deletion was cut short.
	}
	if err != nil {
		return fmt.Errorf("%q: %w", r.Key, err)
	}
	if err := json.Unmarshal(plain, &stored.HookTarget); err != nil {
		return fmt.Errorf("%q: %w", r.Key, err)
	}
	h.hooks[stored.ID] = stored.Hook
	return nil
}

// List returns all, the oldest first.
func (h *Hooks) List() []Hook {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return slices.SortedFunc(maps.Values(h.hooks), func(a, b Hook) int { return strings.Compare(string(a.ID), string(b.ID)) })
}

// Hook returns one.
func (h *Hooks) Hook(id HookID) (Hook, bool) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	hook, ok := h.hooks[id]
	return hook, ok
}

// Changed is closed once any hook is not as at the time of the call.
func (h *Hooks) Changed() <-chan struct{} {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.changed
}

// hold lets one edit at a time through.
func (h *Hooks) hold(ctx context.Context, edit func() error) error {
	select {
	case h.edits <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-h.edits }()
	return edit()
}

// put stores a hook, and then remembers it.
func (h *Hooks) put(ctx context.Context, hook Hook) error {
	plain, err := json.Marshal(hook.HookTarget)
	if err != nil {
		return fmt.Errorf("encode: %w", err)
	}
	sealed, err := h.keys.Seal(tracker.KeyID(hook.ID), hookBucket, plain)
	if err != nil {
		return err
	}
	value, err := json.Marshal(storedHook{Hook: hook, Sealed: sealed})
	if err != nil {
		return fmt.Errorf("encode: %w", err)
	}
	if err := h.fleet.PutRecords(ctx, hookBucket, tracker.Record{Key: string(hook.ID), Value: value}); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.hooks[hook.ID] = hook
	h.tell()
	return nil
}

// tell is called under mu.
func (h *Hooks) tell() {
	close(h.changed)
	h.changed = make(chan struct{})
}

// wake has those who post look again.
func (h *Hooks) wake() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tell()
}
