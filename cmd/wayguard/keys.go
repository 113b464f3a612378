package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"wayguard/tracker"
)

// masterKeyVariable holds the master key itself. It is no flag, since command
// lines can be read by everyone on the machine.
const masterKeyVariable = "WAYGUARD_MASTER_KEY"

// Files within the data folder.
const (
	masterKeyFile = "master.key"
	keyringFile   = "keyring"
	blobFolder    = "blobs"
)

// masterKey is where the key comes from that everything personal is sealed
// under.
type masterKey struct {
	File string `name:"master-key-file" help:"File that holds the master key (64 hexadecimal digits), without which no personal data can be read; the variable WAYGUARD_MASTER_KEY can hold the key itself. Without both, a key is made in the data folder at the first start."`
}

// load returns the key of the file, of the environment or of the data folder.
func (m masterKey) load(dir string, log *slog.Logger) (tracker.MasterKey, error) {
	text := os.Getenv(masterKeyVariable)
	switch {
	case m.File != "" && text != "":
		return tracker.MasterKey{}, &inputError{errors.New("--master-key-file and " + masterKeyVariable + " are two keys: give one of them")}
	case m.File != "":
		key, err := tracker.LoadMasterKey(m.File)
		if err != nil {
			return key, &inputError{fmt.Errorf("--master-key-file: %w", err)}
		}
		return key, nil
	case text != "":
		key, err := tracker.ParseMasterKey(text)
		if err != nil {
			return key, &inputError{fmt.Errorf("%s: %w", masterKeyVariable, err)}
		}
		return key, nil
	}
	return makeMasterKey(dir, log)
}

// makeMasterKey makes a key where there is no keyring yet: another key would
// open none.
func makeMasterKey(dir string, log *slog.Logger) (tracker.MasterKey, error) {
	path := filepath.Join(dir, masterKeyFile)
	_, noKey := os.Stat(path)
	if _, err := os.Stat(filepath.Join(dir, keyringFile)); err == nil && errors.Is(noKey, os.ErrNotExist) {
		return tracker.MasterKey{}, &inputError{fmt.Errorf("--data: there is no %s, which the data was written under: give it by --master-key-file or %s, or put its copy back", path, masterKeyVariable)}
	}
	key, made, err := tracker.MakeMasterKey(path)
	if err != nil {
		return key, &inputError{fmt.Errorf("--data: %w", err)}
	}
	if made {
		log.Warn("made a master key; keep a copy of it in another place: without it no personal data can be read, and with it whoever has the data folder can read all", "file", path)
	}
	return key, nil
}

// openKeyring opens the keys of customers in the data folder.
func openKeyring(dir string, master masterKey, log *slog.Logger) (*tracker.Keyring, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, &inputError{fmt.Errorf("--data: %w", err)}
	}
	key, err := master.load(dir, log)
	if err != nil {
		return nil, err
	}
	ring, err := tracker.OpenKeyring(filepath.Join(dir, keyringFile), key)
	if err != nil {
		return nil, &inputError{fmt.Errorf("--data: %w", err)}
	}
	if _, damaged := ring.Len(); damaged > 0 {
		log.Error("some keys of customers are damaged; put the keyring's copy back", "damaged", damaged)
	}
	return ring, nil
}
