package tracker

import (
	"bytes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
)

// What the server itself needs to read again, such as its authority's key, is
// wrapped by the master key before it reaches the store: wrapMagic, 12 bytes
// nonce, AES-256-GCM, which opens only in its place. Without a keyring it is kept
// in plain. No plain one begins with the magic: they are keys of 32 random bytes,
// JSON, and passphrases, which have no zero.
const wrapMagic = "wgwrap\x00\x01"

// scrubDue is a record of keyBucket that is there until what was in plain before
// is overwritten.
const scrubDue = "scrub"

// newWrapper is what wraps the server's own secrets.
func newWrapper(master MasterKey) (cipher.AEAD, error) {
	key, err := hkdf.Expand(sha256.New, master[:], "wayguard secrets of the server", dataKeySize)
	if err != nil {
		return nil, fmt.Errorf("derive a key: %w", err)
	}
	return newAEAD(key)
}

// wrapped is a record as the store keeps it. A deletion stays one.
func (k *Keyring) wrapped(r BucketRecord) BucketRecord {
	if k == nil || r.Value == nil {
		return r
	}
	b := append(make([]byte, 0, len(wrapMagic)+nonceSize+len(r.Value)+k.server.Overhead()), wrapMagic...)
	b = append(b, make([]byte, nonceSize)...)
	nonce := b[len(wrapMagic):]
	rand.Read(nonce)
	r.Value = k.server.Seal(b, nonce, r.Value, wrapPlace(r.Bucket, r.Key))
	return r
}

func wrapPlace(bucket, key string) []byte { return []byte(bucket + "/" + key) }

func isWrapped(value []byte) bool { return bytes.HasPrefix(value, []byte(wrapMagic)) }

// unwrapped is the value of a record, nil for none. Errors wrap ErrNoKeyring, or
// say that it is damaged.
func (k *Keyring) unwrapped(bucket, key string, value []byte) ([]byte, error) {
	if !isWrapped(value) {
		return value, nil
	}
	if k == nil {
		return nil, fmt.Errorf("%s/%s is wrapped by a master key: %w", bucket, key, ErrNoKeyring)
	}
	rest := value[len(wrapMagic):]
	if len(rest) < nonceSize {
		return nil, fmt.Errorf("%s/%s: %w", bucket, key, errDamaged)
	}
	plain, err := k.server.Open(nil, rest[:nonceSize], rest[nonceSize:], wrapPlace(bucket, key))
	if err != nil {
		return nil, fmt.Errorf("%s/%s: %w", bucket, key, errDamaged)
	}
	return plain, nil
}

// readWrapped reads a record, nil for none.
func readWrapped(store Store, keys *Keyring, bucket, key string) ([]byte, error) {
	value, err := store.Record(bucket, key)
	if err != nil {
		return nil, err
	}
	return keys.unwrapped(bucket, key, value)
}

// wrapSecrets wraps what an earlier release, or one without a keyring, has kept in
// plain, and has the store overwrite that. A kill in between leaves the rest to the
// next start. did tells that there was something.
func wrapSecrets(store Store, keys *Keyring, scrub func() error) (did bool, err error) {
	if keys == nil {
		return false, nil
	}
	due, err := store.Record(keyBucket, scrubDue)
	if err != nil {
		return false, fmt.Errorf("read the server's keys: %w", err)
	}
	var rows []BucketRecord
	for _, bucket := range []string{keyBucket, ownTracksBucket} {
		err := eachRecord(store, bucket, "", func(r Record) error {
			if !isWrapped(r.Value) && (bucket != keyBucket || r.Key != scrubDue) {
				rows = append(rows, keys.wrapped(BucketRecord{Bucket: bucket, Record: r}))
			}
			return nil
		})
		if err != nil {
			return false, fmt.Errorf("read the server's keys: %w", err)
		}
	}
	if len(rows) == 0 && (due == nil || scrub == nil) {
		return false, nil
	}
	mark := BucketRecord{Bucket: keyBucket, Record: Record{Key: scrubDue, Value: []byte("due")}}
	if err := store.Commit(&Transaction{Records: append(rows, mark)}); err != nil {
		return false, fmt.Errorf("wrap the server's keys: %w", err)
	}
	if scrub == nil {
		return true, nil
	}
	// Once more, since a store may keep what the last transaction has replaced.
	if err := store.Commit(&Transaction{Records: []BucketRecord{mark}}); err != nil {
		return false, fmt.Errorf("wrap the server's keys: %w", err)
	}
	err = errors.Join(scrub(), store.Commit(&Transaction{Records: []BucketRecord{done(mark)}}))
	if err != nil {
		return false, fmt.Errorf("overwrite the server's keys that were in plain: %w", err)
	}
	return true, nil
}

func (f *Fleet) wrapSecrets(opts Options) error {
	did, err := wrapSecrets(f.store, opts.Keyring, opts.Scrub)
	if did {
		f.log.Warn("secrets of the server were in plain and are wrapped by the master key now; copies of the data from before still hold them in plain")
	}
	return err
}
