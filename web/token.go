package web

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"

	"wayguard/tracker"
)

// credential is the hash of a token, so that comparing takes the same time
// whatever was sent, its length included.
type credential [sha256.Size]byte

func credentialOf(token string) credential { return sha256.Sum256([]byte(token)) }

func (c *credential) matches(token string) bool {
	if c == nil {
		return false
	}
	sum := credentialOf(token)
	return subtle.ConstantTimeCompare(c[:], sum[:]) == 1
}

const (
	tokenBucket = "tokens"
	adminRecord = "admin"
)

// adminCredential is that of token or, where that is empty, the stored one; nil
// if there is none.
func adminCredential(fleet *tracker.Fleet, token string) (*credential, error) {
	if token != "" {
		c := credentialOf(token)
		return &c, nil
	}
	stored, err := fleet.GetRecord(tokenBucket, adminRecord)
	if err != nil {
		return nil, fmt.Errorf("read the admin token's hash: %w", err)
	}
	if stored == nil {
		return nil, nil
	}
	c := new(credential)
	if copy(c[:], stored) != len(c) || len(stored) != len(c) {
		return nil, errors.New("the admin token's stored hash is damaged; give the token anew")
	}
	return c, nil
}

// keepAdmin stores the admin token's hash for the next start.
func (s *Server) keepAdmin(ctx context.Context) {
	if s.admin == nil {
		return
	}
	err := s.fleet.PutRecords(ctx, tokenBucket, tracker.Record{Key: adminRecord, Value: s.admin[:]})
	if err != nil && ctx.Err() == nil {
		s.log.Warn("the admin token is in force but could not be stored for the next start", "error", err)
	}
}
