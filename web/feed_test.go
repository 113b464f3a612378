package web

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"wayguard/tracker"
)

// Whatever happens between two looks, a reader has in the end seen the newest
// position of every device that is left, and never one twice.
func TestPositionLogAgainstPlainMap(t *testing.T) {
	for seed := range uint64(50) {
		rng := rand.New(rand.NewPCG(seed, 1))
		var log positionLog
		newest := make(map[tracker.DeviceID]string)
		readers := []*positionReader{{}, {}, {}}
		for step := range 2000 {
			id := tracker.DeviceID(fmt.Sprint("v", rng.IntN(30)))
			switch n := rng.IntN(100); {
			case n < 2:
				log.remove(id)
				delete(newest, id)
			case n < 70:
				newest[id] = fmt.Sprint(id, " ", step)
				log.put(positionAt(id, step))
			case n < 75:
				log.compact()
			default:
				readers[rng.IntN(len(readers))].read(t, &log, 1+rng.IntN(12))
			}
		}
		for i, r := range readers {
			for r.read(t, &log, 7) {
			}
			for id, want := range newest {
				if !r.seen[want] {
					t.Fatalf("seed %d: reader %d has not seen %s at %s", seed, i, id, want)
				}
			}
		}
		if len(log.order) > 2*30+1024+2000/20 {
			t.Fatalf("seed %d: %d entries for 30 devices", seed, len(log.order))
		}
	}
}

// positionAt is a position that tells its step, nameOf reads it back.
func positionAt(id tracker.DeviceID, step int) tracker.Position {
	return tracker.Position{Device: id, TrackPoint: tracker.TrackPoint{Fix: fixAt(time.UnixMilli(int64(step)), 8, 50)}}
}

func nameOf(t *testing.T, encoded []byte) string {
	t.Helper()
	var p positionJSON
	if err := json.Unmarshal(encoded, &p); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(p.Device, " ", p.Time.UnixMilli())
}

type positionReader struct {
	cursor uint64
	seen   map[string]bool
}

func (r *positionReader) read(t *testing.T, log *positionLog, limit int) (any bool) {
	if r.seen == nil {
		r.seen = make(map[string]bool)
	}
	found, next := log.after(r.cursor, limit)
	if len(found) > limit || next < r.cursor {
		t.Fatalf("%d positions of %d, cursor %d after %d", len(found), limit, next, r.cursor)
	}
	for _, p := range found {
		name := nameOf(t, p)
		if r.seen[name] {
			t.Fatalf("%s twice", name)
		}
		r.seen[name] = true
	}
	r.cursor = next
	return len(found) > 0
}

func TestPositionLogIsInOrderOfChange(t *testing.T) {
	var log positionLog
	for step, id := range []tracker.DeviceID{"a", "b", "c", "a", "b"} {
		log.put(positionAt(id, step))
	}
	found, cursor := log.after(0, 10)
	var names []string
	for _, p := range found {
		names = append(names, nameOf(t, p))
	}
	if got := strings.Join(names, ", "); got != "c 2, a 3, b 4" || cursor != 5 {
		t.Errorf("%s, cursor %d", got, cursor)
	}
}

func TestEventRing(t *testing.T) {
	r := new(eventRing)
	r.reset(10)
	if _, ok := r.after(10, 5); ok || r.last() != 10 {
		t.Error("an empty ring answers")
	}
	for seq := uint64(11); seq <= 11+ringLength+4; seq++ {
		r.add(encodedEvent{seq: seq})
	}
	last := uint64(11 + ringLength + 4)
	for _, tt := range []struct {
		after uint64
		want  []uint64 // nil for not in the ring
	}{
		{last, nil},
		{last + 7, nil},
		{last - 1, []uint64{last}},
		{last - 3, []uint64{last - 2, last - 1}},
		{last - ringLength, []uint64{last - ringLength + 1, last - ringLength + 2}},
		{last - ringLength - 1, nil},
		{0, nil},
	} {
		found, ok := r.after(tt.after, 2)
		var seqs []uint64
		for _, e := range found {
			seqs = append(seqs, e.seq)
		}
		if ok != (tt.want != nil) || !slices.Equal(seqs, tt.want) {
			t.Errorf("after %d: %v, %t, want %v", tt.after, seqs, ok, tt.want)
		}
	}
	r.add(encodedEvent{seq: last + 2}) // a gap
	if _, ok := r.after(last, 2); ok {
		t.Error("the ring answers across a gap")
	}
	if found, ok := r.after(last+1, 2); !ok || found[0].seq != last+2 {
		t.Error("the ring does not go on after a gap")
	}
}
