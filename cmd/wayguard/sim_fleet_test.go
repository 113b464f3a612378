package main

import (
	"fmt"
	"math"
	"testing"
	"time"

	"wayguard/geofence"
)

const simTestVans = 8

func TestSimFleetIsItsSeed(t *testing.T) {
	town := newTown(1)
	whole := fmt.Sprint(newSimFleet(town, simTestVans, 1).advance(5 * time.Minute))
	var parts []simFix
	fleet := newSimFleet(town, simTestVans, 1)
	for range 5 * 60 * 4 {
		parts = append(parts, fleet.advance(250*time.Millisecond)...)
	}
	if fmt.Sprint(parts) != whole {
		t.Error("the same seed gave other fixes when time passed in smaller steps")
	}
	if fmt.Sprint(newSimFleet(town, simTestVans, 2).advance(5*time.Minute)) == whole {
		t.Error("two seeds gave the same fixes")
	}
}

// simTracks runs the fleet and returns the fixes by van.
func simTracks(t *testing.T, seed uint64, d time.Duration) (*simFleet, [][]simFix) {
	t.Helper()
	fleet := newSimFleet(newTown(1), simTestVans, seed)
	tracks := make([][]simFix, simTestVans)
	for _, x := range fleet.advance(d) {
		tracks[x.Van] = append(tracks[x.Van], x)
	}
	return fleet, tracks
}

// TestSimVansDriveLikeVans: no jumps, no racing, no more force than brakes and
// engine have, and fixes every second or two.
func TestSimVansDriveLikeVans(t *testing.T) {
	const seed = 1
	_, tracks := simTracks(t, seed, 2*time.Hour)
	for van, track := range tracks {
		if len(track) < 2*3600/2 {
			t.Fatalf("van %d: only %d fixes", van, len(track))
		}
		moving := 0
		for i := 1; i < len(track); i++ {
			a, b := track[i-1], track[i]
			dt := (b.At - a.At).Seconds()
			if dt < 1 || dt > 2 {
				t.Fatalf("van %d: %v s between fixes at %v", van, dt, b.At)
			}
			const fastest = 50 / 3.6 * 1.05
			if d := a.truth.at.to(b.truth.at); d > fastest*dt+0.01 {
				t.Fatalf("van %d: %.1f m in %v s at %v", van, d, dt, b.At)
			}
			if b.truth.speed > fastest || b.truth.speed < 0 {
				t.Fatalf("van %d: %.1f m/s at %v", van, b.truth.speed, b.At)
			}
			if change := b.truth.speed - a.truth.speed; change > 1.01*simSpeedingUp*dt || change < -1.01*simBraking*dt {
				t.Fatalf("van %d: from %.1f to %.1f m/s in %v s at %v", van, a.truth.speed, b.truth.speed, dt, b.At)
			}
			if b.truth.speed > 0.1 {
				moving++
			}
			if b.Battery < 80 || b.Battery > 100 {
				t.Fatalf("van %d: battery at %d %%", van, b.Battery)
			}
		}
		if share := float64(moving) / float64(len(track)); share < 0.4 || share > 0.9 {
			t.Errorf("van %d: %.0f %% of fixes on the move", van, 100*share)
		}
	}
}

// TestSimVansServeTheirStops: each van comes to the stops of its round in their
// order, and stands 20 s or more at each.
func TestSimVansServeTheirStops(t *testing.T) {
	const seed = 2
	fleet, tracks := simTracks(t, seed, 90*time.Minute)
	for van, track := range tracks {
		stops := fleet.vans[van].stops
		last, visits := -1, 0
		for i := 0; i < len(track); i++ {
			n := i
			for n+1 < len(track) && track[n+1].truth.at == track[i].truth.at {
				n++
			}
			stood := track[n].At - track[i].At
			if stood < 18*time.Second || i == 0 {
				i = n
				continue
			}
			at := simStopAt(fleet.town, stops, track[i].truth.at)
			if at < 0 || last >= 0 && at != (last+1)%len(stops) {
				t.Fatalf("van %d: stood %v at stop %d after stop %d, at %v", van, stood, at, last, track[i].At)
			}
			last, i = at, n
			visits++
		}
		if visits < len(stops) {
			t.Errorf("van %d: %d visits in 90 minutes, its round has %d", van, visits, len(stops))
		}
	}
}

// simStopAt is the number of the stop at p, -1 for none.
func simStopAt(town *town, stops []townStop, p townVec) int {
	for i, s := range stops {
		if town.position(s).to(p) < 1 {
			return i
		}
	}
	return -1
}

// TestSimAccuracyIsHonest: 68 % of all fixes of a day on the road are within
// what they report. Errors last, so that a day of eight vans is worth some 6,000
// independent fixes, and 2 % is more than three standard deviations.
func TestSimAccuracyIsHonest(t *testing.T) {
	const seed = 3
	_, tracks := simTracks(t, seed, 12*time.Hour)
	var within, all, narrow float64
	for _, track := range tracks {
		for _, x := range track {
			all++
			if townOf(x.Fix.Point).to(x.truth.at) <= float64(x.Fix.AccuracyMeters) {
				within++
			}
			if x.Fix.AccuracyMeters > 6 {
				narrow++
			}
		}
	}
	if share := within / all; math.Abs(share-0.68) > 0.02 {
		t.Errorf("seed %d: %.1f %% of %.0f fixes within their accuracy, want 68 %%", seed, 100*share, all)
	}
	if share := narrow / all; share < 0.02 || share > 0.4 {
		t.Errorf("seed %d: %.1f %% of fixes from narrow streets", seed, 100*share)
	}
}

// TestSimEvents: the engine has something to say every few seconds, and says
// that each stay at a fenced customer began.
func TestSimEvents(t *testing.T) {
	const seed, minutes = 4, 30
	fleet, tracks := simTracks(t, seed, minutes*time.Minute)
	var shapes []geofence.Fence
	for _, f := range fleet.town.fences() {
		shapes = append(shapes, f.Fence)
	}
	world, err := geofence.NewWorld(1, geofence.Settings{}, shapes)
	if err != nil {
		t.Fatal(err)
	}
	begun := time.Date(2026, 1, 1, 8, 0, 0, 0, time.UTC)
	count := map[geofence.EventType]int{}
	for _, track := range tracks {
		var state geofence.State
		for _, x := range track {
			for _, e := range geofence.Step(world, &state, x.report(begun).Fix, nil) {
				count[e.Type]++
			}
		}
	}
	if per := float64(count[geofence.Enter]+count[geofence.Exit]) / minutes; per < 6 || per > 30 {
		t.Errorf("seed %d: %.1f events a minute: %v", seed, per, count)
	}
	if d := count[geofence.Enter] - count[geofence.Exit]; d < -2*simTestVans || d > 2*simTestVans {
		t.Errorf("seed %d: enters and exits do not match: %v", seed, count)
	}
	t.Logf("%v in %d minutes", count, minutes)
}
