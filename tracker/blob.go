package tracker

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
)

// BlobID names a file by what is in it and whose it is: a keyed hash in
// hexadecimal, which tells nothing to whom lacks the master key.
type BlobID string

// Blobs keeps photos and signatures as files, sealed under the keys of those
// whom they are about. A file that stands under its name is whole and durable.
// Its methods may be called from any goroutine.
type Blobs struct {
	dir  string
	keys *Keyring
}

// OpenBlobs makes the folder if it is missing.
func OpenBlobs(dir string, keys *Keyring) (*Blobs, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of photos: %w", err)
	}
	return &Blobs{dir: dir, keys: keys}, nil
}

var blobPattern = regexp.MustCompile(`^[0-9a-f]{64}$`)

func (b *Blobs) path(id BlobID) (string, error) {
	if !blobPattern.MatchString(string(id)) {
		return "", fmt.Errorf("photo %.70q: %w", id, ErrNotFound)
	}
	return filepath.Join(b.dir, string(id[:2]), string(id)), nil
}

// Put keeps data for an owner. When it returns nil the file is durable; the same
// data is kept once. Errors wrap ErrErased or ErrUnavailable.
func (b *Blobs) Put(owner KeyID, data []byte) (BlobID, error) {
	print := b.keys.Fingerprint("blob/"+string(owner), data)
	id := BlobID(hex.EncodeToString(print[:]))
	path, err := b.path(id)
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(path); err == nil {
		return id, nil
	}
	sealed, err := b.keys.Seal(owner, "blobs/"+string(id), data)
	if err != nil {
		return "", err
	}
	if err := b.write(path, sealed); err != nil {
		return "", fmt.Errorf("%w: keep a photo: %w", ErrUnavailable, err)
	}
	return id, nil
}

func (b *Blobs) write(path string, sealed []byte) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := writeDurably(path, sealed); err != nil {
		return err
	}
	return syncFolder(b.dir)
}

// Get returns what Put kept. Errors wrap ErrNotFound or ErrErased.
func (b *Blobs) Get(owner KeyID, id BlobID) ([]byte, error) {
	path, err := b.path(id)
	if err != nil {
		return nil, err
	}
	sealed, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("photo %s: %w", id, ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("read a photo: %w", err)
	}
	data, err := b.keys.Open(owner, "blobs/"+string(id), sealed)
	if err != nil && !errors.Is(err, ErrErased) {
		return nil, fmt.Errorf("photo %s is of somebody else, or damaged: %w", id, ErrNotFound)
	}
	return data, err
}

// Remove deletes a file; one that is not there is no error.
func (b *Blobs) Remove(id BlobID) error {
	path, err := b.path(id)
	if err != nil {
		return nil
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: delete a photo: %w", ErrUnavailable, err)
	}
	return nil
}
