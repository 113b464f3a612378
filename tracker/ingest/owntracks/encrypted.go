package owntracks

import (
	"encoding/base64"

	"golang.org/x/crypto/nacl/secretbox"

	"wayguard/tracker"
)

const (
	typeLocation  = "location"
	typeEncrypted = "encrypted"
)

// nonceBytes stand before what crypto_secretbox_easy made.
const nonceBytes = 24

// open takes what an encrypted message holds.
func (c *content) open(m *message) {
	key, ok := c.key()
	switch {
	case c.opened:
		c.refuse(tracker.Refuse(ReasonSeal, "an encrypted message holds another one"))
		return
	case !ok:
		c.refuse(tracker.Refuse(ReasonKey, "the message is encrypted and there is no key for the device: set it with PUT /api/v1/devices/{id}/owntracks-key, or turn encryption off in the app"))
		return
	}
	plain, ok := unseal(m.data, key)
	if !ok {
		c.refuse(tracker.Refuse(ReasonSeal, "data does not open with the device's key: the app must have the same encryption key"))
		return
	}
	c.opened = true
	if err := c.unmarshal(plain); err != nil {
		c.refuse(badJSON("decrypted message", err))
	}
	c.opened = false
}

func (c *content) key() (tracker.OwnTracksKey, bool) {
	if c.keys == nil {
		return tracker.OwnTracksKey{}, false
	}
	return c.keys(c.device)
}

func unseal(data string, key tracker.OwnTracksKey) (plain []byte, ok bool) {
	sealed, err := base64.StdEncoding.DecodeString(data)
	if err != nil || len(sealed) < nonceBytes {
		return nil, false
	}
	return secretbox.Open(nil, sealed[nonceBytes:], (*[nonceBytes]byte)(sealed), (*[32]byte)(&key))
}
