package geofence

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/paulmach/orb"
)

// drive is a recorded or simulated round: what the device reported and when it
// really came to each stop.
type drive struct {
	round    Round
	fixes    []Fix
	arrivals []Millis // 0 for never
}

// course makes simulated rounds. The way a van gets on is made of other parts
// than the engine takes it to be: streets of different speeds, traffic that
// changes as an Ornstein-Uhlenbeck process, red lights, a slow or a fast driver.
type course struct {
	random   *rand.Rand
	start    Millis
	stops    int
	apart    float64 // mean metres from stop to stop
	service  float64 // mean seconds at a stop
	sampling int     // seconds
	unrest   float64 // how far everything is from its mean, 1 for usual; 0 for that, too
}

// town is a line along streets that turn by right angles.
func (c course) town(length float64) orb.LineString {
	p := orb.Point{-0.1, 51.5}
	line := orb.LineString{p}
	bearing := 0.0
	for gone := 0.0; gone < length; {
		block := 100 + 300*c.random.Float64()
		p = destination(p, bearing, block)
		line = append(line, p)
		gone += block
		// Never back, so that the line does not cross itself too often.
		if bearing == 0 {
			bearing = math.Pi / 2
		} else {
			bearing = 0
		}
		if c.random.Float64() < 0.3 && bearing > 0 {
			bearing = math.Pi - bearing - math.Pi/2
		}
	}
	return line
}

// gaussMarkov is noise whose values so many seconds apart are alike.
type gaussMarkov struct{ value, deviation, lasts float64 }

func (n *gaussMarkov) next(random *rand.Rand, seconds float64) float64 {
	kept := math.Exp(-seconds / n.lasts)
	n.value = kept*n.value + n.deviation*math.Sqrt(1-kept*kept)*random.NormFloat64()
	return n.value
}

// drive simulates second by second.
func (c course) drive(t testing.TB) drive {
	length := c.apart * float64(c.stops+1)
	line := c.town(length)
	p, err := newPath(line)
	if err != nil {
		t.Fatal(err)
	}
	random, unrest := c.random, cmp.Or(c.unrest, 1)
	d := drive{round: Round{ID: "round", Routes: []Route{{ID: "route", Line: line}}}}
	var places []float64
	for i := range c.stops {
		at := c.apart * (float64(i+1) + 0.6*(random.Float64()-0.5))
		s, _ := p.spotAt(at, 0)
		places = append(places, at)
		d.round.Stops = append(d.round.Stops, Stop{ID: StopID(fmt.Sprintf("stop-%03d", i)), Place: Place{Point: s.point()}})
	}
	driver, knocks := 7.5*math.Exp(0.3*unrest*random.NormFloat64()), math.Exp(0.3*unrest*random.NormFloat64())
	traffic := gaussMarkov{0.25 * unrest * random.NormFloat64(), 0.25 * unrest, 1200}
	east, north := gaussMarkov{0, 4, 120}, gaussMarkov{0, 4, 120}
	var street, lights float64
	at, stop, standing := 0.0, 0, 120.0
	for second := 0; stop < c.stops; second++ {
		before := at
		if standing > 0 {
			standing--
		} else {
			at += driver * math.Exp(street+traffic.value)
		}
		traffic.next(random, 1)
		if int(at/300) != int(before/300) {
			street = 0.3 * unrest * random.NormFloat64()
		}
		if lights -= at - before; lights < 0 {
			lights = 600 * random.ExpFloat64()
			if random.Float64() < 0.5 {
				standing = 60 * unrest * random.Float64()
			}
		}
		if at >= places[stop] && before < places[stop] {
			at = places[stop]
			d.arrivals = append(d.arrivals, c.start+Millis(second)*1000)
			cv := 0.8 * unrest
			sigma := math.Sqrt(math.Log1p(cv * cv))
			standing = c.service * knocks * math.Exp(sigma*random.NormFloat64()-sigma*sigma/2)
			stop++
		}
		e, n := east.next(random, 1), north.next(random, 1)
		if second%c.sampling == 0 {
			s, _ := p.spotAt(at, 0)
			d.fixes = append(d.fixes, Fix{
				Time: c.start + Millis(second)*1000, Point: shifted(s, e+random.NormFloat64(), n+random.NormFloat64()),
				AccuracyMeters: 7, Known: KnownAccuracy,
			})
		}
	}
	return d
}

func (d drive) world(t testing.TB, settings Settings) *World {
	t.Helper()
	w := newWorld(t, settings)
	w, err := w.WithRounds(2, []Round{d.round}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// calibration counts how arrivals fell in relation to what was foretold 5 to
// 30 min before.
type calibration struct {
	byActual           bool    // chosen by how far ahead it really was
	count, early, late int     // below P10, above P90
	bias, wrong, sizes float64 // sums of actual-P50, its absolute, P90-P10
	ahead              float64 // sum of how far ahead
	beyond             int     // above P50
}

func (c *calibration) add(now, actual Millis, e ETA) {
	// By what is foretold: to choose by what came out would leave out the late
	// ones of the far end and take the early ones in.
	ahead := secondsBetween(now, e.P50)
	if c.byActual {
		ahead = secondsBetween(now, actual)
	}
	if ahead < 300 || ahead > 1800 {
		return
	}
	c.count++
	c.ahead += ahead
	switch {
	case actual < e.P10:
		c.early++
	case actual > e.P90:
		c.late++
	}
	if actual > e.P50 {
		c.beyond++
	}
	off := secondsBetween(e.P50, actual)
	c.bias += off
	c.wrong += math.Abs(off)
	c.sizes += secondsBetween(e.P10, e.P90)
}

func (c *calibration) coverage() float64 {
	return 1 - float64(c.early+c.late)/float64(c.count)
}

func (c *calibration) String() string {
	n := float64(c.count)
	return fmt.Sprintf("%d forecasts: P10-P90 covers %.1f %% (%.1f %% early, %.1f %% late), %.0f %% above P50, P50 off by %+.1f %% on average, %.1f %% absolute; P10-P90 is %.0f %% wide",
		c.count, 100*c.coverage(), 100*float64(c.early)/n, 100*float64(c.late)/n, 100*float64(c.beyond)/n, 100*c.bias/c.ahead, 100*c.wrong/c.ahead, 100*c.sizes/c.ahead)
}

// follow steps through d and compares what is foretold every minute.
func (c *calibration) follow(w *World, d drive) {
	s := NewState("van")
	actual := map[StopID]Millis{}
	for i, at := range d.arrivals {
		actual[d.round.Stops[i].ID] = at
	}
	var etas []ETA
	asked := Millis(math.MinInt64)
	for _, fix := range d.fixes {
		Step(w, &s, fix, nil)
		if secondsBetween(asked, fix.Time) < 60 {
			continue
		}
		asked = fix.Time
		etas = s.ETAs(w, etas[:0])
		for _, e := range etas {
			if at := actual[e.Stop]; at > fix.Time {
				c.add(fix.Time, at, e)
			}
		}
	}
}

// monday is a Monday morning.
var monday = MillisOf(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))

// Of all arrivals 70 to 90 % fall between P10 and P90, 80 if the forecast were
// perfect and the world as it is thought to be, and P50 is right on average.
// Where everything is twice as regular as usual, or half as much again as wild,
// the forecast gets narrower or wider with it, if not all the way.
func TestCalibrationOnSimulatedRounds(t *testing.T) {
	for name, c := range map[string]course{
		"parcels":   {stops: 60, apart: 400, service: 120, sampling: 10},
		"groceries": {stops: 20, apart: 2500, service: 300, sampling: 30},
		"letters":   {stops: 100, apart: 150, service: 60, sampling: 5},
		"minutely":  {stops: 30, apart: 1000, service: 180, sampling: 60},
		"calm":      {stops: 40, apart: 800, service: 120, sampling: 10, unrest: 0.5},
		"wild":      {stops: 40, apart: 800, service: 120, sampling: 10, unrest: 1.5},
	} {
		runs, low, high, most := 16, 0.7, 0.9, 0.12
		if testing.Short() {
			runs = 8
		}
		if c.unrest != 0 {
			low, high, most = 0.65, 0.985, 0.2
		}
		for _, routes := range []bool{true, false} {
			var all calibration
			for run := range runs {
				c.random, _ = seeded(4 * run)
				c.start = monday
				d := c.drive(t)
				if !routes {
					d.round.Routes = nil
				}
				settings := Settings{Forecasts: ForecastSettings{Service: time.Duration(c.service) * time.Second}}
				all.follow(d.world(t, settings), d)
			}
			t.Logf("%-9s route %-5v %v", name, routes, &all)
			// A service of less than 20 s is not seen, and without a route not
			// even that the van has gone on.
			least := low
			if name == "letters" || name == "minutely" {
				least -= 0.05
			}
			if !routes {
				least -= 0.13
			}
			if covers := all.coverage(); covers < least || covers > high {
				t.Errorf("%s, route %v: P10 to P90 covers %.1f %%", name, routes, 100*covers)
			}
			// Without a route the way is a guess, too.
			if bias := all.bias / all.ahead; math.Abs(bias) > most && (routes || math.Abs(bias) > 0.2) {
				t.Errorf("%s, route %v: P50 is off by %+.1f %%", name, routes, 100*bias)
			}
		}
	}
}
