package geofence

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/csv"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"
)

// errand is a stretch of a delivery agent's track and how the agent got about.
type errand struct {
	fixes   []Fix
	driving []bool
	half    int // by its name
}

// errands are those in the zip files of the shared data, whose metres are put
// somewhere on the globe.
func errands(t testing.TB) []errand {
	t.Helper()
	var all []errand
	for _, name := range dataFiles(t, "amazon_goal/trajectories*.zip") {
		z, err := zip.OpenReader(dataFile(t, name))
		if err != nil {
			t.Fatal(err)
		}
		defer z.Close()
		for _, f := range z.File {
			if !strings.HasSuffix(f.Name, ".csv") || strings.Contains(f.Name, "__MACOSX") {
				continue
			}
			r, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			e := readErrand(t, r)
			e.half = int(sha256.Sum256([]byte(filepath.Base(f.Name)))[0] & 1)
			all = append(all, e)
			r.Close()
		}
	}
	if len(all) == 0 && slices.Contains(strings.Split(os.Getenv("WAYGUARD_REQUIRE"), ","), "data") {
		t.Fatal("the recorded data holds no errands")
	}
	if len(all) == 0 {
		t.Skip("the recorded data holds no errands")
	}
	return all
}

func readErrand(t testing.TB, r io.Reader) errand {
	t.Helper()
	rows, err := csv.NewReader(r).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var e errand
	origin := newSpot(orb.Point{11.5, 48.1})
	for _, row := range rows[1:] {
		at, err := time.Parse("2006-01-02 15:04:05.999999999", row[0])
		if err != nil {
			t.Fatal(err)
		}
		point := shifted(origin, number(t, row[1]), number(t, row[2]))
		fix := Fix{Time: Millis(math.Round(float64(at.UnixMicro()) / 1000)), Point: point}
		if n := len(e.fixes); n > 0 && fix.Time <= e.fixes[n-1].Time {
			continue
		}
		e.fixes = append(e.fixes, fix)
		e.driving = append(e.driving, row[3] == "Driving")
	}
	return e
}

// labels are the modes of fixes, those at the end that were never decided the
// last one that was.
func labels(w *World, fixes []Fix) []bool {
	driving := make([]bool, len(fixes))
	var s State
	next := 0
	for _, fix := range fixes {
		Step(w, &s, fix, nil)
		m := s.Motion()
		for m.Mode != ModeUnknown && fixes[next].Time <= m.Until {
			driving[next] = (m.Mode == Driving) == (fixes[next].Time >= m.Since)
			next++
		}
	}
	for ; next < len(fixes); next++ {
		driving[next] = s.Motion().Mode == Driving
	}
	return driving
}

// score counts fixes by what they are and what they are taken for.
type score [2][2]float64

func (c *score) add(is, taken bool) {
	index := map[bool]int{true: 1}
	c[index[is]][index[taken]]++
}

// f1 is the harmonic mean of precision and recall of a class.
func (c *score) f1(class int) float64 {
	return 2 * c[class][class] / (2*c[class][class] + c[class][1-class] + c[1-class][class])
}

func (c *score) share() float64 { return (c[0][0] + c[1][1]) / (c[0][0] + c[0][1] + c[1][0] + c[1][1]) }

// One half of the errands chose the thresholds, the other confirms them.
func TestModes(t *testing.T) {
	all := errands(t)
	w := newWorld(t, Settings{})
	var halves [3]score
	for _, e := range all {
		for k, driving := range labels(w, e.fixes) {
			halves[e.half].add(e.driving[k], driving)
			halves[2].add(e.driving[k], driving)
		}
	}
	for i, c := range halves {
		name := []string{"chosen on", "confirmed on", "both"}[i]
		t.Logf("%s: F1 driving %.4f, on foot %.4f, mean %.4f, right %.4f", name, c.f1(1), c.f1(0), (c.f1(0)+c.f1(1))/2, c.share())
		if c.f1(1) < 0.895 || c.f1(0) < 0.925 || c.share() < 0.915 {
			t.Errorf("%s: too many are wrong", name)
		}
	}
}

// A change that is known up to 10 s late is known: what is right of the latest
// fix, whose mode is told two fixes later, is what was true of any of the three.
func TestModesByLag(t *testing.T) {
	w := newWorld(t, Settings{})
	var c score
	for _, e := range errands(t) {
		for k, driving := range labels(w, e.fixes) {
			is := e.driving[k]
			if slices.Contains(e.driving[k:min(k+3, len(e.driving))], driving) {
				is = driving
			}
			c.add(is, driving)
		}
	}
	t.Logf("F1 driving %.4f, on foot %.4f, mean %.4f, right %.4f", c.f1(1), c.f1(0), (c.f1(0)+c.f1(1))/2, c.share())
	if (c.f1(0)+c.f1(1))/2 < 0.93 {
		t.Error("too many are wrong")
	}
}

// Of every so manieth fix, the next one decides where it is more than 10 s away.
func TestModesOfFewerFixes(t *testing.T) {
	all := errands(t)
	w := newWorld(t, Settings{})
	for _, test := range []struct {
		every int
		right float64
	}{{2, 0.88}, {3, 0.88}, {6, 0.82}, {12, 0.70}} {
		var c score
		for _, e := range all {
			var few errand
			for i := 0; i < len(e.fixes); i += test.every {
				few.fixes = append(few.fixes, e.fixes[i])
				few.driving = append(few.driving, e.driving[i])
			}
			for i, driving := range labels(w, few.fixes) {
				c.add(few.driving[i], driving)
			}
		}
		t.Logf("every %d s: F1 driving %.4f, on foot %.4f, right %.4f", 5*test.every, c.f1(1), c.f1(0), c.share())
		if c.share() < test.right {
			t.Errorf("every %d s: too many are wrong", 5*test.every)
		}
	}
}
