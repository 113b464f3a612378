package tracker

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// MasterKey wraps the keys of all customers and drivers: 256 bits. Without it nothing
// personal in the data can be read.
type MasterKey [32]byte

// ErrBadMasterKey: the text is no master key.
var ErrBadMasterKey = errors.New("a master key is 64 hexadecimal digits; make one with: openssl rand -hex 32")

// ParseMasterKey reads 64 hexadecimal digits, with white space around them.
// The error never holds the text.
func ParseMasterKey(text string) (MasterKey, error) {
	b, err := hex.DecodeString(strings.TrimSpace(text))
	if err != nil || len(b) != len(MasterKey{}) {
		return MasterKey{}, ErrBadMasterKey
	}
	return MasterKey(b), nil
}

// LoadMasterKey reads the key from a file. Errors wrap ErrBadMasterKey or the
// file's.
func LoadMasterKey(path string) (MasterKey, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return MasterKey{}, fmt.Errorf("read the master key: %w", err)
	}
	key, err := ParseMasterKey(string(text))
	if err != nil {
		return MasterKey{}, fmt.Errorf("%s: %w", path, err)
	}
	return key, nil
}

// MakeMasterKey reads the key from a file or, where there is none, makes one
// and writes it there, readable for its owner only. made tells that it did. The
// file is whole or not there, and durable when MakeMasterKey returns.
func MakeMasterKey(path string) (key MasterKey, made bool, err error) {
	key, err = LoadMasterKey(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, false, err
	}
	rand.Read(key[:])
	if err := writeDurably(path, append(hex.AppendEncode(nil, key[:]), '\n')); err != nil {
		return MasterKey{}, false, fmt.Errorf("write the master key: %w", err)
	}
	return key, true, nil
}

// writeDurably writes a new file beside path, then renames it.
func writeDurably(path string, data []byte) (err error) {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, ".new-*") // 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncFolder(dir)
}

// syncFolder makes the names in a folder durable.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
