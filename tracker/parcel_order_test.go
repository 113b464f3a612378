package tracker_test

import (
	"cmp"
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

// sent makes a van with some parcels that dispatch put into it.
func sent(t *testing.T, f *running, parcels int) (devices []tracker.DeviceID) {
	t.Helper()
	f.device(t, "box")
	if _, err := f.Vehicles().Create(t.Context(), tracker.Vehicle{ID: "van", Devices: []tracker.DeviceID{"box"}}); err != nil {
		t.Fatal(err)
	}
	devices = append(devices, "box")
	for i := range parcels {
		id := tracker.DeviceID(fmt.Sprintf("tag-%d", i))
		f.device(t, id)
		if _, err := f.Parcels().Create(t.Context(), tracker.Parcel{ID: string(id), Devices: []tracker.DeviceID{id}, SentWith: "van"}); err != nil {
			t.Fatal(err)
		}
		devices = append(devices, id)
	}
	return devices
}

// outing is a drive of a van with parcels, of which some are taken off and some
// fetched again: reports in order of time.
func outing(rng *rand.Rand, devices []tracker.DeviceID, seconds int) (reports []tracker.Report) {
	van := func(at int) float64 { return float64(at/300)*2000 + 10*float64(min(at%300, 200)) }
	for i, id := range devices {
		gone, back := 60+rng.IntN(seconds), 0
		if rng.IntN(2) == 0 {
			back = gone + 300 + rng.IntN(900)
		}
		every := []int{5, 10, 20, 30}[rng.IntN(4)]
		for at := rng.IntN(every); at < seconds; at += every {
			x := van(at)
			if i > 0 && at > gone && (back == 0 || at < back) {
				x = van(gone)
			}
			when := noon.Add(time.Duration(at) * time.Second)
			reports = append(reports, tracker.Report{
				Device: id, Received: when, Key: tracker.ReportKey(at + 1),
				Fixes: []geofence.Fix{{
					Time: geofence.MillisOf(when), AccuracyMeters: 5, Known: geofence.KnownAccuracy,
					Point: alongRoad(x + 3*rng.NormFloat64()),
				}},
			})
		}
	}
	slices.SortStableFunc(reports, func(a, b tracker.Report) int { return cmp.Compare(a.Fixes[0].Time, b.Fixes[0].Time) })
	return reports
}

// together accepts reports all at once.
func (r *running) together(t *testing.T, reports []tracker.Report) {
	t.Helper()
	done := make(chan error, len(reports))
	for _, rep := range reports {
		if err := r.Enqueue(t.Context(), rep, func(err error) { done <- err }); err != nil {
			t.Fatal(err)
		}
	}
	for range reports {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
}

// The same fixes, one by one or in batches, the devices in any order within two
// minutes, give the same events, whenever the server is killed.
func TestParcelsInAnyBatch(t *testing.T) {
	told := 0
	for seed := range uint64(8) {
		rng := rand.New(rand.NewPCG(seed, 6))
		alone := startWith(t, newFile(t), geofence.Settings{})
		devices := sent(t, alone, 5)
		reports := outing(rng, devices, 3600)
		alone.accept(t, slices.Clone(reports)...)
		want := alone.told(t)
		slices.Sort(want)

		f := startWith(t, newFile(t), geofence.Settings{})
		sent(t, f, 5)
		for len(reports) > 0 {
			until := reports[0].Fixes[0].Time + geofence.Millis(1+rng.IntN(110))*1000
			n, _ := slices.BinarySearchFunc(reports, until, func(r tracker.Report, at geofence.Millis) int { return cmp.Compare(r.Fixes[0].Time, at) })
			chunk := slices.Clone(reports[:n])
			reports = reports[n:]
			first := rng.IntN(len(devices)) // whose reports come first
			slices.SortStableFunc(chunk, func(a, b tracker.Report) int {
				place := func(r tracker.Report) int {
					return (slices.Index(devices, r.Device) + first) % len(devices)
				}
				return cmp.Compare(place(a), place(b))
			})
			for len(chunk) > 0 {
				n := 1 + rng.IntN(len(chunk))
				f.together(t, chunk[:n])
				chunk = chunk[n:]
			}
			if rng.IntN(20) == 0 {
				f = f.crash(t)
			}
		}
		got := f.told(t)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d: told in batches\n%s\none by one\n%s", seed, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		told += len(got)
		f.checkLog(t)
	}
	if told < 20 {
		t.Errorf("only %d events: the test shows little", told)
	}
}

// inOrderAboard are the events that the engine finds of parcels in a van where
// the fixes of both are taken in order of time.
func (r *running) inOrderAboard(t *testing.T, van tracker.DeviceID, parcels ...tracker.DeviceID) (lines []string) {
	t.Helper()
	type input struct {
		fix geofence.Fix
		van bool
	}
	read := func(id tracker.DeviceID, van bool) (inputs []input) {
		err := r.Track(id, time.Unix(0, 0), noon.AddDate(1, 0, 0), func(p tracker.TrackPoint) bool {
			inputs = append(inputs, input{p.Fix, van})
			return true
		})
		if err != nil {
			t.Fatal(err)
		}
		return inputs
	}
	for _, id := range parcels {
		inputs := append(read(van, true), read(id, false)...)
		slices.SortStableFunc(inputs, func(a, b input) int { return cmp.Compare(a.fix.Time, b.fix.Time) })
		state, met := geofence.NewState(geofence.DeviceID(id)), false
		for _, in := range inputs {
			var events []geofence.Event
			switch {
			case !in.van:
				events, met = geofence.Step(r.World(), &state, in.fix, nil), true
			case met:
				events = geofence.Accompany(r.World(), &state, in.fix, nil)
			}
			for _, e := range events {
				if !ofSilence(string(e.Type)) {
					lines = append(lines, fmt.Sprintf("%s %s %s %s %v", id, e.Type, cmp.Or(e.Subject, string(id)), e.Time.Time().Sub(noon), e.Point))
				}
			}
		}
	}
	slices.Sort(lines)
	return lines
}

// Whichever of the two was out of reach and sends late what it kept, behind its
// newest or before it: what is in force in the end is what both say in order.
func TestParcelsOutOfReach(t *testing.T) {
	for seed := range uint64(2) {
		synctest.Test(t, func(t *testing.T) { parcelsOutOfReach(t, seed) })
	}
}

func parcelsOutOfReach(t *testing.T, seed uint64) {
	time.Sleep(time.Until(noon))
	rng := rand.New(rand.NewPCG(seed, 7))
	f := startWith(t, newFile(t), geofence.Settings{})
	devices := sent(t, f, 4)
	kept, until := make(map[tracker.DeviceID][]tracker.Report), make(map[tracker.DeviceID]time.Time)
	send := func(rep tracker.Report) {
		rep.Received = time.Now()
		f.accept(t, rep)
	}
	kills := 0
	for _, rep := range outing(rng, devices, 2*3600) {
		time.Sleep(time.Until(rep.Fixes[0].Time.Time()))
		id := rep.Device
		if time.Now().Before(until[id]) {
			kept[id] = append(kept[id], rep)
			continue
		}
		first := rng.IntN(2) == 0 && len(kept[id]) > 0
		if first {
			send(rep)
		}
		if rng.IntN(2) == 0 {
			slices.Reverse(kept[id])
		}
		for _, old := range kept[id] {
			send(old)
		}
		if kept[id] = nil; !first {
			send(rep)
		}
		if rng.IntN(12) == 0 {
			until[id] = time.Now().Add(time.Duration(rng.IntN(900)) * time.Second)
		}
		if rng.IntN(200) == 0 {
			synctest.Wait()
			before := f
			f = f.crash(t)
			before.stop()
			kills++
		}
	}
	time.Sleep(time.Minute)
	var got []string
	for _, line := range f.inForce(t) {
		if strings.HasPrefix(line, "tag") {
			got = append(got, line)
		}
	}
	want := f.inOrderAboard(t, "box", devices[1:]...)
	if !slices.Equal(got, want) {
		t.Errorf("seed %d: too much %q, missing %q", seed, without(got, want), without(want, got))
	}
	corrections := f.count(t, geofence.Revised) + f.count(t, geofence.Retracted)
	t.Logf("seed %d: %d events in force, %d corrections, %d kills", seed, len(got), corrections, kills)
	apart := f.count(t, geofence.Separated)
	if len(got) < 50 || apart == 0 || kills == 0 {
		t.Errorf("seed %d: %d events, %d separations, %d kills: the test shows little", seed, len(got), apart, kills)
	}
	f.stop()
}
