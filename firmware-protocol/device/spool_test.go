package device

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func mustOpen(t testing.TB, dir string, limit int) *queue {
	t.Helper()
	q, _, err := openQueue(dir, limit)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// contents are the payloads that wait, in order.
func (q *queue) contents() []string {
	q.mu.Lock()
	defer q.mu.Unlock()
	var all []string
	for _, p := range q.waiting {
		if p != nil {
			all = append(all, string(p))
		}
	}
	return all
}

// files are the names and sizes of a queue's folder.
func files(t testing.TB, dir string) map[string]int64 {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	sizes := make(map[string]int64)
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		sizes[e.Name()] = info.Size()
	}
	return sizes
}

// TestSpoolAgainstModel pushes, acknowledges in turn and out of it, and starts
// again, with and without an orderly end, beside a plain list.
func TestSpoolAgainstModel(t *testing.T) {
	t.Parallel()
	const seed, limit = 21, 300
	rng := rand.New(rand.NewPCG(seed, seed))
	dir := t.TempDir()
	q := mustOpen(t, dir, limit)
	var want []string
	pushed, restarts := 0, 0
	for step := range 2500 {
		switch n := rng.IntN(100); {
		case n < 60:
			pushed++
			p := fmt.Sprintf("%d %s", pushed, strings.Repeat("x", rng.IntN(3000)))
			if err := q.push(t.Context(), []byte(p)); err != nil {
				t.Fatal(err)
			}
			if want = append(want, p); len(want) > limit {
				want = want[1:]
			}
		case n < 99 && len(want) > 0:
			number, payload, _ := q.peek(0)
			if string(payload) != want[0] {
				t.Fatalf("seed %d, step %d: %.20q is first, want %.20q", seed, step, payload, want[0])
			}
			q.acknowledge(number)
			want = want[1:]
		case n == 99:
			if rng.IntN(2) == 0 {
				if err := q.release(); err != nil {
					t.Fatal(err)
				}
			}
			q = mustOpen(t, dir, limit)
			restarts++
		}
		if got := q.contents(); !slices.Equal(got, want) {
			t.Fatalf("seed %d, step %d: %d payloads wait, want %d", seed, step, len(got), len(want))
		}
	}
	if restarts < 10 || pushed < 1000 {
		t.Fatalf("%d restarts, %d pushes: the test does not test", restarts, pushed)
	}
}

func TestSpoolDropsTheOldest(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	q := mustOpen(t, dir, 3)
	for i := range 10 {
		if err := q.push(t.Context(), []byte{byte('0' + i)}); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Join(q.contents(), ""); got != "789" {
		t.Errorf("%s wait, want 789", got)
	}
	q.acknowledge(1) // dropped while it was on its way
	q.acknowledge(9)
	if pushed, acknowledged, dropped := q.counts(); pushed != 10 || acknowledged != 1 || dropped != 7 {
		t.Errorf("counts %d, %d, %d", pushed, acknowledged, dropped)
	}
	if got := strings.Join(mustOpen(t, dir, 2).contents(), ""); got != "89" {
		t.Errorf("after a start with a lower limit %s wait, want 89", got)
	}
}

// What is acknowledged leaves the disk.
func TestSpoolStaysSmall(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	q := mustOpen(t, dir, 1000)
	payload := bytes.Repeat([]byte("x"), 4000)
	for i := range uint64(400) {
		if err := q.push(t.Context(), payload); err != nil {
			t.Fatal(err)
		}
		q.acknowledge(i + 1)
	}
	total := int64(0)
	for _, size := range files(t, dir) {
		total += size
	}
	if total > 2*segmentBytes {
		t.Errorf("an empty queue takes %d bytes: %v", total, files(t, dir))
	}
}

// TestSpoolTorn cuts the last file at every byte, and spoils every byte of it:
// what precedes the damage is there, and nothing that never was.
func TestSpoolTorn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	q := mustOpen(t, dir, 100)
	ends := []int{} // where the files are whole
	var name string
	for i := range 8 {
		if err := q.push(t.Context(), fmt.Appendf(nil, "payload %d", i)); err != nil {
			t.Fatal(err)
		}
		for n, size := range files(t, dir) {
			name = n
			ends = append(ends, int(size))
		}
	}
	whole, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	check := func(damaged []byte, at int) {
		t.Helper()
		copied := t.TempDir()
		if err := os.WriteFile(filepath.Join(copied, name), damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		names, err := listSegments(copied)
		if err != nil || len(names) != 1 {
			t.Fatal(names, err)
		}
		got, _, err := readGeneration(copied, names)
		if err != nil {
			t.Fatal(err)
		}
		intact, _ := slices.BinarySearch(ends, at+1)
		if len(got) != intact {
			t.Fatalf("damage at byte %d of %d: %d payloads, want %d", at, len(whole), len(got), intact)
		}
		for i, p := range got {
			if string(p) != fmt.Sprintf("payload %d", i) {
				t.Fatalf("damage at byte %d: payload %d is %q", at, i, p)
			}
		}
	}
	for at := range whole {
		check(whole[:at], at)
		spoiled := bytes.Clone(whole)
		spoiled[at] ^= 0x10
		check(spoiled, at)
		// A power cut can leave a file longer than what was written of it.
		check(append(bytes.Clone(whole[:at]), make([]byte, 64)...), at)
	}
}

// A start that is interrupted leaves the old files beside the new.
func TestSpoolInterruptedStart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	q := mustOpen(t, dir, 100)
	for i := range 5 {
		if err := q.push(t.Context(), []byte{byte('0' + i)}); err != nil {
			t.Fatal(err)
		}
	}
	q.acknowledge(1)
	if err := q.release(); err != nil {
		t.Fatal(err)
	}
	before := make(map[string][]byte)
	for name := range files(t, dir) {
		before[name], _ = os.ReadFile(filepath.Join(dir, name))
	}
	q = mustOpen(t, dir, 100)
	if err := errors.Join(q.push(t.Context(), []byte("5")), q.release()); err != nil {
		t.Fatal(err)
	}
	for name, content := range before {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	unfinished := filepath.Join(dir, segmentName(3, 1)+".new")
	if err := os.WriteFile(unfinished, []byte(segmentMagic), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(mustOpen(t, dir, 100).contents(), ""); got != "12345" {
		t.Errorf("%s wait, want 12345", got)
	}
	if n := len(files(t, dir)); n != 1 {
		t.Errorf("%d files are left, want 1: %v", n, files(t, dir))
	}
}

// A disk that fails is said, and used again when it works.
func TestSpoolDiskFails(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	q := mustOpen(t, dir, 100)
	if err := q.push(t.Context(), []byte("a")); err != nil {
		t.Fatal(err)
	}
	if err := q.disk.open.Close(); err != nil { // Every write fails from now on.
		t.Fatal(err)
	}
	if err := q.push(t.Context(), []byte("b")); !errors.Is(err, ErrNotKept) {
		t.Fatalf("push onto a disk that fails: %v", err)
	}
	q.disk.open, _ = os.Open(os.DevNull) // for rotate to close
	if err := q.push(t.Context(), []byte("c")); err != nil {
		t.Fatal(err)
	}
	q.acknowledge(1)
	if got := strings.Join(mustOpen(t, dir, 100).contents(), ""); got != "c" {
		t.Errorf("%s wait, want c", got)
	}
}

// FuzzSegment: whatever is read is written the same.
func FuzzSegment(f *testing.F) {
	f.Add([]byte(segmentMagic))
	f.Add(appendRecord([]byte(segmentMagic), recordMark, 7, nil))
	f.Add(appendRecord(appendRecord([]byte(segmentMagic), recordPayload, 1, []byte("payload")), recordMark, 1, nil)[:40])
	f.Add(append([]byte(segmentMagic), recordPayload, 0xFF, 0xFF, 0xFF, 0xFF))
	f.Fuzz(func(t *testing.T, b []byte) {
		records, torn := parseSegment(b)
		again := []byte(segmentMagic)
		for _, r := range records {
			again = appendRecord(again, r.kind, r.number, r.payload)
		}
		if torn < len(b) && !bytes.Equal(again, b[:len(b)-torn]) {
			t.Fatalf("%d records of %d bytes are written as %d bytes", len(records), len(b)-torn, len(again))
		}
	})
}
