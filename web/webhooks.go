package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"wayguard/notify"
	"wayguard/tracker"
)

func (s *Server) webhookRoutes() []route {
	return []route{
		{pattern: "GET /api/v1/webhooks", role: dispatcher, partners: true, handler: s.listWebhooks, takes: []string{"after", "limit"}},
		{pattern: "POST /api/v1/webhooks", role: dispatcher, partners: true, handler: s.createWebhook, keeps: true},
		{pattern: "GET /api/v1/webhooks/{id}", role: dispatcher, partners: true, handler: s.showWebhook},
		{pattern: "PATCH /api/v1/webhooks/{id}", role: dispatcher, partners: true, handler: s.patchWebhook},
		{pattern: "DELETE /api/v1/webhooks/{id}", role: dispatcher, partners: true, handler: s.deleteWebhook},
		{pattern: "POST /api/v1/webhooks/{id}/secret", role: dispatcher, partners: true, handler: s.rotateWebhook, keeps: true},
		{pattern: "POST /api/v1/webhooks/{id}/replay", role: dispatcher, partners: true, handler: s.replayWebhook, keeps: true},
	}
}

// The states of a webhook.
const (
	hookActive  = "active"
	hookFailing = "failing"
	hookGone    = "gone"
	hookPaused  = "paused"
)

type webhookJSON struct {
	ID      notify.HookID `json:"id"`
	URL     string        `json:"url"`
	Types   []string      `json:"types"`
	Partner *string       `json:"partner"`
	Paused  bool          `json:"paused"`
	State   string        `json:"state"`
	Health  hookHealth    `json:"health"`
	Version uint64        `json:"version"`
	Created time.Time     `json:"created"`
	Updated time.Time     `json:"updated"`
}

type hookHealth struct {
	Posted       uint64     `json:"posted"`
	Overdue      int        `json:"overdue"`
	GivenUp      uint64     `json:"given_up"`
	After        uint64     `json:"after"`
	Replays      int        `json:"replays"`
	FailingSince *time.Time `json:"failing_since"`
	LastSuccess  *time.Time `json:"last_success"`
	LastFailure  *time.Time `json:"last_failure"`
	Problem      string     `json:"problem"`
}

func webhookOf(h notify.Hook, p notify.HookProgress) webhookJSON {
	j := webhookJSON{
		ID: h.ID, URL: h.URL, Types: h.Types, Partner: textOrNull(string(h.Partner)), Paused: h.Paused, State: hookActive,
		Version: h.Version, Created: h.Created.UTC(), Updated: h.Updated.UTC(),
		Health: hookHealth{
			Posted: p.Posted, Overdue: len(p.Overdue), GivenUp: p.GivenUp, After: p.After, Replays: len(p.Replays), Problem: p.Problem,
			FailingSince: timeOrNull(p.FailingSince), LastSuccess: timeOrNull(p.LastSuccess), LastFailure: timeOrNull(p.LastFailure),
		},
	}
	switch {
	case h.Paused:
		j.State = hookPaused
	case p.Gone:
		j.State = hookGone
	case !p.FailingSince.IsZero():
		j.State = hookFailing
	}
	return j
}

// withSecret is a webhook as it is shown once.
type withSecret struct {
	webhookJSON
	Secret string `json:"secret"`
}

func (s *Server) listWebhooks(w http.ResponseWriter, r *http.Request, who principal) error {
	seen := slices.DeleteFunc(s.hooks.List(), func(h notify.Hook) bool { return !who.sees(h.Partner) })
	page, next, err := pageOf(queryOf(r), seen, func(h notify.Hook) string { return string(h.ID) })
	if err != nil {
		return err
	}
	list := []webhookJSON{}
	for _, h := range page {
		list = append(list, webhookOf(h, s.hooks.Progress(h.ID)))
	}
	return writeJSON(w, http.StatusOK, map[string]any{"webhooks": list, "next": next})
}

// ownWebhook is the one that r names, if who may see it.
func (s *Server) ownWebhook(r *http.Request, who principal) (notify.Hook, error) {
	h, ok := s.hooks.Hook(notify.HookID(r.PathValue("id")))
	if !ok || !who.sees(h.Partner) {
		return notify.Hook{}, noWebhook()
	}
	return h, nil
}

func noWebhook() error {
	return notFound("No webhook has this id. GET /api/v1/webhooks lists all of them.")
}

func webhookError(err error) error {
	if errors.Is(err, tracker.ErrNotFound) {
		return noWebhook()
	}
	return deliveryError(err)
}

func (s *Server) showWebhook(w http.ResponseWriter, r *http.Request, who principal) error {
	h, err := s.ownWebhook(r, who)
	if err != nil {
		return err
	}
	return s.writeWebhook(w, http.StatusOK, h)
}

func (s *Server) writeWebhook(w http.ResponseWriter, status int, h notify.Hook) error {
	w.Header().Set("ETag", etag(h.Version))
	return writeJSON(w, status, webhookOf(h, s.hooks.Progress(h.ID)))
}

// writeSecret shows a webhook with its new secret.
func (s *Server) writeSecret(w http.ResponseWriter, status int, h notify.Hook) error {
	w.Header().Set("ETag", etag(h.Version))
	return writeJSON(w, status, withSecret{webhookOf(h, s.hooks.Progress(h.ID)), h.Secrets[0].Secret})
}

// readWebhook reads what a webhook is to be.
func readWebhook(r *http.Request) (e notify.HookEdit, err error) {
	err = readObject(r, member{"url", &e.URL, "a string"}, member{"types", &e.Types, "a list of types of events, such as delivery.*"}, member{"paused", &e.Paused, "true or false"})
	if err == nil && e.Types != nil && len(e.Types) == 0 {
		err = badMember("types", "must name at least one type of event, such as delivery.*.")
	}
	return e, err
}

func (s *Server) createWebhook(w http.ResponseWriter, r *http.Request, who principal) error {
	e, err := readWebhook(r)
	if err != nil {
		return err
	}
	var made notify.Hook
	err = change(r, func(ctx context.Context) (err error) {
		made, err = s.hooks.Create(ctx, who.partner, e)
		return err
	})
	if err != nil {
		return webhookError(err)
	}
	w.Header().Set("Location", "/api/v1/webhooks/"+string(made.ID))
	return s.writeSecret(w, http.StatusCreated, made)
}

// editWebhook changes one that who may see.
func (s *Server) editWebhook(r *http.Request, who principal, edit func(context.Context, notify.HookID, uint64) (notify.Hook, error)) (changed notify.Hook, err error) {
	seen, err := seenVersion(r)
	if err != nil {
		return notify.Hook{}, err
	}
	h, err := s.ownWebhook(r, who)
	if err != nil {
		return notify.Hook{}, err
	}
	err = change(r, func(ctx context.Context) (err error) {
		changed, err = edit(ctx, h.ID, seen)
		return err
	})
	return changed, webhookError(err)
}

func (s *Server) patchWebhook(w http.ResponseWriter, r *http.Request, who principal) error {
	e, err := readWebhook(r)
	if err != nil {
		return err
	}
	h, err := s.editWebhook(r, who, func(ctx context.Context, id notify.HookID, seen uint64) (notify.Hook, error) {
		return s.hooks.Change(ctx, id, seen, e)
	})
	if err != nil {
		return err
	}
	return s.writeWebhook(w, http.StatusOK, h)
}

func (s *Server) deleteWebhook(w http.ResponseWriter, r *http.Request, who principal) error {
	h, err := s.ownWebhook(r, who)
	if err != nil {
		return err
	}
	seen, err := seenVersion(r)
	if err != nil {
		return err
	}
	if err := change(r, func(ctx context.Context) error { return s.hooks.Delete(ctx, h.ID, seen) }); err != nil {
		return webhookError(err)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) rotateWebhook(w http.ResponseWriter, r *http.Request, who principal) error {
	grace := 24 * 60 * 60
	if err := readObject(r, member{"grace_s", &grace, "a whole number of seconds"}); err != nil {
		return err
	}
	h, err := s.editWebhook(r, who, func(ctx context.Context, id notify.HookID, seen uint64) (notify.Hook, error) {
		return s.hooks.Rotate(ctx, id, seen, time.Duration(grace)*time.Second)
	})
	if err != nil {
		return err
	}
	return s.writeSecret(w, http.StatusOK, h)
}

func (s *Server) replayWebhook(w http.ResponseWriter, r *http.Request, who principal) error {
	var from, to time.Time
	if err := readObject(r, member{"from", &from, "a time such as 2025-03-01T08:00:00Z"}, member{"to", &to, "a time such as 2025-03-01T09:00:00Z"}); err != nil {
		return err
	}
	h, err := s.ownWebhook(r, who)
	if err != nil {
		return err
	}
	var events notify.Replay
	err = change(r, func(ctx context.Context) (err error) {
		events, err = s.hooks.Replay(ctx, h.ID, from, to)
		return err
	})
	if err != nil {
		return webhookError(err)
	}
	return writeJSON(w, http.StatusAccepted, events)
}
