package notify

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"time"

	"github.com/google/uuid"

	"wayguard/tracker"
)

// Limits of webhooks.
const (
	// MaxHooks is the most of one owner.
	MaxHooks    = 50
	maxTypes    = 50
	maxURL      = 2000
	maxSecrets  = 4
	secretBytes = 32
	// MaxGrace is how long a replaced secret may go on signing.
	MaxGrace = 7 * 24 * time.Hour
)

// defaultTypes are wanted by whoever names none.
var defaultTypes = []string{"delivery.*", "drop.*", "parcel.*", "event.*"}

// HookEdit says what a webhook is to be; nil for what stays.
type HookEdit struct {
	URL    *string
	Types  []string
	Paused *bool
}

// typePattern is an event's type, or the beginning of one.
var typePattern = regexp.MustCompile(`^(\*|[a-z]+\.(\*|[a-z_]+))$`)

func (e *HookEdit) check() error {
	if e.URL != nil {
		if err := checkHookURL(*e.URL); err != nil {
			return err
		}
	}
	if len(e.Types) > maxTypes {
		return &tracker.MemberError{Member: "types", Detail: fmt.Sprintf("must be at most %d.", maxTypes)}
	}
	for _, t := range e.Types {
		if !typePattern.MatchString(t) {
			return &tracker.MemberError{Member: "types", Detail: "must be types of events, such as delivery.delivered, or beginnings of them, such as delivery.*."}
		}
	}
	return nil
}

func checkHookURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || len(text) > maxURL || u.Host == "" || u.User != nil || u.Fragment != "" || u.Scheme != "https" && u.Scheme != "http" {
		return &tracker.MemberError{Member: "url", Detail: "must be an address such as https://example.com/hooks, without a user's name or a fragment."}
	}
	return nil
}

// apply changes h.
func (e *HookEdit) apply(h *Hook) {
	if e.URL != nil {
		h.URL = *e.URL
	}
	if e.Types != nil {
		h.Types = slices.Clone(e.Types)
	}
	if e.Paused != nil {
		h.Paused = *e.Paused
	}
}

func newHookSecret() string {
	key := make([]byte, secretBytes)
	rand.Read(key)
	return "whsec_" + base64.StdEncoding.EncodeToString(key)
}

// Create makes a webhook, which gets what happens from now on; the secret is in
// it. When it returns nil it is durable. Errors wrap tracker.ErrBadInput,
// tracker.ErrUnavailable, tracker.ErrNoKeyring or ctx's.
func (h *Hooks) Create(ctx context.Context, owner tracker.PartnerID, e HookEdit) (made Hook, err error) {
	if h.keys == nil {
		return Hook{}, tracker.ErrNoKeyring
	}
	if e.URL == nil {
		return Hook{}, &tracker.MemberError{Member: "url", Detail: "must say where to post events."}
	}
	if err := e.check(); err != nil {
		return Hook{}, err
	}
	now := h.now()
	made = Hook{ID: HookID(uuid.Must(uuid.NewV7()).String()), Version: 1, Created: now, Updated: now, Partner: owner, Types: defaultTypes}
	made.Secrets = []HookSecret{{Secret: newHookSecret()}}
	e.apply(&made)
	return made, h.hold(ctx, func() error {
		if err := h.checkRoom(owner); err != nil {
			return err
		}
		if err := h.keys.Add(tracker.KeyID(made.ID)); err != nil {
			return err
		}
		if err := h.saveProgress(ctx, made.ID, HookProgress{After: h.fleet.LastSeq()}); err != nil {
			return err
		}
		return h.put(ctx, made)
	})
}

func (h *Hooks) checkRoom(owner tracker.PartnerID) error {
	n := 0
	for _, hook := range h.List() {
		if hook.Partner == owner {
			n++
		}
	}
	if n >= MaxHooks {
		return &tracker.MemberError{Member: "url", Detail: fmt.Sprintf("is one too many: %d webhooks are the most. Delete one first.", MaxHooks)}
	}
	return nil
}

// change edits one hook that is as the caller has seen it. Errors wrap
// tracker.ErrNotFound, tracker.ErrStale and those of Create.
func (h *Hooks) change(ctx context.Context, id HookID, seen uint64, edit func(*Hook)) (Hook, error) {
	var hook Hook
	err := h.hold(ctx, func() error {
		var ok bool
		if hook, ok = h.Hook(id); !ok {
			return fmt.Errorf("webhook %s: %w", id, tracker.ErrNotFound)
		}
		if seen != tracker.AnyVersion && seen != hook.Version {
			return fmt.Errorf("webhook %s: %w", id, tracker.ErrStale)
		}
		edit(&hook)
		hook.Version++
		hook.Updated = h.now()
		return h.put(ctx, hook)
	})
	return hook, err
}

// Change edits a webhook. One that had been given up is tried again. Errors as
// of Create, and tracker.ErrNotFound and tracker.ErrStale.
func (h *Hooks) Change(ctx context.Context, id HookID, seen uint64, e HookEdit) (Hook, error) {
	if err := e.check(); err != nil {
		return Hook{}, err
	}
	hook, err := h.change(ctx, id, seen, e.apply)
	if err != nil {
		return Hook{}, err
	}
	defer h.wake()
	return hook, h.Advance(ctx, id, func(p *HookProgress) error {
		p.Gone, p.Tries = false, 0
		return nil
	})
}

// Rotate gives a webhook a new secret, which is the first of the returned ones.
// The one before signs too for as long as grace says, so that nobody misses a
// signature. Errors as of Change.
func (h *Hooks) Rotate(ctx context.Context, id HookID, seen uint64, grace time.Duration) (Hook, error) {
	if grace < 0 || grace > MaxGrace {
		return Hook{}, &tracker.MemberError{Member: "grace_s", Detail: fmt.Sprintf("must be 0 to %d seconds.", int(MaxGrace.Seconds()))}
	}
	return h.change(ctx, id, seen, func(hook *Hook) {
		now := h.now()
		secrets := []HookSecret{{Secret: newHookSecret()}}
		for _, s := range hook.Secrets {
			if s.Until.IsZero() {
				s.Until = now.Add(grace)
			}
			if now.Before(s.Until) && len(secrets) < maxSecrets {
				secrets = append(secrets, s)
			}
		}
		hook.Secrets = secrets
	})
}

// Delete ends a webhook and destroys its secrets. seen is the version that the
// caller knows, or tracker.AnyVersion. Errors wrap tracker.ErrNotFound,
// tracker.ErrStale, tracker.ErrUnavailable or ctx's.
func (h *Hooks) Delete(ctx context.Context, id HookID, seen uint64) error {
	return h.hold(ctx, func() error {
		hook, ok := h.Hook(id)
		switch {
		case !ok:
			return fmt.Errorf("webhook %s: %w", id, tracker.ErrNotFound)
		case seen != tracker.AnyVersion && seen != hook.Version:
			return fmt.Errorf("webhook %s: %w", id, tracker.ErrStale)
		}
		if err := h.keys.Remove(tracker.KeyID(id)); err != nil {
			return err
		}
		if err := h.fleet.PutRecords(ctx, hookBucket, tracker.Record{Key: string(id)}); err != nil {
			return err
		}
		h.mu.Lock()
		delete(h.hooks, id)
		delete(h.progress, id)
		h.tell()
		h.mu.Unlock()
		return h.fleet.PutRecords(ctx, progressBucket, tracker.Record{Key: string(id)})
	})
}

// now is the time as the store keeps it.
func (h *Hooks) now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }
