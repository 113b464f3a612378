package tracker_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wayguard/geofence"
)

// TestRetractedThenTrue has a van leave a depot by two doubtful fixes; a late
// one between them says that it was inside all the time. Then it really leaves,
// which is the end of the same visit, and told under the id of the exit that was
// retracted.
func TestRetractedThenTrue(t *testing.T) {
	const inside, doubtful = 1.0, 1.115 // 100 m around 1 km, accuracy 10 m
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(noon))
		r := startWith(t, newFile(t), geofence.Settings{})
		r.device(t, "van")
		r.fence(t, circle("depot", 1))
		r.accept(t, report("van", 0, 0), report("van", 12, inside), report("van", 15, inside), report("van", 20, doubtful), report("van", 40, doubtful))
		r.accept(t, report("van", 30, inside))
		time.Sleep(3 * time.Second)
		synctest.Wait()
		killed := r.crash(t)
		for name, fleet := range map[string]*running{"running": r, "killed": killed} {
			fleet.accept(t, report("van", 50, doubtful))
			var types []string
			for _, line := range fleet.eventLines(t) {
				types = append(types, strings.Fields(line)[2])
			}
			want := []string{"geofence.enter", "geofence.exit", "event.retracted", "event.revised"}
			if !slices.Equal(types, want) {
				t.Errorf("%s: %q, want %q", name, fleet.eventLines(t), want)
			}
			events := fleet.wantOrder(t, name, "van")
			if len(events) != 2 || !strings.Contains(events[1], "exit depot 40s") {
				t.Errorf("%s: in force are %q", name, events)
			}
		}
		// The same again from before the retraction: still one exit.
		r.accept(t, report("van", 45, inside), report("van", 60, doubtful))
		time.Sleep(3 * time.Second)
		r.wantOrder(t, "reviewed again", "van")
	})
}
