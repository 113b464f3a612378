package notify

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
)

// ErrToken: a token that Suppressed.Token has not made.
var ErrToken = errors.New("the token is not a valid one")

// tokenHalf is the length in bytes of the name of an address in a token, and of
// the signature behind it.
const tokenHalf = 16

// Token stands for an address in the links with which its owner stops the
// messages: the hash by which the address is known here, signed. It tells
// nothing of the address and never expires, for old mails must keep working.
func (s *Suppressed) Token(channel Channel, address string) string {
	key := s.key(channel, address)
	name, err := hex.DecodeString(key[len(channel)+1:])
	if err != nil {
		panic("notify: a key that is not hexadecimal: " + err.Error())
	}
	return base64.RawURLEncoding.EncodeToString(append(name, s.signature(key)...))
}

func (s *Suppressed) signature(key string) []byte {
	print := s.fleet.Fingerprint("unsubscribe", []byte(key))
	return print[:tokenHalf]
}

// keyOf is the key that a token stands for, or ErrToken.
func (s *Suppressed) keyOf(channel Channel, token string) (string, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(b) != 2*tokenHalf {
		return "", ErrToken
	}
	key := string(channel) + "/" + hex.EncodeToString(b[:tokenHalf])
	if subtle.ConstantTimeCompare(b[tokenHalf:], s.signature(key)) != 1 {
		return "", ErrToken
	}
	return key, nil
}

// AddToken is Add for the address that a token stands for. Errors wrap ErrToken
// or are those of Add.
func (s *Suppressed) AddToken(ctx context.Context, channel Channel, token string, why Suppression) error {
	key, err := s.keyOf(channel, token)
	if err != nil {
		return err
	}
	return s.put(ctx, key, why)
}

// RemoveToken is Remove for the address that a token stands for. Errors wrap
// ErrToken or are those of Remove.
func (s *Suppressed) RemoveToken(ctx context.Context, channel Channel, token string) error {
	key, err := s.keyOf(channel, token)
	if err != nil {
		return err
	}
	return s.remove(ctx, key)
}

// FindToken tells whether nothing is sent to the address that a token stands
// for. Errors are ErrToken.
func (s *Suppressed) FindToken(channel Channel, token string) (stopped bool, err error) {
	key, err := s.keyOf(channel, token)
	if err != nil {
		return false, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	_, stopped = s.by[key]
	return stopped, nil
}
