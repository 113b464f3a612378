package tracker

import (
	"fmt"
	"slices"
	"testing"

	"wayguard/geofence"
)

func emptyWorld(t *testing.T, version uint64) *geofence.World {
	t.Helper()
	w, err := geofence.NewWorld(version, geofence.Settings{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestWorldOfAReceipt(t *testing.T) {
	var r recentWorlds
	r.add(emptyWorld(t, 1), firstMillis)
	r.add(emptyWorld(t, 2), 100)
	r.add(emptyWorld(t, 3), 3600_000) // the clock was ahead
	r.add(emptyWorld(t, 4), 200)
	for received, want := range map[geofence.Millis]uint64{-5: 1, 99: 1, 100: 2, 199: 2, 200: 4, 1e12: 4} {
		if got := r.at(received).Version(); got != want {
			t.Errorf("received at %d: world %d, want %d", received, got, want)
		}
	}
}

// TestRecentWorldsAreBounded edits for days and wants the Worlds in memory to be
// those that the next start makes.
func TestRecentWorldsAreBounded(t *testing.T) {
	for _, every := range []geofence.Millis{1000, 3600_000, 100_000_000} {
		var r recentWorlds
		r.add(emptyWorld(t, 7), firstMillis)
		stored := make(map[string]versionSince)
		now := geofence.Millis(1.7e12)
		for i := range 300 {
			now += every
			version := uint64(8 + i)
			for _, rec := range r.add(emptyWorld(t, version), now) {
				if rec.Value == nil {
					delete(stored, rec.Key)
				} else {
					stored[rec.Key] = versionSince{version: version, since: now}
				}
			}
		}
		var all []versionSince
		for _, v := range stored {
			all = append(all, v)
		}
		slices.SortFunc(all, func(a, b versionSince) int { return int(a.version) - int(b.version) })
		needed, _ := neededSince(all, now)
		var got, want []string
		for _, v := range needed {
			got = append(got, fmt.Sprint(v.version, v.since))
		}
		for _, w := range r.all() {
			want = append(want, fmt.Sprint(w.world.Version(), w.since))
		}
		if !slices.Equal(got, want) || len(got) > maxWorlds {
			t.Errorf("every %d ms: the next start makes %v, in memory are %v", every, got, want)
		}
		if oldest := r.all()[0].since; len(got) < maxWorlds && oldest > now-keepWorlds {
			t.Errorf("every %d ms: the oldest is only from %d ms ago", every, now-oldest)
		}
	}
}
