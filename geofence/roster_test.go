package geofence

import (
	"fmt"
	"maps"
	"slices"
	"testing"
)

// A roster against a map, over edits small and large that share pages.
func TestRosterAgainstMap(t *testing.T) {
	for run := range 4 {
		random, seed := seeded(run)
		var r roster
		want := map[FenceID]*zone{}
		for range 40 {
			before, copied := slices.Collect(r.all()), r
			most := []int{2, 20, 3000}[random.IntN(3)]
			put, remove := map[FenceID]*zone{}, []FenceID{}
			gone := map[*zone]bool{}
			for range random.IntN(most) {
				id := FenceID(fmt.Sprintf("%04d", random.IntN(5000)))
				if random.IntN(2) == 0 {
					put[id] = &zone{fence: Fence{ID: id}}
				} else {
					remove = append(remove, id)
				}
			}
			for _, id := range slices.Concat(remove, slices.Collect(maps.Keys(put))) {
				if z := want[id]; z != nil {
					gone[z] = true
				}
				delete(want, id)
			}
			maps.Copy(want, put)
			added := slices.SortedFunc(maps.Values(put), byID)
			made, removed := r.edit(added, remove)
			if !slices.Equal(slices.Collect(copied.all()), before) {
				t.Fatalf("seed %d: an edit changed the roster it was made from", seed)
			}
			if len(removed) != len(gone) || slices.ContainsFunc(removed, func(z *zone) bool { return !gone[z] }) {
				t.Fatalf("seed %d: %d removed, want %d", seed, len(removed), len(gone))
			}
			r = made
			checkRoster(t, seed, &r, want)
		}
	}
}

func checkRoster(t *testing.T, seed uint64, r *roster, want map[FenceID]*zone) {
	t.Helper()
	all := slices.Collect(r.all())
	if !slices.Equal(all, slices.SortedFunc(maps.Values(want), byID)) || r.count != len(all) {
		t.Fatalf("seed %d: %d zones, counted as %d, want %d", seed, len(all), r.count, len(want))
	}
	for _, page := range r.pages {
		if len(page) == 0 || len(page) > 2*rosterPage {
			t.Fatalf("seed %d: a page of %d", seed, len(page))
		}
	}
	for i := 0; i < 5000; i += 7 {
		if id := FenceID(fmt.Sprintf("%04d", i)); r.zone(id) != want[id] {
			t.Fatalf("seed %d: %s is %v", seed, id, r.zone(id))
		}
	}
}
