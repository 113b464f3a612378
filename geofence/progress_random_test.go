package geofence

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"
)

// tangled is a route of straight streets on a grid of 150 m, some driven more
// than once and some out and back.
func tangled(random *rand.Rand, streets int) orb.LineString {
	x, y := 0.0, 0.0
	line := onMap(x, y)
	heading := 0
	for range streets {
		switch random.IntN(8) {
		case 0:
			heading += 2
		case 1, 2:
			heading++
		case 3, 4:
			heading += 3
		}
		long := 150 * float64(1+random.IntN(3))
		switch heading % 4 {
		case 0:
			x += long
		case 1:
			y += long
		case 2:
			x -= long
		default:
			y -= long
		}
		line = append(line, onMap(x, y)...)
	}
	return line
}

// Random drives, with stops, changes of pace and gaps of up to 10 minutes,
// along routes that use streets again and again: hardly ever is another branch
// believed, and nothing is told: one drive in some thousands, of those that
// follow the wrong branch after a gap, is said to go the wrong way.
func TestProgressAlongTangles(t *testing.T) {
	for _, period := range []float64{1, 5, 15, 30, 60} {
		wrong, total, toldOfRoutes := 0, 0, map[EventType]int{}
		for run := range 40 {
			random, seed := seeded(run)
			line := tangled(random, 30)
			p := newTestPath(t, line)
			w := onRoute(t, line, 0)
			noise := &roaming{random: random, sigma: 4, tau: 100}
			var s State
			x, speed, now := 0.0, 8.0, Millis(1_700_000_000_000)
			for x < p.length() {
				seconds := period
				switch random.IntN(100) {
				case 0:
					speed = 0
				case 1, 2, 3, 4:
					speed = 3 + 10*random.Float64()
				case 5:
					if random.IntN(4) == 0 {
						seconds = 600 * random.Float64()
					}
				}
				x += min(speed*seconds, 400)
				now += Millis(seconds * 1000)
				if x > p.length() {
					break
				}
				dx, dy := noise.next(seconds)
				fix := Fix{Time: now, Point: shifted(newSpot(p.at(x)), dx, dy)}
				for _, e := range about("route.", Step(w, &s, fix, nil)) {
					toldOfRoutes[e.Type]++
					t.Logf("every %g s, seed %d: %s at %g m, thought to be at %g", period, seed, e.Type, x, s.progress.trail.here)
				}
				_, along, _, ok := s.progress.at()
				if !ok || s.progress.phase == finished {
					continue
				}
				if total++; math.Abs(along-x) > 75 {
					wrong++
				}
			}
		}
		t.Logf("every %g s: another branch at %d of %d fixes, toldOfRoutes %v", period, wrong, total, toldOfRoutes)
		if toldOfRoutes[WrongWay] > 1 || toldOfRoutes[RouteOff] > 0 || wrong*20 > total {
			t.Errorf("every %g s: another branch at %d of %d fixes, toldOfRoutes %v", period, wrong, total, toldOfRoutes)
		}
	}
}
