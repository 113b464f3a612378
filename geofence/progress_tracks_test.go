package geofence

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/paulmach/orb"
)

// cars are the tracks of a folder of the shared data, by file, in its format.
func cars(t testing.TB, pattern string) map[string][]Fix {
	t.Helper()
	names, err := filepath.Glob(dataFile(t, pattern))
	if err != nil || len(names) == 0 {
		t.Fatalf("%s: %d files, error %v", pattern, len(names), err)
	}
	tracks := map[string][]Fix{}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var rows []struct{ Point, Time string }
		if err := json.Unmarshal(b, &rows); err != nil || len(rows) == 0 {
			t.Fatalf("%s: %d rows, error %v", name, len(rows), err)
		}
		for _, row := range rows {
			at, err := time.Parse("2006-01-02 15:04:05-0700", row.Time)
			if err != nil {
				t.Fatal(err)
			}
			f := Fix{Time: MillisOf(at)}
			if _, err := fmt.Sscanf(row.Point, "POINT(%g %g)", &f.Point[0], &f.Point[1]); err != nil {
				t.Fatal(err)
			}
			tracks[filepath.Base(name)] = append(tracks[filepath.Base(name)], f)
		}
	}
	return tracks
}

// smoothed is a line through fixes: each vertex the mean of those within
// spread fixes, at least 5 m apart.
func smoothed(fixes []Fix, lineSpread int) orb.LineString {
	var line orb.LineString
	for i := range fixes {
		var x, y, n float64
		for _, f := range fixes[max(0, i-lineSpread):min(i+lineSpread+1, len(fixes))] {
			x, y, n = x+f.Point[0], y+f.Point[1], n+1
		}
		p := orb.Point{x / n, y / n}
		if len(line) == 0 || haversine(newSpot(p), newSpot(line[len(line)-1])) >= 5 {
			line = append(line, p)
		}
	}
	return line
}

// drives are real tracks, and routes drawn through them.
type driveAlong struct {
	name   string
	fixes  []Fix
	line   orb.LineString
	period float64 // seconds from fix to fix
}

func drives(t testing.TB) []driveAlong {
	t.Helper()
	buses, _ := limerick(t, 25)
	all := []driveAlong{{"limerick", buses[0].fixes, smoothed(buses[0].fixes, 3), 1}}
	munich := cars(t, "barefoot_munich/*.json")
	for name, fixes := range munich {
		period := float64(fixes[len(fixes)-1].Time-fixes[0].Time) / 1000 / float64(len(fixes)-1)
		if period < 5 {
			line := smoothed(fixes, 3)
			for other, sparse := range munich {
				if other != name {
					all = append(all, driveAlong{other, sparse, line, 15})
				}
			}
			all = append(all, driveAlong{name, fixes, line, 1})
		}
	}
	if len(all) < 3 {
		t.Fatalf("%d drives", len(all))
	}
	return all
}

// onRoute is a World in which every device is to follow line.
func onRoute(t testing.TB, line orb.LineString, corridor float64, stops ...Stop) *World {
	t.Helper()
	return onRound(t, Round{ID: "round", Routes: []Route{{ID: "route", Line: line, CorridorMeters: corridor}}, Stops: stops})
}

func onRound(t testing.TB, rounds ...Round) *World {
	t.Helper()
	w, err := newWorld(t, fencesAlone()).WithRounds(1, rounds, nil)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// toldOfRoutes is an event and when it was told.
type toldOfRoutes struct {
	Event
	at Millis
}

func drivenOn(w *World, fixes []Fix) (all []toldOfRoutes, s State) {
	var events []Event
	for _, f := range fixes {
		events = Step(w, &s, f, events[:0])
		for _, e := range about("route.", events) {
			all = append(all, toldOfRoutes{e, f.Time})
		}
	}
	return all, s
}

func kinds(events []toldOfRoutes) string {
	text := ""
	for _, e := range events {
		text += fmt.Sprintf("%s ", e.Type)
	}
	return text
}

func TestRealDrivesStayOnTheirRoutes(t *testing.T) {
	for _, d := range drives(t) {
		for _, corridor := range []float64{0, 25} {
			events, s := drivenOn(onRoute(t, d.line, corridor), d.fixes)
			if len(events) > 0 {
				t.Errorf("%s: %s", d.name, kinds(events))
			}
			length := newTestPath(t, d.line).length()
			if _, along, on, ok := s.progress.at(); !ok || !on || along < length-100 {
				t.Errorf("%s: at %g of %g m, on %t, %t", d.name, along, length, on, ok)
			}
		}
	}
}

// Driven from its end to its beginning, a route is driven the wrong way, once.
func TestRealDrivesTheWrongWay(t *testing.T) {
	for _, d := range drives(t) {
		var fixes []Fix
		last := len(d.fixes) - 1
		for i := range d.fixes {
			f := d.fixes[last-i]
			f.Time = d.fixes[0].Time + d.fixes[last].Time - f.Time
			fixes = append(fixes, f)
		}
		events, _ := drivenOn(onRoute(t, d.line, 0), fixes)
		if len(events) != 1 || events[0].Type != WrongWay || events[0].at > fixes[len(fixes)/4].Time {
			t.Errorf("%s: %s", d.name, kinds(events))
		}
	}
}

// splice puts a detour into a drive at fix i: beside the route at so many
// metres to the left (or, below 0, right), there and back at an angle to the
// route, at 8 m/s. left is when it is beyond the corridor.
func splice(d driveAlong, p *path, i int, aside, long, angle, corridor float64) (fixes []Fix, left Millis, ok bool) {
	x, _ := p.nearest(newSpot(d.fixes[i].Point), 0, p.length())
	ramp := math.Abs(aside) / math.Tan(angle)
	total := 2*math.Abs(aside)/math.Sin(angle) + long
	end := x + 2*ramp + long
	if x < 700 || end > p.length()-700 {
		return nil, 0, false
	}
	fixes = append(fixes, d.fixes[:i]...)
	now, period := d.fixes[i].Time, Millis(d.period*1000)
	for way := 0.0; way < total; way += 8 * d.period {
		east, at := aside, x+ramp+way-math.Abs(aside)/math.Sin(angle)
		if up := way * math.Sin(angle); up < math.Abs(aside) {
			east, at = math.Copysign(up, aside), x+way*math.Cos(angle)
		} else if down := (total - way) * math.Sin(angle); down < math.Abs(aside) {
			east, at = math.Copysign(down, aside), end-(total-way)*math.Cos(angle)
		}
		// Beside a chord, so that bends of the route do not bend the detour.
		t := (at - x) / (end - x)
		a, b := newSpot(p.at(x)), newSpot(p.at(end))
		dx, dy := offset(a, b)
		n := math.Hypot(dx, dy)
		if n < 0.9*(end-x) {
			return nil, 0, false
		}
		point := shifted(a, dx*t-dy/n*east, dy*t+dx/n*east)
		distance := p.distance(newSpot(point), 1000)
		if left == 0 && distance > corridor {
			left = now
		}
		if math.Abs(east) == math.Abs(aside) && math.Abs(distance-math.Abs(aside)) > 0.05*math.Abs(aside)+1 {
			return nil, 0, false // too near another part of the route
		}
		fixes = append(fixes, Fix{Time: now, Point: point})
		now += period
	}
	j := i
	for ; j < len(d.fixes); j++ {
		if at, _ := p.nearest(newSpot(d.fixes[j].Point), x-100, end+2000); at >= end {
			break
		}
	}
	if j == len(d.fixes) {
		return nil, 0, false
	}
	shift := now - d.fixes[j].Time
	for _, f := range d.fixes[j:] {
		f.Time += shift
		fixes = append(fixes, f)
	}
	return fixes, left, left != 0
}

// Detours that are spliced into real drives, at many places and to both sides.
func TestDetoursOfRealDrives(t *testing.T) {
	for _, c := range []struct{ aside, corridor float64 }{{75, 50}, {100, 50}, {300, 50}, {40, 25}} {
		for _, d := range drives(t) {
			p := newTestPath(t, d.line)
			w := onRoute(t, d.line, c.corridor)
			tried, worst, wrong := 0, Millis(0), 0
			for i := 0; i < len(d.fixes); i += max(1, int(17/d.period)) {
				for _, accuracy := range []float32{0, 5} {
					for k := range 6 {
						aside := math.Copysign(c.aside, float64(k%2)-0.5)
						fixes, left, ok := splice(d, p, i, aside, []float64{200, 400, 800}[k/2], []float64{math.Pi / 2, math.Pi / 3, math.Pi / 4}[(i+k)%3], c.corridor)
						if !ok {
							continue
						}
						tried++
						for j := range fixes {
							if accuracy > 0 {
								fixes[j].Known, fixes[j].AccuracyMeters = KnownAccuracy, accuracy
							}
						}
						events, _ := drivenOn(w, fixes)
						if len(events) != 2 || events[0].Type != RouteOff || events[1].Type != RouteBack || events[0].Episode != events[1].Episode {
							if wrong++; wrong < 4 {
								t.Errorf("%s: %g m at fix %d (%d), accuracy %g, left %d: %s", d.name, aside, i, k, accuracy, left, kinds(events))
							}
							continue
						}
						worst = max(worst, events[0].at-left)
						if late := events[0].at - left; events[0].Time < left || d.period == 1 && late > 15_000 {
							t.Errorf("%s: %g m at fix %d (%d): left %d, off %d, toldOfRoutes %d ms later", d.name, aside, i, k, left, events[0].Time-left, late)
						}
					}
				}
			}
			t.Logf("%s: %g m beside %g: %d detours, %d wrong, toldOfRoutes within %d s", d.name, c.aside, c.corridor, tried, wrong, worst/1000)
			if tried < 20 {
				t.Errorf("%s: only %d detours", d.name, tried)
			}
		}
	}
}

// roaming is an error of fixes as receivers have it: most of it lasts minutes.
type roaming struct {
	random      *rand.Rand
	sigma, tau  float64
	east, north float64
	begun       bool
}

// next is the error after so many seconds.
func (n *roaming) next(seconds float64) (east, north float64) {
	keep := math.Exp(-seconds / n.tau)
	if !n.begun {
		keep, n.begun = 0, true
	}
	fresh := n.sigma * math.Sqrt(1-keep*keep)
	n.east = keep*n.east + fresh*n.random.NormFloat64()
	n.north = keep*n.north + fresh*n.random.NormFloat64()
	return n.east + n.random.NormFloat64(), n.north + n.random.NormFloat64()
}

func (n *roaming) disturb(fixes []Fix) []Fix {
	var out []Fix
	for i, f := range fixes {
		seconds := 0.0
		if i > 0 {
			seconds = float64(f.Time-fixes[i-1].Time) / 1000
		}
		x, y := n.next(seconds)
		f.Point = shifted(newSpot(f.Point), x, y)
		out = append(out, f)
	}
	return out
}

func TestNoiseIsNoExcursion(t *testing.T) {
	runs := 40
	if testing.Short() {
		runs = 5
	}
	for _, d := range drives(t) {
		for _, corridor := range []float64{50, 25} {
			w := onRoute(t, d.line, corridor)
			for _, sigma := range []float64{3, 5, 8} {
				counts := map[EventType]int{}
				for n := range runs {
					random, _ := seeded(n)
					noise := roaming{random: random, sigma: sigma, tau: 60 + 240*random.Float64()}
					events, _ := drivenOn(w, noise.disturb(d.fixes))
					for _, e := range events {
						counts[e.Type]++
					}
				}
				t.Logf("%s: corridor %g m, sigma %g m: %d runs: %v", d.name, corridor, sigma, runs, counts)
				if len(counts) > 0 && (sigma < 8 || corridor == 50) {
					t.Errorf("%s: corridor %g, sigma %g: %v", d.name, corridor, sigma, counts)
				}
			}
		}
	}
}
