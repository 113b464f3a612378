package boltstore_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wayguard/tracker"
	"wayguard/tracker/boltstore"
)

// What was deleted or replaced is nowhere in the file afterwards, and all else is
// as it was.
func TestScrub(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fleet.db")
	s, err := boltstore.Open(path, boltstore.Options{MmapBytes: 64 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	put := func(key, value string) {
		t.Helper()
		r := tracker.BucketRecord{Bucket: "b", Record: tracker.Record{Key: key}}
		if value != "" {
			r.Value = []byte(value)
		}
		if err := s.Commit(&tracker.Transaction{Records: []tracker.BucketRecord{r}}); err != nil {
			t.Fatal(err)
		}
	}
	long := string(bytes.Repeat([]byte("deleted secret "), 2000)) // over several pages
	for i := range 300 {
		put(fmt.Sprintf("key%03d", i), fmt.Sprintf("replaced secret %d", i))
	}
	put("long", long)
	for i := range 300 {
		put(fmt.Sprintf("key%03d", i), fmt.Sprintf("kept %d", i))
	}
	put("wide", strings.Repeat("kept over several pages ", 1000))
	put("long", "")
	put("last", "kept")
	secrets := func() (n int) {
		t.Helper()
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return bytes.Count(data, []byte("secret"))
	}
	if secrets() == 0 {
		t.Fatal("there is nothing to be overwritten")
	}
	for range 2 {
		if err := s.Scrub(); err != nil {
			t.Fatal(err)
		}
		if n := secrets(); n > 0 {
			t.Errorf("%d are left", n)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if s, err = boltstore.Open(path, boltstore.Options{MmapBytes: 64 << 20}); err != nil {
			t.Fatal(err)
		}
		rows, err := s.Records("b", "", "", 1000)
		if err != nil || len(rows) != 302 || string(rows[301].Value) != strings.Repeat("kept over several pages ", 1000) {
			t.Fatalf("%d records, %v", len(rows), err)
		}
		for i, r := range rows[:300] {
			if string(r.Value) != fmt.Sprintf("kept %d", i) {
				t.Errorf("%s is %q", r.Key, r.Value)
			}
		}
		put("more", "kept")
		put("more", "")
	}
}
