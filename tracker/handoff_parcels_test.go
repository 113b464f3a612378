package tracker_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wayguard/geofence"
	"wayguard/tracker"
	"wayguard/tracker/boltstore"
)

// cargo is a drive of a van whose parcels have trackers, until some time after
// the last was handed over.
type cargo struct {
	fixes    map[tracker.DeviceID][]geofence.Fix
	handoffs []errand
}

// newCargo makes one from the present on; the third parcel may be left with the
// second.
func newCargo(rng *rand.Rand) (c cargo) {
	c.fixes = make(map[tracker.DeviceID][]geofence.Fix)
	at, x, lies := time.Now(), 0.0, []float64{-1, -1, -1}
	report := func() {
		at = at.Add(5 * time.Second)
		for i, id := range []tracker.DeviceID{"box", "tag-0", "tag-1", "tag-2"} {
			where := x
			if i > 0 && lies[i-1] >= 0 {
				where = lies[i-1]
			}
			c.fixes[id] = append(c.fixes[id], geofence.Fix{
				Time: geofence.MillisOf(at), Point: alongRoad(where + rng.NormFloat64()), AccuracyMeters: 4, Known: geofence.KnownAccuracy,
			})
		}
	}
	astray := rng.IntN(2)
	for ; x <= 3000; x += 50 {
		report()
		stop := int(x)/1000 - 1
		if int(x)%1000 != 0 || stop < 0 {
			continue
		}
		for i := range 12 + rng.IntN(12) {
			if report(); i != 10 {
				continue
			}
			for j := range lies {
				if j == stop && lies[j] < 0 || j == 2 && stop == 1 && astray == 1 {
					lies[j] = x
					c.handoffs = append(c.handoffs, errand{stop: j, at: at.Add(2 * time.Second)})
				}
			}
		}
	}
	for ; x < 5000; x += 50 {
		report()
	}
	for range 60 {
		report()
	}
	return c
}

// sendings are what comes where some devices are out of reach.
func (c *cargo) sendings(rng *rand.Rand, away []tracker.DeviceID, from, to time.Time, order string) (all []cargoSending) {
	for _, id := range slices.Sorted(func(yield func(tracker.DeviceID) bool) {
		for id := range c.fixes {
			if !yield(id) {
				return
			}
		}
	}) {
		e := errands{fixes: c.fixes[id]}
		begin := from
		if !slices.Contains(away, id) {
			begin = to
		}
		for _, s := range e.sendings(rng, begin, to, order) {
			all = append(all, cargoSending{s, id})
		}
	}
	for i := range c.handoffs {
		h := &c.handoffs[i]
		all = append(all, cargoSending{sending: sending{at: h.told, handoff: h}})
	}
	slices.SortStableFunc(all, func(a, b cargoSending) int { return a.at.Compare(b.at) })
	return all
}

type cargoSending struct {
	sending
	device tracker.DeviceID
}

// run sends all and returns which stops are told to have had a wrong drop, and
// which vehicles to have lost a parcel.
func (c *cargo) run(t *testing.T, all []cargoSending) (verdicts, alarms []string) {
	t.Helper()
	f := startWith(t, newFile(t), geofence.Settings{})
	_, stops := tagged(t, f)
	for i, s := range all {
		time.Sleep(time.Until(s.at))
		if h := s.handoff; h != nil {
			if _, err := f.HandOff(t.Context(), stops[h.stop].ID, tracker.AnyVersion, tracker.Handoff{Time: h.at, Scanned: []string{fmt.Sprint("tag-", h.stop)}}); err != nil {
				t.Fatal(err)
			}
			continue
		}
		f.accept(t, tracker.Report{Device: s.device, Received: time.Now(), Key: tracker.ReportKey(i + 1), Fixes: slices.Clone(s.fixes)})
	}
	time.Sleep(time.Minute)
	for i, s := range stops {
		d, _ := f.Delivery(s.ID)
		verdicts = append(verdicts, string(d.Handoff.Position))
		for _, line := range f.inForce(t) {
			if fields := strings.Fields(line); fields[1] == "drop.wrong_address" && fields[2] == string(s.ID) {
				alarms = append(alarms, fmt.Sprint("wrong ", i))
			}
		}
	}
	for _, line := range f.inForce(t) {
		if fields := strings.Fields(line); strings.HasPrefix(fields[1], "parcel.") {
			alarms = append(alarms, strings.Join(fields[:2], " "))
		}
	}
	f.stop()
	return verdicts, slices.Compact(alarms)
}

// Whichever of the van and its parcels is out of reach while they are handed over,
// the parcel that went astray is told of, and no other.
func TestHandOffsOfParcelsInABacklog(t *testing.T) {
	seeds, astray := uint64(2), 0
	if long() {
		seeds = 20
	}
	everyone := []tracker.DeviceID{"box", "tag-0", "tag-1", "tag-2"}
	for seed := range seeds {
		var want, wantAlarms []string
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(time.Until(noon))
			c := newCargo(rand.New(rand.NewPCG(seed, 8)))
			tell(c.handoffs, nil, time.Time{}, "at once")
			want, wantAlarms = c.run(t, c.sendings(rand.New(rand.NewPCG(seed, 9)), nil, time.Time{}, time.Time{}, ""))
		})
		astray += len(wantAlarms)
		for i, away := range [][]tracker.DeviceID{everyone, everyone[:1], everyone[1:]} {
			for j, when := range []string{"before", "while", "after"} {
				order := []string{"oldest first", "newest first", "shuffled"}[(i+j)%3]
				name := fmt.Sprintf("seed %d, %s away, told %s, backlog %s", seed, away, when, order)
				synctest.Test(t, func(t *testing.T) {
					time.Sleep(time.Until(noon))
					c := newCargo(rand.New(rand.NewPCG(seed, 8)))
					rng := rand.New(rand.NewPCG(seed, uint64(10*i+j)))
					from := noon.Add(time.Duration(30+rng.IntN(60)) * time.Second)
					to := c.handoffs[2].at.Add(time.Duration(rng.IntN(200)) * time.Second)
					tell(c.handoffs, rng, to, when)
					got, alarms := c.run(t, c.sendings(rng, away, from, to, order))
					if !slices.Equal(got, want) || !slices.Equal(alarms, wantAlarms) {
						t.Errorf("%s: %v and %v, want %v and %v", name, got, alarms, want, wantAlarms)
					}
				})
			}
		}
	}
	if astray == 0 {
		t.Error("no parcel went astray: the test shows little")
	}
}

// The verdicts on a backlog come when the round is over already.
func TestRoundEndsBeforeItsBacklogIsJudged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(noon))
		e := newErrands(rand.New(rand.NewPCG(3, 8)))
		f := startWith(t, newFile(t), geofence.Settings{})
		r, stops := plan(t, f)
		if _, err := f.StartRound(t.Context(), r.ID, tracker.AnyVersion); err != nil {
			t.Fatal(err)
		}
		f.accept(t, tracker.Report{Device: "box", Received: time.Now(), Key: 1, Fixes: slices.Clone(e.fixes[:1])})
		for _, h := range e.handoffs[:2] {
			time.Sleep(time.Until(h.at))
			if _, err := f.HandOff(t.Context(), stops[h.stop].ID, tracker.AnyVersion, tracker.Handoff{}); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Until(e.fixes[len(e.fixes)-1].Time.Time()))
		f.accept(t, tracker.Report{Device: "box", Received: time.Now(), Key: 2, Fixes: slices.Clone(e.fixes[1:])})
		if _, err := f.EndRound(t.Context(), r.ID, tracker.AnyVersion); err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Second)
		for _, s := range stops[:2] {
			if d, _ := f.Delivery(s.ID); d.Handoff.Position != tracker.PositionConfirmed {
				t.Errorf("%+v", d.Handoff)
			}
		}
		f.stop()
	})
}

// unreadable is a store whose snapshots cannot be read.
type unreadable struct{ tracker.Store }

func (unreadable) Snapshot(tracker.DeviceID, geofence.Millis) (*tracker.Snapshot, error) {
	return nil, errors.New("unreadable")
}

// A hand-off whose review cannot be made is judged by what is known, rather than
// never.
func TestHandOffThatCannotBeReviewed(t *testing.T) {
	path := newFile(t)
	store, err := boltstore.Open(path, boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	f := startAs(t, path, geofence.Settings{}, unreadable{store}, store.Close)
	r, stops := plan(t, f)
	if _, err := f.StartRound(t.Context(), r.ID, tracker.AnyVersion); err != nil {
		t.Fatal(err)
	}
	d := &driven{t: t, device: "box", at: recently()}
	d.drive(f, 1000)
	d.stand(f, 2*time.Minute)
	then := d.at.Add(-30 * time.Second)
	d.drive(f, 2000)
	d.stand(f, 2*time.Minute)
	if _, err := f.HandOff(t.Context(), stops[0].ID, tracker.AnyVersion, tracker.Handoff{Time: then}); err != nil {
		t.Fatal(err)
	}
	f.wantPosition(t, stops[0].ID, tracker.PositionUnverifiable)
	f.wantAlert(t, "drop.unverifiable", tracker.AlertOpen)
}
