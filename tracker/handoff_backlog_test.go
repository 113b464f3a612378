package tracker_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wayguard/geofence"
	"wayguard/tracker"
)

// errands is a drive past three stops, with hand-offs at some of them.
type errands struct {
	fixes    []geofence.Fix
	handoffs []errand
}

// errand is a hand-off and when the server hears of it.
type errand struct {
	stop     int
	at, told time.Time
}

// newErrands makes a drive from the present on: the third parcel is handed over at
// its door, at the second stop or on the way.
func newErrands(rng *rand.Rand) (e errands) {
	at, x := time.Now(), 0.0
	report := func() {
		at = at.Add(5 * time.Second)
		e.fixes = append(e.fixes, geofence.Fix{
			Time: geofence.MillisOf(at), Point: alongRoad(x + rng.NormFloat64()), AccuracyMeters: 4, Known: geofence.KnownAccuracy,
		})
	}
	drive := func(to float64) {
		for x < to {
			x += 50
			report()
		}
	}
	stand := func(seconds int) {
		for range seconds / 5 {
			report()
		}
	}
	hand := func(stop int) {
		e.handoffs = append(e.handoffs, errand{stop: stop, at: at.Add(2 * time.Second)})
	}
	third := rng.IntN(3)
	stand(60)
	drive(1000)
	stand(60 + rng.IntN(60))
	hand(0)
	stand(10 + rng.IntN(60))
	drive(1500)
	stand(45) // at a traffic light
	drive(2000)
	stand(60 + rng.IntN(60))
	hand(1)
	if third == 1 {
		stand(10)
		hand(2)
	}
	stand(10 + rng.IntN(60))
	drive(2500)
	if third == 2 {
		drive(2700)
		hand(2)
	}
	drive(3000)
	stand(60 + rng.IntN(60))
	if third == 0 {
		hand(2)
	}
	stand(30)
	drive(5000)
	stand(120)
	return e
}

// sending is what reaches the server at a time.
type sending struct {
	at      time.Time
	fixes   []geofence.Fix
	handoff *errand
}

// sendings are the drive as it comes where the van is out of reach from a time
// to another, and then sends its backlog in some order.
func (e *errands) sendings(rng *rand.Rand, from, to time.Time, order string) (all []sending) {
	away := func(fix geofence.Fix) bool { at := fix.Time.Time(); return !at.Before(from) && at.Before(to) }
	var kept []geofence.Fix
	for _, fix := range e.fixes {
		if away(fix) {
			kept = append(kept, fix)
		}
	}
	last := to
	for _, part := range backlogParts(rng, kept, order) {
		last = last.Add(time.Duration(rng.IntN(1500)) * time.Millisecond)
		all = append(all, sending{at: last, fixes: part})
	}
	for _, fix := range e.fixes {
		at := fix.Time.Time()
		if order == "oldest first" && !at.Before(to) && at.Before(last) {
			at = last // what is newer has to wait
		}
		if !away(fix) {
			all = append(all, sending{at: at, fixes: []geofence.Fix{fix}})
		}
	}
	for i := range e.handoffs {
		all = append(all, sending{at: e.handoffs[i].told, handoff: &e.handoffs[i]})
	}
	slices.SortStableFunc(all, func(a, b sending) int { return a.at.Compare(b.at) })
	return all
}

func backlogParts(rng *rand.Rand, kept []geofence.Fix, order string) (parts [][]geofence.Fix) {
	lot := 1 + rng.IntN(80)
	parts = slices.Collect(slices.Chunk(kept, lot))
	switch order {
	case "newest first":
		slices.Reverse(parts)
	case "shuffled":
		rng.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	}
	return parts
}

// tell has the server hear of the hand-offs as they happen, or some time before,
// while or after the backlog comes.
func tell(handoffs []errand, rng *rand.Rand, to time.Time, when string) {
	for i := range handoffs {
		h := &handoffs[i]
		h.told = h.at.Add(time.Second)
		switch late := to.Add(time.Duration(i) * time.Second); {
		case when == "while" && late.After(h.told):
			h.told = late.Add(time.Duration(rng.IntN(8000)) * time.Millisecond)
		case when == "after" && late.After(h.told):
			h.told = late.Add(time.Duration(60+rng.IntN(120)) * time.Second)
		}
	}
}

// run sends all and returns what is said of the places in the end; with kills
// between.
func (e *errands) run(t *testing.T, rng *rand.Rand, kills bool, from, to time.Time, order string) (verdicts, said []string) {
	t.Helper()
	f := startWith(t, newFile(t), geofence.Settings{})
	r, stops := plan(t, f)
	if _, err := f.StartRound(t.Context(), r.ID, tracker.AnyVersion); err != nil {
		t.Fatal(err)
	}
	for i, s := range e.sendings(rng, from, to, order) {
		time.Sleep(time.Until(s.at))
		if h := s.handoff; h != nil {
			if _, err := f.HandOff(t.Context(), stops[h.stop].ID, tracker.AnyVersion, tracker.Handoff{Time: h.at}); err != nil {
				t.Fatal(err)
			}
		} else {
			f.accept(t, tracker.Report{Device: "box", Received: time.Now(), Key: tracker.ReportKey(i + 1), Fixes: slices.Clone(s.fixes)})
		}
		if kills && (s.handoff != nil || !s.at.Before(to)) && rng.IntN(4) == 0 {
			synctest.Wait()
			before := f
			f = f.crash(t)
			before.stop()
		}
	}
	time.Sleep(time.Minute)
	for _, s := range stops {
		d, _ := f.Delivery(s.ID)
		verdicts = append(verdicts, string(d.Handoff.Position))
	}
	for _, line := range f.inForce(t) {
		for i, s := range stops {
			line = strings.ReplaceAll(line, string(s.ID), fmt.Sprint("stop-", i))
		}
		if fields := strings.Fields(line); strings.HasPrefix(fields[1], "drop.") {
			said = append(said, strings.Join(fields[1:3], " "))
		}
	}
	open := 0
	for _, a := range f.Alerts([]tracker.AlertState{tracker.AlertOpen}, 0, 100) {
		if strings.HasPrefix(a.Type, "drop.") {
			open++
		}
	}
	if told := len(said) - strings.Count(fmt.Sprint(said), "confirmed"); open != told {
		t.Errorf("%d alerts of drops are open, want %d", open, told)
	}
	slices.Sort(said)
	f.stop()
	return verdicts, said
}

// A van is out of reach while its driver hands over, and sends its backlog: in
// whatever order, and whenever the server hears of the hand-offs, they are judged
// as in a drive that is heard of as it goes.
func TestHandOffsInABacklog(t *testing.T) {
	seeds, tally := uint64(2), map[string]int{}
	if long() {
		seeds = 20
	}
	for seed := range seeds {
		var want, wantSaid []string
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(time.Until(noon))
			e := newErrands(rand.New(rand.NewPCG(seed, 8)))
			tell(e.handoffs, nil, time.Time{}, "at once")
			want, wantSaid = e.run(t, rand.New(rand.NewPCG(seed, 9)), false, time.Time{}, time.Time{}, "")
		})
		for _, verdict := range want {
			tally[verdict]++
		}
		for i, when := range []string{"before", "while", "after"} {
			for j, order := range []string{"oldest first", "newest first", "shuffled"} {
				name := fmt.Sprintf("seed %d, told %s, backlog %s", seed, when, order)
				synctest.Test(t, func(t *testing.T) {
					time.Sleep(time.Until(noon))
					e := newErrands(rand.New(rand.NewPCG(seed, 8)))
					rng := rand.New(rand.NewPCG(seed, uint64(10*i+j)))
					from := noon.Add(time.Duration(30+rng.IntN(120)) * time.Second)
					to := e.handoffs[2].at.Add(time.Duration(rng.IntN(200)) * time.Second)
					tell(e.handoffs, rng, to, when)
					got, said := e.run(t, rng, rng.IntN(2) == 0, from, to, order)
					if !slices.Equal(got, want) || !slices.Equal(said, wantSaid) {
						t.Errorf("%s: %v and %v, want %v and %v", name, got, said, want, wantSaid)
					}
				})
			}
		}
	}
	if t.Logf("%v", tally); tally["confirmed"] == 0 || tally["wrong_address"] == 0 && seeds > 2 || tally["pending"] > 0 {
		t.Errorf("%v: the test shows little", tally)
	}
}
