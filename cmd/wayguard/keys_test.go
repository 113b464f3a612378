package main

import (
	"bytes"
	"encoding/hex"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wayguard/tracker"
)

func TestMasterKeyOfTheFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	var log bytes.Buffer
	open := func(m masterKey) error {
		ring, err := openKeyring(dir, m, slog.New(slog.NewTextHandler(&log, nil)))
		if err == nil {
			err = ring.Close()
		}
		return err
	}
	for range 2 {
		if err := open(masterKey{}); err != nil {
			t.Fatal(err)
		}
	}
	if n := strings.Count(log.String(), "keep a copy"); n != 1 {
		t.Errorf("warned %d times: %s", n, &log)
	}
	own := filepath.Join(dir, masterKeyFile)
	text, err := os.ReadFile(own)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(log.String(), strings.TrimSpace(string(text))) {
		t.Error("the log holds the key")
	}
	// Without the key nothing is made in its place.
	away := filepath.Join(t.TempDir(), "copy")
	if err := os.Rename(own, away); err != nil {
		t.Fatal(err)
	}
	var input *inputError
	if err := open(masterKey{}); !errors.As(err, &input) || !strings.Contains(err.Error(), "put its copy back") {
		t.Errorf("without the key: %v", err)
	}
	if _, err := os.Stat(own); err == nil {
		t.Error("made another key")
	}
	if err := open(masterKey{File: away}); err != nil {
		t.Errorf("with the copy: %v", err)
	}
	t.Setenv(masterKeyVariable, string(text))
	if err := open(masterKey{}); err != nil {
		t.Errorf("from the environment: %v", err)
	}
	if err := open(masterKey{File: away}); !errors.As(err, &input) {
		t.Errorf("two keys: %v", err)
	}
	t.Setenv(masterKeyVariable, hex.EncodeToString(make([]byte, 32)))
	if err := open(masterKey{}); !errors.Is(err, tracker.ErrMasterKey) {
		t.Errorf("another key: %v", err)
	}
	t.Setenv(masterKeyVariable, "secret!")
	if err := open(masterKey{}); !errors.Is(err, tracker.ErrBadMasterKey) || strings.Contains(err.Error(), "secret!") {
		t.Errorf("no key: %v", err)
	}
}
