package geofence

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"
)

// recorded are the tracks of the shared data that have times, by where they
// are from.
func recorded(t *testing.T) map[string][]Fix {
	t.Helper()
	all := map[string][]Fix{}
	for _, tr := range first(limerick(t, 25)) {
		all["limerick "+tr.vehicle] = tr.fixes
	}
	for _, tr := range first(liverpool(t)) {
		all["liverpool "+tr.vehicle] = tr.fixes
	}
	for pattern, read := range map[string]func(*testing.T, string) []Fix{
		"barefoot_munich/*.json": recordedJSON, "graphhopper_gpx/*.gpx": recordedGPX, "stopgo_staga/raw*.csv": recordedCSV,
	} {
		files, err := filepath.Glob(dataFile(t, pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, error %v", pattern, len(files), err)
		}
		for _, file := range files {
			fixes := read(t, file)
			slices.SortStableFunc(fixes, func(a, b Fix) int { return int(a.Time - b.Time) })
			all[filepath.Base(file)] = fixes
		}
	}
	return all
}

func first(tracks []track, _ []Fence) []track { return tracks }

func recordedJSON(t *testing.T, file string) []Fix {
	t.Helper()
	var rows []struct{ Point, Time string }
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &rows); err != nil {
		t.Fatal(err)
	}
	var fixes []Fix
	for _, row := range rows {
		var p orb.Point
		at, err := time.Parse("2006-01-02 15:04:05-0700", row.Time)
		if _, scanned := fmt.Sscanf(row.Point, "POINT(%g %g)", &p[0], &p[1]); err != nil || scanned != nil {
			t.Fatal(err, scanned)
		}
		fixes = append(fixes, Fix{Time: MillisOf(at), Point: p})
	}
	return fixes
}

func recordedGPX(t *testing.T, file string) []Fix {
	t.Helper()
	var gpx struct {
		Points []struct {
			Lat  float64 `xml:"lat,attr"`
			Lon  float64 `xml:"lon,attr"`
			Time string  `xml:"time"`
		} `xml:"trk>trkseg>trkpt"`
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := xml.Unmarshal(b, &gpx); err != nil {
		t.Fatal(err)
	}
	var fixes []Fix
	for _, p := range gpx.Points {
		if at, err := time.Parse(time.RFC3339, p.Time); err == nil {
			fixes = append(fixes, Fix{Time: MillisOf(at), Point: orb.Point{p.Lon, p.Lat}})
		}
	}
	return fixes
}

func recordedCSV(t *testing.T, file string) []Fix {
	t.Helper()
	var fixes []Fix
	folder := filepath.Base(filepath.Dir(file))
	for _, row := range readCSV(t, folder+"/"+filepath.Base(file)) {
		at, err := time.Parse("2006-01-02 15:04:05-07:00", row["ts"])
		if err != nil {
			t.Fatal(err)
		}
		fixes = append(fixes, Fix{Time: MillisOf(at), Point: orb.Point{number(t, row["longitude"]), number(t, row["latitude"])}})
	}
	return fixes
}

// No recorded track has a fix that cannot be true: the one leap there is, 470 m
// in a second in Munich, is the end of a tunnel in which the receiver repeated
// the last place that it knew.
func TestRecordedTracksArePlausible(t *testing.T) {
	w := newWorld(t, Settings{})
	for name, fixes := range recorded(t) {
		for _, every := range []time.Duration{0, 5 * time.Second, 15 * time.Second} {
			for _, e := range only(run(w, thinned(fixes, every)), Implausible) {
				t.Errorf("%s every %s: %+v", name, every, e)
			}
		}
	}
}

// thinned are fixes at least so far apart in time.
func thinned(fixes []Fix, every time.Duration) []Fix {
	var kept []Fix
	for _, f := range fixes {
		if len(kept) == 0 || between(kept[len(kept)-1].Time, f.Time) >= every {
			kept = append(kept, f)
		}
	}
	return kept
}

// along are fences that the track goes through, and a wide one around it.
func along(fixes []Fix) []Fence {
	var fences []Fence
	for i := 5; i < len(fixes); i += 40 {
		fences = append(fences, Fence{ID: FenceID(fmt.Sprintf("at-%04d", i)), Center: fixes[i].Point, RadiusMeters: 60})
	}
	return append(fences, Fence{ID: "wide", Center: fixes[0].Point, RadiusMeters: 1500})
}

// spiked puts count fixes from the one at i on elsewhere: to 0, 0, or so far
// away that nothing gets there in time. The track without them is clean.
func spiked(random *rand.Rand, fixes []Fix, i, count int, zero bool) (wild, clean []Fix) {
	clean = slices.Delete(slices.Clone(fixes), i, i+count)
	wild = slices.Clone(fixes)
	gap := between(fixes[i-1].Time, fixes[i].Time).Seconds()
	away := 40 + max(100, 100*gap)*(1.1+math.Exp(3*random.Float64()))
	place := destination(fixes[i-1].Point, 2*math.Pi*random.Float64(), away)
	for j := i; j < i+count; j++ {
		wild[j].Point = destination(place, 2*math.Pi*random.Float64(), 20*random.Float64())
		if zero {
			wild[j].Point = orb.Point{}
		}
	}
	return wild, clean
}

// Spikes in recorded tracks are told of once each and change nothing else.
func TestSpikesInRecordedTracks(t *testing.T) {
	random, seed := seeded(3)
	runs, told := 0, 0
	for name, all := range recorded(t) {
		for _, every := range []time.Duration{time.Millisecond, 5 * time.Second, 15 * time.Second} {
			fixes := thinned(all, every)
			if len(fixes) < 20 {
				continue
			}
			w := newWorld(t, Settings{}, along(fixes)...)
			drawn, _ := doubts(w, fixes)
			for n := range 24 {
				i := 2 + random.IntN(len(fixes)-8)
				if strings.Contains(drawn[i-2:i+6], "x") {
					continue // where it leaps by itself, nobody knows
				}
				wild, clean := spiked(random, fixes, i, 1+n%3, n%4 == 0)
				got, want := run(w, wild), run(w, clean)
				if count := len(only(got, Implausible)); count != 1 {
					t.Errorf("seed %d: %s every %s: told %d times of one spike", seed, name, every, count)
				}
				if !slices.Equal(aboutFences(got), aboutFences(want)) {
					t.Errorf("seed %d: %s every %s: %q, without the spike %q", seed, name, every, brief(got), brief(want))
				}
				runs, told = runs+1, told+len(want)
			}
		}
	}
	if runs < 500 || told < runs {
		t.Errorf("only %d runs with %d events", runs, told)
	}
}

// aboutFences is what was told of fences, whatever the numbers of the episodes.
func aboutFences(events []Event) []Event { return unnumbered(only(events, Enter, Exit, Dwell)) }
