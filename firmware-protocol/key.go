package firmware

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// SecretSize is how many bytes the secret of a device has.
const SecretSize = 32

// tagSize is how many bytes a seal adds, checkSize how many the checksum of a
// plain frame.
const (
	tagSize   = 16
	checkSize = 4
)

// Protection is how a frame is sealed.
type Protection uint8

// The protections.
const (
	Plain         Protection = iota // a checksum, for transports that know the device
	Authenticated                   // nobody can change it
	Encrypted                       // nobody can change or read it
)

// Key holds the keys of one device in one direction.
type Key struct {
	auth []byte
	aead cipher.AEAD
}

// UpKey is the key of a device's reports. The secret has SecretSize bytes.
func UpKey(secret []byte, device string) (*Key, error) { return newKey(secret, "up", device) }

// DownKey is the key of what is desired of a device.
func DownKey(secret []byte, device string) (*Key, error) { return newKey(secret, "down", device) }

func newKey(secret []byte, direction, device string) (*Key, error) {
	if len(secret) != SecretSize {
		return nil, fmt.Errorf("%w: a secret has %d bytes, not %d", ErrValue, SecretSize, len(secret))
	}
	expand := func(purpose string) ([]byte, error) {
		return hkdf.Expand(sha256.New, secret, "wayguard/1/"+direction+"/"+purpose+"/"+device, sha256.Size)
	}
	auth, err := expand("auth")
	if err != nil {
		return nil, fmt.Errorf("derive a key: %w", err)
	}
	seal, err := expand("seal")
	if err != nil {
		return nil, fmt.Errorf("derive a key: %w", err)
	}
	block, err := aes.NewCipher(seal)
	if err != nil {
		return nil, fmt.Errorf("derive a key: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("derive a key: %w", err)
	}
	return &Key{auth: auth, aead: aead}, nil
}

// seal finishes a frame that holds a head and a plain body.
func (k *Key) seal(frame []byte, p Protection) ([]byte, error) {
	switch {
	case p == Plain:
		return binary.BigEndian.AppendUint32(frame, crc32.ChecksumIEEE(frame)), nil
	case k == nil || p > Encrypted:
		return nil, fmt.Errorf("%w: there is no key to seal with, or no such protection", ErrValue)
	case p == Authenticated:
		return append(frame, k.tag(frame)...), nil
	}
	head, body := frame[:headSize], frame[headSize:]
	return k.aead.Seal(head, nonce(head), body, head), nil
}

// open checks the seal of a frame and returns its body in plain.
func (k *Key) open(frame []byte, p Protection) ([]byte, error) {
	body := frame[headSize:]
	switch {
	case (p == Plain) != (k == nil):
		return nil, fmt.Errorf("%w: a sealed frame and no key, or a key and no seal", ErrTag)
	case p == Plain:
		return openPlain(frame)
	case len(body) < tagSize:
		return nil, fmt.Errorf("%w: it ends within its tag", ErrFrame)
	case p == Encrypted:
		plain, err := k.aead.Open(nil, nonce(frame), body, frame[:headSize])
		if err != nil {
			return nil, errTag
		}
		return plain, nil
	}
	signed := len(frame) - tagSize
	if !hmac.Equal(frame[signed:], k.tag(frame[:signed])) {
		return nil, errTag
	}
	return frame[headSize:signed], nil
}

func openPlain(frame []byte) ([]byte, error) {
	end := len(frame) - checkSize
	if end < headSize || binary.BigEndian.Uint32(frame[end:]) != crc32.ChecksumIEEE(frame[:end]) {
		return nil, fmt.Errorf("%w: the checksum is wrong", ErrFrame)
	}
	return frame[headSize:end], nil
}

var errTag = fmt.Errorf("%w: another device's key, or a changed frame", ErrTag)

func (k *Key) tag(signed []byte) []byte {
	h := hmac.New(sha256.New, k.auth)
	h.Write(signed)
	return h.Sum(nil)[:tagSize]
}

// nonce is made of the head: version, kind, two zeros, boot, sequence.
func nonce(head []byte) []byte {
	n := make([]byte, 0, 12)
	n = append(n, head[0], head[1], 0, 0)
	return append(n, head[2:headSize]...)
}
