package tracker_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wayguard/tracker"
)

// oldFile unpacks a file that a release with layout version 1 was killed over:
// its checkpoints are of version 2, and some of its journal is behind them.
func oldFile(t *testing.T) (path string, data []byte) {
	t.Helper()
	packed, err := os.Open("testdata/version1.db.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	z, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	if data, err = io.ReadAll(z); err != nil {
		t.Fatal(err)
	}
	path = newFile(t)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path, data
}

// TestFileOfEarlierRelease wants all of it to be there, a copy of the file as
// it was, and what comes again to be known.
func TestFileOfEarlierRelease(t *testing.T) {
	text, err := os.ReadFile("testdata/version1.txt")
	if err != nil {
		t.Fatal(err)
	}
	path, data := oldFile(t)
	r := start(t, path)
	var got []string
	for _, id := range []tracker.DeviceID{"a", "bb"} {
		got = append(append(got, "track "+string(id)), r.track(t, id)...)
	}
	got = append(append(got, "events"), r.eventLines(t)...)
	if want := strings.Split(strings.TrimSpace(string(text)), "\n"); !slices.Equal(got, want) {
		t.Errorf("%d lines, want %d as in testdata/version1.txt", len(got), len(want))
	}
	if refused, err := r.Quarantined(); err != nil || len(refused) != 1 {
		t.Errorf("%d refusals, %v", len(refused), err)
	}
	copies, err := filepath.Glob(path + ".version1-*")
	if err != nil || len(copies) != 1 {
		t.Fatalf("copies: %q, %v", copies, err)
	}
	if kept, err := os.ReadFile(copies[0]); err != nil || !bytes.Equal(kept, data) {
		t.Errorf("the copy is not what was there: %v", err)
	}
	r.stop()
	again := start(t, path)
	if !slices.Equal(again.eventLines(t), got[len(got)-len(again.eventLines(t)):]) {
		t.Error("the second start has other events")
	}
	if copies, _ := filepath.Glob(path + ".version1-*"); len(copies) != 1 {
		t.Errorf("after the second start there are %q", copies)
	}
}
