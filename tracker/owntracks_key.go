package tracker

import (
	"context"
	"errors"
	"fmt"
)

// ErrOwnTracksKey: a key cannot be one of OwnTracks.
var ErrOwnTracksKey = errors.New("the key must have 1 to 32 bytes, none of them zero")

// ownTracksBucket holds, by device, the passphrase of its OwnTracks messages.
const ownTracksBucket = "owntracks-keys"

// OwnTracksKey is what an OwnTracks app encrypts its messages with: the
// passphrase that is typed into the app, padded with zeros.
type OwnTracksKey [32]byte

// SetOwnTracksKey has the messages of a device opened with a passphrase of 1 to
// 32 bytes, the "encryption key" of the OwnTracks apps; empty for none. It must
// be read again for each message, hence it is no hash that is stored, but wrapped by
// the master key, if there is one. Deleting the device deletes it. Errors wrap
// ErrOwnTracksKey, ErrNotFound, ErrStale, ErrUnavailable or ctx's.
func (f *Fleet) SetOwnTracksKey(ctx context.Context, id DeviceID, seen uint64, passphrase string) error {
	var value []byte
	if passphrase != "" {
		value = []byte(passphrase)
	}
	if _, err := ownTracksKey(value); value != nil && err != nil {
		return err
	}
	return f.setDeviceKey(ctx, ownTracksBucket, id, seen, value, f.registry.keys.putBox)
}

// OwnTracksKey is the key of a device's messages, if it has one.
func (f *Fleet) OwnTracksKey(id DeviceID) (OwnTracksKey, bool) {
	c := f.registry.keys
	c.mu.RLock()
	defer c.mu.RUnlock()
	key, ok := c.boxes[id]
	return key, ok
}

// ownTracksKey pads a passphrase. One with zeros in it could not be told from a
// shorter one.
func ownTracksKey(passphrase []byte) (key OwnTracksKey, err error) {
	if n := copy(key[:], passphrase); n == 0 || n < len(passphrase) {
		return OwnTracksKey{}, ErrOwnTracksKey
	}
	for _, b := range passphrase {
		if b == 0 {
			return OwnTracksKey{}, ErrOwnTracksKey
		}
	}
	return key, nil
}

// putBox takes in a stored passphrase, nil for none.
func (c *deviceKeys) putBox(id DeviceID, value []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if value == nil {
		delete(c.boxes, id)
		return nil
	}
	key, err := ownTracksKey(value)
	if err != nil {
		return fmt.Errorf("OwnTracks key of device %q: %w", id, errDamaged)
	}
	c.boxes[id] = key
	return nil
}
