package tracker

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
)

// secretKey keys the hashes of secrets, so that a copy of the device records
// alone does not let anyone test guesses.
type secretKey []byte

const (
	keyBucket       = "keys"
	deviceSecretKey = "device-secrets"
	secretKeyBytes  = 32
)

// loadSecretKey reads the key, or makes it at the first start.
func loadSecretKey(store Store, keys *Keyring) (secretKey, error) {
	return loadKey(store, keys, deviceSecretKey)
}

// loadKey reads the key of that name, or makes it at the first start.
func loadKey(store Store, keys *Keyring, name string) ([]byte, error) {
	key, err := readWrapped(store, keys, keyBucket, name)
	if err != nil {
		return nil, fmt.Errorf("read the key %s: %w", name, err)
	}
	if key != nil && len(key) != secretKeyBytes {
		return nil, fmt.Errorf("key %s: %d bytes, want %d: %w", name, len(key), secretKeyBytes, errDamaged)
	}
	if key != nil {
		return key, nil
	}
	key = make([]byte, secretKeyBytes)
	rand.Read(key)
	row := BucketRecord{Bucket: keyBucket, Record: Record{Key: name, Value: key}}
	err = store.Commit(&Transaction{Records: []BucketRecord{keys.wrapped(row)}})
	if err != nil {
		return nil, fmt.Errorf("store the key %s: %w", name, err)
	}
	return key, nil
}

func (k secretKey) hash(secret string) []byte {
	mac := hmac.New(sha256.New, k)
	mac.Write([]byte(secret))
	return mac.Sum(nil)
}

func equalHash(a, b []byte) bool { return hmac.Equal(a, b) }

// newSecret makes a secret of at least 128 bits, in letters and digits that
// can be typed.
func newSecret() string { return rand.Text() }
