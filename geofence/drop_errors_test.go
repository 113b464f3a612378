package geofence

import (
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/paulmach/orb"
)

// wander is a run of errors of one device that stands still: metres east and
// north, as they came.
type wander []struct {
	time        Millis
	east, north float64
}

// wanders are the errors of the stays of 11 minutes or more in recorded diaries,
// three minutes at each end left out: diaries count walking up and away as part
// of a stay, one of them 70 m. They are the offsets from the median of the stay,
// scaled so that 68 % of the stay's are within 1 m. What errors have in common
// for longer than a stay cannot be seen in it; what the person walked in the
// house meanwhile counts as error.
func wanders(t testing.TB) []wander {
	t.Helper()
	files, err := filepath.Glob(dataFile(t, "stopgo_*/preprocessed*.csv"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no diaries, %v", err)
	}
	var all []wander
	for _, name := range files {
		var fixes []Fix
		label := ""
		end := func() {
			fixes = trimmed(fixes)
			if label == "stop" && len(fixes) > 1 && fixes[len(fixes)-1].Time-fixes[0].Time >= 300_000 {
				all = append(all, newWander(fixes))
			}
			fixes = nil
		}
		for _, row := range readCSV(t, filepath.Join(filepath.Base(filepath.Dir(name)), filepath.Base(name))) {
			at, err := time.Parse("2006-01-02 15:04:05-07:00", row["ts"])
			if err != nil {
				t.Fatal(err)
			}
			if row["diary_label"] != label {
				end()
				label = row["diary_label"]
			}
			fixes = append(fixes, Fix{Time: MillisOf(at), Point: orb.Point{number(t, row["longitude"]), number(t, row["latitude"])}})
		}
		end()
	}
	if len(all) == 0 {
		t.Fatal("no stay is long enough")
	}
	return all
}

// trimmed is fixes without three minutes at each end.
func trimmed(fixes []Fix) []Fix {
	if len(fixes) == 0 {
		return nil
	}
	from, to := fixes[0].Time+180_000, fixes[len(fixes)-1].Time-180_000
	var kept []Fix
	for _, f := range fixes {
		if f.Time >= from && f.Time <= to {
			kept = append(kept, f)
		}
	}
	return kept
}

func newWander(fixes []Fix) wander {
	center := newSpot(medianPoint(fixes))
	d := make(wander, len(fixes))
	var radii []float64
	for i, f := range fixes {
		d[i].time = f.Time
		d[i].east, d[i].north = offset(center, newSpot(f.Point))
		radii = append(radii, math.Hypot(d[i].east, d[i].north))
	}
	slices.Sort(radii)
	scale := radii[len(radii)*68/100]
	for i := range d {
		d[i].east /= scale
		d[i].north /= scale
	}
	return d
}

func medianPoint(fixes []Fix) orb.Point {
	var lons, lats []float64
	for _, f := range fixes {
		lons, lats = append(lons, f.Point[0]), append(lats, f.Point[1])
	}
	slices.Sort(lons)
	slices.Sort(lats)
	return orb.Point{lons[len(lons)/2], lats[len(lats)/2]}
}

// windows are the contiguous pieces of 3 minutes with six fixes or more, one
// every 20 s.
func windows(all []wander) []wander {
	var found []wander
	for _, d := range all {
		for from := d[0].time; from+180_000 <= d[len(d)-1].time; from += 20_000 {
			i := slices.IndexFunc(d, func(e struct {
				time        Millis
				east, north float64
			}) bool {
				return e.time >= from
			})
			j := i
			for j < len(d) && d[j].time < from+180_000 {
				j++
			}
			if j-i >= 6 {
				found = append(found, d[i:j])
			}
		}
	}
	return found
}

// at is what a device standing at p reports, errors turned by an angle and
// scaled to an accuracy.
func (d wander) at(p orb.Point, accuracy, angle float64) []Fix {
	var fixes []Fix
	sin, cos := math.Sincos(angle)
	for _, e := range d {
		east, north := accuracy*(e.east*cos-e.north*sin), accuracy*(e.east*sin+e.north*cos)
		fixes = append(fixes, Fix{Time: e.time, Point: shifted(newSpot(p), east, north), AccuracyMeters: float32(accuracy), Known: KnownAccuracy})
	}
	return fixes
}

// simpleStay is a stay by the median of its fixes. Their errors are alike, so
// that the median is not taken to be better than one of them; where they are
// spread wider than they say, it is worse.
func simpleStay(fixes []Fix, accuracy float64) stay {
	center := newSpot(medianPoint(fixes))
	var radii []float64
	for _, f := range fixes {
		radii = append(radii, haversine(center, newSpot(f.Point)))
	}
	slices.Sort(radii)
	return stay{
		since: fixes[0].Time, until: fixes[len(fixes)-1].Time, fixes: len(fixes), stop: -1,
		center: center, uncertainty: max(accuracy, radii[len(radii)*68/100]),
	}
}

// How much windows are worth: printed with -v, and long correlation is what the
// bars are about.
func TestWanderingIsCorrelated(t *testing.T) {
	all := wanders(t)
	pieces := windows(all)
	if len(pieces) < 20 {
		t.Fatalf("only %d windows of %d stays", len(pieces), len(all))
	}
	var radii []float64
	for _, d := range pieces {
		st := simpleStay(d.at(orb.Point{}, 1, 0), 1)
		radii = append(radii, math.Hypot(offset(st.center, spot{cos: 1})))
	}
	slices.Sort(radii)
	for _, share := range []int{50, 68, 90, 95, 99} {
		t.Logf("%d %% of the medians of %d windows of %d stays are within %.2f accuracies", share, len(radii), len(all), radii[len(radii)*share/100])
	}
	for _, lag := range []Millis{10_000, 30_000, 60_000, 120_000, 300_000} {
		t.Logf("correlation at %d s: %.2f", lag/1000, serialCorrelation(all, lag))
	}
	if c := serialCorrelation(all, 30_000); c < 0.2 {
		t.Errorf("errors 30 s apart have a correlation of %.2f: these are not drifts", c)
	}
}

// serialCorrelation is that of errors whose times differ by lag to within 3 s.
func serialCorrelation(all []wander, lag Millis) float64 {
	product, first, second := 0.0, 0.0, 0.0
	for _, d := range all {
		for i, a := range d {
			for _, b := range d[i:] {
				if by := b.time - a.time - lag; by >= -3000 && by <= 3000 {
					product += a.east*b.east + a.north*b.north
					first += a.east*a.east + a.north*a.north
					second += b.east*b.east + b.north*b.north
				}
			}
		}
	}
	return product / math.Sqrt(first*second)
}

// randomAngle is a direction.
func randomAngle(random *rand.Rand) float64 { return random.Float64() * 2 * math.Pi }
