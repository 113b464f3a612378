package tracker

import (
	"context"
	"crypto/sha256"
	"fmt"
)

// doorTokenBucket holds, by device, the keyed hash of its door token.
const doorTokenBucket = "door-tokens"

// tokenHash is the keyed hash of a door token.
type tokenHash [sha256.Size]byte

// tokenHash hashes a door token, which can thus never pass for a secret.
func (k secretKey) tokenHash(token string) tokenHash {
	return tokenHash(k.hash("door-token " + token))
}

// CreateDoorToken gives a device a token of at least 128 bits, in place of the
// one before, that alone proves the device to a door: for apps that have no
// place for a name and a secret. It cannot be had again; only a keyed hash is
// stored. Deleting the device deletes it; RotateSecret does not. Errors wrap
// ErrNotFound, ErrStale, ErrUnavailable or ctx's.
func (f *Fleet) CreateDoorToken(ctx context.Context, id DeviceID, seen uint64) (token string, err error) {
	made := newSecret()
	hash := f.registry.key.tokenHash(made)
	if err := f.setDeviceKey(ctx, doorTokenBucket, id, seen, hash[:], f.registry.keys.putToken); err != nil {
		return "", err
	}
	return made, nil
}

// DeleteDoorToken takes a device's token away, if it has one. Errors wrap
// ErrNotFound (no such device), ErrStale, ErrUnavailable or ctx's.
func (f *Fleet) DeleteDoorToken(ctx context.Context, id DeviceID, seen uint64) error {
	return f.setDeviceKey(ctx, doorTokenBucket, id, seen, nil, f.registry.keys.putToken)
}

// AuthenticateToken finds the device that a door token is of. What is looked up
// is its keyed hash: how long that takes tells nothing about any token.
func (f *Fleet) AuthenticateToken(token string) (DeviceID, bool) {
	hash := f.registry.key.tokenHash(token)
	c := f.registry.keys
	c.mu.RLock()
	defer c.mu.RUnlock()
	id, ok := c.holders[hash]
	return id, ok
}

// putToken takes in a stored hash, nil for none.
func (c *deviceKeys) putToken(id DeviceID, value []byte) error {
	if value != nil && len(value) != len(tokenHash{}) {
		return fmt.Errorf("door token of device %q: %d bytes, want %d: %w", id, len(value), len(tokenHash{}), errDamaged)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if before, ok := c.tokens[id]; ok {
		delete(c.holders, before)
		delete(c.tokens, id)
	}
	if value != nil {
		c.tokens[id], c.holders[tokenHash(value)] = tokenHash(value), id
	}
	return nil
}
