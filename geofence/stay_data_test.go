package geofence

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"
)

// interval is a time from, to.
type interval struct{ from, to Millis }

// overlap is how long both last together.
func (a interval) overlap(b interval) Millis { return min(a.to, b.to) - max(a.from, b.from) }

// diary is a person's track and the stops that the person wrote down.
func diary(t testing.TB, path string) (fixes []Fix, stops []interval) {
	t.Helper()
	stopped := false
	for _, row := range readCSV(t, path) {
		at, err := time.Parse("2006-01-02 15:04:05-07:00", row["ts"])
		if err != nil {
			t.Fatal(err)
		}
		fix := Fix{Time: MillisOf(at), Point: orb.Point{number(t, row["longitude"]), number(t, row["latitude"])}}
		fixes = append(fixes, fix)
		stop := row["diary_label"] == "stop"
		switch {
		case stop && !stopped:
			stops = append(stops, interval{fix.Time, fix.Time})
		case stop:
			stops[len(stops)-1].to = fix.Time
		}
		stopped = stop
	}
	return fixes, stops
}

// toldOfStays are the stays away from stops that events tell of; one that goes on
// lasts until end.
func toldOfStays(events []Event, end Millis) []interval {
	var stays []interval
	for _, e := range events {
		switch e.Type {
		case StopBegin:
			stays = append(stays, interval{e.Time, end})
		case StopEnd:
			stays[len(stays)-1].to = e.Time
		}
	}
	return stays
}

// dataFiles are the files of the shared data that pattern names.
func dataFiles(t testing.TB, pattern string) []string {
	t.Helper()
	root := dataFile(t, ".")
	names, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pattern)))
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range names {
		names[i] = strings.TrimPrefix(strings.TrimPrefix(name, root), string(filepath.Separator))
	}
	return names
}

// diaryScore is how well stays fit a diary.
type diaryScore struct {
	found  int // stops that a stay overlaps in time
	wrong  int // stays that overlap no stop
	second int // stays that overlap only stops which an earlier one overlaps
}

func judgeStays(stays, stops []interval) diaryScore {
	var score diaryScore
	taken := make([]bool, len(stops))
	for _, stay := range stays {
		any, first := false, false
		for i, stop := range stops {
			if stay.overlap(stop) > 0 {
				any, first = true, first || !taken[i]
				taken[i] = true
			}
		}
		if !any {
			score.wrong++
		} else if !first {
			score.second++
		}
	}
	for _, t := range taken {
		if t {
			score.found++
		}
	}
	return score
}

// A stop counts as found where a stay overlaps it in time, a stay as wrong
// where it overlaps none.
func TestDiary(t *testing.T) {
	files := dataFiles(t, "stopgo_*/preprocessed*.csv")
	if len(files) == 0 {
		t.Skip("there is no diary")
	}
	for _, file := range files {
		fixes, stops := diary(t, file)
		stays := toldOfStays(run(newWorld(t, Settings{}), fixes), fixes[len(fixes)-1].Time)
		score := judgeStays(stays, stops)
		t.Logf("%s: %d of %d stops found, %d stays wrong, %d a second one", file, score.found, len(stops), score.wrong, score.second)
		if score.found < len(stops) || score.wrong > max(1, len(stops)/15) || score.second > 1 {
			t.Errorf("%s: %+v of %d stops; the stays are %v", file, score, len(stops), stays)
		}
	}
}

// The settings stand on a plateau, not on a spike.
func TestDiaryPlateau(t *testing.T) {
	for _, file := range dataFiles(t, "stopgo_*/preprocessed*.csv") {
		fixes, stops := diary(t, file)
		for name, s := range map[string]StaySettings{
			"shorter": {MinStay: 55 * time.Second}, "longer": {MinStay: 70 * time.Second},
			"narrower": {RadiusMeters: 25}, "wider": {RadiusMeters: 40},
			"stroll less": {StrollMeters: 70}, "stroll more": {StrollMeters: 90},
			"sooner": {LeaveAfter: 10 * time.Second}, "later": {LeaveAfter: 30 * time.Second},
		} {
			stays := toldOfStays(run(newWorld(t, Settings{Stays: s}), fixes), fixes[len(fixes)-1].Time)
			score := judgeStays(stays, stops)
			t.Logf("%s, %s: %d of %d stops found, %d stays wrong, %d a second one", file, name, score.found, len(stops), score.wrong, score.second)
			if score.found < len(stops)-1 || score.wrong > 2*max(1, len(stops)/15) {
				t.Errorf("%s, %s: %+v of %d stops", file, name, score, len(stops))
			}
		}
	}
}
