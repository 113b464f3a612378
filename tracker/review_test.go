package tracker_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wayguard/geofence"
	"wayguard/tracker"
)

// ofSilence: what does not follow from fixes alone.
func ofSilence(eventType string) bool { return strings.HasPrefix(eventType, "device.") }

// inForce are the events that hold once all corrections are applied, but those
// of silence. On the way it checks the log: no id twice, nothing corrected that
// was not told, nothing retracted twice.
func (r *running) inForce(t *testing.T) []string {
	t.Helper()
	lines, ids := make(map[string]string), make(map[string]bool)
	after := uint64(0)
	for {
		events, next, err := r.Events(after, 100, tracker.EventFilter{})
		if err != nil {
			t.Fatal(err)
		}
		for i, e := range events {
			if e.Seq != after+uint64(i)+1 {
				t.Fatalf("event %d follows %d", e.Seq, after+uint64(i))
			}
			if ids[e.ID] {
				t.Fatalf("event %d has the id of an earlier one: %+v", e.Seq, e)
			}
			ids[e.ID] = true
			apply(t, lines, &e)
		}
		if next == after {
			break
		}
		after = next
	}
	var all []string
	for _, line := range lines {
		if line != "" {
			all = append(all, line)
		}
	}
	slices.Sort(all)
	return all
}

// apply brings lines, the events in force by id, up to date; a retracted one is
// empty.
func apply(t *testing.T, lines map[string]string, e *tracker.Event) {
	t.Helper()
	line := func(typ, subject string) string {
		return fmt.Sprintf("%s %s %s %s %v", e.Device, typ, subject, e.Time.Sub(noon), *e.Point)
	}
	if ofSilence(e.Type) {
		return
	}
	if !strings.HasPrefix(e.Type, "event.") {
		lines[e.ID] = line(e.Type, e.Subject)
		return
	}
	var d struct {
		Type, Subject string
		Episode       uint64
		Time, Was     time.Time
	}
	if err := json.Unmarshal(e.Detail, &d); err != nil {
		t.Fatal(err)
	}
	was, told := lines[e.Subject]
	if !told || e.Subject != tracker.EventID(e.Device, d.Type, d.Subject, d.Episode) {
		t.Fatalf("event %d corrects what was not told: %s", e.Seq, e.Detail)
	}
	if e.Type == string(geofence.Retracted) {
		if was == "" {
			t.Fatalf("event %d retracts again: %s", e.Seq, e.Detail)
		}
		lines[e.Subject] = ""
		return
	}
	if was != "" && !strings.Contains(was, d.Was.Sub(noon).String()) || !d.Time.Equal(e.Time) {
		t.Fatalf("event %d revises %q: %s", e.Seq, was, e.Detail)
	}
	if lines[e.Subject] = line(d.Type, d.Subject); lines[e.Subject] == was {
		t.Fatalf("event %d revises nothing: %q, %s", e.Seq, was, e.Detail)
	}
}

// inOrder are the events that the engine finds in the stored tracks.
func (r *running) inOrder(t *testing.T, devices ...tracker.DeviceID) []string {
	t.Helper()
	var lines []string
	for _, id := range devices {
		state := geofence.NewState(geofence.DeviceID(id))
		err := r.Track(id, time.Unix(0, 0), noon.AddDate(50, 0, 0), func(p tracker.TrackPoint) bool {
			if p.Marks&(tracker.MarkClock|tracker.MarkUnevaluated) != 0 {
				return true
			}
			for _, e := range geofence.Step(r.World(), &state, p.Fix, nil) {
				if !ofSilence(string(e.Type)) {
					lines = append(lines, fmt.Sprintf("%s %s %s %s %v", id, e.Type, cmp.Or(e.Subject, string(id)), e.Time.Time().Sub(noon), e.Point))
				}
			}
			return true
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(lines)
	return lines
}

func (r *running) wantOrder(t *testing.T, when string, devices ...tracker.DeviceID) []string {
	t.Helper()
	got, want := r.inForce(t), r.inOrder(t, devices...)
	if !slices.Equal(got, want) {
		more, less := without(got, want), without(want, got)
		t.Fatalf("%s: in force are %d events, want %d\ntoo much: %q\nmissing: %q", when, len(got), len(want), more, less)
	}
	return got
}

func without(lines, others []string) (rest []string) {
	for _, line := range lines {
		if !slices.Contains(others, line) {
			rest = append(rest, line)
		}
	}
	return rest
}

// count is how many events of a type are in the log.
func (r *running) count(t *testing.T, typ geofence.EventType) (n int) {
	t.Helper()
	for _, line := range r.eventLines(t) {
		if strings.Contains(line, " "+string(typ)+" ") {
			n++
		}
	}
	return n
}

// TestLateStretch sends the middle of a drive last: the events of it come, what
// was told wrongly is corrected, and a kill at any moment changes nothing.
func TestLateStretch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(noon))
		r := start(t, newFile(t))
		r.device(t, "van")
		r.fence(t, circle("depot", 1), circle("yard", 2))
		// It is in the depot from 10 s to 30 s, then in the yard from 60 s; in
		// time came only that it was in the depot at 20 s and away at 50 s.
		r.accept(t, report("van", 0, 0), report("van", 20, 1), report("van", 50, 0), report("van", 70, 2))
		late := []tracker.Report{report("van", 10, 1), report("van", 40, 0), report("van", 30, 1), report("van", 60, 2)}
		for _, rep := range late {
			rep.Received = noon.Add(80 * time.Second)
			r.accept(t, rep)
		}
		waiting := r.crash(t)
		live := r.Subscribe()
		defer live.Close()
		live.Take()
		time.Sleep(3 * time.Second)
		if positions, seq, _ := live.Take(); seq != 6 || len(positions) != 0 {
			t.Errorf("a subscriber hears of events up to %d and %d positions, want 6 and none", seq, len(positions))
		}
		want := []string{
			"1 van geofence.enter depot 20s", "2 van geofence.exit depot 50s", "3 van geofence.enter yard 1m10s",
			"revised enter depot 10s", "revised exit depot 40s", "revised enter yard 1m0s",
		}
		for name, fleet := range map[string]*running{"running": r, "killed before": waiting, "killed after": r.crash(t)} {
			got := fleet.eventLines(t)
			if len(got) != len(want) || !slices.Equal(got[:3], want[:3]) || fleet.count(t, geofence.Revised) != 3 {
				t.Errorf("%s: events %q, want %q", name, got, want)
			}
			fleet.wantOrder(t, name, "van")
		}
		// On from here, and with another late fix.
		again := r.crash(t)
		again.accept(t, report("van", 100, 0), report("van", 90, 0))
		time.Sleep(3 * time.Second)
		again.wantOrder(t, "another", "van")
		if got := again.eventLines(t); len(got) != 8 || got[6] != "7 van geofence.exit yard 1m40s" {
			t.Errorf("events %q", got)
		}
	})
}

// TestReviews drives for hours. Now and then a device is out of reach and sends
// what it kept behind its newest report, in some order. At random moments the
// fleet is killed or stopped. What is in force in the end is what a run in
// order finds.
func TestReviews(t *testing.T) {
	for name, settings := range map[string]geofence.Settings{"raw": {Raw: true}, "default": {}} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(2) {
				synctest.Test(t, func(t *testing.T) { reviewsWithKills(t, settings, seed) })
			}
		})
	}
}

func reviewsWithKills(t *testing.T, settings geofence.Settings, seed uint64) {
	const minutes = 240
	rng := rand.New(rand.NewPCG(seed, 3))
	devices := []tracker.DeviceID{"a", "bb", "ccc"}
	time.Sleep(time.Until(noon))
	r := startWith(t, newFile(t), settings)
	depot, yard := circle("depot", 1), circle("yard", -1)
	depot.Fence.RadiusMeters, depot.Fence.Dwell = 700, 2*time.Minute
	yard.Fence.RadiusMeters = 500
	r.fence(t, depot, yard, circle("gate", 1.15))
	for _, id := range devices {
		r.device(t, id)
	}
	kept, away := make([][]tracker.Report, len(devices)), make([]int, len(devices))
	killed := 0
	for minute := range minutes {
		for i, id := range devices {
			rep := wander(id, minute)
			if away[i]--; away[i] > 0 {
				kept[i] = append(kept[i], rep)
				continue
			}
			r.accept(t, rep)
			r.sendKept(t, rng, kept[i])
			if kept[i] = nil; rng.IntN(8) == 0 {
				away[i] = 1 + rng.IntN(30)
			}
		}
		// Reviews begin two seconds behind the last late fix.
		pause := time.Duration(rng.IntN(3000)) * time.Millisecond
		if rng.IntN(2) == 0 {
			pause = 2*time.Second + time.Duration(rng.IntN(20))*100*time.Microsecond
		}
		time.Sleep(pause)
		switch rng.IntN(16) {
		case 0:
			before := r
			synctest.Wait()
			r = r.crash(t)
			before.stop()
			killed++
		case 1:
			r.stop()
			r = startWith(t, r.path, settings)
		case 2, 3:
			// An edit elsewhere, which changes nothing here.
			r.fence(t, circle(fmt.Sprint("far-", minute), 50))
		}
		time.Sleep(time.Minute - pause)
	}
	time.Sleep(20 * time.Second)
	events := r.wantOrder(t, fmt.Sprintf("seed %d", seed), devices...)
	corrections := r.count(t, geofence.Revised) + r.count(t, geofence.Retracted)
	t.Logf("seed %d: %d events in force, %d corrections, %d kills", seed, len(events), corrections, killed)
	if len(events) < 30 || corrections < 10 || killed == 0 {
		t.Errorf("seed %d: %d events, %d corrections, %d kills: the test shows little", seed, len(events), corrections, killed)
	}
	r.stop()
}

// sendKept sends reports that were kept, now, in one of three orders.
func (r *running) sendKept(t *testing.T, rng *rand.Rand, kept []tracker.Report) {
	t.Helper()
	switch rng.IntN(3) {
	case 0:
		slices.Reverse(kept)
	case 1:
		rng.Shuffle(len(kept), func(i, j int) { kept[i], kept[j] = kept[j], kept[i] })
	}
	for _, rep := range kept {
		rep.Received = time.Now()
		r.accept(t, rep)
		if rng.IntN(10) == 0 {
			time.Sleep(time.Duration(rng.IntN(2500)) * time.Millisecond)
		}
	}
}

// TestTooLate stores what is more than a day late without a review.
func TestTooLate(t *testing.T) {
	r := start(t, newFile(t))
	r.device(t, "van")
	r.fence(t, circle("depot", 1))
	r.accept(t, report("van", 100_000, 0))
	old, late := report("van", 10, 1), report("van", 50_000, 0)
	old.Received, late.Received = noon.Add(100_001*time.Second), noon.Add(100_001*time.Second)
	r.accept(t, old, late)
	want := []string{
		fmt.Sprintf("10s 1.000 %d", tracker.MarkLate|tracker.MarkUnevaluated),
		fmt.Sprintf("13h53m20s 0.000 %d", tracker.MarkLate),
		"27h46m40s 0.000 0",
	}
	for name, fleet := range map[string]*running{"running": r, "after a crash": r.crash(t)} {
		if got := fleet.track(t, "van"); !slices.Equal(got, want) {
			t.Errorf("%s: track %q, want %q", name, got, want)
		}
	}
}

// TestReviewGoesByTheWorldOfThen edits fences between a drive and the late
// fixes of it: what was drawn later sees nothing of what was before.
func TestReviewGoesByTheWorldOfThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(noon))
		r := start(t, newFile(t))
		r.device(t, "van")
		r.fence(t, circle("gone", 1), circle("depot", 3))
		send := func(seconds int, km float64) {
			rep := report("van", seconds, km)
			rep.Received = time.Now()
			r.accept(t, rep)
		}
		// To gone and back while that is a fence; the fix of 40 s comes late.
		for s := 10; s <= 80; s += 10 {
			time.Sleep(10 * time.Second)
			if s != 40 {
				send(s, math.Abs(float64(s)/10-4)/3)
			}
		}
		if err := r.DeleteFence(t.Context(), "gone"); err != nil {
			t.Fatal(err)
		}
		r.fence(t, circle("new", 0.66))
		for s := 90; s <= 150; s += 10 {
			time.Sleep(10 * time.Second)
			send(s, 0.66)
		}
		before := r.inForce(t)
		r.stop()
		r = start(t, r.path)
		send(40, 0)
		send(105, 0)
		time.Sleep(3 * time.Second)
		got := r.inForce(t)
		if len(before) != 4 || len(got) != 6 {
			t.Errorf("before %q, then %q", before, got)
		}
		for _, line := range before {
			if !slices.Contains(got, line) {
				t.Errorf("%q holds no more: %q", line, got)
			}
		}
		for _, line := range got {
			if strings.Contains(line, " new 20s ") || strings.Contains(line, " new 30s ") || strings.Contains(line, " new 1m0s ") {
				t.Errorf("an event of the fence before it was drawn: %q", line)
			}
		}
		if r.count(t, geofence.Revised)+r.count(t, geofence.Retracted) != 0 {
			t.Errorf("corrections: %q", r.eventLines(t))
		}
	})
}
