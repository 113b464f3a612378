package geofence

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// run steps through fixes from a device never seen.
func run(w *World, fixes []Fix) []Event {
	var s State
	var events []Event
	for _, fix := range fixes {
		events = Step(w, &s, fix, events)
	}
	return events
}

func newWorld(t testing.TB, settings Settings, fences ...Fence) *World {
	t.Helper()
	w, err := NewWorld(1, settings, fences)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// noStays are settings under which no stay is told of, fencesAlone ones under
// which a device may also be anywhere next.
func noStays() Settings { return Settings{Stays: StaySettings{MinStay: year}} }

func fencesAlone() Settings {
	s := noStays()
	s.Plausibility.LeapMeters = maxLeap
	return s
}

// about are the events whose type begins with kind.
func about(kind string, events []Event) []Event {
	return slices.DeleteFunc(slices.Clone(events), func(e Event) bool { return !strings.HasPrefix(string(e.Type), kind) })
}

// stationsOf are the stays, arrivals and departures of a track.
func stationsOf(w *World, fixes []Fix) []Event { return about("stop.", run(w, fixes)) }

// reference is what is known of the events of tracks in raw mode.
type reference struct {
	sure, ambiguous map[string]bool
}

func readReference(t *testing.T, path string) reference {
	t.Helper()
	r := reference{map[string]bool{}, map[string]bool{}}
	for _, row := range readCSV(t, path) {
		key := fmt.Sprintf("%s %s %s %.0f", row["vehicle"], row["fence"], row["event"], number(t, row["t"]))
		if row["ambiguous"] == "0" {
			r.sure[key] = true
		} else {
			r.ambiguous[key] = true
		}
	}
	return r
}

func TestReferenceEvents(t *testing.T) {
	for name, load := range map[string]func() ([]track, []Fence){
		"limerick_304_x_36stops_R25": func() ([]track, []Fence) { return limerick(t, 25) },
		"limerick_304_x_36stops_R50": func() ([]track, []Fence) { return limerick(t, 50) },
		"liverpool_bus14_x_wards":    func() ([]track, []Fence) { return liverpool(t) },
	} {
		want := readReference(t, "reference_events/"+name+".csv")
		tracks, fences := load()
		w := newWorld(t, Settings{Raw: true}, fences...)
		got := map[string]bool{}
		for _, tr := range tracks {
			for _, e := range run(w, tr.fixes) {
				kind := strings.TrimPrefix(string(e.Type), "geofence.")
				got[fmt.Sprintf("%s %s %s %d", tr.vehicle, e.Subject, kind, e.Time/1000)] = true
			}
		}
		for _, key := range slices.Sorted(maps.Keys(want.sure)) {
			if !got[key] {
				t.Errorf("%s: %s is missing", name, key)
			}
		}
		for _, key := range slices.Sorted(maps.Keys(got)) {
			if !want.sure[key] && !want.ambiguous[key] {
				t.Errorf("%s: %s is not in the reference", name, key)
			}
		}
	}
}

// flaps counts the exits that are followed by an enter of the same fence within
// a minute.
func flaps(events []Event) int {
	count := 0
	left := map[string]Millis{}
	for _, e := range events {
		if e.Type == Exit {
			left[e.Subject] = e.Time
		} else if at, ok := left[e.Subject]; ok && e.Type == Enter && e.Time-at <= 60_000 {
			count++
		}
	}
	return count
}

// At 25 m the bus is at each of 36 stops once, at some for 4 seconds only. It
// starts at one of them.
func TestEachStopOfLimerickOnce(t *testing.T) {
	tracks, fences := limerick(t, 25)
	events := run(newWorld(t, fencesAlone(), fences...), tracks[0].fixes)
	counts := map[EventType]map[string]int{Enter: {}, Exit: {}}
	for _, e := range events {
		counts[e.Type][e.Subject]++
	}
	for kind, byFence := range counts {
		for id, count := range byFence {
			if count != 1 {
				t.Errorf("%s of %s: %d times", kind, id, count)
			}
		}
	}
	if enters, exits := len(counts[Enter]), len(counts[Exit]); enters != 35 || exits != 35 {
		t.Errorf("%d enters and %d exits, want 35 of each", enters, exits)
	}
}

// stretch is a time in a fence.
type stretch struct{ from, to Millis }

// stays pairs enters and exits; what is open at an end of the track lasts until
// there.
func stays(fixes []Fix, events []Event) map[string][]stretch {
	first, last := fixes[0].Time, fixes[len(fixes)-1].Time
	all, open := map[string][]stretch{}, map[string]Millis{}
	for _, e := range events {
		if e.Type == Enter {
			open[e.Subject] = e.Time
			continue
		}
		if e.Type != Exit {
			continue
		}
		from, entered := open[e.Subject]
		if !entered {
			from = first
		}
		delete(open, e.Subject)
		all[e.Subject] = append(all[e.Subject], stretch{from, e.Time})
	}
	for id, from := range open {
		all[id] = append(all[id], stretch{from, last})
	}
	return all
}

// Over the wards of Liverpool, whose borders the bus drives along, raw geometry
// flaps; the defaults must not, nor lose a stretch of a minute for it.
func TestLiverpoolDoesNotFlap(t *testing.T) {
	tracks, fences := liverpool(t)
	raw, standard := newWorld(t, Settings{Raw: true}, fences...), newWorld(t, Settings{}, fences...)
	rawFlaps, standardFlaps := 0, 0
	for _, tr := range tracks {
		rawEvents, events := run(raw, tr.fixes), run(standard, tr.fixes)
		rawFlaps += flaps(rawEvents)
		standardFlaps += flaps(events)
		kept := stays(tr.fixes, events)
		for id, all := range stays(tr.fixes, rawEvents) {
			for _, s := range all {
				overlaps := func(k stretch) bool { return k.from < s.to && s.from < k.to }
				if s.to-s.from >= 60_000 && !slices.ContainsFunc(kept[id], overlaps) {
					t.Errorf("%s: the stretch of %d s in %s is lost", tr.vehicle, (s.to-s.from)/1000, id)
				}
			}
		}
	}
	if rawFlaps != 7 || standardFlaps*10 > rawFlaps {
		t.Errorf("%d flaps, raw %d; want at most a tenth of 7", standardFlaps, rawFlaps)
	}
}
