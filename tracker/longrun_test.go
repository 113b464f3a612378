package tracker_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"wayguard/geofence"
	"wayguard/tracker"
	"wayguard/tracker/boltstore"
)

// wander is one report of six fixes, ten seconds apart, ending now.
func wander(device tracker.DeviceID, minute int) tracker.Report {
	now := time.Now()
	r := tracker.Report{Device: device, Received: now, Key: tracker.ReportKey(minute)}
	for i := range 6 {
		at := now.Add(time.Duration(i-5) * 10 * time.Second)
		km := 2 * math.Sin(float64(minute*6+i)/17+float64(len(device)))
		r.Fixes = append(r.Fixes, geofence.Fix{Time: geofence.MillisOf(at), Point: east(km)})
	}
	return r
}

// TestLongRun lives through hours in which shards are checkpointed, fixes are
// packed and the journal is trimmed. At random moments it kills the fleet, and
// now and then stops it politely: the file must always give the same tracks
// and events, and the fleet on it must go on as if nothing had happened.
func TestLongRun(t *testing.T) {
	const seed, minutes = 5, 200
	rng := rand.New(rand.NewPCG(seed, seed))
	devices := []tracker.DeviceID{"a", "bb", "ccc"}
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(noon))
		r := start(t, newFile(t))
		r.fence(t, circle("depot", 1), circle("yard", -1))
		for _, id := range devices {
			r.device(t, id)
		}
		for minute := range minutes {
			for i, id := range devices {
				// The last device falls silent halfway: its fixes must not
				// hold the journal for ever.
				if i < len(devices)-1 || minute < minutes/2 {
					r.accept(t, wander(id, minute))
				}
			}
			time.Sleep(time.Minute)
			switch rng.IntN(20) {
			case 0:
				tracks, events := r.everything(t, devices)
				killed := r
				r = r.crash(t)
				killed.stop()
				r.wantEverything(t, fmt.Sprintf("seed %d, killed at minute %d", seed, minute), devices, tracks, events)
			case 1:
				tracks, events := r.everything(t, devices)
				r.stop()
				r = start(t, r.path)
				r.wantEverything(t, fmt.Sprintf("seed %d, stopped at minute %d", seed, minute), devices, tracks, events)
			}
		}
		tracks, events := r.everything(t, devices)
		if len(tracks[0]) != 6*minutes || len(tracks[2]) != 3*minutes {
			t.Errorf("%d and %d fixes, want %d and %d", len(tracks[0]), len(tracks[2]), 6*minutes, 3*minutes)
		}
		if want := uninterrupted(t, minutes, devices); !slices.Equal(events, want) {
			t.Errorf("%d events, want %d as without a stop", len(events), len(want))
		}
		r.stop()
		wantTrimmed(t, r.path)
	})
}

func (r *running) everything(t *testing.T, devices []tracker.DeviceID) (tracks [][]string, events []string) {
	t.Helper()
	for _, id := range devices {
		tracks = append(tracks, r.track(t, id))
	}
	return tracks, r.eventLines(t)
}

func (r *running) wantEverything(t *testing.T, when string, devices []tracker.DeviceID, tracks [][]string, events []string) {
	t.Helper()
	gotTracks, gotEvents := r.everything(t, devices)
	for i, id := range devices {
		if !slices.Equal(gotTracks[i], tracks[i]) {
			t.Fatalf("%s: the track of %s has %d fixes, want %d", when, id, len(gotTracks[i]), len(tracks[i]))
		}
	}
	if !slices.Equal(gotEvents, events) {
		t.Fatalf("%s: %d events, want %d", when, len(gotEvents), len(events))
	}
}

// uninterrupted are the events that the engine alone finds on the same drive.
func uninterrupted(t *testing.T, minutes int, devices []tracker.DeviceID) []string {
	t.Helper()
	world, err := geofence.NewWorld(1, geofence.Settings{Raw: true}, []geofence.Fence{circle("depot", 1).Fence, circle("yard", -1).Fence})
	if err != nil {
		t.Fatal(err)
	}
	states := make([]geofence.State, len(devices))
	var lines []string
	for minute := range minutes {
		for i, id := range devices {
			if i == len(devices)-1 && minute >= minutes/2 {
				continue
			}
			for _, fix := range wander(id, minute).Fixes {
				fix.Time += geofence.Millis((minute - minutes) * 60_000)
				for _, e := range geofence.Step(world, &states[i], fix, nil) {
					lines = append(lines, fmt.Sprintf("%d %s %s %s %s", len(lines)+1, id, e.Type, e.Subject, e.Time.Time().Sub(noon)))
				}
			}
		}
	}
	return lines
}

// wantTrimmed wants most of the journal gone and everything in blocks.
func wantTrimmed(t *testing.T, path string) {
	t.Helper()
	store, err := boltstore.Open(path, boltstore.Options{MmapBytes: 64 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	entries, newest := 0, uint64(0)
	if err := store.Journal(func(seq uint64, _ []byte) error { entries, newest = entries+1, seq; return nil }); err != nil {
		t.Fatal(err)
	}
	if newest < 400 || uint64(entries) > newest/2 {
		t.Errorf("%d of %d journal entries are still there", entries, newest)
	}
	blocks, err := store.Blocks("ccc", 0, 1<<60, 1000)
	if err != nil || len(blocks) < 4 {
		t.Errorf("the silent device has %d blocks, %v", len(blocks), err)
	}
}
