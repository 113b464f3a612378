package geofence_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wayguard/geofence"
)

// reviewed is a device whose log is corrected by reviews.
type reviewed struct {
	world *geofence.World
	live  geofence.State
	told  []geofence.Told
	at    []geofence.Millis // of the fix that each was found by
	// past are States from before, with their times.
	past []geofence.State
}

// step takes a fix in time and tells what it says.
func (r *reviewed) step(fix geofence.Fix) {
	for _, e := range geofence.Step(r.world, &r.live, fix, nil) {
		r.tell(e, fix.Time)
	}
	r.past = append(r.past, r.live.Clone())
}

func (r *reviewed) tell(e geofence.Event, at geofence.Millis) {
	for i := range r.told {
		t := &r.told[i]
		if t.Type == e.Type && t.Subject == e.Subject && t.Episode == e.Episode {
			t.Event, t.Withdrawn, r.at[i] = e, false, at
			return
		}
	}
	r.told, r.at = append(r.told, geofence.Told{Event: e}), append(r.at, at)
}

// review runs all fixes from the newest State before since again, applies what
// comes of it, and says it in short.
func (r *reviewed) review(fixes []geofence.Fix, since geofence.Millis) []string {
	start, fresh := r.before(since)
	first, _ := start.Last()
	run := &reviewed{world: r.world, live: start}
	run.live.Rehearse()
	var found []geofence.Event
	for _, fix := range fixes {
		found = geofence.Step(r.world, &run.live, fix, found)
		for len(run.at) < len(found) {
			run.at = append(run.at, fix.Time)
		}
		if last, _ := run.live.Last(); last.Time > first.Time {
			run.past = append(run.past, run.live.Clone())
		}
	}
	var told []geofence.Told
	var place []int
	for i, t := range r.told {
		if fresh || t.Withdrawn || r.at[i] > first.Time {
			told, place = append(told, t), append(place, i)
		}
	}
	review := geofence.Reconcile(told, found, fresh, r.live.Episodes())
	for i := range run.past {
		run.past[i].Settle(review.Numbers, nil)
	}
	run.live.Settle(review.Numbers, &r.live)
	r.live, r.past = run.live, append(r.past, run.past...)
	for _, c := range review.Kept {
		r.at[place[c.Told]] = run.at[c.Found]
	}
	var lines []string
	for _, c := range review.Corrections {
		lines = append(lines, r.correct(c, place, found, run.at))
	}
	return lines
}

// before is the newest State before a time, and drops those behind it.
func (r *reviewed) before(since geofence.Millis) (start geofence.State, fresh bool) {
	r.past = slices.DeleteFunc(r.past, func(s geofence.State) bool {
		last, seen := s.Last()
		return !seen || last.Time >= since
	})
	if len(r.past) == 0 {
		return geofence.State{}, true
	}
	return throughBytes(r.past[len(r.past)-1]), false
}

// correct applies c and says it in short; place is where the told events are.
func (r *reviewed) correct(c geofence.Correction, place []int, found []geofence.Event, at []geofence.Millis) string {
	if c.Found < 0 {
		was := &r.told[place[c.Told]]
		was.Withdrawn = true
		return fmt.Sprintf("retracted %s %d at %d", short(was.Type), was.Episode, was.Time/60000)
	}
	e := found[c.Found]
	line := fmt.Sprintf("new %s %d at %d", short(e.Type), e.Episode, e.Time/60000)
	if c.Told >= 0 {
		line = fmt.Sprintf("revised %s %d at %d from %d", short(e.Type), e.Episode, e.Time/60000, r.told[place[c.Told]].Time/60000)
	}
	r.tell(e, at[c.Found])
	return line
}

// throughBytes is s as it comes back from a store.
func throughBytes(s geofence.State) (again geofence.State) {
	b, err := s.AppendBinary(nil)
	if err == nil {
		err = again.UnmarshalBinary(b)
	}
	if err != nil {
		panic(err)
	}
	return again
}

func short(t geofence.EventType) string { _, s, _ := strings.Cut(string(t), "."); return s }

// inForce are the events that are told, without their numbers.
func (r *reviewed) inForce() []string {
	var lines []string
	for _, t := range r.told {
		if !t.Withdrawn {
			lines = append(lines, line(t.Event))
		}
	}
	slices.Sort(lines)
	return lines
}

func line(e geofence.Event) string {
	return fmt.Sprintf("%d %s %s %v", e.Time, e.Type, e.Subject, e.Point)
}

// inOrder are the events of a run over all fixes in order.
func inOrder(w *geofence.World, fixes []geofence.Fix) []string {
	var s geofence.State
	var lines []string
	for _, fix := range fixes {
		for _, e := range geofence.Step(w, &s, fix, nil) {
			lines = append(lines, line(e))
		}
	}
	slices.Sort(lines)
	return lines
}

// TestReviewOfDrawings draws a minute with each letter: # inside and . outside
// came in time, x inside and o outside came late.
func TestReviewOfDrawings(t *testing.T) {
	for _, test := range []struct {
		name, drawing string
		want          []string
	}{
		{"nothing new", "..o.##x##..", nil},
		{"entered earlier", "..xx##..", []string{"revised enter 1 at 2 from 4"}},
		{"left earlier", "..##oo..", []string{"revised exit 1 at 4 from 6"}},
		{"a visit that no fix saw", "...xx...", []string{"new enter 1 at 3", "new exit 1 at 5"}},
		{"a gap in a visit", ".##oo##.", []string{"revised exit 1 at 3 from 7", "new enter 2 at 5", "new exit 2 at 7"}},
		{"no gap after all", ".##..##.", nil},
		{"first seen inside", "##..", nil},
		{"was not inside at first", "oo##..", []string{"new enter 1 at 2"}},
		{"was never outside", ".#.", nil},
		{"still inside", "..##xx", nil},
		{"has left meanwhile", "..##oo", []string{"new exit 1 at 4"}},
		{"before all", "xxo...", []string{"new exit 1 at 2"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, fixes, since := drawn(t, test.drawing)
			got := r.review(fixes, since)
			if !slices.Equal(got, test.want) {
				t.Errorf("%q gives %q, want %q", test.drawing, got, test.want)
			}
			if want := inOrder(r.world, fixes); !slices.Equal(r.inForce(), want) {
				t.Errorf("%q leaves %q, want %q", test.drawing, r.inForce(), want)
			}
			if again := r.review(fixes, since); len(again) != 0 {
				t.Errorf("a second review of %q gives %q", test.drawing, again)
			}
		})
	}
}

// drawn steps what came in time and returns all fixes and the time of the first
// late one.
func drawn(t *testing.T, drawing string) (*reviewed, []geofence.Fix, geofence.Millis) {
	t.Helper()
	w, err := geofence.NewWorld(1, geofence.Settings{Raw: true}, []geofence.Fence{{ID: "yard", Center: orb.Point{1, 1}, RadiusMeters: 100}})
	if err != nil {
		t.Fatal(err)
	}
	r := &reviewed{world: w}
	var fixes []geofence.Fix
	since := geofence.Millis(len(drawing) * 60000)
	for i, c := range drawing {
		fix := geofence.Fix{Time: geofence.Millis(i * 60000), Point: orb.Point{2, 2}}
		if c == '#' || c == 'x' {
			fix.Point = orb.Point{1, 1}
		}
		fixes = append(fixes, fix)
		if c == 'x' || c == 'o' {
			since = min(since, fix.Time)
			continue
		}
		r.step(fix)
	}
	return r, fixes, since
}

// TestVisitGoesOnAfterRetraction takes back that a device left and was there
// again, and wants what it does later told under the old name.
func TestVisitGoesOnAfterRetraction(t *testing.T) {
	told := []geofence.Told{
		{Event: geofence.Event{Type: geofence.Enter, Time: 60, Subject: "yard", Episode: 1}},
		{Event: geofence.Event{Type: geofence.Exit, Time: 120, Subject: "yard", Episode: 1}},
		{Event: geofence.Event{Type: geofence.Enter, Time: 180, Subject: "yard", Episode: 2}},
	}
	found := []geofence.Event{{Type: geofence.Enter, Time: 60, Subject: "yard", Episode: 1<<63 + 1}}
	corrections := geofence.Reconcile(told, found, true, 2).Corrections
	want := []geofence.Correction{{Told: 1, Found: -1}, {Told: 2, Found: -1}}
	if !slices.Equal(corrections, want) || found[0].Episode != 1 {
		t.Errorf("corrections %v with number %d, want %v with number 1", corrections, found[0].Episode, want)
	}
	told[1].Withdrawn, told[2].Withdrawn = true, true
	found = []geofence.Event{{Type: geofence.Exit, Time: 240, Subject: "yard", Episode: 1}}
	corrections = geofence.Reconcile(told[1:], found, false, 2).Corrections
	if want := []geofence.Correction{{Told: 0, Found: 0}}; !slices.Equal(corrections, want) {
		t.Errorf("the exit that comes after all gives %v, want %v", corrections, want)
	}
}

// TestReviewEqualsOrder takes random drives of which random fixes come late, in
// several lots with more fixes between, and wants in force what a run in order
// finds, each event once.
func TestReviewEqualsOrder(t *testing.T) {
	const seed = 71
	rng := rand.New(rand.NewPCG(seed, seed))
	corrected := 0
	for round := range 300 {
		w := reviewWorld(t, round%2 == 0)
		fixes := reviewDrive(rng, 40+rng.IntN(300))
		r := &reviewed{world: w}
		var stored, late []geofence.Fix
		share := rng.Float64()
		away := false
		for i, fix := range fixes {
			if rng.IntN(10) == 0 {
				away = rng.Float64() < share
			}
			if away && i > 0 {
				late = append(late, fix)
			} else {
				r.step(fix)
				stored = append(stored, fix)
			}
			if len(late) > 0 && (rng.IntN(40) == 0 || i == len(fixes)-1) {
				stored = append(stored, late...)
				slices.SortFunc(stored, func(a, b geofence.Fix) int { return cmp.Compare(a.Time, b.Time) })
				since := late[0].Time
				late = nil
				corrected += len(r.review(stored, since))
				if again := r.review(stored, since); len(again) != 0 {
					t.Fatalf("seed %d, round %d: reviewed twice: %q", seed, round, again)
				}
			}
		}
		if got, want := r.inForce(), inOrder(w, fixes); !slices.Equal(got, want) {
			t.Fatalf("seed %d, round %d: in force are\n%s\nwant\n%s", seed, round, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	if corrected < 1000 {
		t.Errorf("only %d corrections: the test shows little", corrected)
	}
}

func reviewWorld(t *testing.T, raw bool) *geofence.World {
	t.Helper()
	fences := []geofence.Fence{
		{ID: "a", Center: orb.Point{1, 1}, RadiusMeters: 150, Dwell: 2 * time.Minute},
		{ID: "b", Center: orb.Point{1.002, 1}, RadiusMeters: 120},
		{ID: "c", Center: orb.Point{1.001, 1.001}, RadiusMeters: 200, Dwell: 30 * time.Second},
	}
	w, err := geofence.NewWorld(1, geofence.Settings{Raw: raw}, fences)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// reviewDrive wanders about the fences with errors that last minutes.
func reviewDrive(rng *rand.Rand, n int) []geofence.Fix {
	fixes := make([]geofence.Fix, n)
	at, errs := orb.Point{1.0005, 1}, orb.Point{}
	now := geofence.Millis(1_700_000_000_000)
	course := orb.Point{}
	for i := range fixes {
		if rng.IntN(12) == 0 {
			course = orb.Point{rng.NormFloat64() * 1e-4, rng.NormFloat64() * 1e-4}
		}
		for k := range at {
			errs[k] = 0.9*errs[k] + rng.NormFloat64()*3e-5
			at[k] += course[k] + (1.0005-at[k])*0.02
		}
		now += geofence.Millis(5000 + rng.IntN(20000))
		fixes[i] = geofence.Fix{Time: now, Point: orb.Point{at[0] + errs[0], at[1] + errs[1]}, AccuracyMeters: 8, Known: geofence.KnownAccuracy}
	}
	return fixes
}
