package geofence

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"
)

// town is where drawn routes lie: metres east and north of it.
var town = newSpot(orb.Point{11.5, 48.1})

func onMap(xy ...float64) orb.LineString {
	var line orb.LineString
	for i := 0; i < len(xy); i += 2 {
		line = append(line, shifted(town, xy[i], xy[i+1]))
	}
	return line
}

func arc(line orb.LineString, x, y, radius, from, to float64) orb.LineString {
	for i := range 33 {
		sin, cos := math.Sincos((from + (to-from)*float64(i)/32) * radians)
		line = append(line, shifted(town, x+radius*cos, y+radius*sin))
	}
	return line
}

// travelling is a drive along a line at so many metres per second, a fix every period
// seconds, and how far along the line each fix was made.
func travelling(line orb.LineString, speed, period float64, noise *roaming) (fixes []Fix, truth []float64) {
	p, err := newPath(line)
	if err != nil {
		panic(err)
	}
	now := 1_700_000_000.0
	for x := 0.0; x <= p.length(); x += speed * period {
		f := Fix{Time: Millis(now * 1000), Point: p.at(x)}
		if noise != nil {
			dx, dy := noise.next(period)
			f.Point = shifted(newSpot(f.Point), dx, dy)
		}
		fixes, truth = append(fixes, f), append(truth, x)
		now += period
	}
	return fixes, truth
}

// shapes are routes that pass the same place more than once.
func shapes() map[string]orb.LineString {
	eight := onMap(-1500, 0)
	eight = arc(eight, 0, 300, 300, -90, 180)     // a loop to the left,
	eight = arc(eight, -300, -300, 300, 90, -180) // one to the right
	eight = append(eight, onMap(-600, 2000)...)
	round := arc(onMap(-1000, -20), 0, 0, 20, -90, 180)
	yard := onMap(-1000, 0, 0, 0, 80, 0, 80, 60, 0, 60, 0, 0, 80, 0, 80, 60, 0, 60, 0, 0, 0, -1500)
	return map[string]orb.LineString{
		//	A ------------------------ B and back on the same street
		"out and back": onMap(0, 0, 3000, 0, 0, 0),
		//	side streets with houses at their ends
		"spurs": onMap(0, 0, 600, 0, 600, 250, 600, 0, 1200, 0, 1200, -400, 1200, 0, 2400, 0),
		"eight": eight,
		//	right around and out where it came in from the left
		"roundabout":      append(round, onMap(-20, 1500)...),
		"courtyard twice": yard,
		//	hairpins 60 m apart
		"serpentine":  onMap(0, 0, 800, 0, 800, 60, 0, 60, 0, 120, 800, 120, 800, 180, 0, 180),
		"block twice": onMap(-800, 0, 0, 0, 300, 0, 300, 300, 0, 300, 0, 0, 300, 0, 300, 300, 0, 300, 0, 0, 0, -900),
	}
}

// Whoever follows a route is where it is thought to be, whatever shape that
// has, from a fix a second to one a minute, and nothing is told. Where the route came
// back to the same place between two fixes it may have stood there: then the
// next fix must tell.
func TestProgressAlongShapes(t *testing.T) {
	for name, line := range shapes() {
		w := onRoute(t, line, 0)
		for _, period := range []float64{1, 5, 15, 30, 60} {
			worst, wrong, total := 0.0, 0, 0
			for seed := range uint64(20) {
				random := rand.New(rand.NewPCG(seed, 2))
				noise := &roaming{random: random, sigma: 4, tau: 100}
				fixes, truth := travelling(line, 5+7*random.Float64(), period, noise)
				var s State
				before := false
				for i, f := range fixes {
					for _, e := range about("route.", Step(w, &s, f, nil)) {
						t.Errorf("%s, every %g s, seed %d: %s at %g m", name, period, seed, e.Type, truth[i])
					}
					_, along, _, ok := s.progress.at()
					off := math.Abs(along - truth[i])
					if !ok {
						continue
					}
					total++
					worst = max(worst, off)
					if off <= 60 {
						before = false
						continue
					}
					if wrong++; before && period > 5 {
						t.Errorf("%s, every %g s, seed %d: still at %g m, not %g", name, period, seed, along, truth[i])
					}
					before = true
				}
			}
			t.Logf("%s, every %g s: off by up to %.0f m, by more than 60 m at %d of %d fixes", name, period, worst, wrong, total)
			if allowed := min(0.05, 0.01*math.Sqrt(period/2)); float64(wrong) > allowed*float64(total) {
				t.Errorf("%s, every %g s: %d of %d fixes", name, period, wrong, total)
			}
		}
	}
}
