package geofence

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/paulmach/orb"
)

// routeOf is the line of a track: every fix that is 20 m from the last one kept.
func routeOf(fixes []Fix) orb.LineString {
	line := orb.LineString{fixes[0].Point}
	for _, f := range fixes {
		if haversine(newSpot(line[len(line)-1]), newSpot(f.Point)) >= 20 {
			line = append(line, f.Point)
		}
	}
	return line
}

// stopsAlong are stops every so many metres of a line.
func stopsAlong(t testing.TB, line orb.LineString, apart float64, service time.Duration) []Stop {
	t.Helper()
	p, err := newPath(line)
	if err != nil {
		t.Fatal(err)
	}
	var stops []Stop
	for at := apart; at < p.length()-100; at += apart {
		s, _ := p.spotAt(at, 0)
		stops = append(stops, Stop{ID: StopID(fmt.Sprintf("km %04.1f", at/1000)), Place: Place{Point: s.point()}, Service: service})
	}
	return stops
}

// arrivalsOf are when the track is within reach of each stop first, in their
// order.
func arrivalsOf(fixes []Fix, stops []Stop, reach float64) []Millis {
	arrivals := make([]Millis, len(stops))
	from := 0
	for i, stop := range stops {
		near := slices.IndexFunc(fixes[from:], func(f Fix) bool { return haversine(newSpot(f.Point), newSpot(stop.Point)) <= reach })
		if near >= 0 {
			from += near
			arrivals[i] = fixes[from].Time
		}
	}
	return arrivals
}

// inOrder sorts stops by when the track is nearest to them.
func inOrder(fixes []Fix, stops []Stop) {
	nearest := func(s Stop) int {
		best, at := math.Inf(1), 0
		for i, f := range fixes {
			if d := haversine(newSpot(f.Point), newSpot(s.Point)); d < best {
				best, at = d, i
			}
		}
		return at
	}
	slices.SortFunc(stops, func(a, b Stop) int { return nearest(a) - nearest(b) })
}

// limerickDrive is the bus on its line, with its stops.
func limerickDrive(t testing.TB) drive {
	tracks, fences := limerick(t, 25)
	d := drive{fixes: tracks[0].fixes}
	var stops []Stop
	for _, f := range fences {
		stops = append(stops, Stop{ID: StopID(f.ID), Place: Place{Point: f.Center}, Service: 15 * time.Second})
	}
	inOrder(d.fixes, stops)
	d.round = Round{ID: "304", Stops: stops, Routes: []Route{{ID: "304", Line: routeOf(d.fixes)}}}
	d.arrivals = arrivalsOf(d.fixes, stops, 30)
	return d
}

// munichDrives are a car's tracks, with places on the way that it drives past.
func munichDrives(t testing.TB) []drive {
	files, err := filepath.Glob(dataFile(t, "barefoot_munich/*.json"))
	if err != nil || len(files) == 0 {
		t.Skip("no tracks")
	}
	var drives []drive
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var rows []struct{ Point, Time string }
		if err := json.Unmarshal(b, &rows); err != nil {
			t.Fatal(err)
		}
		var d drive
		for _, row := range rows {
			at, err := time.Parse("2006-01-02 15:04:05-0700", row.Time)
			if err != nil {
				t.Fatal(err)
			}
			var p orb.Point
			if _, err := fmt.Sscanf(row.Point, "POINT(%f %f)", &p[0], &p[1]); err != nil {
				t.Fatal(err)
			}
			d.fixes = append(d.fixes, Fix{Time: MillisOf(at), Point: p})
		}
		line := routeOf(d.fixes)
		d.round = Round{ID: "drive", Stops: stopsAlong(t, line, 1000, time.Second), Routes: []Route{{ID: "drive", Line: line}}}
		d.arrivals = arrivalsOf(d.fixes, d.round.Stops, 40)
		drives = append(drives, d)
	}
	return drives
}

// liverpoolDrives are trips of one bus line on the line of the longest, with
// places every kilometre.
func liverpoolDrives(t testing.TB) []drive {
	tracks, _ := liverpool(t)
	slices.SortFunc(tracks, func(a, b track) int { return int(a.fixes[0].Time - b.fixes[0].Time) })
	longest := slices.MaxFunc(tracks, func(a, b track) int { return len(a.fixes) - len(b.fixes) })
	line := routeOf(longest.fixes)
	stops := stopsAlong(t, line, 1000, time.Second)
	var drives []drive
	for _, tr := range tracks {
		d := drive{fixes: tr.fixes, round: Round{ID: RoundID(tr.vehicle), Stops: stops, Routes: []Route{{ID: "14", Line: line}}}}
		d.arrivals = arrivalsOf(d.fixes, stops, 100)
		drives = append(drives, d)
	}
	return drives
}

// The bus's stops are told of once each, before it is there.
func TestApproachingInLimerick(t *testing.T) {
	d := limerickDrive(t)
	times := map[string]Millis{}
	for _, e := range run(d.world(t, Settings{}), d.fixes) {
		if e.Type != Approaching {
			continue
		}
		if times[e.Subject] != 0 {
			t.Errorf("%s is told of twice", e.Subject)
		}
		times[e.Subject] = e.Time
	}
	reached, before := 0, 0
	for i, stop := range d.round.Stops {
		if at := d.arrivals[i]; at > d.fixes[0].Time+60_000 {
			reached++
			if told := times[string(stop.ID)]; told != 0 && told <= at {
				before++
			}
		}
	}
	t.Logf("%d of %d stops told of before arrival", before, reached)
	if reached == 0 || float64(before) < 0.9*float64(reached) {
		t.Errorf("%d of %d stops are told of before the bus is there", before, reached)
	}
}

// A single trip is one throw of the dice, so that this only reports: P10 to P90
// of the bus of Limerick and of the car in Munich, which takes an expressway
// after a quarter of an hour in town, hold or miss for the whole trip at once.
func TestCalibrationOnRealTracks(t *testing.T) {
	for name, drives := range map[string][]drive{
		"limerick":  {limerickDrive(t)},
		"munich":    munichDrives(t),
		"liverpool": liverpoolDrives(t),
	} {
		for _, byActual := range []bool{false, true} {
			all := calibration{byActual: byActual}
			for _, d := range drives {
				all.follow(d.world(t, Settings{}), d)
			}
			t.Logf("%-9s by actual %-5v %v", name, byActual, &all)
			if all.count == 0 {
				t.Errorf("%s: no forecasts", name)
			}
		}
	}
}

// learned is a model of what was driven.
func learned(t testing.TB, drives []drive) *SpeedModel {
	var all []Traversal
	for _, d := range drives {
		w, s := d.world(t, Settings{}), NewState("van")
		for _, fix := range d.fixes {
			Step(w, &s, fix, nil)
			if drive, ok := s.Traversal(); ok {
				all = append(all, drive)
			}
		}
	}
	var m *SpeedModel
	return m.Learn(all)
}

// The other trips of the line teach how long this one takes.
func TestLearningFromOtherTrips(t *testing.T) {
	drives := liverpoolDrives(t)
	var without, with calibration
	for i, d := range drives {
		others := slices.Concat(drives[:i], drives[i+1:])
		w := d.world(t, Settings{})
		without.follow(w, d)
		with.follow(w.WithSpeeds(3, learned(t, others)), d)
	}
	t.Logf("without a model: %v", &without)
	t.Logf("with a model:    %v", &with)
	if covers := with.coverage(); covers < 0.7 || covers > 0.92 {
		t.Errorf("P10 to P90 covers %.1f %%", 100*covers)
	}
	if with.wrong/with.ahead > 0.7*without.wrong/without.ahead {
		t.Error("what was learned hardly helps")
	}
}
