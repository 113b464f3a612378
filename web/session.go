package web

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"wayguard/tracker"
)

const (
	sessionBucket   = "sessions"
	sessionLifetime = 12 * time.Hour
	sessionSweep    = 10 * time.Minute
)

// sessionKey is the hash of a session's id. The id itself is only in the
// cookie.
type sessionKey string

func keyOf(id string) sessionKey {
	sum := sha256.Sum256([]byte(id))
	return sessionKey(hex.EncodeToString(sum[:]))
}

// sessionRecord is what the store keeps under a sessionKey.
type sessionRecord struct {
	// Role is that of a session of nobody in particular; of a person it is what
	// their record says now.
	Role    role      `json:"role,omitempty"`
	Person  person    `json:"person,omitzero"`
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires"`
}

var errNoSession = errors.New("no such session")

// sessions are kept as records of the fleet's store, so they outlive a
// restart.
type sessions struct {
	fleet *tracker.Fleet
}

// start makes a session and returns its id, for the cookie; that of nobody in
// particular is an admin's.
func (s sessions) start(ctx context.Context, who person) (id string, expires time.Time, err error) {
	id = rand.Text()
	now := time.Now().UTC().Truncate(time.Second)
	rec := sessionRecord{Person: who, Created: now, Expires: now.Add(sessionLifetime)}
	if who == (person{}) {
		rec.Role = admin
	}
	value, err := json.Marshal(rec)
	if err != nil {
		return "", time.Time{}, fmt.Errorf("encode session: %w", err)
	}
	err = s.fleet.PutRecords(ctx, sessionBucket, tracker.Record{Key: string(keyOf(id)), Value: value})
	if err != nil {
		return "", time.Time{}, fmt.Errorf("store session: %w", err)
	}
	return id, rec.Expires, nil
}

// find returns the principal of a session that has not ended, else
// errNoSession.
func (s sessions) find(key sessionKey) (principal, error) {
	value, err := s.fleet.GetRecord(sessionBucket, string(key))
	if err != nil {
		return principal{}, fmt.Errorf("read session: %w", err)
	}
	if value == nil {
		return principal{}, errNoSession
	}
	var rec sessionRecord
	if err := json.Unmarshal(value, &rec); err != nil {
		return principal{}, fmt.Errorf("decode session: %w", err)
	}
	if !time.Now().Before(rec.Expires) {
		return principal{}, errNoSession
	}
	who := principal{role: rec.Role, session: key, expires: rec.Expires, person: rec.Person}
	if rec.Person == (person{}) {
		return who, nil
	}
	if who.role = roleOf(s.fleet, rec.Person); who.role == "" {
		return principal{}, errNoSession
	}
	return who, nil
}

// end removes a session; ending one twice is no error.
func (s sessions) end(ctx context.Context, key sessionKey) error {
	err := s.fleet.PutRecords(ctx, sessionBucket, tracker.Record{Key: string(key)})
	if err != nil {
		return fmt.Errorf("remove session: %w", err)
	}
	return nil
}

// sweep removes what has expired, now and then, until ctx ends.
func (s sessions) sweep(ctx context.Context, log *slog.Logger) error {
	tick := time.NewTicker(sessionSweep)
	defer tick.Stop()
	for {
		if err := s.removeExpired(ctx); err != nil && ctx.Err() == nil {
			log.Warn("expired sessions stay for now", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (s sessions) removeExpired(ctx context.Context) error {
	now := time.Now()
	return s.remove(ctx, func(rec *sessionRecord) bool { return !now.Before(rec.Expires) })
}

// remove ends all sessions that match, and those that cannot be read.
func (s sessions) remove(ctx context.Context, match func(*sessionRecord) bool) error {
	var ended []tracker.Record
	err := s.fleet.ScanRecords(sessionBucket, "", func(r tracker.Record) error {
		var rec sessionRecord
		if json.Unmarshal(r.Value, &rec) != nil || match(&rec) {
			ended = append(ended, tracker.Record{Key: r.Key})
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("scan sessions: %w", err)
	}
	if len(ended) == 0 {
		return nil
	}
	return s.fleet.PutRecords(ctx, sessionBucket, ended...)
}
